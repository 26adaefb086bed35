//! Owns what the state file says once runners are gone: no token of theirs, and nothing of what no entry needs. Pure.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{State, StateEntry};
use runner_lifecycle::token::Token;

use super::Unregistration;

/// The state without the tokens of what is gone, and with those that GitLab has told to be their runners' `own`; nothing where that
/// changes nothing. Of `entries`, those of the file, only `stay` are to stay there: what is in neither is forgotten, and what is
/// still in the file is marked, for a run may be killed before it is removed.
pub(crate) fn record(
    before: &State,
    gone: &[&Unregistration],
    own: &[Runner],
    stay: &[RunnerEntry],
    entries: &[RunnerEntry],
) -> Option<State> {
    let mut state = before.clone();
    for runner in own {
        state.token_is_of(&runner.url, runner.id, &runner.token);
    }
    settle(&mut state, gone, stay);
    forget(&mut state, entries);
    if state == *before {
        return None;
    }
    state.see_tokens(entries);
    Some(state)
}

fn settle(state: &mut State, gone: &[&Unregistration], stay: &[RunnerEntry]) {
    let is_gone = |token: &Token| gone.iter().any(|gone| gone.runner.token == *token);
    if state.received().is_some_and(|left| is_gone(&left.token)) {
        state.pending = None;
    }
    state.leaving.retain(|left| !is_gone(&left.token));
    for gone in gone {
        state.token_is_good(&gone.runner.token.fingerprint());
    }
    let places = state.places(stay);
    for (place, known) in state.entries.iter_mut().enumerate() {
        if !gone.iter().any(|gone| is_of(gone, known)) {
            continue;
        }
        match known.source.ownership() {
            // It never comes back, whatever is in the file.
            Ownership::Owned => {
                known.refused = true;
                known.token = None;
                known.token_obtained_at = None;
                known.token_expires_at = None;
            }
            // A runner manager that reads the entry does.
            Ownership::Shared => known.refused |= !places.contains(&Some(place)),
        }
    }
}

/// Forgets what is gone and in no entry.
fn forget(state: &mut State, entries: &[RunnerEntry]) {
    let places = state.places(entries);
    let mut place = 0;
    state.entries.retain(|known| {
        place += 1;
        !known.refused || places.contains(&Some(place - 1))
    });
}

/// Whether it was this entry's runner, or its runner manager.
fn is_of(gone: &Unregistration, known: &StateEntry) -> bool {
    let runner = &gone.runner;
    let by_id = gone.known && runner.id == known.id;
    let by_token = known.token.as_ref() == Some(&runner.token);
    runner.ownership() == known.source.ownership()
        && (by_id || by_token)
        && same_url(&runner.url, &known.url)
}
