//! Owns the two keys that let `runner-reaper` pause and watch a runner manager, as they are written if nobody gave them. Each
//! has a comment. A later run knows from the record of what was written last whether they are ours; on a volume of an older
//! version it knows from the comment.

use runner_config::layout::text;
use runner_config::place::explain;
use toml_edit::{Decor, DocumentMut, Item, Key, Table, value};

/// How every comment of ours begins.
const MARK: &str = "# Written by runner-init";

const LIMIT: &[&str] = &[
    "# Written by runner-init: with a limit runner-reaper can pause a busy runner manager.",
    "# It has no effect while it equals \"concurrent\": raise both together. To turn it off: --drain-ready=false.",
];

const LISTEN_ADDRESS: &[&str] = &[
    "# Written by runner-init: runner-reaper watches the runner manager here. To turn it off: --drain-ready=false.",
    "# With host networking give --listen-address: this port was free, but it is not reserved.",
];

/// How every address of ours begins.
pub(crate) const LOOPBACK: &str = "127.0.0.1:";

/// Asks for this limit, with a comment.
pub(super) fn put_limit(asked: &mut Table, limit: i64) {
    asked.insert("limit", value(limit));
    explain(asked, "limit", &LIMIT.join("\n"));
}

/// Asks for this `listen_address`, with a comment.
pub(crate) fn put_listen_address(asked: &mut Table, address: &str) {
    asked.insert("listen_address", value(address));
    explain(asked, "listen_address", &LISTEN_ADDRESS.join("\n"));
}

/// Whether the limit was written by a version that remembered it by its comment only. It was `concurrent`; one that was edited
/// since is the operator's.
pub(crate) fn is_marked_limit(entry: &Table, concurrent: i64) -> bool {
    let limit = entry.get("limit").and_then(Item::as_integer);
    is_marked(entry, "limit") && limit == Some(concurrent)
}

/// Whether the `listen_address` was written by such a version, which is a port on loopback.
pub(crate) fn is_marked_listen_address(root: &Table) -> bool {
    let address = root.get("listen_address").and_then(Item::as_str);
    is_marked(root, "listen_address")
        && address.is_some_and(|address| address.starts_with(LOOPBACK))
}

/// A limit that was given is the operator's, even where we had written the same before: our comment goes. Says whether there
/// was one.
pub(crate) fn limit_is_the_operators(entry: &mut Table) -> bool {
    is_the_operators(entry, "limit", LIMIT)
}

/// The same for a `listen_address` that was given.
pub(crate) fn listen_address_is_the_operators(root: &mut Table) -> bool {
    is_the_operators(root, "listen_address", LISTEN_ADDRESS)
}

/// Takes our comment away where its `listen_address` is gone: a script that deletes only the key would add to the comments at
/// each start.
pub(crate) fn drop_stray_comment_of_listen_address(document: &mut DocumentMut) {
    let trailing = text(Some(document.trailing()));
    if let Some(kept) = without(trailing, LISTEN_ADDRESS) {
        document.set_trailing(kept);
    }
    let _ = drop_stray(document.as_table_mut(), LISTEN_ADDRESS);
}

/// The same where an entry's `limit` is gone. Says whether there was one.
pub(crate) fn drop_stray_comment_of_limit(entry: &mut Table) -> bool {
    drop_stray(entry, LIMIT)
}

/// What was above a key that is gone is now above the next key, or above the header of the next table.
fn drop_stray(table: &mut Table, lines: &[&str]) -> bool {
    let mut dropped = false;
    let mut clean = |decor: &mut Decor| {
        if let Some(kept) = without(text(decor.prefix()), lines) {
            decor.set_prefix(kept);
            dropped = true;
        }
    };
    for (mut key, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => clean(inner.decor_mut()),
            Item::ArrayOfTables(tables) => {
                tables.iter_mut().for_each(|table| clean(table.decor_mut()));
            }
            _ => clean(key.leaf_decor_mut()),
        }
    }
    dropped
}

/// A text without these lines, if it has any of them.
fn without(above: &str, lines: &[&str]) -> Option<String> {
    let kept = above
        .split('\n')
        .filter(|line| !lines.contains(&line.trim()));
    let kept = kept.collect::<Vec<_>>().join("\n");
    (kept != above).then_some(kept)
}

fn is_the_operators(table: &mut Table, key: &str, lines: &[&str]) -> bool {
    if !is_marked(table, key) {
        return false;
    }
    let before = prefix(table.key(key)).to_owned();
    let kept = before.split('\n').filter(|line| {
        let line = line.trim();
        !line.starts_with(MARK) && !lines.contains(&line)
    });
    let kept: Vec<&str> = kept.collect();
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(kept.join("\n"));
    }
    true
}

fn is_marked(table: &Table, key: &str) -> bool {
    prefix(table.key(key)).contains(MARK)
}

fn prefix(key: Option<&Key>) -> &str {
    text(key.and_then(|key| key.leaf_decor().prefix()))
}
