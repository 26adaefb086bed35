//! The command line: `run` and `wrapper` as gitlab-runner takes them, and the stand-in's own switches. Reads the
//! environment, runs nothing, and asks nothing of its own name (tests call the program `gitlab-runner`).

use std::ffi::OsString;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use clap::{Arg, ArgAction, ArgMatches};

use crate::overlap::Overlap;
use crate::version::Version;

/// How long `wrapper` waits for its child after it has sent SIGTERM.
const TERMINATION_TIMEOUT: Duration = Duration::from_secs(10);

/// What `run` was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RunOptions {
    pub(crate) config: PathBuf,
    /// From the flag or the environment; beats `listen_address` of the file.
    pub(crate) listen_address: Option<String>,
    /// Stand-in only: the gitlab-runner that is played.
    pub(crate) version: Version,
    /// Stand-in only: how long the process stays without signal handlers and pages.
    pub(crate) start_delay: Duration,
    /// Stand-in only: how long it then has pages and no signal handlers yet.
    pub(crate) signals_delay: Duration,
    /// Stand-in only: how long a token rotation rests between GitLab's answer and writing the file.
    pub(crate) rotation_pause: Duration,
    /// Stand-in only: what a reload reads that waited for the rotation; at random when untold.
    pub(crate) rotation_overlap: Option<Overlap>,
}

/// What `wrapper` was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WrapperOptions {
    pub(crate) termination_timeout: Duration,
    /// The name the child gets too.
    pub(crate) program: OsString,
    /// Handed to the child as they are.
    pub(crate) child_arguments: Vec<OsString>,
}

pub(crate) enum Command {
    Run(RunOptions),
    Wrapper(WrapperOptions),
}

