//! Owns the command line and the variables: what was given, by which of the two, in the types of the domain. Reads the token
//! files that are given; sends nothing to GitLab and writes nothing.

mod credential;
mod options;
mod reading;

use std::path::PathBuf;
use std::time::Duration;

use runner_config::globals::Globals;
use runner_config::shown::shown;
use runner_config::{former, listen_address};
use runner_lifecycle::command_line::CommandLine;
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::fleet::Fleet;
use runner_lifecycle::misspelt;
use runner_lifecycle::token::Token;
use runner_lifecycle::volume::names;

pub(crate) use options::{Credential, Given, Install, Name, Options, Origin, ServerSide, Setting};
pub(crate) use reading::Readings;
pub(crate) use runner_lifecycle::environment::Environment;
use toml_edit::Value;

use crate::commands::{Command, OURS};
use crate::flags::{self, Purpose};
use crate::values::Content;

/// Limit of a run that gives none: an init container that needs longer is better started anew.
const TIMEOUT: Duration = Duration::from_secs(5 * 60);

/// Kubernetes' own `terminationGracePeriodSeconds`.
const GRACE_PERIOD: Duration = Duration::from_secs(30);

/// What a command line comes to.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Everything that was asked for.
    pub options: Options,
    /// What the operator should hear about, one line each (flags that have no effect).
    pub warnings: Vec<String>,
}

/// What asks somebody for a token; nothing where nobody is there.
pub(crate) type Ask<'a> = &'a dyn Fn() -> Result<Option<Token>, Failure>;

/// Reads the words of a command that has the flags of a registration. Flags win over variables, an empty variable is unset; a
/// token that nobody gave is asked for. Otherwise the error is the text of `--help` and the like, or the one line that says
/// what is wrong (exit 2, or 78 for a token file).
pub(crate) fn parse(
    line: CommandLine,
    command: Command,
    environment: &Environment,
    ask: Ask<'_>,
) -> Result<Parsed, NoRun> {
    if let Some(wrong) = line.wrong {
        return Err(wrong.into());
    }
    let readings = Readings::read(line.words, command, environment)?;
    let mut warnings = Vec::new();
    let (credential, server_side) = credential::choose(&readings, ask, &mut warnings)?;
    let name = name(&readings, environment, &credential)?;
    let path = |name: &str| readings.text(name).map(|given| PathBuf::from(given.value));
    let text = |name: &str| readings.trimmed(name).map(|given| given.value);
    let yes = |name: &str| readings.boolean(name).map(|given| given.value);
    let time = |name: &str| {
        readings
            .integer(name)
            .map(|given| given.value.unsigned_abs())
    };
    let install = |name: &str| match text(name).as_deref() {
        None => Install::BesideConfig,
        Some("none") => Install::No,
        Some(path) => Install::To(PathBuf::from(path)),
    };
    let options = Options {
        config: path("config")
            .unwrap_or_else(|| environment.default_directory().join(names::CONFIG)),
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
        anew: command == Command::ReRegister,
        json: readings.asks_for_json()?,
        dry_run: yes("dry-run").unwrap_or(false),
        timeout: time("timeout").map_or(TIMEOUT, Duration::from_millis),
        grace_period: time("grace-period").map_or(GRACE_PERIOD, Duration::from_millis),
        file_mode: readings
            .integer("file-mode")
            .and_then(|mode| u32::try_from(mode.value).ok()),
        install_reaper: install("install-reaper"),
        install_init: install("install-init"),
        system_id_seed: text("system-id-seed"),
        other_pod: yes("other-pod").unwrap_or(false),
        pod: readings.pod(environment),
        host_of_pod: environment
            .hostname
            .clone()
            .filter(|_| environment.is_in_kubernetes()),
        fleet: fleet(&readings)?,
    };
    Ok(Parsed { options, warnings })
}

fn fleet(readings: &Readings) -> Result<Option<Fleet>, Failure> {
    let given = readings.trimmed("fleet");
    given
        .map(|Given { value, origin }| {
            value
                .parse()
                .map_err(|error| Failure::usage(format!("{origin}: {error}")))
        })
        .transpose()
}

/// A line for each variable that is unknown or was removed, whatever else is wrong.
pub(crate) fn idle_variables(environment: &Environment) -> Vec<String> {
    let ours = flags::all().filter_map(|flag| flag.variable?.strip_prefix(OURS));
    let known: Vec<&str> = ours.chain(["LOG_FORMAT", "LOG_LEVEL", "DEBUG"]).collect();
    let mut lines = misspelt::variables(environment, OURS, &known);
    lines.extend(former::variables(|name| environment.get(name).is_some()));
    lines
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
        let (Purpose::Key(path), Some(reading)) = (flag.purpose, readings.get(flag.name)) else {
            continue;
        };
        let mut content = reading.content.clone();
        if let Content::Value(Value::String(text)) = &content
            && flag.is_trimmed
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
        return Err(Failure::usage(format!("{origin}: {value} is less than 1")));
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
pub(crate) mod tests;
