//! Owns the limits of ours in the entries of other runs: `concurrent` is one for all, and a limit that only the next run for its
//! entry would raise holds jobs back until then.

use runner_config::RUNNER;
use runner_config::place::{Place, get};
use runner_config::three_way::{self, Scope, Written};
use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::state::StateEntry;
use toml_edit::{Item, Table, value};

const LIMIT: &str = "limit";
const COMMENT: &str = "#limit";

/// An entry of another run.
#[derive(Debug)]
pub(in crate::register) struct Other {
    /// Its place in the file.
    pub(in crate::register) place: usize,
    pub(in crate::register) known: StateEntry,
}

/// Brings each of them from `concurrent` as it was `before` to what it is now. Gives what is written there, where that is
/// another than was known.
pub(super) fn follow(
    config: &mut ConfigToml,
    others: &[Other],
    before: i64,
    concurrent: i64,
) -> Vec<(StateEntry, Written)> {
    let mut all = Vec::new();
    for Other { place, known } in others {
        // Tried on a copy: entries of an inline array become tables when they are edited.
        let mut edited = config.clone();
        let (Some(last), Some(table)) = (&known.written, edited.entry_mut(*place)) else {
            continue;
        };
        if !is_ours(table, last, before) {
            continue;
        }
        let changes = get(table, LIMIT).and_then(Item::as_integer) != Some(concurrent);
        if changes {
            Place::of(table, RUNNER).put(LIMIT, value(concurrent));
        }
        let there = three_way::written(table, Scope::Entry);
        let mut written = last.clone();
        written.extend(there.get(LIMIT).map(|now| (LIMIT.to_owned(), now.clone())));
        if written != *last {
            all.push((known.clone(), written));
        }
        if changes {
            *config = edited;
        }
    }
    all
}

/// Whether a limit stands below our comment and is as it was written last, or equals `concurrent`: a run that was killed may
/// have written it and could not say so.
fn is_ours(table: &Table, last: &Written, concurrent: i64) -> bool {
    let there = three_way::written(table, Scope::Entry);
    let is_as_written = |path: &str| last.contains_key(path) && there.get(path) == last.get(path);
    let equals = get(table, LIMIT).and_then(Item::as_integer) == Some(concurrent);
    is_as_written(COMMENT) && (is_as_written(LIMIT) || equals)
}
