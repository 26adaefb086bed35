//! Owns durations as Go reads and writes them, because `config.toml` holds them in that form.

/// Nanoseconds of each unit; the longer names first, so that `ms` is not read as `m`.
const UNITS: &[(&str, i128)] = &[
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];

/// Reads `1h30m`, `-1.5s`, `300ms`, `0` as Go's `time.ParseDuration` does; nanoseconds.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0_i128;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = after.strip_prefix('.').map_or(("", after), digits);
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let end = after
            .find(|c: char| c == '.' || c.is_ascii_digit())
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        let (_, scale) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let whole: i128 = if whole.is_empty() {
            0
        } else {
            whole.parse::<i64>().ok()?.into()
        };
        total = total
            .checked_add(whole.checked_mul(*scale)?)?
            .checked_add(part(fraction, *scale))?;
        rest = after;
    }
    i64::try_from(if negative { -total } else { total }).ok()
}

/// Writes nanoseconds as Go's `Duration.String` does: `1h30m0s`, `1.5s`, `300ms`, `0s`.
#[must_use]
pub fn show(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let left = nanoseconds.unsigned_abs();
    let (hours, minutes) = (left / 3_600_000_000_000, left / 60_000_000_000 % 60);
    let seconds = decimal(left % 60_000_000_000, 1_000_000_000);
    match left {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{left}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", decimal(left, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(left, 1_000_000)),
        _ if hours > 0 => format!("{sign}{hours}h{minutes}m{seconds}s"),
        _ if minutes > 0 => format!("{sign}{minutes}m{seconds}s"),
        _ => format!("{sign}{seconds}s"),
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(
        text.find(|c: char| !c.is_ascii_digit())
            .unwrap_or(text.len()),
    )
}

/// The fraction of a unit, cut to whole nanoseconds; digits beyond the fifteenth cannot matter.
fn part(fraction: &str, scale: i128) -> i128 {
    let mut worth = scale * 1_000;
    let mut total = 0;
    for digit in fraction.bytes().take(15) {
        worth /= 10;
        total += i128::from(digit - b'0') * worth;
    }
    total / 1_000
}

fn decimal(amount: u64, unit: u64) -> String {
    let width = unit.ilog10() as usize;
    let text = format!("{}.{:0width$}", amount / unit, amount % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_and_written_as_go_does() {
        fn check(text: &str, want: &str) {
            assert_eq!(parse(text).map(show).as_deref(), Some(want), "{text}");
        }
        check("0", "0s");
        check("90s", "1m30s");
        check("1h", "1h0m0s");
        check("1h30m", "1h30m0s");
        check("1.5h", "1h30m0s");
        check("300ms", "300ms");
        check("1500ms", "1.5s");
        check(".5s", "500ms");
        check("1.s", "1s");
        check("-2m", "-2m0s");
        check("+5s", "5s");
        check("15us", "15µs");
        check("1.5µs", "1.5µs");
        check("7ns", "7ns");
        check("61.25s", "1m1.25s");
        check("0.3s", "300ms");
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "",
            "-",
            "90",
            "5 m",
            "m",
            ".s",
            "1d",
            "1h30",
            "s1",
            "99999999999h",
            "1e3s",
            " 1s",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(nanoseconds in any::<i64>().prop_filter("Go cannot either", |n| *n != i64::MIN)) {
            prop_assert_eq!(parse(&show(nanoseconds)), Some(nanoseconds));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}") {
            if let Some(time) = parse(&text) {
                prop_assert!(parse(&show(time)).is_some() || time == i64::MIN);
            }
        }
    }
}
