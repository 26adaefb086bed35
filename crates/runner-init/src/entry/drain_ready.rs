//! Owns the two keys that let `runner-reaper` pause and watch a runner manager (design, section 4, "Drain-ready").

use toml_edit::{DocumentMut, Table};

/// Gives the entry `limit` = `concurrent` with a comment, where it has no limit or one that we wrote; says whether
/// anything changed.
pub fn limit_follows_concurrent(entry: &mut Table, concurrent: i64) -> bool {
    let _ = (entry, concurrent);
    false
}

/// Gives the file `listen_address` on loopback with a comment, where it has none; says whether anything changed.
///
/// `port` is asked for the port only if one is needed: 9252, or a free one where that is taken.
pub fn listen_on_loopback(document: &mut DocumentMut, port: impl FnOnce() -> u16) -> bool {
    let _ = (document, port);
    false
}
