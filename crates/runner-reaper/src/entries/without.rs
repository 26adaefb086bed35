//! Owns what goes although no entry of `config.toml` contains its token: the state file does. Pure.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{State, StateEntry};
use runner_lifecycle::token::Token;

use super::{Unregistration, known_entry, reset_at};

/// Runners that have no entry: the one that `runner-init` received and could not write down any more, those that lost their
/// entry to another and that GitLab has not heard of, and owned ones whose entry somebody wrote over.
pub(crate) fn without_entry(state: &State, entries: &[RunnerEntry]) -> Vec<Unregistration> {
    let is_written = |token: &Token| {
        entries
            .iter()
            .any(|entry| entry.token.as_ref() == Some(token))
    };
    let of = |runner: Runner| Unregistration {
        known: true,
        has_entry: false,
        is_unconfirmed: false,
        is_accounted: false,
        name: String::new(),
        state_token: None,
        expires_at: None,
        obtained_at: None,
        reset_at: reset_at(state, &runner.url, &runner.token),
        tls_files: tls_files_at(&runner.url, entries),
        runner,
    };
    let mut found: Vec<Unregistration> = state
        .beside_entries()
        .filter(|runner| !is_written(&runner.token))
        .map(|runner| of(runner.clone()))
        .collect();
    for (known, token) in lost(state, entries) {
        let lost = Unregistration {
            name: known.name.clone().unwrap_or_default(),
            expires_at: known.token_expires_at,
            obtained_at: known.token_obtained_at,
            ..of(Runner {
                url: known.url.clone(),
                id: known.id,
                source: known.source,
                token: token.clone(),
            })
        };
        if !found.iter().any(|other| other.is_same(&lost)) {
            found.push(lost);
        }
    }
    found
}

/// Owned runners that the state file has the token of and no entry has one of, with that token.
pub(super) fn lost<'a>(
    state: &'a State,
    entries: &'a [RunnerEntry],
) -> impl Iterator<Item = (&'a StateEntry, &'a Token)> {
    let stands = |known: &StateEntry| {
        entries.iter().any(|entry| {
            let Some(token) = &entry.token else {
                return false;
            };
            let found = known_entry(entry, entries, state);
            found.is_some_and(|found| found.is(&known.url, known.id)) && known.source.gives(token)
        })
    };
    let owned = state
        .entries
        .iter()
        .filter_map(|known| Some((known, held(known)?)));
    owned.filter(move |(known, _)| !stands(known) && !is_on_its_way(state, known))
}

/// The token that the state file has of an owned runner.
pub(super) fn held(known: &StateEntry) -> Option<&Token> {
    let owned = known.source.ownership() == Ownership::Owned;
    known.token.as_ref().filter(|_| owned)
}

/// Whether the state file holds a token of this runner for itself.
pub(super) fn is_on_its_way(state: &State, known: &StateEntry) -> bool {
    let mut held = state.beside_entries();
    held.any(|runner| runner.is(&known.url, known.id))
}

/// The TLS files of an entry of that GitLab: it has not another certificate for a runner that lost its entry.
fn tls_files_at(url: &str, entries: &[RunnerEntry]) -> [Option<String>; 3] {
    let there = entries.iter().find(|entry| same_url(&entry.url, url));
    there
        .map(|entry| entry.tls_files.clone())
        .unwrap_or_default()
}
