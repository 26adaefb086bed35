//! Owns the command line and the variables: what was given, by which of the two, in the types of the domain.
//! Reads the token files it is told of; asks GitLab nothing and writes nothing.

mod environment;
mod options;

use std::ffi::OsString;

use runner_lifecycle::exit::Failure;

pub use environment::Environment;
pub use options::{
    Content, Credential, Given, Globals, InstallReaper, LogFormat, Options, Origin, PodNames,
    Reporting, RunnerType, ServerSide, Setting,
};

/// What a command line comes to.
#[derive(Debug)]
pub struct Parsed {
    /// Everything that was asked for.
    pub options: Options,
    /// What the operator should hear about, one line each (misspelt variables, flags that have no effect).
    pub warnings: Vec<String>,
}

/// Why there is nothing to do.
#[derive(Debug)]
pub enum Stop {
    /// Help or the version: text for stdout, exit 0.
    Show(String),
    /// A flag, a variable or a token file that cannot be used.
    Failure(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Reads the arguments after the program's name; flags win over variables, an empty variable is unset.
///
/// # Errors
/// With the text of `--help` and the like, or with the one line that says what is wrong (exit 2, or 78 for a token file).
pub fn parse(
    argv: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Parsed, Stop> {
    let _ = (argv.into_iter().count(), environment);
    Err(Failure::usage("under construction").into())
}

/// How and where to report, found without ever failing, so that even a usage error is reported as asked.
#[must_use]
pub fn reporting(argv: &[OsString], environment: &Environment) -> Reporting {
    let _ = (argv, environment);
    Reporting::default()
}
