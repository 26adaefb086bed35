//! Owns the names of flags and variables, and nothing of their meaning.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};
use runner_lifecycle::command_line::Program;
use runner_lifecycle::{completions, exit, misspelt};

use super::arg::{switch, valued};
use super::common::{self, COMMON, PRE_STOP};
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

/// The program with all its flags and commands. Each command has the flags that it reads and no other; without a command the
/// program is `pre-stop`.
pub(super) fn command() -> Command {
    let pre_stop = Command::new(PRE_STOP).about(
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
    let [pause, resume] = by_hand::commands();
    let commands = [
        pre_stop,
        sidecar,
        unregister,
        status::command(),
        pause,
        resume,
        sweep::command(),
    ];
    let program = Command::new(NAME)
        .about("Pauses, drains and unregisters GitLab runners inside the grace period of a pod")
        .version(env!("CARGO_PKG_VERSION"))
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
        );
    common::with_flags(program.after_help(exit::help()), PRE_STOP)
        .subcommands(commands.map(|command| {
            let name = command.get_name().to_owned();
            common::with_flags(command, &name)
        }))
        .subcommand(completions::command())
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
