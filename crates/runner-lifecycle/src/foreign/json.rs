//! Owns what is said when JSON cannot be written. Reading it needs no words: what GitLab answers is checked by its shape.

/// Cannot happen with the bodies that are sent, which hold texts, numbers and truth values only.
pub(crate) const UNWRITABLE: &str =
    "the request cannot be written as JSON: this is a bug, please report it";
