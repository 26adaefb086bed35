//! Owns the line for a word that belongs to nothing: the word itself and its place, so that it is found in a manifest. What
//! may be a secret is not in it.

use runner_config::shown::{looks_secret, shown};

use super::{Role, Word};
use crate::misspelt;

/// A word that is the value of no flag.
#[must_use]
pub fn no_flag(word: &Word) -> String {
    format!(
        "{} does not belong to a flag: write a value directly after its flag, in quotes if it contains spaces",
        named(word)
    )
}

/// A `true` or `false` behind a flag, given with its dashes, that takes its value behind `=` only.
#[must_use]
pub fn behind_switch(flag: &str, word: &Word) -> String {
    let value = word.text.to_string_lossy();
    let place = word.place;
    format!("{flag} takes its value after \"=\": write {flag}={value} (argument {place})")
}

/// A word in a command's place that is none of `program`'s.
#[must_use]
pub fn no_command(word: &Word, program: &str, commands: &[&str]) -> String {
    let text = word.text.to_string_lossy();
    let near = misspelt::nearest(&text, commands.iter().copied());
    let known = match near.filter(|_| !is_secret(word)) {
        Some(near) => format!("did you mean {near}?"),
        None => format!("the commands are {}", commands.join(", ")),
    };
    format!("{} is not a command of {program}: {known}", named(word))
}

/// `"stray" (argument 6)`.
fn named(word: &Word) -> String {
    let place = word.place;
    match word.text.to_str() {
        None => format!("argument {place} is not UTF-8 and"),
        Some(_) if is_secret(word) => {
            format!("argument {place} (it may be a secret, so it is not shown)")
        }
        Some(text) => format!("{} (argument {place})", shown(text)),
    }
}

fn is_secret(word: &Word) -> bool {
    word.role == Role::BehindPassword || looks_secret(&word.text.to_string_lossy())
}
