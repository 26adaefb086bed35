//! Owns writing to stdout: what a person or a program asked to see. Log lines are `report`'s.

use std::io::{ErrorKind, Write as _};

use crate::exit::Failure;

/// Writes a text to stdout. Whoever has closed it may have read enough: `| head`.
///
/// # Errors
/// When it cannot be written, as on a full disk: whoever reads the file would take what is missing for the answer.
pub fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::unusable(format!("writing to stdout: {error}")))
        }
        _ => Ok(()),
    }
}
