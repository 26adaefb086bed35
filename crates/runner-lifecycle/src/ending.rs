//! Owns the first and the last thing of a helper's process: what is forbidden from the start, and the one place where a
//! result becomes last words and an exit code.

use std::path::Path;
use std::process::ExitCode;

use runner_config::config_toml;
use rustix::process::{Resource, Rlimit};

use crate::exit::{Exit, Failure};
use crate::{gitlab, report, state, stdout, volume};

/// Forbids core files, which would hold tokens, and makes a bug end with its documented code.
pub fn prepare() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    if let Err(error) = rustix::process::setrlimit(Resource::Core, none) {
        // Lowering one's own limit is never refused; were it, the work still goes on.
        // The error is the system's number.
        log::debug!("core dumps could not be disabled: {error}");
    }
    std::panic::set_hook(Box::new(|panic| {
        // The place alone: the message may quote what the code worked on, as that of a wrong cut through a text does.
        let place = panic
            .location()
            .map_or_else(String::new, |place| format!(" at {place}"));
        log::error!("this is a bug, please report it: panicked{place}");
        #[expect(
            clippy::disallowed_methods,
            reason = "a panic has no way back to the epilogue"
        )]
        std::process::exit(i32::from(Exit::Bug.code()));
    }));
}

/// Turns the result of a run into last words and the exit code. Nothing else ends the process.
#[must_use]
pub fn end(result: anyhow::Result<Exit>, termination_message: &Path) -> ExitCode {
    let (exit, words) = match result {
        Ok(Exit::Done) => return Exit::Done.into(),
        // The log has named everything by now; Kubernetes shows one line.
        Ok(exit) => {
            let meaning = exit.meaning();
            let code = exit.code();
            let words = format!("{meaning}; the log names what was left behind (exit {code})");
            (exit, words)
        }
        Err(error) => {
            let (exit, words) = (exit_of(&error), format!("{error:#}"));
            log::error!("{words} (exit {})", exit.code());
            (exit, words)
        }
    };
    report::write_termination_message(termination_message, &words);
    exit.into()
}

/// The exit code of a failure: the first error of the chain that knows its own.
#[must_use]
pub fn exit_of(error: &anyhow::Error) -> Exit {
    error.chain().find_map(exit_of_cause).unwrap_or(Exit::Bug)
}

fn exit_of_cause(cause: &(dyn std::error::Error + 'static)) -> Option<Exit> {
    if let Some(failure) = cause.downcast_ref::<Failure>() {
        return Some(failure.exit);
    }
    if let Some(error) = cause.downcast_ref::<gitlab::Error>() {
        return Some(error.exit());
    }
    let unusable = cause.is::<volume::Error>()
        || cause.is::<config_toml::Error>()
        || cause.is::<state::Error>();
    unusable.then_some(Exit::Unusable)
}

/// Why a command line comes to no run.
#[derive(Debug)]
pub enum NoRun {
    /// Help or the version: text for stdout.
    Show(String),
    /// A flag, a variable or a named file that cannot be used.
    Failure(Failure),
}

impl NoRun {
    /// Shows what was asked for, or hands the failure on.
    ///
    /// # Errors
    /// With the failure.
    pub fn end(self) -> anyhow::Result<Exit> {
        match self {
            Self::Show(text) => {
                stdout::print(&text)?;
                Ok(Exit::Done)
            }
            Self::Failure(failure) => Err(failure.into()),
        }
    }
}

impl From<Failure> for NoRun {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn code_is_found_under_what_was_being_done() {
        let error = Err::<(), _>(Failure::unreachable("502")).context("registering runner");
        assert_eq!(exit_of(&error.unwrap_err()), Exit::Unreachable);
        assert_eq!(exit_of(&anyhow::anyhow!("index out of range")), Exit::Bug);
    }
}
