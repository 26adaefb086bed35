//! Owns the command line and the variables: what was given, by which of the two, in the types of the domain. Below it
//! nothing reads the environment. Reads a token file it is told of; asks nobody and writes nothing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use runner_config::former;
use runner_lifecycle::command_line::{CommandLine, Role, Word};
use runner_lifecycle::completions;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Endpoint, GivenTlsFiles, Proxies, TlsFiles};
use runner_lifecycle::named_file;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::token::{Token, TokenKind};

use crate::grace::Grace;

mod arg;
pub(crate) mod by_hand;
mod common;
mod given;
mod refusal;
pub(crate) mod status;
mod surface;
pub(crate) mod sweep;

use by_hand::ByHand;
use given::GivenFlags;
use status::Status;
use sweep::Sweep;

pub(crate) use runner_lifecycle::environment::Environment;
use runner_lifecycle::volume::names;

/// How long GitLab is waited for where no job runs and nobody says.
const UNREGISTER: Duration = Duration::from_secs(5 * 60);

/// GitLab is asked at least that long: no time at all would leave everything behind.
const LEAST_UNREGISTER: Duration = Duration::from_secs(1);

/// What to do.
#[derive(Clone, Debug)]
pub(crate) enum Command {
    /// An exec hook in the runner's own container: pause, drain, unregister.
    PreStop,
    /// A container beside the runner's: wait for the end of the pod, then unregister.
    Sidecar,
    /// By hand, or as the hook line of a manifest.
    Unregister(Selection),
    /// By hand: what is true now.
    Status(Status),
    /// From a shell: pause, or resume.
    ByHand(ByHand),
    /// By hand, or from a CronJob: what died without unregistering.
    Sweep(Box<Sweep>),
}

/// Which runner entries `unregister` is about, and what becomes of them in the file.
#[derive(Clone, Debug, Default)]
pub(crate) struct Selection {
    /// Every entry.
    pub all: bool,
    /// Entries of this name.
    pub name: Option<String>,
    /// Entries with this token.
    pub token: Option<Token>,
    /// Entries of this GitLab.
    pub url: Option<String>,
    /// Whether the entries stay in `config.toml`.
    pub keep_entry: bool,
    /// Whether to work on a volume that belongs to another pod.
    pub other_pod: bool,
}

impl Selection {
    /// Whether it is about every entry there is.
    pub(crate) fn is_whole(&self) -> bool {
        self.all && self.url.is_none()
    }
}

/// Everything that was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    /// What to do.
    pub command: Command,
    /// Path of `config.toml`.
    pub config: PathBuf,
    /// The grace period.
    pub grace: Grace,
    /// How long GitLab is waited for where no job runs; at least a second.
    pub unregister_timeout: Duration,
    /// Where the runner manager's metrics are, if that was said.
    pub metrics_address: Option<String>,
    /// `LISTEN_ADDRESS`, which beats `config.toml` for the runner manager as for us.
    pub listen_address: Option<String>,
    /// TLS files: a flag or a variable of our own wins over the entry, the entry over a variable that others read.
    pub tls: GivenTlsFiles,
    /// The proxies that the environment names.
    pub proxies: Proxies,
    /// The pod this process runs in.
    pub pod: Pod,
    /// The variables, for `$NAME` in `config.toml`.
    pub environment: Environment,
    /// What the operator should hear about, one line each.
    pub warnings: Vec<String>,
}

impl Options {
    /// Until when GitLab is asked from now on where no job runs: a node's drain must not wait an hour for a GitLab that is
    /// away. Never later than `gitlab`, which the grace period allows.
    pub(crate) fn unregister_until(&self, gitlab: Deadline) -> Deadline {
        gitlab.earlier(self.unregister_timeout)
    }
}

