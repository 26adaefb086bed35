//! Owns how a number of jobs is said in a log line.

/// "1 job", "3 jobs".
#[must_use]
pub fn jobs_in_words(count: usize) -> String {
    if count == 1 {
        "1 job".to_owned()
    } else {
        format!("{count} jobs")
    }
}
