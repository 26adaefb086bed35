//! Owns how a moment of TOML becomes one of the machine's clock. Pure.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use toml_edit::{Datetime, Offset};

/// The moment, to the second; nothing before 1970 (gitlab-runner's word for "never") or where a part of it is missing.
pub(super) fn of(datetime: &Datetime) -> Option<SystemTime> {
    let (date, time) = (datetime.date?, datetime.time?);
    let offset = match datetime.offset? {
        Offset::Z => 0,
        Offset::Custom { minutes } => i64::from(minutes),
    };
    let of_day = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60;
    let seconds = days(
        i64::from(date.year),
        i64::from(date.month),
        i64::from(date.day),
    ) * 86_400
        + of_day
        + i64::from(time.second.unwrap_or(0))
        - offset * 60;
    let since = u64::try_from(seconds).ok()?;
    UNIX_EPOCH.checked_add(Duration::from_secs(since))
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
        check("2026-11-26", None);
    }
}