/// Reads the words of a [`command_line`]; flags win over variables, an empty variable is unset.
pub(crate) fn parse(line: CommandLine, environment: &Environment) -> Result<Options, NoRun> {
    if let Some(wrong) = line.wrong {
        return Err(wrong.into());
    }
    if let Some(shell) = completions::asked(&line.words) {
        return Err(NoRun::Show(completions::script(&surface(), shell?)));
    }
    let place = refusal::check(&line.words)?;
    let mut words: Vec<OsString> = line.words.into_iter().map(|word| word.text).collect();
    let named = place.and_then(|place| words[place].to_str().map(str::to_owned));
    let named = named.unwrap_or_else(|| common::PRE_STOP.to_owned());
    // Flags may stand before their command, as gitlab-runner's global ones do.
    if let Some(place) = place {
        words[..=place].rotate_right(1);
    }
    let matches = surface()
        .try_get_matches_from(words.into_iter().map(surface::double_dash))
        .map_err(|error| refusal::no_run_of(&error, &named))?;
    let (name, matches) = match matches.subcommand() {
        Some((name, inner)) => (name, inner),
        None => (common::PRE_STOP, &matches),
    };
    let given = GivenFlags {
        matches,
        environment,
    };
    let command = match name {
        "sidecar" => Command::Sidecar,
        "status" => Command::Status(status::read(&given)?),
        "sweep" => Command::Sweep(Box::new(sweep::read(&given)?)),
        "unregister" => Command::Unregister(selection(&given)?),
        "pause" | "resume" => Command::ByHand(by_hand::read(&given, name)?),
        _ => Command::PreStop,
    };
    let variable = |name: &str| environment.get(name).map(str::to_owned);
    let config = config_of(&given);
    let told = given.duration("grace-period", "RUNNER_REAPER_GRACE_PERIOD")?;
    let reserve = given.duration("reserve", "RUNNER_REAPER_RESERVE")?;
    let grace = Grace::of(told, reserve);
    let patience = given.duration("unregister-timeout", "RUNNER_REAPER_UNREGISTER_TIMEOUT")?;
    let mut warnings = Vec::new();
    if reserve.is_some_and(|asked| asked > grace.reserve) {
        let words =
            "the reserve is more than half of the grace period: half of the grace period is used";
        warnings.push(words.to_owned());
    }
    Ok(Options {
        command,
        grace,
        unregister_timeout: patience.unwrap_or(UNREGISTER).max(LEAST_UNREGISTER),
        metrics_address: given.text("metrics-address", &["RUNNER_REAPER_METRICS_ADDRESS"]),
        listen_address: variable("LISTEN_ADDRESS"),
        tls: GivenTlsFiles {
            first: TlsFiles::named([
                given.text("tls-ca-file", &["RUNNER_REAPER_TLS_CA_FILE"]),
                given.text("tls-cert-file", &["RUNNER_REAPER_TLS_CERT_FILE"]),
                given.text("tls-key-file", &["RUNNER_REAPER_TLS_KEY_FILE"]),
            ])
            .with_directories(&config, &environment.default_directory()),
            last: TlsFiles::named([
                variable("CI_SERVER_TLS_CA_FILE"),
                variable("CI_SERVER_TLS_CERT_FILE"),
                variable("CI_SERVER_TLS_KEY_FILE"),
            ]),
        },
        config,
        proxies: Proxies::from_variables(variable),
        pod: Pod {
            namespace: given.text("pod-namespace", &["RUNNER_REAPER_POD_NAMESPACE"]),
            name: given.text("pod-name", &["RUNNER_REAPER_POD_NAME"]),
            uid: given.text("pod-uid", &["RUNNER_REAPER_POD_UID"]),
            hostname: environment.hostname.clone(),
        },
        environment: environment.clone(),
        warnings,
    })
}

/// The program with all its flags and commands, as its help shows them.
pub fn surface() -> clap::Command {
    surface::command()
}

