//! Owns how operators write lengths of time, in flags, variables and log lines.

use std::time::Duration;

use thiserror::Error;

use runner_config::shown::shown;

/// A text that is not a duration.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "{} is not a duration: write 90s, 5m, 1h30m or plain seconds",
    shown(text)
)]
pub struct DurationError {
    text: String,
}

/// Reads `90s`, `5m`, `1h30m`, `500ms` or plain seconds.
///
/// # Errors
/// For everything else, a negative number included; the message says what to write.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let trimmed = text.trim();
    let wrong = || DurationError {
        text: text.to_owned(),
    };
    if !trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_digit()) {
        return trimmed
            .parse()
            .map(Duration::from_secs)
            .map_err(|_| wrong());
    }
    humantime::parse_duration(trimmed).map_err(|_| wrong())
}

/// Writes a length of time for a log line: whole seconds above ten seconds, tenths below.
#[must_use]
pub fn show(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0..10) => format!("{:.1}s", time.as_secs_f64()),
        (0, 0, s) => format!("{s}s"),
        (0, m, s) => format!("{m}m{s:02}s"),
        (h, m, _) => format!("{h}h{m:02}m"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_operators_write() {
        fn check(text: &str, seconds: f64) {
            assert_eq!(
                parse_duration(text).unwrap().as_secs_f64(),
                seconds,
                "{text}"
            );
        }
        check("90", 90.0);
        check("90s", 90.0);
        check(" 5m\n", 300.0);
        check("1h30m", 5400.0);
        check("500ms", 0.5);
        check("0", 0.0);
    }

    #[test]
    fn says_what_to_write_instead() {
        for text in [
            "",
            "-1",
            "5 apples",
            "1.5.2",
            "99999999999999999999999",
            "h",
        ] {
            let error = parse_duration(text).unwrap_err().to_string();
            assert!(error.contains("1h30m"), "{error}");
        }
    }

    #[test]
    fn shows_tenths_only_where_they_matter() {
        fn check(milliseconds: u64, want: &str) {
            assert_eq!(show(Duration::from_millis(milliseconds)), want);
        }
        check(0, "0.0s");
        check(430, "0.4s");
        check(12_900, "12s");
        check(125_000, "2m05s");
        check(5_400_000, "1h30m");
    }
}
