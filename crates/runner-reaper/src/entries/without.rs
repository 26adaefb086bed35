//! Owns what goes although no entry of `config.toml` contains its token: the state file does. Pure.

use runner_lifecycle::config_toml::RunnerEntry;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::{Pending, State, StateEntry, same_url};
use runner_lifecycle::token::Token;

use super::{Unregistration, is_anothers, known_entry};

/// Runners that have no entry: the one that `runner-init` received and could not write down any more, those that lost their
/// entry to another and that GitLab has not heard of, and owned ones whose entry somebody wrote over.
pub(crate) fn without_entry(state: &State, entries: &[RunnerEntry]) -> Vec<Unregistration> {
    let is_written = |token: &Token| {
        entries
            .iter()
            .any(|entry| entry.token.as_ref() == Some(token))
    };
    let of = |url: &str, source: Source, id: i64, token: &Token| Unregistration {
        ownership: source.ownership(),
        known: true,
        has_entry: false,
        url: url.to_owned(),
        id: Some(id),
        name: String::new(),
        token: token.clone(),
        state_token: None,
        expires_at: None,
        obtained_at: None,
        tls_files: tls_files_at(url, entries),
    };
    let mut found: Vec<Unregistration> = with_token(state)
        .filter(|(_, _, _, token)| !is_written(token))
        .map(|(url, source, id, token)| of(url, source, id, token))
        .collect();
    for (known, token) in lost(state, entries) {
        let is_there =
            |other: &Unregistration| other.token == *token && same_url(&other.url, &known.url);
        if !found.iter().any(is_there) {
            found.push(Unregistration {
                name: known.name.clone().unwrap_or_default(),
                expires_at: known.token_expires_at,
                obtained_at: known.token_obtained_at,
                ..of(&known.url, known.source, known.id, token)
            });
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
            found.is_some_and(|found| found.id == known.id && same_url(&found.url, &known.url))
                && !is_anothers(known.source, token)
        })
    };
    let owned = state
        .entries
        .iter()
        .filter_map(|known| Some((known, held(known)?)));
    owned.filter(move |(known, _)| !stands(known) && !is_on_its_way(state, &known.url, known.id))
}

/// The token that the state file has of an owned runner.
pub(super) fn held(known: &StateEntry) -> Option<&Token> {
    let owned = known.source.ownership() == Ownership::Owned;
    known.token.as_ref().filter(|_| owned)
}

/// Whether the state file holds a token of this runner for itself.
pub(super) fn is_on_its_way(state: &State, url: &str, id: i64) -> bool {
    with_token(state).any(|(other, _, known, _)| known == id && same_url(other, url))
}

/// What the state file holds a token of beside its entries: received and not written yet, or leaving.
pub(super) fn with_token(state: &State) -> impl Iterator<Item = (&str, Source, i64, &Token)> {
    let received = match &state.pending {
        Some(Pending::Received {
            url,
            source,
            id,
            token,
            ..
        }) => Some((url.as_str(), *source, *id, token)),
        _ => None,
    };
    let leaving = state.leaving.iter();
    let leaving = leaving.map(|left| (left.url.as_str(), left.source, left.id, &left.token));
    received.into_iter().chain(leaving)
}

/// The TLS files of an entry of that GitLab: it has not another certificate for a runner that lost its entry.
fn tls_files_at(url: &str, entries: &[RunnerEntry]) -> [Option<String>; 3] {
    let there = entries.iter().find(|entry| same_url(&entry.url, url));
    there
        .map(|entry| entry.tls_files.clone())
        .unwrap_or_default()
}
