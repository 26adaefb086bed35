//! Owns the limits that `runner-init` wrote in the entries of other runs: `concurrent` applies to all of them, and a limit that
//! only the next run for its entry would raise holds jobs back until then.

use runner_config::config_toml::ConfigToml;
use runner_config::place::{self, get};
use runner_config::three_way::{self, Scope, Written};
use runner_lifecycle::state::StateEntry;
use toml_edit::{Item, Table, value};

use crate::entry;

const LIMIT: &str = "limit";
const COMMENT: &str = "#limit";

/// An entry of another run.
#[derive(Debug)]
pub(in crate::register) struct Other {
    /// Its place in the file.
    pub(in crate::register) place: usize,
    pub(in crate::register) known: StateEntry,
}

/// Brings every entry but this run's `own` from `concurrent` as it was `before` to what it is now. Gives what is written there,
/// where that is another than was known.
pub(super) fn follow(
    config: &mut ConfigToml,
    own: Option<usize>,
    others: &[Other],
    before: i64,
    concurrent: i64,
) -> Vec<(StateEntry, Written)> {
    let mut all = Vec::new();
    for place in (0..config.entry_count()).filter(|place| Some(*place) != own) {
        // Tried on a copy: entries of an inline array become tables when they are edited.
        let mut edited = config.clone();
        let Some(table) = edited.entry_mut(place) else {
            continue;
        };
        let known = others.iter().find(|other| other.place == place);
        let known = known.map(|other| &other.known);
        let last = known.and_then(|known| known.written.as_ref());
        // By the comment alone where the state is lost or older, and where a run was killed before it could say what it wrote.
        let is_marked = entry::is_marked_limit(table, before);
        if !is_marked && !last.is_some_and(|last| is_as_written(table, last)) {
            continue;
        }
        let changes = get(table, LIMIT).and_then(Item::as_integer) != Some(concurrent);
        if changes {
            place::put(table, LIMIT, value(concurrent));
        }
        if let (Some(known), Some(last)) = (known, last) {
            let there = three_way::written(table, Scope::Entry);
            let mut written = last.clone();
            written.extend(there.get(LIMIT).map(|now| (LIMIT.to_owned(), now.clone())));
            if written != *last {
                all.push((known.clone(), written));
            }
        }
        if changes {
            *config = edited;
        }
    }
    all
}

/// Whether the limit and our comment above it are as they were written last.
fn is_as_written(table: &Table, last: &Written) -> bool {
    let there = three_way::written(table, Scope::Entry);
    [COMMENT, LIMIT]
        .iter()
        .all(|path| last.contains_key(*path) && there.get(*path) == last.get(*path))
}
