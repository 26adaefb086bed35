//! Owns how a moment of TOML, or the text of one in quotes, becomes one of the machine's clock. Pure.

use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use toml_edit::{Date, Datetime, Item, Offset, Time};

/// The moment that a key holds, to the second; nothing before 1970 (gitlab-runner's word for "never") or where it holds none.
#[must_use]
pub fn of_item(item: &Item) -> Option<SystemTime> {
    match item.as_str() {
        Some(text) => of(&in_quotes(text)?),
        None => of(item.as_datetime()?),
    }
}

/// The moment of a text as GitLab's API writes it: RFC 3339 with date, time and zone; nothing for any other.
#[must_use]
pub fn of_text(text: &str) -> Option<SystemTime> {
    of(&in_quotes(text)?)
}

/// The moment; gitlab-runner takes a missing time of the day as midnight, a missing zone as its own, which in its images is UTC.
fn of(datetime: &Datetime) -> Option<SystemTime> {
    let date = datetime.date?;
    let offset = match datetime.offset {
        None | Some(Offset::Z) => 0,
        Some(Offset::Custom { minutes }) => i64::from(minutes),
    };
    let of_day = datetime.time.map_or(0, |time| {
        i64::from(time.hour) * 3600
            + i64::from(time.minute) * 60
            + i64::from(time.second.unwrap_or(0))
    });
    let days = days(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    );
    let since = u64::try_from(days * 86_400 + of_day - offset * 60).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(since))
}

/// The moment of a text that gitlab-runner takes for one, by the rules of Go's `time.Time.UnmarshalText`: RFC 3339 with a
/// capital `T` and `Z`, but with an hour of one digit, a comma before the fraction, and a zone of up to 24:60 as well.
#[must_use]
pub fn in_quotes(text: &str) -> Option<Datetime> {
    let mut rest = text;
    let year = number(&mut rest, 4..=4, 0..=9999)?;
    let month = number(after(&mut rest, "-")?, 2..=2, 1..=12)?;
    let day = number(after(&mut rest, "-")?, 2..=2, 1..=31)?;
    let hour = number(after(&mut rest, "T")?, 1..=2, 0..=23)?;
    let minute = number(after(&mut rest, ":")?, 2..=2, 0..=59)?;
    let second = number(after(&mut rest, ":")?, 2..=2, 0..=59)?;
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        if digits.len() == fraction.len() {
            return None;
        }
        rest = digits;
    }
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let most = match month {
        2 => 28 + i16::from(leap),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    };
    let offset = match rest.strip_prefix(['+', '-']) {
        None if rest == "Z" => Offset::Z,
        None => return None,
        Some(zone) => {
            let sign = if rest.starts_with('-') { -1 } else { 1 };
            let mut zone = zone;
            let hours = number(&mut zone, 2..=2, 0..=24)?;
            let minutes = number(after(&mut zone, ":")?, 2..=2, 0..=60)?;
            if !zone.is_empty() {
                return None;
            }
            Offset::Custom {
                minutes: sign * (hours * 60 + minutes),
            }
        }
    };
    let byte = |number: i16| u8::try_from(number).ok();
    (day <= most).then_some(())?;
    Some(Datetime {
        date: Some(Date {
            year: u16::try_from(year).ok()?,
            month: byte(month)?,
            day: byte(day)?,
        }),
        time: Some(Time {
            hour: byte(hour)?,
            minute: byte(minute)?,
            second: byte(second),
            nanosecond: None,
        }),
        offset: Some(offset),
    })
}

/// What follows this sign.
fn after<'a, 'b>(rest: &'a mut &'b str, sign: &str) -> Option<&'a mut &'b str> {
    *rest = rest.strip_prefix(sign)?;
    Some(rest)
}

/// Takes a number of so many digits and of this size.
fn number(
    rest: &mut &str,
    digits: RangeInclusive<usize>,
    size: RangeInclusive<i16>,
) -> Option<i16> {
    let found = rest.bytes().take(*digits.end());
    let found = found.take_while(u8::is_ascii_digit).count();
    let (text, behind) = rest.split_at(found);
    let number = text.parse().ok()?;
    *rest = behind;
    (digits.contains(&found) && size.contains(&number)).then_some(number)
}

/// Days since 1970-01-01 in the Gregorian calendar: years that begin in March end with the leap day.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    365 * year + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year
        - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moment_is_that_of_the_clock() {
        fn check(text: &str, want: Option<u64>) {
            let seconds = of(&text.parse().unwrap()).map(|moment| {
                let since = moment.duration_since(UNIX_EPOCH).unwrap();
                since.as_secs()
            });
            assert_eq!(seconds, want, "{text}");
        }
        check("1970-01-01T00:00:00Z", Some(0));
        check("2026-11-26T02:48:29Z", Some(1_795_661_309));
        check("2026-11-26T03:48:29.75+01:00", Some(1_795_661_309));
        check("2024-02-29T12:00:00Z", Some(1_709_208_000));
        check("2100-03-01T00:00:00Z", Some(4_107_542_400));
        check("0001-01-01T00:00:00Z", None);
        check("2026-11-26", Some(1_795_651_200));
        check("2026-11-26T02:48:29", Some(1_795_661_309));
        check("02:48:29", None);
    }

    #[test]
    fn moment_in_quotes_is_read_as_go_reads_it() {
        fn check(text: &str, want: Option<u64>) {
            let item = toml_edit::value(text);
            let seconds = of_item(&item).map(|moment| {
                let since = moment.duration_since(UNIX_EPOCH).unwrap();
                since.as_secs()
            });
            assert_eq!(seconds, want, "{text}");
            assert_eq!(in_quotes(text).is_some(), want.is_some(), "{text}");
        }
        check("2024-01-01T00:00:00Z", Some(1_704_067_200));
        check("2024-01-01T01:00:00+01:00", Some(1_704_067_200));
        check("2023-12-31T23:00:00-01:00", Some(1_704_067_200));
        check("2024-01-01T00:00:00.123456789012Z", Some(1_704_067_200));
        check("2024-01-01T00:00:00,5Z", Some(1_704_067_200));
        check("2024-01-01T0:00:00Z", Some(1_704_067_200));
        check("2024-01-02T00:00:00+24:00", Some(1_704_067_200));
        check("2024-02-29T00:00:00Z", Some(1_709_164_800));
        for refused in [
            "",
            "never",
            "2024-01-01",
            "2024-01-01T00:00:00",
            "2024-01-01 00:00:00Z",
            "2024-01-01t00:00:00Z",
            "2024-01-01T00:00:00z",
            "2024-01-01T00:00Z",
            "2024-1-01T00:00:00Z",
            "2024-01-01T00:00:00.Z",
            "2024-13-01T00:00:00Z",
            "2024-01-32T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-01T24:00:00Z",
            "2024-01-01T00:60:00Z",
            "2024-01-01T00:00:60Z",
            "2024-01-01T00:00:00+0100",
            "2024-01-01T00:00:00+25:00",
            "2024-01-01T00:00:00+01:61",
            "2024-01-01T00:00:00+01:00x",
            " 2024-01-01T00:00:00Z",
            "2024-01-01T00:00:00Z ",
            "24-01-01T00:00:00Z",
            "20240-01-01T00:00:00Z",
        ] {
            check(refused, None);
        }
        assert!(in_quotes("0001-01-01T00:00:00Z").is_some());
    }
}
