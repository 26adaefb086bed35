//! Owns the wall clock of the story: the moment a token is received, in the two forms it is written.

use std::time::SystemTime;

/// Now, in whole seconds of UTC as RFC 3339: what gitlab-runner writes as `token_obtained_at`.
pub(super) fn now() -> String {
    text(SystemTime::now())
}

/// A moment in the same form.
pub(super) fn text(moment: SystemTime) -> String {
    humantime::format_rfc3339_seconds(moment).to_string()
}

/// The moment that such a text names; now, where it names none.
pub(super) fn moment(text: &str) -> SystemTime {
    humantime::parse_rfc3339(text).unwrap_or_else(|_| SystemTime::now())
}
