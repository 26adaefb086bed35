//! Owns what the end means for each runner entry: whether GitLab is asked to delete this pod's runner manager or the
//! runner itself. Pure; asking is done in [`crate::requests`].

use std::time::SystemTime;

use runner_lifecycle::config_toml::RunnerEntry;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::{Pending, State};
use runner_lifecycle::token::Token;

/// One thing that GitLab is to be asked to delete.
#[derive(Clone, Debug)]
pub struct Unregistration {
    /// Whether only this pod's runner manager goes, or the runner with it.
    pub ownership: Ownership,
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
    /// `tls-ca-file`, `tls-cert-file`, `tls-key-file` of the entry.
    pub tls_files: [Option<String>; 3],
}

impl Unregistration {
    /// The runner in the words of a log line; never the token.
    #[must_use]
    pub fn runner(&self) -> String {
        match (self.id, self.name.is_empty()) {
            (Some(id), true) => format!("runner {id}"),
            (Some(id), false) => format!("runner {id} {:?}", self.name),
            (None, true) => "a runner without id and name".to_owned(),
            (None, false) => format!("runner {:?}", self.name),
        }
    }
}

/// What the entries come to. Two entries with one token are one runner and one request; an entry without a token was
/// never polled and needs none.
#[must_use]
pub fn unregistrations(entries: &[RunnerEntry], state: Option<&State>) -> Vec<Unregistration> {
    let mut unregistrations: Vec<(bool, Unregistration)> = Vec::new();
    for entry in entries {
        let Some(token) = entry.token.clone() else {
            continue;
        };
        let (known, ownership) = judge(entry, &token, state);
        let unregistration = Unregistration {
            ownership,
            url: entry.url.clone(),
            id: entry.id,
            name: entry.name.clone(),
            token,
            expires_at: entry.token_expires_at,
            tls_files: entry.tls_files.clone(),
        };
        let twin = unregistrations
            .iter_mut()
            .find(|(_, other)| is_same(other, &unregistration));
        match twin {
            // Of two entries for one runner the one that the state file knows tells more.
            Some(twin) if known && !twin.0 => *twin = (known, unregistration),
            Some(_) => {}
            None => unregistrations.push((known, unregistration)),
        }
    }
    unregistrations
        .into_iter()
        .map(|(_, unregistration)| unregistration)
        .collect()
}

/// Runners that have no entry: the one that `runner-init` received and could not write down any more, and those that lost
/// their entry to another and that GitLab has not heard of.
#[must_use]
pub fn without_entry(state: &State, entries: &[RunnerEntry]) -> Vec<Unregistration> {
    let received = match &state.pending {
        Some(Pending::Received {
            url,
            source,
            id,
            token,
            ..
        }) => Some((url, *source, *id, token)),
        _ => None,
    };
    let leaving = state.leaving.iter();
    let leaving = leaving.map(|left| (&left.url, left.source, left.id, &left.token));
    let is_written = |token: &Token| {
        entries
            .iter()
            .any(|entry| entry.token.as_ref() == Some(token))
    };
    received
        .into_iter()
        .chain(leaving)
        .filter(|(_, _, _, token)| !is_written(token))
        .map(|(url, source, id, token)| Unregistration {
            ownership: source.ownership(),
            url: url.clone(),
            id: Some(id),
            name: String::new(),
            token: token.clone(),
            expires_at: None,
            tls_files: [None, None, None],
        })
        .collect()
}

/// Entries that name a token which is none here, with the reason: they may be polled by somebody who sees more.
#[must_use]
pub fn unreadable(entries: &[RunnerEntry]) -> Vec<String> {
    let of = |entry: &RunnerEntry| {
        let why = entry.no_token.as_deref()?;
        Some(format!(
            "runner entry {:?} of {}: {why}",
            entry.name, entry.url
        ))
    };
    entries.iter().filter_map(of).collect()
}

/// Runners that a helper made or verified and that are in none of the entries any more, by URL and id: without a token
/// nobody can unregister them from here.
#[must_use]
pub fn missing<'a>(state: &'a State, entries: &[RunnerEntry]) -> Vec<(&'a str, i64)> {
    let is_there = |url: &str, id: i64| {
        entries
            .iter()
            .any(|entry| entry.id == Some(id) && runner_lifecycle::state::same_url(&entry.url, url))
    };
    let known = state
        .entries
        .iter()
        .map(|known| (known.url.as_str(), known.id));
    known.filter(|(url, id)| !is_there(url, *id)).collect()
}

fn is_same(one: &Unregistration, other: &Unregistration) -> bool {
    one.token == other.token && runner_lifecycle::state::same_url(&one.url, &other.url)
}

/// Whether the state file knows the entry, and who owns the runner.
fn judge(entry: &RunnerEntry, token: &Token, state: Option<&State>) -> (bool, Ownership) {
    let Some(state) = state else {
        return (false, Ownership::of_foreign(token));
    };
    match entry.id.and_then(|id| state.known(&entry.url, id)) {
        // A registration never gives back a token of this kind: somebody put another runner's token into the entry.
        Some((Source::RegistrationToken, _)) if token.is_created_runner() => {
            (true, Ownership::Shared)
        }
        Some((source, _)) => (true, source.ownership()),
        // Where the helper remembers what it made, what it does not remember is not its own.
        None => (false, Ownership::Shared),
    }
}

#[cfg(test)]
mod tests;
