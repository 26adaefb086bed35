//! Owns what a shell needs to complete the words of a program: a script for it, written from the definition that gives the help. It
//! runs nothing. Pure.

use clap::{Arg, ArgAction, Command};
use runner_config::shown::shown;

use crate::command_line::{Role, Word};
use crate::exit::Failure;

mod bash;
mod fish;
mod zsh;

/// The word that asks for a script.
pub const WORD: &str = "completions";

/// What is printed for a shell, in the words of the help.
pub const SHELLS: &str = "bash|zsh|fish";

/// A shell that completes words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

/// The command that prints a script, for the help.
#[must_use]
pub fn command() -> Command {
    Command::new(WORD)
        .about("Print the script by which bash, zsh or fish completes commands and flags")
        .arg(Arg::new("shell").value_name(SHELLS).help("the shell"))
}

/// Which shell's script the words ask for; nothing where they ask for something else, or for help.
///
/// # Errors
/// With the line that says what is wrong (exit 2).
#[must_use]
pub fn asked(words: &[Word]) -> Option<Result<Shell, Failure>> {
    let (first, rest) = words.split_first()?;
    let for_help = |word: &Word| matches!(word.text.to_str(), Some("-h" | "-help" | "--help"));
    if first.role != Role::Plain || first.text != WORD || rest.iter().any(for_help) {
        return None;
    }
    let [word] = rest else {
        let usage = format!("{WORD} needs one word: bash, zsh or fish");
        return Some(Err(Failure::usage(usage)));
    };
    Some(match word.text.to_str() {
        Some("bash") => Ok(Shell::Bash),
        Some("zsh") => Ok(Shell::Zsh),
        Some("fish") => Ok(Shell::Fish),
        other => {
            let other = shown(other.unwrap_or_default());
            let wrong = format!("{WORD}: {other} is not bash, zsh or fish");
            Err(Failure::usage(wrong))
        }
    })
}

/// The script for a shell.
#[must_use]
pub fn script(program: &Command, shell: Shell) -> String {
    let surface = Surface::of(program);
    match shell {
        Shell::Bash => bash::script(&surface),
        Shell::Zsh => zsh::script(&surface),
        Shell::Fish => fish::script(&surface),
    }
}

/// What there is to complete.
struct Surface<'a> {
    program: &'a str,
    /// The flags of the program without a command.
    flags: Vec<ShownFlag>,
    commands: Vec<CommandWords<'a>>,
}

/// A command and its words.
struct CommandWords<'a> {
    name: &'a str,
    about: String,
    flags: Vec<ShownFlag>,
    /// The words that may stand behind it.
    words: Vec<&'a str>,
}

/// A flag as it is shown; its names have no dashes.
struct ShownFlag {
    long: Vec<String>,
    short: Option<char>,
    help: String,
    takes_value: bool,
}

impl<'a> Surface<'a> {
    fn of(program: &'a Command) -> Self {
        let flags: Vec<Arg> = program.get_arguments().cloned().collect();
        let global = |arg: &&Arg| arg.is_global_set();
        let of = |command: &'a Command| {
            let own: Vec<&Arg> = command.get_arguments().collect();
            // A command that defines nothing of its own takes all of the program's flags.
            let all = own.is_empty();
            let more = flags.iter().filter(|arg| global(arg) || all);
            let words = own.iter().filter(|arg| arg.is_positional());
            CommandWords {
                name: command.get_name(),
                about: command
                    .get_about()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
                words: words
                    .filter_map(|arg| arg.get_value_names()?.first())
                    .flat_map(|name| name.as_str().split('|'))
                    .collect(),
                flags: self::flags(own.iter().copied().chain(more)),
            }
        };
        Self {
            program: program.get_name(),
            commands: program.get_subcommands().map(of).collect(),
            flags: self::flags(flags.iter()),
        }
    }

    /// The names of the commands, with something between them.
    fn names(&self, between: &str) -> String {
        let names: Vec<&str> = self.commands.iter().map(|command| command.name).collect();
        names.join(between)
    }

    /// The name of the shell's function.
    fn function(&self) -> String {
        format!("_{}", self.program.replace('-', "_"))
    }
}

fn flags<'a>(args: impl Iterator<Item = &'a Arg>) -> Vec<ShownFlag> {
    let mut flags: Vec<ShownFlag> = Vec::new();
    for arg in args.filter(|arg| !arg.is_positional()) {
        let names = arg.get_long().into_iter().map(str::to_owned);
        let aliases = arg.get_visible_aliases().unwrap_or_default();
        let flag = ShownFlag {
            long: names
                .chain(aliases.into_iter().map(str::to_owned))
                .collect(),
            short: arg.get_short(),
            help: arg.get_help().map(ToString::to_string).unwrap_or_default(),
            // A switch may have a value, but only behind an equals sign.
            takes_value: matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
                && arg
                    .get_num_args()
                    .is_none_or(|number| number.min_values() > 0),
        };
        let known = |other: &ShownFlag| other.long == flag.long && other.short == flag.short;
        if !flags.iter().any(known) {
            flags.push(flag);
        }
    }
    if !flags
        .iter()
        .any(|flag| flag.long.iter().any(|name| name == "help"))
    {
        flags.push(ShownFlag {
            long: vec!["help".to_owned()],
            short: Some('h'),
            help: "show help".to_owned(),
            takes_value: false,
        });
    }
    flags
}

/// How the flags are written, with their dashes.
fn written(flags: &[ShownFlag]) -> impl Iterator<Item = (String, &ShownFlag)> {
    flags.iter().flat_map(|flag| {
        let short = flag.short.map(|letter| format!("-{letter}"));
        let long = flag.long.iter().map(|name| format!("--{name}"));
        short.into_iter().chain(long).map(move |name| (name, flag))
    })
}

#[cfg(test)]
mod tests;
