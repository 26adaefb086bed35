//! Owns the two keys that let `runner-reaper` pause and watch a runner manager.
//! Each carries a comment; with the comment it is ours to change, without it the operator's.

use toml_edit::{DocumentMut, Item, Key, RawString, Table, value};

use runner_config::RUNNER;
use runner_config::global_key;
use runner_config::place::{Place, spelled};

/// How every comment of ours begins.
const MARK: &str = "# Written by runner-init";

const LIMIT: &[&str] = &[
    ": with a limit runner-reaper can pause a busy runner manager.",
    "# It has no effect while it equals \"concurrent\": raise both together. To turn it off: --drain-ready=false.",
];

const LISTEN_ADDRESS: &[&str] = &[
    ": runner-reaper watches the runner manager here. To turn it off: --drain-ready=false.",
    "# With host networking give --listen-address: this port was free, but it is not reserved.",
];

/// Gives the entry `limit` = `concurrent` with a comment, where it has no limit or the one that we wrote when `concurrent`
/// was `before`; says whether anything changed. A limit that was edited since is the operator's.
pub fn limit_follows_concurrent(entry: &mut Table, before: i64, concurrent: i64) -> bool {
    let key = spelled(entry, "limit").to_owned();
    let present = entry.get(&key).and_then(Item::as_integer);
    let untouched = is_ours(entry, &key) && present == Some(before);
    if entry.contains_key(&key) && !untouched || present == Some(concurrent) {
        return false;
    }
    Place::of(entry, RUNNER).put("limit", value(concurrent));
    if present.is_none() {
        explain(entry, &key, LIMIT);
    }
    true
}

/// Gives the file `listen_address` on loopback with a comment, where it has none; says whether anything changed.
///
/// `port` is asked for the port only if one is needed: 9252, or a free one where that is taken.
pub fn listen_on_loopback(document: &mut DocumentMut, port: impl FnOnce() -> u16) -> bool {
    let key = spelled(document.as_table(), "listen_address").to_owned();
    if document
        .get(&key)
        .and_then(Item::as_str)
        .is_some_and(|address| !address.is_empty())
    {
        return false;
    }
    global_key::set(
        document.as_table_mut(),
        "listen_address",
        format!("127.0.0.1:{}", port()).into(),
    );
    explain(document.as_table_mut(), &key, LISTEN_ADDRESS);
    true
}

/// Removes the limit that we wrote, which is `concurrent`; says whether anything changed. One that was edited since stays,
/// without our comment.
pub fn take_limit_back(entry: &mut Table, concurrent: i64) -> bool {
    if entry.get("limit").and_then(Item::as_integer) != Some(concurrent) {
        return limit_is_the_operators(entry);
    }
    is_ours(entry, "limit") && entry.remove("limit").is_some()
}

/// Removes the `listen_address` that we wrote, which is a port on loopback; says whether anything changed. One that was
/// edited since stays, without our comment.
pub fn take_listen_address_back(document: &mut DocumentMut) -> bool {
    let root = document.as_table_mut();
    let address = root.get("listen_address").and_then(Item::as_str);
    if !address.is_some_and(|address| address.starts_with("127.0.0.1:")) {
        return listen_address_is_the_operators(root);
    }
    is_ours(root, "listen_address") && root.remove("listen_address").is_some()
}

/// A limit that was given is the operator's, even where we had written the same before: our comment goes.
pub(super) fn limit_is_the_operators(entry: &mut Table) -> bool {
    is_the_operators(entry, "limit", LIMIT)
}

/// The same for a `listen_address` that was given.
pub(super) fn listen_address_is_the_operators(root: &mut Table) -> bool {
    is_the_operators(root, "listen_address", LISTEN_ADDRESS)
}

fn is_the_operators(table: &mut Table, key: &str, lines: &[&str]) -> bool {
    if !is_ours(table, key) {
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

fn is_ours(table: &Table, key: &str) -> bool {
    prefix(table.key(key)).contains(MARK)
}

fn prefix(key: Option<&Key>) -> &str {
    key.and_then(|key| key.leaf_decor().prefix())
        .and_then(RawString::as_str)
        .unwrap_or_default()
}

/// Puts the comment right above the key, below what stands there already.
fn explain(table: &mut Table, key: &str, lines: &[&str]) {
    let before = prefix(table.key(key)).to_owned();
    let indentation = before.rsplit('\n').next().unwrap_or_default();
    let mut comment = format!("{before}{MARK}");
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            comment.push_str(indentation);
        }
        comment.push_str(line);
        comment.push('\n');
    }
    comment.push_str(indentation);
    if let Some(mut key) = table.key_mut(key) {
        key.leaf_decor_mut().set_prefix(comment);
    }
}
