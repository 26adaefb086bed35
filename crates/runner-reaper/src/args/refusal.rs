//! Owns the one line for a command line that cannot be understood. What may be a secret is not in it.

use clap::error::{ContextKind, ContextValue, ErrorKind as Kind};
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::shown::without_tokens;

pub(super) fn no_run_of(error: &clap::Error) -> NoRun {
    match error.kind() {
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
            // The first line says what is wrong; usage and hints follow.
            let text = error.to_string();
            let line = text
                .lines()
                .next()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            let line = if stray {
                "unexpected argument (it may be a secret, so it is not shown)"
            } else {
                line
            };
            let line = without_tokens(line);
            NoRun::Failure(Failure::usage(format!("{line}; see runner-reaper --help")))
        }
    }
}

/// Whether a word looks like a misspelt command rather than a token.
fn is_plain(word: &str) -> bool {
    word.len() <= 16
        && word
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}
