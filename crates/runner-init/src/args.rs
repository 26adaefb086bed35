//! Owns the command line and the variables: what was given, by which of the two, in the types of the domain.
//! Reads the token files it is told of; asks GitLab nothing and writes nothing.

mod credential;
mod options;
mod reading;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::misspelt;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::report::{Format, Reporting, level_named};
use runner_lifecycle::shown::shown;

pub use options::{
    Content, Credential, Given, Globals, InstallReaper, Name, Options, Origin, ServerSide, Setting,
};
use reading::Readings;
pub use runner_lifecycle::environment::Environment;
use toml_edit::Value;

use crate::flags::{self, Place};
use crate::values::listen_address;

/// Limit of a run that gives none: an init container that needs longer is better started anew.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Flags whose values gitlab-runner trims, because it could have asked a person for them.
const TRIMMED: &[&str] = &[
    "executor",
    "docker-image",
    "parallels-base-name",
    "virtualbox-base-name",
    "ssh-user",
    "ssh-password",
    "ssh-host",
    "ssh-port",
    "ssh-identity-file",
];

/// What a command line comes to.
#[derive(Debug)]
pub struct Parsed {
    /// Everything that was asked for.
    pub options: Options,
    /// What the operator should hear about, one line each (flags that have no effect).
    pub warnings: Vec<String>,
}

/// Reads the arguments after the program's name; flags win over variables, an empty variable is unset.
///
/// # Errors
/// With the text of `--help` and the like, or with the one line that says what is wrong (exit 2, or 78 for a token file).
pub fn parse(
    argv: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Parsed, NoRun> {
    let readings = Readings::read(argv, environment)?;
    let mut warnings = Vec::new();
    let (credential, server_side) = credential::choose(&readings, &mut warnings)?;
    let name = name(&readings, environment, &credential)?;
    let path = |name: &str| readings.text(name).map(|given| PathBuf::from(given.value));
    let text = |name: &str| readings.trimmed(name).map(|given| given.value);
    let yes = |name: &str| readings.boolean(name).map(|given| given.value);
    let time = |name: &str| {
        readings
            .integer(name)
            .map(|given| given.value.unsigned_abs())
    };
    let options = Options {
        config: path("config")
            .unwrap_or_else(|| environment.default_directory().join("config.toml")),
        config_base: path("config-base"),
        // Given empty it is none, as for gitlab-runner: a chart may leave its value out.
        template: path("template-config").filter(|path| !path.as_os_str().is_empty()),
        url: readings.trimmed("url"),
        credential,
        name,
        server_side,
        entry: settings(&readings),
        globals: globals(&readings)?,
        drain_ready: yes("drain-ready").unwrap_or(true),
        leave_runner: yes("leave-runner").unwrap_or(false),
        dry_run: yes("dry-run").unwrap_or(false),
        timeout: time("timeout").map_or(TIMEOUT, Duration::from_millis),
        file_mode: readings
            .integer("file-mode")
            .and_then(|mode| u32::try_from(mode.value).ok()),
        install_reaper: match text("install-reaper").as_deref() {
            None => InstallReaper::BesideConfig,
            Some("none") => InstallReaper::No,
            Some(path) => InstallReaper::To(PathBuf::from(path)),
        },
        system_id_seed: text("system-id-seed"),
        pod: Pod {
            name: text("pod-name"),
            namespace: text("pod-namespace"),
            uid: text("pod-uid"),
            hostname: environment.hostname.clone(),
        },
        // Kubernetes sets this variable in every container, with and without links to services.
        host_of_pod: environment
            .get("KUBERNETES_SERVICE_HOST")
            .and(environment.hostname.clone()),
        fleet: text("fleet"),
        reporting: chosen_reporting(&readings)?,
    };
    Ok(Parsed { options, warnings })
}

/// How and where to report, found without ever failing, so that even a usage error is reported as asked.
#[must_use]
pub fn reporting(argv: &[OsString], environment: &Environment) -> Reporting {
    let names = [
        "log-format",
        "log-level",
        "l",
        "debug",
        "termination-message-path",
    ];
    let words: Vec<&str> = argv.iter().filter_map(|word| word.to_str()).collect();
    let mut kept = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let Some(body) = word.strip_prefix("--").or_else(|| word.strip_prefix('-')) else {
            continue;
        };
        match body.split_once('=') {
            Some((name, _)) if names.contains(&name) => kept.push(vec![*word]),
            None if body == "debug" => kept.push(vec![*word]),
            None if names.contains(&body) => {
                kept.push(words.iter().skip(index).take(2).copied().collect());
            }
            _ => {}
        }
    }
    let variables = [
        "LOG_FORMAT",
        "LOG_LEVEL",
        "RUNNER_DEBUG",
        "RUNNER_INIT_TERMINATION_MESSAGE_PATH",
    ];
    let given = variables
        .into_iter()
        .filter_map(|name| Some((name, environment.get(name)?)));
    // One wrong value must not cost the others: each is tried alone, on top of what is already known.
    let mut reporting = Reporting::default();
    let mut attempts: Vec<(Environment, Vec<OsString>)> = given
        .map(|variable| (Environment::of([variable]), Vec::new()))
        .collect();
    let words = kept
        .iter()
        .map(|words| words.iter().map(OsString::from).collect());
    attempts.extend(words.map(|words| (Environment::default(), words)));
    for (environment, words) in attempts {
        if let Ok(readings) = Readings::read(words, &environment) {
            let _ = refine(&mut reporting, &readings);
        }
    }
    reporting
}

