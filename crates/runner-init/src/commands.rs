//! Owns the words that say what to do, before the flags: which there are, and which flags belong to each.

use std::ffi::OsString;

use runner_lifecycle::command_line::{CommandLine, Program, Role};
use runner_lifecycle::completions;
use runner_lifecycle::environment::Environment;

use crate::flags::{self, Flag, ValueType};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// The one without a word, too: gets a runner and writes `config.toml`.
    Register,
    /// The same, but no runner entry that is there counts as good.
    ReRegister,
    /// Exchanges the token of a runner entry for another.
    Rotate,
    /// Prints what a shell needs to complete the other words.
    Completions,
}

impl Command {
    /// All of them, in the order of `--help`.
    pub(crate) const ALL: [Self; 4] = [
        Self::Register,
        Self::ReRegister,
        Self::Rotate,
        Self::Completions,
    ];

    /// The word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ReRegister => "re-register",
            Self::Rotate => "rotate",
            Self::Completions => completions::WORD,
        }
    }

    /// What it does, for `--help`.
    pub(crate) fn about(self) -> &'static str {
        match self {
            Self::Register => "Register a runner and write config.toml (the default)",
            Self::ReRegister => {
                "Give a runner entry in config.toml a new runner, with the flags of register; the previous one is unregistered once its jobs are done"
            }
            Self::Rotate => {
                "Reset the authentication token of a runner entry in config.toml; a running runner manager loads the new one by itself"
            }
            Self::Completions => "Print the script by which a shell completes commands and flags",
        }
    }

    /// Its flags, in the order of `--help`.
    pub(crate) fn flags(self) -> Box<dyn Iterator<Item = &'static Flag>> {
        match self {
            Self::Register => Box::new(flags::all()),
            Self::ReRegister => Box::new(flags::re_register()),
            Self::Rotate => Box::new(flags::rotate()),
            Self::Completions => Box::new(flags::log()),
        }
    }

    /// What `--help` says of a flag that means something else here than to a registration.
    pub(crate) fn help_of(self, flag: &str) -> Option<&'static str> {
        let all: &[(&str, &str)] = match self {
            Self::ReRegister => RE_REGISTER_HELP,
            Self::Rotate => ROTATE_HELP,
            Self::Register | Self::Completions => &[],
        };
        let found = all.iter().find(|(name, _)| *name == flag);
        found.map(|(_, help)| *help)
    }

    /// The flag of it with this name or alias.
    pub(crate) fn find(self, name: &str) -> Option<&'static Flag> {
        self.flags()
            .find(|flag| flag.name == name || flag.alias == Some(name))
    }

    /// The command of a command line: its first word that is not global.
    pub(crate) fn of(argv: &[OsString], environment: &Environment) -> Self {
        let line = CommandLine::read(argv, environment, Self::Register.program());
        let first = line.words.first();
        let first = first.filter(|word| word.role == Role::Plain);
        Self::ALL
            .into_iter()
            .find(|command| first.is_some_and(|first| first.text == command.word()))
            .unwrap_or(Self::Register)
    }

    /// What the walk over the words must know of its flags.
    pub(crate) fn program(self) -> Program {
        Program {
            prefix: OURS,
            takes_value: match self {
                Self::Rotate => |name| takes_value(Self::Rotate, name),
                Self::ReRegister => |name| takes_value(Self::ReRegister, name),
                Self::Register | Self::Completions => |name| takes_value(Self::Register, name),
            },
            is_password: |name| name == "ssh-password",
        }
    }
}

const RE_REGISTER_HELP: &[(&str, &str)] = &[
    ("config", "the config.toml with the runner entry"),
    (
        "description",
        "name of the runner entry (default: the one of this URL that runner-init wrote)",
    ),
    (
        "tag-list",
        "tags of the new runner, separated by commas (default: those of the previous one)",
    ),
    (
        "run-untagged",
        "run untagged jobs; implied if there are no tags (default: as the previous runner)",
    ),
    (
        "locked",
        "lock the runner to its project (default: as the previous runner)",
    ),
    (
        "access-level",
        "not_protected (all branches) or ref_protected (protected branches only) (default: as the previous runner)",
    ),
    (
        "maximum-timeout",
        "maximum job timeout, in seconds (default: as the previous runner)",
    ),
    (
        "paused",
        "register the runner as paused (default: as the previous runner)",
    ),
    (
        "maintenance-note",
        "maintenance note of the runner, shown to administrators (default: as the previous runner)",
    ),
];

const ROTATE_HELP: &[(&str, &str)] = &[
    ("config", "the config.toml with the runner entry"),
    (
        "timeout",
        "time limit of the whole run: 90s, 5m, 1h30m or seconds (default 1m)",
    ),
    (
        "grace-period",
        "the pod's terminationGracePeriodSeconds: the time in which a stopped run may still receive and write the new token (default 30s)",
    ),
];

/// How every variable of ours begins.
pub(crate) const OURS: &str = "RUNNER_INIT_";

/// A switch needs no value, and one that needs a word of its own takes no flag for it.
fn takes_value(command: Command, name: &str) -> bool {
    let value_type = command.find(name).map(|flag| flag.value_type);
    value_type
        .is_some_and(|value_type| !matches!(value_type, ValueType::Bool | ValueType::NullableBool))
}
