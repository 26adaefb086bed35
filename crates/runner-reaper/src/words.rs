//! Owns how counts are said in log lines.

/// "1 job", "3 jobs".
#[must_use]
pub fn jobs(count: usize) -> String {
    if count == 1 {
        "1 job".to_owned()
    } else {
        format!("{count} jobs")
    }
}
