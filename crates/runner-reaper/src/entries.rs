//! Owns what the end means for each runner entry: whether GitLab is asked to delete this pod's runner manager or the
//! runner itself. Pure; asking is done in [`crate::requests`].

use std::time::SystemTime;

use runner_lifecycle::config_toml::RunnerEntry;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::{Pending, State, same_url};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;
use runner_lifecycle::unregister::Registered;

mod nowhere;

pub use nowhere::{Nowhere, nowhere, unreadable};

/// One thing that GitLab is to be asked to delete.
#[derive(Clone, Debug)]
pub struct Unregistration {
    /// Whether only this pod's runner manager goes, or the runner with it.
    pub ownership: Ownership,
    /// Whether the state file knows the runner, or there is none at all and the token's word must do. Beside what is known
    /// nobody can tell who made another one and for whom.
    pub known: bool,
    /// GitLab's address as it stands in the entry.
    pub url: String,
    /// GitLab's id of the runner, where the entry holds it.
    pub id: Option<i64>,
    /// The entry's name.
    pub name: String,
    /// The authentication token.
    pub token: Token,
    /// When GitLab stops to know the token.
    pub expires_at: Option<SystemTime>,
    /// When GitLab gave the token out.
    pub obtained_at: Option<SystemTime>,
    /// `tls-ca-file`, `tls-cert-file`, `tls-key-file` of the entry.
    pub tls_files: [Option<String>; 3],
}

impl Unregistration {
    /// What GitLab lists of it for this volume.
    #[must_use]
    pub fn registered<'a>(&'a self, system_id: Option<&'a SystemId>) -> Registered<'a> {
        Registered {
            ownership: self.ownership,
            id: self.id,
            name: &self.name,
            token: &self.token,
            system_id,
        }
    }
}

/// What the entries come to. Two entries with one token are one runner and one request; an entry without a token was
/// never polled and needs none.
#[must_use]
pub fn unregistrations(entries: &[RunnerEntry], state: Option<&State>) -> Vec<Unregistration> {
    let mut unregistrations: Vec<Unregistration> = Vec::new();
    for entry in entries {
        let Some(token) = entry.token.clone() else {
            continue;
        };
        let (known, ownership) = classify(entry, &token, entries, state);
        let unregistration = Unregistration {
            ownership,
            known,
            url: entry.url.clone(),
            id: entry.id,
            name: entry.name.clone(),
            token,
            expires_at: entry.token_expires_at,
            obtained_at: entry.token_obtained_at,
            tls_files: entry.tls_files.clone(),
        };
        let twin = unregistrations
            .iter_mut()
            .find(|other| is_same(other, &unregistration));
        match twin {
            // Of two entries for one runner the one that the state file knows tells more.
            Some(twin) if known && !twin.known => *twin = unregistration,
            Some(_) => {}
            None => unregistrations.push(unregistration),
        }
    }
    unregistrations
}

/// Runners that have no entry: the one that `runner-init` received and could not write down any more, and those that lost
/// their entry to another and that GitLab has not heard of.
#[must_use]
pub fn without_entry(state: &State, entries: &[RunnerEntry]) -> Vec<Unregistration> {
    let is_written = |token: &Token| {
        entries
            .iter()
            .any(|entry| entry.token.as_ref() == Some(token))
    };
    with_token(state)
        .filter(|(_, _, _, token)| !is_written(token))
        .map(|(url, source, id, token)| Unregistration {
            ownership: source.ownership(),
            known: true,
            url: url.to_owned(),
            id: Some(id),
            name: String::new(),
            token: token.clone(),
            expires_at: None,
            obtained_at: None,
            tls_files: [None, None, None],
        })
        .collect()
}

/// What the state file holds a token of: received and not written yet, or on its way out.
fn with_token(state: &State) -> impl Iterator<Item = (&str, Source, i64, &Token)> {
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

fn is_same(one: &Unregistration, other: &Unregistration) -> bool {
    one.token == other.token && same_url(&one.url, &other.url)
}

/// Whether the entry is known, and who owns the runner.
fn classify(
    entry: &RunnerEntry,
    token: &Token,
    entries: &[RunnerEntry],
    state: Option<&State>,
) -> (bool, Ownership) {
    let foreign = Ownership::of_foreign(token);
    let Some(state) = state else {
        return (true, foreign);
    };
    let known = entry.id.and_then(|id| state.known(&entry.url, id));
    let by_token = || {
        let same = |(url, _, _, other): &(&str, Source, i64, &Token)| {
            *other == token && same_url(url, &entry.url)
        };
        with_token(state).find(same).map(|(_, source, ..)| source)
    };
    match known.map(|(source, _)| source).or_else(by_token) {
        // A registration never gives back a token of this kind: somebody put another runner's token into the entry.
        Some(Source::RegistrationToken) if token.is_created_runner() => (true, Ownership::Shared),
        Some(source) => (true, source.ownership()),
        // Its id may be wrong, and the token that of a shared runner which has no entry otherwise.
        None if lacks_a_shared_one(&entry.url, entries, state) => (false, Ownership::Shared),
        None => (false, foreign),
    }
}

/// Whether the state file knows a shared runner of this GitLab that is in no entry by its id. A shared runner may have a bare
/// token too, and such a token tells nothing.
fn lacks_a_shared_one(url: &str, entries: &[RunnerEntry], state: &State) -> bool {
    state.entries.iter().any(|known| {
        known.source.ownership() == Ownership::Shared
            && same_url(&known.url, url)
            && !entries
                .iter()
                .any(|entry| entry.id == Some(known.id) && same_url(&entry.url, url))
    })
}

#[cfg(test)]
mod tests;
