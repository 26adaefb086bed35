//! Owns the one line for a command line that cannot be understood. What may be a secret is not in it.

use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::shown::without_tokens;

pub(super) fn no_run_of(error: &clap::Error) -> NoRun {
    match error.kind() {
        // The help is our own text, set by the library.
        Kind::DisplayHelp | Kind::DisplayVersion => NoRun::Show(error.to_string()),
        _ => {
            // A word in the wrong place may be a token.
            let stray = match error
                .get(ContextKind::InvalidArg)
                .or(error.get(ContextKind::InvalidSubcommand))
            {
                Some(ContextValue::String(word)) => !word.starts_with('-') && !is_plain(word),
                _ => false,
            };
            let line = if stray {
                "unexpected argument (it may be a secret, so it is not shown)".to_owned()
            } else {
                words(error)
            };
            let line = without_tokens(&line);
            NoRun::Failure(Failure::usage(format!("{line}; see runner-reaper --help")))
        }
    }
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
                format!("{argument} and '{other}' exclude each other")
            }
            _ => format!("{argument} is given twice"),
        },
        Kind::MissingRequiredArgument => format!("{argument} is missing"),
        Kind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        _ => "the command line cannot be understood".to_owned(),
    }
}

/// Whether a word looks like a misspelt command rather than a token.
fn is_plain(word: &str) -> bool {
    word.len() <= 16
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