/// Parses the arguments, the program's own name first.
///
/// # Errors
/// With clap's words for a person, be it help or a mistake.
pub(crate) fn parse(
    arguments: impl Iterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Command, clap::Error> {
    let arguments: Vec<_> = arguments.collect();
    let matches = command().try_get_matches_from(&arguments)?;
    Ok(match matches.subcommand() {
        Some(("wrapper", given)) if version(None, &variable)?.has_a_wrapper() => {
            Command::Wrapper(WrapperOptions {
                termination_timeout: duration(given, "process-termination-timeout")
                    .unwrap_or(TERMINATION_TIMEOUT),
                program: arguments.first().cloned().unwrap_or_default(),
                child_arguments: given
                    .get_many("child")
                    .into_iter()
                    .flatten()
                    .cloned()
                    .collect(),
            })
        }
        Some(("wrapper", _)) => {
            return Err(command().error(
                clap::error::ErrorKind::InvalidSubcommand,
                "gitlab-runner has a wrapper since 17.6",
            ));
        }
        Some((_, given)) => Command::Run(RunOptions {
            config: given
                .get_one("config")
                .cloned()
                .unwrap_or_else(|| config_of(&variable)),
            listen_address: text(given, "listen-address")
                .or_else(|| filled(variable("LISTEN_ADDRESS"))),
            version: version(given.get_one("as"), &variable)?,
            start_delay: duration(given, "start-delay").unwrap_or_default(),
            signals_delay: duration(given, "signals-delay").unwrap_or_default(),
            rotation_pause: duration(given, "rotation-pause").unwrap_or_default(),
            rotation_overlap: given.get_one("rotation-overlap").copied(),
        }),
        None => {
            return Err(command().error(
                clap::error::ErrorKind::MissingSubcommand,
                "run or wrapper is needed",
            ));
        }
    })
}

fn command() -> clap::Command {
    let run = clap::Command::new("run")
        .about("Polls GitLab for jobs until it is stopped")
        .arg(
            option("config")
                .short('c')
                .value_parser(clap::value_parser!(PathBuf))
                .help("config.toml [CONFIG_FILE]"),
        )
        .arg(
            option("listen-address")
                .help("address of the metrics and debug pages [LISTEN_ADDRESS]"),
        )
        .arg(
            option("as")
                .value_parser(Version::from_str)
                .help("stand-in only: the version that is played, such as 17.11 [STAND_IN_AS]"),
        )
        .arg(
            option("start-delay")
                .value_parser(humantime::parse_duration)
                .help("stand-in only: time before the start"),
        )
        .arg(
            option("signals-delay")
                .value_parser(humantime::parse_duration)
                .help("stand-in only: time with pages and without signal handlers"),
        )
        .arg(
            option("rotation-pause")
                .value_parser(humantime::parse_duration)
                .help("stand-in only: rest between token reset and save"),
        )
        .arg(
            option("rotation-overlap")
                .value_parser(Overlap::from_str)
                .help("stand-in only: saved, empty, published or lost: what a reload waiting for a rotation reads"),
        )
        .args(["working-directory", "user", "service"].map(|name| option(name).hide(true)))
        .arg(
            Arg::new("syslog")
                .long("syslog")
                .action(ArgAction::SetTrue)
                .hide(true),
        );
    let wrapper = clap::Command::new("wrapper")
        .about("Starts `run` as a child and outlives it")
        .arg(option("process-termination-timeout").value_parser(humantime::parse_duration))
        .arg(option("grpc-listen").hide(true))
        .arg(
            Arg::new("child")
                .required(true)
                .num_args(1..)
                .trailing_var_arg(true)
                .allow_hyphen_values(true)
                .value_parser(clap::value_parser!(OsString)),
        );
    clap::Command::new("gitlab-runner")
        .about("Stands in for gitlab-runner in tests and demonstrations")
        .args(["log-level", "log-format"].map(|name| option(name).global(true).hide(true)))
        .arg(
            Arg::new("debug")
                .long("debug")
                .global(true)
                .action(ArgAction::SetTrue)
                .hide(true),
        )
        .subcommands([run, wrapper])
}

fn option(name: &'static str) -> Arg {
    Arg::new(name).long(name).num_args(1)
}

fn text(given: &ArgMatches, name: &str) -> Option<String> {
    filled(given.get_one::<String>(name).cloned())
}

fn duration(given: &ArgMatches, name: &str) -> Option<Duration> {
    given.get_one(name).copied()
}

/// The flag, else the variable, else the newest.
fn version(
    told: Option<&Version>,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Version, clap::Error> {
    if let Some(told) = told {
        return Ok(*told);
    }
    let told = filled(variable("STAND_IN_AS")).map(|text| text.parse());
    told.unwrap_or(Ok(Version::NEWEST)).map_err(|words| {
        let words = format!("STAND_IN_AS: {words}");
        command().error(clap::error::ErrorKind::ValueValidation, words)
    })
}

fn filled(value: Option<String>) -> Option<String> {
    value.filter(|value| !value.is_empty())
}

/// `CONFIG_FILE`, else root's place, else the one below HOME.
fn config_of(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    if let Some(file) = filled(variable("CONFIG_FILE")) {
        return file.into();
    }
    if rustix::process::getuid().is_root() {
        return "/etc/gitlab-runner/config.toml".into();
    }
    let home = filled(variable("HOME")).map(|home| PathBuf::from(home).join(".gitlab-runner"));
    home.unwrap_or_default().join("config.toml")
}

#[cfg(test)]
mod tests {
    use super::{Command, RunOptions, Version, parse};
    use std::time::Duration;

    fn run_options(line: &str, variables: &[(&str, &str)]) -> RunOptions {
        let variable = |name: &str| {
            variables
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| (*value).to_owned())
        };
        match parse(line.split(' ').map(Into::into), variable) {
            Ok(Command::Run(options)) => options,
            Ok(Command::Wrapper(_)) => panic!("not a wrapper: {line}"),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn flags_beat_the_environment() {
        let variables = [("CONFIG_FILE", "/env.toml"), ("LISTEN_ADDRESS", ":1")];
        let told = run_options(
            "gitlab-runner run --config /flag.toml --listen-address :2",
            &variables,
        );
        assert_eq!(
            (told.config.to_str(), told.listen_address.as_deref()),
            (Some("/flag.toml"), Some(":2"))
        );
        let untold = run_options("gitlab-runner run", &variables);
        assert_eq!(
            (untold.config.to_str(), untold.listen_address.as_deref()),
            (Some("/env.toml"), Some(":1"))
        );
    }

    #[test]
    fn version_is_told_by_flag_or_variable() {
        let variables = [("STAND_IN_AS", "15.11")];
        let told = run_options("gitlab-runner run --as 17.11", &variables);
        assert_eq!(told.version, Version::of(17, 11));
        let by_variable = run_options("gitlab-runner run", &variables);
        assert_eq!(by_variable.version, Version::of(15, 11));
        assert_eq!(run_options("x run", &[]).version, Version::NEWEST);
        let wrong = |_: &str| Some("new".to_owned());
        assert!(parse("x run".split(' ').map(Into::into), wrong).is_err());
    }

    #[test]
    fn image_command_line_is_accepted() {
        let told = run_options(
            "x run --user=gitlab-runner --working-directory=/home/gitlab-runner -c a",
            &[],
        );
        assert_eq!(told.config.to_str(), Some("a"));
        assert_eq!(told.start_delay, Duration::ZERO);
    }

    #[test]
    fn wrapper_hands_the_rest_to_its_child() {
        let line = "x wrapper --process-termination-timeout 2s run --config a --user=b";
        let Ok(Command::Wrapper(told)) = parse(line.split(' ').map(Into::into), |_| None) else {
            panic!("{line}")
        };
        assert_eq!(told.termination_timeout, Duration::from_secs(2));
        assert_eq!(told.child_arguments, ["run", "--config", "a", "--user=b"]);
    }
}
