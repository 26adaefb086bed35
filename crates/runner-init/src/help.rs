//! Owns what `-h`, `--help` and `--version` print, and which known name is nearest to an unknown one. clap's definition is
//! built from the table only here: a registration does not pay for it.

use clap::{Arg, ArgAction};
use runner_lifecycle::gitlab::VERSION;
use runner_lifecycle::{completions, exit, misspelt};

use crate::commands::Command;
use crate::flags::{self, Flag, Purpose, ValueType};

const ABOUT: &str = "Registers a GitLab runner and writes its config.toml: a drop-in for \
`gitlab-runner register --non-interactive` in an init container.";

const AFTER_SHORT: &str = "Every flag can be given as the variable in brackets instead; an empty variable is \
unset.\n--help shows all flags and commands.";

const AFTER_LONG: &str = "A flag can be given as the variable in brackets instead; an empty variable is unset. \
-x and --x are the same. Give a\nvalue after = or as the next argument.";

/// The flags that a manifest needs; of a command other than `register`, all.
pub(crate) fn short(command: Command) -> String {
    let about = match command {
        Command::Register => ABOUT,
        Command::ReRegister => command.about(),
        _ => return long(command),
    };
    definition(command, |flag| flag.is_first)
        .about(about)
        .override_usage(format!("runner-init {}", usage(command)))
        .after_help(AFTER_SHORT)
        .render_help()
        .to_string()
}

/// All flags, grouped, and for the program itself its commands.
pub(crate) fn long(command: Command) -> String {
    let definition = match command {
        Command::Register => surface(),
        Command::ReRegister => definition(command, |_| true)
            .about(command.about())
            .override_usage(format!("runner-init {}", usage(command))),
        other => of(other).override_usage(format!("runner-init {}", usage(other))),
    };
    definition
        .after_help(format!("{AFTER_LONG}\n\n{}", exit::help()))
        .render_help()
        .to_string()
}

/// The program with all its flags and commands.
pub fn surface() -> clap::Command {
    definition(Command::Register, |_| true)
        .about(ABOUT)
        .override_usage(format!("runner-init {}", usage(Command::Register)))
        .disable_help_subcommand(true)
        .subcommands(Command::ALL.map(of))
}

/// The same for a shell that completes words: each command with all the flags that it takes.
pub(crate) fn completed() -> clap::Command {
    let command = Command::ReRegister;
    surface().mut_subcommand(command.word(), |short| {
        let about = short.get_about().cloned().unwrap_or_default();
        let whole = definition(command, |_| true);
        whole.name(command.word()).about(about)
    })
}

/// A command below the program. Those that have the program's flags do not say them again.
fn of(command: Command) -> clap::Command {
    let definition = match command {
        Command::Register => clap::Command::new(command.word()),
        Command::ReRegister => {
            let more = flags::by_hand().map(|flag| arg(flag, command));
            clap::Command::new(command.word()).args(more)
        }
        Command::Rotate => definition(command, |_| true).name(command.word()),
        Command::Completions => completions::command().disable_help_flag(true),
    };
    definition.about(command.about())
}

/// How a command is written behind the program's name.
fn usage(command: Command) -> &'static str {
    match command {
        Command::Register => "[register] --url URL --token-file FILE --executor NAME [FLAG ...]",
        Command::ReRegister => {
            "re-register --url URL --token-file FILE --executor NAME [--name NAME] [FLAG ...]"
        }
        Command::Rotate => "rotate [--name NAME] [--shared] [--token-out FILE] [FLAG ...]",
        Command::Completions => "completions bash|zsh|fish",
    }
}

/// The version, and that of the gitlab-runner whose flags these are.
pub(crate) fn version() -> String {
    format!(
        "runner-init {} (flags of gitlab-runner {VERSION})\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// The flag whose name is nearest to an unknown one, if any is near.
pub(crate) fn nearest(command: Command, name: &str) -> Option<&'static str> {
    let aliases = command.flags().filter_map(|flag| flag.alias);
    misspelt::nearest(name, command.flags().map(|flag| flag.name).chain(aliases))
}

fn definition(of: Command, shown: impl Fn(&Flag) -> bool) -> clap::Command {
    let mut command = clap::Command::new("runner-init")
        .disable_help_flag(true)
        .disable_version_flag(true)
        .max_term_width(120);
    for flag in of.flags() {
        let heading = match of {
            Command::Register | Command::ReRegister => Some(flags::heading(flag)),
            _ => None,
        };
        let arg = arg(flag, of).help_heading(heading);
        command = command.arg(arg.hide(!shown(flag)));
    }
    command
        .arg(
            Arg::new("h")
                .short('h')
                .action(ArgAction::SetTrue)
                .help(match of {
                    Command::Register | Command::ReRegister => {
                        "show the flags that a manifest needs"
                    }
                    Command::Rotate | Command::Completions => "the same as --help",
                }),
        )
        .arg(
            Arg::new("help")
                .long("help")
                .action(ArgAction::SetTrue)
                .help("show all flags"),
        )
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::SetTrue)
                .help("show the version"),
        )
}

fn arg(flag: &'static Flag, of: Command) -> Arg {
    let arg = Arg::new(flag.name).long(flag.name).help(help(flag, of));
    let arg = match flag.alias {
        Some(alias) if alias.len() == 1 => arg.short(alias.chars().next().unwrap_or_default()),
        Some(alias) => arg.visible_alias(alias),
        None => arg,
    };
    match value_name(flag.value_type) {
        Some(name) => arg.value_name(name),
        None => arg.action(ArgAction::SetTrue),
    }
}

fn help(flag: &Flag, of: Command) -> String {
    let text = match flag.purpose {
        _ if let Some(text) = of.help_of(flag.name) => text.to_owned(),
        Purpose::Key(path) if flag.help.is_empty() => match path.rsplit_once('.') {
            Some((table, key)) => format!("{key} of [runners.{table}]"),
            None => format!("{path} of the entry"),
        },
        _ => flag.help.to_owned(),
    };
    match flag.variable {
        Some(variable) => format!("{text} [{variable}]"),
        None => text,
    }
}

fn value_name(value_type: ValueType) -> Option<&'static str> {
    Some(match value_type {
        ValueType::Bool => return None,
        ValueType::NullableBool => "true|false",
        ValueType::Text | ValueType::List => "TEXT",
        ValueType::Integer | ValueType::IntegerList | ValueType::Float => "NUMBER",
        ValueType::GoDuration | ValueType::Time => "TIME",
        ValueType::CommaList => "LIST",
        ValueType::TextMap | ValueType::ListMap => "KEY:TEXT",
        ValueType::BoolMap => "KEY:true|false",
        ValueType::IntegerMap => "KEY:NUMBER",
        ValueType::HostAliases => "JSON",
        ValueType::Mode => "OCTAL",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_names_every_flag_and_short_help_a_dozen() {
        let long = long(Command::Register);
        for flag in flags::all() {
            assert!(
                long.contains(&format!("--{}", flag.name)),
                "--{}",
                flag.name
            );
        }
        let short = short(Command::Register);
        assert!(
            short.contains("--token-file") && !short.contains("--docker-gpus"),
            "{short}"
        );
        assert!(short.lines().count() < 40, "{short}");
    }

    #[test]
    fn nearest_name_is_found() {
        fn check(name: &str, want: Option<&str>) {
            assert_eq!(nearest(Command::Register, name), want, "{name}");
        }
        check("docker-imgae", Some("docker-image"));
        check("registration-tokens", Some("registration-token"));
        check("qqqqqqqq", None);
        check("url2", Some("url"));
        check("docker-host-network", None);
    }
}
