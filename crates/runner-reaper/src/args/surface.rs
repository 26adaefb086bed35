//! Owns the names of flags and variables, and nothing of their meaning.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};
use runner_lifecycle::command_line::Program;
use runner_lifecycle::{completions, exit, misspelt};

use super::arg::{switch, valued};
use super::{Environment, by_hand, status, sweep};

/// How every variable of ours begins.
const OURS: &str = "RUNNER_REAPER_";

/// The program's name.
pub(super) const NAME: &str = "runner-reaper";

/// What the walk over the words must know of the flags.
pub(super) const PROGRAM: Program = Program {
    prefix: OURS,
    takes_value: |name| {
        let short = matches!(name, "c" | "n" | "t" | "u" | TOKEN_FILE);
        short
            || COMMON.iter().any(|(known, ..)| *known == name)
            || SELECTING.iter().any(|(known, ..)| *known == name)
            || status::takes_value(name)
            || sweep::takes_value(name)
    },
    is_password: |_| false,
};

const TOKEN_FILE: &str = "token-file";

/// Flags with a value that every mode takes; each has a variable `RUNNER_REAPER_…`.
const COMMON: [(&str, &str, &str); 14] = [
    (
        "config",
        "FILE",
        "the runner manager's config.toml [CONFIG_FILE, default as gitlab-runner]",
    ),
    (
        "grace-period",
        "TIME",
        "the pod's terminationGracePeriodSeconds, as 60, 60s or 1h; default 30s; without it running jobs are never stopped",
    ),
    (
        "reserve",
        "TIME",
        "part of the grace period reserved for unregistering; default a sixth (2s to 15s), at most half",
    ),
    (
        "unregister-timeout",
        "TIME",
        "how long to wait for GitLab if no job is running, within the grace period; default 5m, at least 1s",
    ),
    (
        "metrics-address",
        "ADDRESS",
        "metrics address of the runner manager; default LISTEN_ADDRESS, else listen_address of config.toml",
    ),
    (
        "tls-ca-file",
        "FILE",
        "PEM file with the CA certificate that signed GitLab's certificate",
    ),
    (
        "tls-cert-file",
        "FILE",
        "PEM file with the client certificate",
    ),
    (
        "tls-key-file",
        "FILE",
        "PEM file with the key of the client certificate",
    ),
    ("pod-name", "NAME", "metadata.name of this pod"),
    ("pod-namespace", "NAME", "metadata.namespace of this pod"),
    ("pod-uid", "UID", "metadata.uid of this pod"),
    ("log-format", "FORMAT", "text or json [LOG_FORMAT]"),
    (
        "log-level",
        "LEVEL",
        "error, warn, info or debug [LOG_LEVEL]",
    ),
    (
        "termination-message-path",
        "FILE",
        "file that a failure is also written to",
    ),
];

const SELECTING: [(&str, char, &str, &str); 3] = [
    ("name", 'n', "NAME", "only entries with this name"),
    (
        "token",
        't',
        "TOKEN",
        "only entries with this token; --token-file keeps it out of the process list",
    ),
    ("url", 'u', "URL", "only entries with this GitLab URL"),
];

const AFTER_HELP: &str = "\
Every flag that all commands share has a variable, such as RUNNER_REAPER_GRACE_PERIOD for --grace-period. Flags take precedence; an empty variable is unset.";

/// The program with all its flags and commands.
pub(super) fn command() -> Command {
    let pre_stop = Command::new("pre-stop").about(
        "Run as the preStop hook of the runner container: pause, drain, unregister (the default)",
    );
    let sidecar = Command::new("sidecar")
        .about("Run as a sidecar container: unregister at the end of the pod");
    let unregister = Command::new("unregister")
        .about("Unregister entries of config.toml by hand; if a runner manager is running, act as pre-stop")
        .args(SELECTING.map(|(name, short, value, help)| valued(name, value, help).short(short)))
        .args([
            valued(TOKEN_FILE, "FILE", "file that contains the token of the entries"),
            switch("all-runners", "every entry"),
            switch("keep-entry", "keep the entries in config.toml"),
            switch("other-pod", "work on a volume that belongs to another pod"),
        ]);
    Command::new(NAME)
        .about("Pauses, drains and unregisters GitLab runners inside the grace period of a pod")
        .version(env!("CARGO_PKG_VERSION"))
        .after_help(format!("{AFTER_HELP}\n\n{}", exit::help()))
        .no_binary_name(true)
        // Without it the help of a command would not say whose command it is.
        .bin_name(NAME)
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(
            // As gitlab-runner and runner-init have it.
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::Version)
                .help("Print version"),
        )
        .args(COMMON.map(|(name, value, help)| {
            let arg = valued(name, value, help).global(true);
            match name {
                "config" => arg.short('c'),
                "log-level" => arg.short('l'),
                _ => arg,
            }
        }))
        // Read before, with the log's: here it is only shown.
        .arg(switch("debug", "the same as --log-level=debug [RUNNER_DEBUG]").global(true))
        .subcommands([pre_stop, sidecar, unregister, status::command()])
        .subcommands(by_hand::commands())
        .subcommands([sweep::command(), completions::command()])
}

/// gitlab-runner takes `-all-runners` for `--all-runners`; so do we, for the names we know.
pub(super) fn double_dash(word: OsString) -> OsString {
    let Some(text) = word.to_str() else {
        return word;
    };
    let Some(rest) = text.strip_prefix('-').filter(|rest| !rest.starts_with('-')) else {
        return word;
    };
    let name = rest.split('=').next().unwrap_or_default();
    if names().any(|known| known == name) {
        return format!("--{rest}").into();
    }
    word
}

/// The long names of all flags.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let switches = [
        TOKEN_FILE,
        "all-runners",
        "keep-entry",
        "other-pod",
        by_hand::DRY_RUN,
        "debug",
        status::OFFLINE,
        "help",
        "version",
    ];
    let common = COMMON.iter().map(|(known, ..)| *known);
    common
        .chain(SELECTING.iter().map(|(known, ..)| *known))
        .chain(switches)
        .chain(sweep::flags())
}

/// A line for each variable that means nothing.
pub(super) fn unknown_variables(environment: &Environment) -> Vec<String> {
    let known = COMMON.map(|(flag, ..)| flag.replace('-', "_").to_uppercase());
    let common = known.iter().map(String::as_str);
    let sweep: Vec<String> = sweep::variables().collect();
    let sweep = sweep.iter().map(String::as_str);
    let known: Vec<&str> = common.chain(sweep).chain(["DEBUG"]).collect();
    misspelt::variables(environment, OURS, &known)
}
