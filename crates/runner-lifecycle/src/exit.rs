//! Owns the exit codes: what they mean, and which of two is the graver. Which of them an error has is decided in
//! [`crate::ending`].

use std::process::ExitCode;

use thiserror::Error;

use crate::signals::Stop;

/// How a helper ends. The numbers are a contract with manifests and scripts (`sysexits.h` where it has a word for it).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was to be done is done.
    Done = 0,
    /// A mistake in the helper itself.
    Bug = 1,
    /// A flag or variable that cannot be understood.
    Usage = 2,
    /// GitLab did not answer in time, or only with errors that may pass.
    Unreachable = 69,
    /// The deadline passed while jobs were running, or before polling was seen to stop or to begin again; or `sweep` may go on,
    /// with what one run must not delete.
    JobsRunning = 75,
    /// GitLab refused the token (401, 403, 410).
    Refused = 77,
    /// The configuration, the template or the volume cannot be used, or GitLab refused for another reason; or a look did not see
    /// a runner manager poll.
    Unusable = 78,
    /// Stopped by SIGINT after undoing what was begun (128 + 2, as shells count).
    Interrupted = 130,
    /// Stopped by SIGQUIT after undoing what was begun (128 + 3).
    Quit = 131,
    /// Stopped by SIGTERM after undoing what was begun (128 + 15).
    Terminated = 143,
}

/// Every exit code with its meaning, for the help of both programs; a test holds the table of the README against it.
pub const TABLE: [(Exit, &str); 10] = [
    (Exit::Done, "done"),
    (Exit::Bug, "a bug"),
    (Exit::Usage, "usage: an invalid flag or variable"),
    (Exit::Unreachable, "GitLab not reachable in time"),
    (
        Exit::JobsRunning,
        "deadline passed with jobs running, or pause or resume was not seen to take effect in time, or sweep left some for the next run (--most)",
    ),
    (Exit::Refused, "token refused by GitLab (401, 403, 410)"),
    (
        Exit::Unusable,
        "configuration, template or volume unusable, another refusal by GitLab, or status saw no runner manager poll",
    ),
    (
        Exit::Interrupted,
        "runner-init stopped by SIGINT, after undoing what was begun",
    ),
    (
        Exit::Quit,
        "runner-init stopped by SIGQUIT, after undoing what was begun",
    ),
    (
        Exit::Terminated,
        "runner-init stopped by SIGTERM, after undoing what was begun",
    ),
];

/// The table as lines of a help text.
#[must_use]
pub fn help() -> String {
    let lines = TABLE.map(|(exit, meaning)| format!("{:>5}  {meaning}\n", exit.code()));
    format!("Exit codes:\n{}", lines.concat())
}

impl Exit {
    /// The number that the parent process sees.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, as in [`TABLE`].
    #[must_use]
    pub fn meaning(self) -> &'static str {
        let row = TABLE.iter().find(|(exit, _)| *exit == self);
        row.map_or("", |(_, meaning)| meaning)
    }

    /// The graver of two ends: 69 outranks 75, and both outrank success.
    #[must_use]
    pub fn graver(self, other: Self) -> Self {
        let rank = |exit: Self| match exit {
            Self::Done => 0,
            Self::Interrupted | Self::Quit | Self::Terminated => 1,
            Self::JobsRunning => 2,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::Unusable => 5,
            Self::Usage => 6,
            Self::Bug => 7,
        };
        if rank(other) > rank(self) {
            other
        } else {
            self
        }
    }
}

impl From<Stop> for Exit {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Terminate => Self::Terminated,
            Stop::Interrupt => Self::Interrupted,
            Stop::Quit => Self::Quit,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// A failure whose exit code is known where it happens: one line that says what, where and what to do.
#[derive(Debug, Error)]
#[error("{message}")]
pub struct Failure {
    /// The code the program ends with.
    pub exit: Exit,
    /// The line for the operator.
    pub message: String,
}

impl Failure {
    /// A flag or variable that cannot be understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
        }
    }

    /// A configuration, template or volume that cannot be used.
    pub fn unusable(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unusable,
            message: message.into(),
        }
    }

    /// A token that GitLab refused.
    pub fn refused(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Refused,
            message: message.into(),
        }
    }

    /// GitLab that did not answer in time.
    pub fn unreachable(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Unreachable,
            message: message.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_contract() {
        let codes: Vec<u8> = TABLE.iter().map(|(exit, _)| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 69, 75, 77, 78, 130, 131, 143]);
    }

    #[test]
    fn readme_shows_the_same_table() {
        let readme = include_str!("../../../README.md");
        let rows: Vec<&str> = readme
            .lines()
            .skip_while(|line| *line != "## Exit codes")
            .skip(3)
            .take_while(|line| line.starts_with('|'))
            .collect();
        let want = TABLE.map(|(exit, meaning)| format!("| {} | {meaning} |", exit.code()));
        assert_eq!(rows, want);
    }

    #[test]
    fn unreachable_outranks_running_jobs() {
        assert_eq!(
            Exit::JobsRunning.graver(Exit::Unreachable),
            Exit::Unreachable
        );
        assert_eq!(
            Exit::Unreachable.graver(Exit::JobsRunning),
            Exit::Unreachable
        );
        assert_eq!(Exit::Done.graver(Exit::JobsRunning), Exit::JobsRunning);
    }
}