fn chosen_reporting(readings: &Readings) -> Result<Reporting, Failure> {
    let mut reporting = Reporting::default();
    refine(&mut reporting, readings)?;
    Ok(reporting)
}

fn refine(reporting: &mut Reporting, readings: &Readings) -> Result<(), Failure> {
    if let Some(Given { value, .. }) = readings.text("termination-message-path") {
        reporting.termination_message_path = PathBuf::from(value);
    }
    if let Some(Given { value, origin }) = readings.trimmed("log-format") {
        reporting.format = Format::named(&value).ok_or_else(|| {
            Failure::usage(format!("{origin}: {} is not text or json", shown(&value)))
        })?;
    }
    if let Some(Given { value, origin }) = readings.trimmed("log-level") {
        reporting.level = level_named(&value).ok_or_else(|| {
            let expected = "error, warn, info or debug";
            Failure::usage(format!("{origin}: {} is not {expected}", shown(&value)))
        })?;
    }
    if readings.boolean("debug").is_some_and(|given| given.value) {
        reporting.level = reporting.level.max(log::LevelFilter::Debug);
    }
    Ok(())
}

/// How every variable of ours begins.
const OURS: &str = "RUNNER_INIT_";

/// A line for each variable that means nothing, whatever else is wrong.
#[must_use]
pub fn misspelt_variables(environment: &Environment) -> Vec<String> {
    let known: Vec<&str> = flags::all()
        .filter_map(|flag| flag.variable?.strip_prefix(OURS))
        .collect();
    misspelt::variables(environment, OURS, &known)
}

/// As given, else the host's. An empty one makes room for the template's name, as in gitlab-runner; but an empty variable
/// is otherwise unset, so that the host's name is still there behind it.
fn name(
    readings: &Readings,
    environment: &Environment,
    credential: &Credential,
) -> Result<Name, Failure> {
    let host = environment.hostname.clone().filter(|name| !name.is_empty());
    if let Some(Given { value, origin: by }) = readings.text("description") {
        if value.is_empty() {
            return Ok(Name::Emptied { by, host: None });
        }
        let trimmed = value.trim();
        if trimmed.is_empty() {
            let empty = format!("{by}: the runner's name is empty");
            return Err(Failure::usage(empty));
        }
        // gitlab-runner asks for the name, and so trims it, only where it makes or looks up a runner.
        return Ok(Name::Given(match credential {
            Credential::AuthenticationToken(token) if !token.begins_with_glrt() => value,
            _ => trimmed.to_owned(),
        }));
    }
    let variable = flags::find("description").and_then(|flag| flag.variable);
    if let Some(variable) = variable.filter(|variable| environment.is_emptied(variable)) {
        let by = Origin::Variable(variable);
        return Ok(Name::Emptied { by, host });
    }
    let missing = || Failure::usage("--name is missing, and this machine has no host name to use");
    Ok(Name::Host(host.ok_or_else(missing)?))
}

/// What goes into the entry, in the table's order whatever the order of the words was.
fn settings(readings: &Readings) -> Vec<Setting> {
    let mut settings = Vec::new();
    for flag in flags::all() {
        let (Place::Entry(path), Some(reading)) = (flag.place, readings.get(flag.name)) else {
            continue;
        };
        let mut content = reading.content.clone();
        if let Content::Value(Value::String(text)) = &content
            && TRIMMED.contains(&flag.name)
        {
            content = Content::Value(text.value().trim().into());
        }
        settings.push(Setting {
            path,
            content,
            origin: reading.origin,
        });
    }
    settings
}

fn globals(readings: &Readings) -> Result<Globals, Failure> {
    let concurrent = readings.integer("concurrent");
    if let Some(Given { value, origin }) = &concurrent
        && *value < 1
    {
        // gitlab-runner ends at once when it reads 0.
        return Err(Failure::usage(format!(
            "{origin}: {value} is not at least 1"
        )));
    }
    let seconds = |name: &str| readings.integer(name).map(|given| given.value / 1000);
    let listen_address = match readings.trimmed("listen-address") {
        None => None,
        Some(Given { value, origin }) => {
            listen_address::check(&value)
                .map_err(|why| Failure::usage(format!("{origin}: {} {why}", shown(&value))))?;
            Some(value)
        }
    };
    Ok(Globals {
        concurrent: concurrent.map(|given| given.value),
        check_interval: seconds("check-interval"),
        listen_address,
        shutdown_timeout: seconds("shutdown-timeout"),
    })
}

#[cfg(test)]
mod tests;