/// The words without gitlab-runner's global ones, and how to report; it never fails, so that even a usage error is reported
/// as asked.
pub(crate) fn command_line(
    argv: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> CommandLine {
    let argv: Vec<OsString> = argv.into_iter().collect();
    CommandLine::read(&argv, environment, surface::PROGRAM)
}

/// A line for each variable that is unknown or was removed, whatever else is wrong.
pub(crate) fn idle_variables(environment: &Environment) -> Vec<String> {
    let mut lines = surface::unknown_variables(environment);
    lines.extend(former::variables_of_a_runner_manager(|name| {
        environment.get(name).is_some()
    }));
    lines
}

/// Whether the words go to the container's log too: those of a hook, whatever command it has and even if that cannot be
/// understood, because nobody keeps a hook's own stderr. That of a sidecar or a sweep is the container's log; who asks for the
/// status reads it himself.
pub(crate) fn is_heard_by_nobody(words: &[Word]) -> bool {
    let mut plain = words.iter().filter(|word| word.role == Role::Plain);
    plain.all(|word| {
        !["sidecar", "sweep", "status", completions::WORD]
            .iter()
            .any(|name| word.text == *name)
    })
}

/// Whether the words are of a person at a shell: then a failure is no reason why the container ended.
pub(crate) fn are_of_a_person(words: &[Word]) -> bool {
    let mut plain = words.iter().filter(|word| word.role == Role::Plain);
    let names = ["status", "pause", "resume"];
    plain
        .next()
        .is_some_and(|word| names.iter().any(|name| word.text == *name))
}

/// Why a text is no token of a runner entry, where that is certain.
fn misgiven(text: &str) -> Option<String> {
    TokenKind::Authentication.misgiven(text, |_| {
        "select a runner entry by its authentication token or by --name, or all with --all-runners"
            .to_owned()
    })
}

/// `--config`, then `RUNNER_REAPER_CONFIG`, then gitlab-runner's own variable and default.
fn config_of(given: &GivenFlags<'_>) -> PathBuf {
    given
        .text("config", &["RUNNER_REAPER_CONFIG", "CONFIG_FILE"])
        .map_or_else(
            || given.environment.default_directory().join(names::CONFIG),
            PathBuf::from,
        )
}

fn selection(given: &GivenFlags<'_>) -> Result<Selection, Failure> {
    let all = given.matches.get_flag("all-runners");
    let name = given.text("name", &[]);
    let token_text = given.text("token", &[]);
    let token_file = given.text("token-file", &[]);
    let nothing = name.is_none() && token_text.is_none() && token_file.is_none();
    // As stock does, but only where nothing else selects: a variable left in the pod must not narrow what was asked.
    let token_text = token_text.or_else(|| {
        let variable = given.environment.get("CI_SERVER_TOKEN");
        variable.filter(|_| !all && nothing).map(str::to_owned)
    });
    let token = match (token_text, token_file) {
        (Some(_), Some(_)) => {
            return Err(Failure::usage("give either --token or --token-file"));
        }
        (Some(text), None) => {
            if let Some(why) = misgiven(&text) {
                return Err(Failure::usage(format!("the token {why}")));
            }
            let token = Token::new(text);
            Some(token.map_err(|error| Failure::usage(format!("the token {error}")))?)
        }
        (None, Some(path)) => {
            let advice = "give the token itself with --token";
            let path = Path::new(&path);
            Some(named_file::read_token(
                path,
                "--token-file",
                advice,
                misgiven,
            )?)
        }
        (None, None) => None,
    };
    if all && (name.is_some() || token.is_some()) {
        return Err(Failure::usage(
            "give either --all-runners or --name and --token",
        ));
    }
    if !all && name.is_none() && token.is_none() {
        return Err(Failure::usage(
            "at least one of --all-runners, --name, --token or --token-file is needed",
        ));
    }
    let url = given.text("url", &[]).map(|url| url.trim().to_owned());
    if let Some(url) = &url {
        Endpoint::parse(url).map_err(|error| Failure::usage(format!("--url: {error}")))?;
    }
    Ok(Selection {
        all,
        name,
        token,
        url,
        keep_entry: given.matches.get_flag("keep-entry"),
        other_pod: given.matches.get_flag("other-pod"),
    })
}

#[cfg(test)]
mod tests;
