//! Owns the command line of `rotate`, in the types of the domain. Asks nobody and writes nothing.

use std::path::PathBuf;
use std::time::Duration;

use runner_lifecycle::command_line::CommandLine;
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::environment::Environment;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Endpoint, GivenTlsFiles, TlsFiles};
use runner_lifecycle::pod::Pod;
use runner_lifecycle::volume::names;

use super::choice::EntrySelection;
use crate::args::{Origin, Readings};
use crate::commands::Command;

/// Limit of a run that gives none.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How long a run that is told to stop may take to write down what it has received.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// What was asked of `rotate`.
#[derive(Debug)]
pub(crate) struct RotateOptions {
    /// Path of `config.toml`.
    pub config: PathBuf,
    /// Which entry.
    pub selection: EntrySelection,
    /// The pod, as far as it is told.
    pub pod: Pod,
    /// Whether to work on the volume of another pod.
    pub other_pod: bool,
    /// Whether a token may be reset that other pods use.
    pub shared: bool,
    /// Where the new token is written to as well.
    pub token_out: Option<PathBuf>,
    /// Whether what was done is printed as JSON.
    pub json: bool,
    /// Whether only to show what would be asked and written.
    pub dry_run: bool,
    /// Limit of the whole run.
    pub timeout: Duration,
    /// How long the run may take to end once it is told to.
    pub grace_period: Duration,
    /// `--tls-ca-file`, `--tls-cert-file`, `--tls-key-file`: a flag wins over the entry, the entry over a variable.
    pub tls: GivenTlsFiles,
}

/// Reads the words; flags win over variables, an empty variable is unset.
///
/// Otherwise the error is the text of `--help`, or the one line that says what is wrong (exit 2).
pub(crate) fn parse(line: CommandLine, environment: &Environment) -> Result<RotateOptions, NoRun> {
    if let Some(wrong) = line.wrong {
        return Err(wrong.into());
    }
    let readings = Readings::read(line.words, Command::Rotate, environment)?;
    let text = |name: &str| readings.trimmed(name).map(|given| given.value);
    let yes = |name: &str| readings.boolean(name).is_some_and(|given| given.value);
    let time = |name: &str, usual| {
        let given = readings.integer(name);
        given.map_or(usual, |given| {
            Duration::from_millis(given.value.unsigned_abs())
        })
    };
    let url = text("url");
    if let Some(url) = &url {
        Endpoint::parse(url).map_err(|error| Failure::usage(format!("--url: {error}")))?;
    }
    let config = readings.text("config").map_or_else(
        || environment.default_directory().join(names::CONFIG),
        |given| PathBuf::from(given.value),
    );
    let tls = |by_flag: bool| {
        let names = ["tls-ca-file", "tls-cert-file", "tls-key-file"];
        TlsFiles::named(names.map(|name| {
            let given = readings.trimmed(name)?;
            (matches!(given.origin, Origin::Flag(_)) == by_flag).then_some(given.value)
        }))
    };
    Ok(RotateOptions {
        selection: EntrySelection {
            name: readings.text("name").map(|given| given.value),
            url,
            id: readings.integer("id").map(|given| given.value),
        },
        pod: readings.pod(environment),
        other_pod: yes("other-pod"),
        shared: yes("shared"),
        token_out: text("token-out").map(PathBuf::from),
        json: readings.asks_for_json()?,
        dry_run: yes("dry-run"),
        timeout: time("timeout", TIMEOUT),
        grace_period: time("grace-period", GRACE_PERIOD),
        tls: GivenTlsFiles {
            first: tls(true).with_directories(&config, &environment.default_directory()),
            last: tls(false),
        },
        config,
    })
}
