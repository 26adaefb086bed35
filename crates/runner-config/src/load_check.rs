//! Owns whether gitlab-runner would load a file that somebody else wrote, as far as types and values decide it. Pure; it
//! changes nothing and shows no value.

mod types;
mod values;

use toml_edit::Table;

use crate::elements::Mismatch;

/// Checks what gitlab-runner checks when it loads a file: the types of every key that it knows and the values that it
/// refuses. The global keys that are `not_judged` are not looked at. Gives what gitlab-runner leaves out without a word.
///
/// # Errors
/// With what gitlab-runner refuses, and where it stands.
pub fn loads(root: &Table, not_judged: impl Fn(&str) -> bool) -> Result<Vec<Mismatch>, Mismatch> {
    let left_out = types::check(root, not_judged)?;
    values::check(root)?;
    Ok(left_out)
}
