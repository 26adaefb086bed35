//! One line to stderr per thing that happened, worded as gitlab-runner words it. Never sees a whole token.

use std::io::Write;

fn line(level: &str, words: &str) {
    // A closed stderr is no reason to stop running jobs.
    let _ = writeln!(std::io::stderr().lock(), "{level}{words}");
}

/// Something happened.
pub(crate) fn info(words: &str) {
    line("", words);
}

/// Something the operator should see; the process goes on.
pub(crate) fn warning(words: &str) {
    line("WARNING: ", words);
}

/// Something failed; the process goes on.
pub(crate) fn error(words: &str) {
    line("ERROR: ", words);
}

/// The process ends because of this.
pub(crate) fn fatal(words: &str) {
    line("FATAL: ", words);
}
