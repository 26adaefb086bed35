//! Owns the one line for a command line that cannot be understood. What may be a secret is not in it.

use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};
use runner_config::former;
use runner_config::shown::without_tokens;
use runner_lifecycle::command_line::{self, Role, Word};
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;

use super::surface;

/// Looks at the words that are no flags and no values: one command, and nothing astray. Gives the place of the command among them.
pub(super) fn check(words: &[Word]) -> Result<Option<usize>, NoRun> {
    let mut command = surface::command();
    let mut before: Option<&Word> = None;
    let mut seen = None;
    for (place, word) in words.iter().enumerate() {
        if matches!(word.role, Role::Flag | Role::Value) {
            before = Some(word);
            continue;
        }
        let known: Vec<&str> = command
            .get_subcommands()
            .map(clap::Command::get_name)
            .collect();
        let text = word.text.to_str().unwrap_or_default();
        // A flag that is no switch has its value already, or is unknown: then clap names it.
        let flag = before
            .filter(|word| word.role == Role::Flag)
            .and_then(|word| word.text.to_str());
        let line = match flag {
            Some(flag) if unknown(flag) => return Ok(seen),
            Some(flag)
                if !flag.contains('=')
                    && !text.is_empty()
                    && command_line::boolean(text).is_some() =>
            {
                command_line::behind_switch(flag, word)
            }
            _ if seen.is_some() => command_line::no_flag(word),
            _ if text == "help" => return Err(NoRun::Show(command.render_long_help().to_string())),
            _ if known.contains(&text) => {
                seen = Some(place);
                continue;
            }
            _ => command_line::no_command(word, surface::NAME, &known),
        };
        return Err(usage(&line));
    }
    Ok(seen)
}

/// Whether a flag is none of ours, so that the word behind it may have been meant as its value.
fn unknown(flag: &str) -> bool {
    let name = flag.trim_start_matches('-');
    let name = name.split('=').next().unwrap_or_default();
    !name.is_empty() && !surface::names().any(|known| known == name)
}

pub(super) fn no_run_of(error: &clap::Error, command: &str) -> NoRun {
    match error.kind() {
        // The help is our own text, set by the library.
        Kind::DisplayHelp | Kind::DisplayVersion => NoRun::Show(error.to_string()),
        _ => {
            if let Some(ContextValue::String(flag)) = error.get(ContextKind::InvalidArg)
                && let Some(line) = gone(flag).or_else(|| of_another(flag, command))
            {
                return usage(&line);
            }
            usage(&words(error))
        }
    }
}

/// For a flag of other commands than this one: which those are.
fn of_another(flag: &str, command: &str) -> Option<String> {
    let name = flag.strip_prefix("--")?;
    let surface = surface::command();
    let has = |of: &clap::Command| of.get_arguments().any(|arg| arg.get_long() == Some(name));
    let all: Vec<&clap::Command> = surface.get_subcommands().filter(|of| has(of)).collect();
    // It is one of this command too where its value is wrong.
    if all.is_empty() || all.iter().any(|of| of.get_name() == command) {
        return None;
    }
    let names: Vec<&str> = all.iter().map(|of| of.get_name()).collect();
    let names = names.join(", ");
    Some(format!("{flag} is not a flag of {command}, but of {names}"))
}

/// What is wrong, in words of our own: what was given is shown only as far as it stands in the error's context.
fn words(error: &clap::Error) -> String {
    let text = |kind: ContextKind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.clone()),
        Some(ContextValue::Strings(texts)) => Some(texts.join(", ")),
        _ => None,
    };
    let argument = text(ContextKind::InvalidArg);
    let argument = argument.map_or_else(|| "an argument".to_owned(), |text| format!("'{text}'"));
    match error.kind() {
        Kind::UnknownArgument => {
            let near = text(ContextKind::SuggestedArg);
            let near = near.map_or_else(String::new, |near| format!(", did you mean '{near}'?"));
            format!("unexpected argument {argument}{near}")
        }
        Kind::InvalidSubcommand => match text(ContextKind::InvalidSubcommand) {
            Some(word) => format!("unrecognized command '{word}'"),
            None => "unrecognized command".to_owned(),
        },
        Kind::InvalidValue | Kind::ValueValidation => match text(ContextKind::InvalidValue) {
            Some(value) if !value.is_empty() => {
                let right = text(ContextKind::ValidValue);
                let right = right.map_or_else(String::new, |right| format!(": write {right}"));
                format!("invalid value '{value}' for {argument}{right}")
            }
            _ => format!("{argument} needs a value"),
        },
        Kind::TooFewValues | Kind::WrongNumberOfValues | Kind::NoEquals => {
            format!("{argument} needs a value")
        }
        Kind::TooManyValues => format!("{argument} takes no value, or fewer"),
        Kind::ArgumentConflict => match text(ContextKind::PriorArg) {
            Some(other) if Some(&other) != text(ContextKind::InvalidArg).as_ref() => {
                format!("{argument} and '{other}' cannot be used together")
            }
            _ => format!("{argument} is given twice"),
        },
        Kind::MissingRequiredArgument => format!("{argument} is missing"),
        Kind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the command line is not valid".to_owned(),
    }
}

/// What took the place of a flag of earlier runner managers.
fn gone(flag: &str) -> Option<String> {
    let name = flag.trim_start_matches('-');
    let name = name.split('=').next().unwrap_or_default();
    let line = former::flag(name)?;
    Some(line.replace("--listen-address", "--metrics-address"))
}

fn usage(line: &str) -> NoRun {
    let line = without_tokens(line);
    NoRun::Failure(Failure::usage(format!(
        "{line}; see {} --help",
        surface::NAME
    )))
}
