//! Owns what the end means for each runner entry: whether GitLab is asked to delete this pod's runner manager or the
//! runner itself. Pure; asking is done in [`crate::requests`].

use std::time::SystemTime;

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::{State, StateEntry};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;
use runner_lifecycle::unregister::Registered;

mod nowhere;
mod record;
mod without;

pub(crate) use nowhere::{Nowhere, nowhere, unreadable};
pub(crate) use record::record;
pub(crate) use without::without_entry;

/// One thing that GitLab is to be asked to delete.
#[derive(Clone, Debug)]
pub(crate) struct Unregistration {
    /// The runner, by the token of its entry, or of the state file. Whose it is decides whether only this pod's runner manager
    /// goes.
    pub runner: Runner,
    /// Whether the state file knows the runner, or there is none at all and the token's word must do. Beside what is known
    /// nobody can tell who made another one and for whom.
    pub known: bool,
    /// Whether an entry of `config.toml` has the token; else the state file does.
    pub has_entry: bool,
    /// The entry's name.
    pub name: String,
    /// Whether the entry has the ID of a runner that the state file knows, but nothing here says that an owned runner's token is its
    /// own: the runner manager has rotated it, or somebody has put another runner's there. Only GitLab can tell.
    pub is_unconfirmed: bool,
    /// Whether the runner of that ID is accounted for without this entry: gone already, or another entry's.
    pub is_accounted: bool,
    /// The state file's token of an owned runner, where that is another than the entry's: usually an older one, but somebody
    /// may have put an old `config.toml` in place.
    pub state_token: Option<Token>,
    /// When GitLab stops to know the token.
    pub expires_at: Option<SystemTime>,
    /// When GitLab gave the token out.
    pub obtained_at: Option<SystemTime>,
    /// When an earlier run had the token reset and heard no answer.
    pub reset_at: Option<String>,
    /// `tls-ca-file`, `tls-cert-file`, `tls-key-file` of the entry.
    pub tls_files: [Option<String>; 3],
}

impl Unregistration {
    /// What GitLab lists of it for this volume.
    pub(crate) fn registered<'a>(&'a self, system_id: Option<&'a SystemId>) -> Registered<'a> {
        Registered {
            runner: &self.runner,
            name: &self.name,
            system_id,
        }
    }

    /// Whether only this pod's runner manager goes.
    pub(crate) fn is_shared(&self) -> bool {
        self.runner.ownership() == Ownership::Shared
    }

    /// The same by the state file's token alone.
    fn by_state_token(self) -> Option<Self> {
        Some(Self {
            has_entry: false,
            is_unconfirmed: false,
            runner: Runner {
                token: self.state_token?,
                ..self.runner
            },
            state_token: None,
            ..self
        })
    }

    /// Whether both are one request at GitLab.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.runner.shares_token_with(&other.runner)
    }
}

/// Everything that is to go: what the entries come to, and what has none.
pub(crate) fn all(entries: &[RunnerEntry], state: Option<&State>) -> Vec<Unregistration> {
    let mut all = unregistrations(entries, state);
    all.extend(state.map_or_else(Vec::new, |state| without_entry(state, entries)));
    all
}

/// What the entries come to. Two entries with one token are one runner and one request; an entry without a token was
/// never polled and needs none.
pub(crate) fn unregistrations(
    entries: &[RunnerEntry],
    state: Option<&State>,
) -> Vec<Unregistration> {
    let mut unregistrations: Vec<Unregistration> = Vec::new();
    let mut own: Vec<Unregistration> = Vec::new();
    for entry in entries {
        let Some(token) = entry.token.clone() else {
            continue;
        };
        let (known, source) = classify(entry, &token, entries, state);
        let state_entry = state.and_then(|state| known_entry(entry, entries, state));
        let state_token = state_entry.and_then(without::held);
        let owned = source.ownership() == Ownership::Owned;
        let state_token = state_token.filter(|held| owned && **held != token);
        let beside = state.and_then(|state| beside(entry, state));
        let beside = beside.map(|runner| runner.id).filter(|id| *id != 0);
        let id = state_entry.map(|known| known.id).or(beside).or(entry.id);
        let is_told = state.is_none_or(|state| is_told(state, entry));
        let has_known_id = state
            .zip(entry.id)
            .is_some_and(|(state, id)| state.known(&entry.url, id).is_some());
        let unregistration = Unregistration {
            known,
            has_entry: true,
            is_unconfirmed: owned && has_known_id && !is_told,
            is_accounted: state_entry.is_none_or(|known| known.refused),
            name: entry.name.clone(),
            state_token: state_token.cloned(),
            reset_at: state.and_then(|state| reset_at(state, &entry.url, &token)),
            runner: Runner {
                url: entry.url.clone(),
                id: id.unwrap_or_default(),
                source,
                token,
            },
            expires_at: entry.token_expires_at,
            obtained_at: entry.token_obtained_at,
            tls_files: entry.tls_files.clone(),
        };
        let twin = unregistrations
            .iter_mut()
            .find(|other| other.is_same(&unregistration));
        match twin {
            // Of two entries for one runner the one that the state file knows tells more.
            Some(twin) if known && !twin.known => *twin = unregistration,
            // Somebody has put one token into the entries of two runners.
            Some(twin) if twin.runner.id != unregistration.runner.id => {
                own.extend(unregistration.by_state_token());
            }
            Some(_) => {}
            None => unregistrations.push(unregistration),
        }
    }
    unregistrations.extend(own);
    unregistrations
}

/// Whether the state file has the entry's token itself, as that of an owned runner.
fn is_told(state: &State, entry: &RunnerEntry) -> bool {
    let owned = |source: Source| source.ownership() == Ownership::Owned;
    let mut known = state.entries.iter();
    beside(entry, state).is_some_and(|runner| owned(runner.source))
        || known.any(|known| owned(known.source) && known.has_token_of(entry))
}

/// When an earlier run had this token reset and heard no answer.
fn reset_at(state: &State, url: &str, token: &Token) -> Option<String> {
    let lost = state.lost_reset_of(url, token);
    lost.map(|lost| lost.at.clone())
}

/// Whether the entry is known, and where its runner came from.
fn classify(
    entry: &RunnerEntry,
    token: &Token,
    entries: &[RunnerEntry],
    state: Option<&State>,
) -> (bool, Source) {
    let foreign = Source::of_foreign(token);
    let Some(state) = state else {
        return (true, foreign);
    };
    let received = || {
        let id = entry.id.filter(|id| state.entry(&entry.url, *id).is_none());
        id.and_then(|id| state.known(&entry.url, id))
    };
    let known = known_entry(entry, entries, state).map(|known| known.source);
    let by_token = || beside(entry, state).map(|runner| runner.source);
    let received = || received().map(|(source, _)| source);
    match known.or_else(by_token).or_else(received) {
        Some(source) if source.gives(token) => (true, source),
        Some(_) => (true, Source::AuthenticationToken),
        // A script has put another URL of the same GitLab there.
        None if state.is_shared_token(token) => (true, Source::AuthenticationToken),
        // Its id may be wrong, and the token that of a shared runner which has no entry otherwise.
        None if lacks_a_shared_one(&entry.url, entries, state) => {
            (false, Source::AuthenticationToken)
        }
        None => (false, foreign),
    }
}

/// Whether the state file says that the runner of an entry is gone, whatever the entry's token is.
pub(crate) fn is_over(entry: &RunnerEntry, state: Option<&State>) -> bool {
    let known = state.and_then(|state| state.entry(&entry.url, entry.id?));
    known.is_some_and(|known| known.refused)
}

/// The runner that has no entry of its own, and whose token an entry has.
fn beside<'a>(entry: &RunnerEntry, state: &'a State) -> Option<&'a Runner> {
    let mut held = state.beside_entries();
    held.find(|runner| runner.has_token_of(entry))
}

/// What the state file knows of the runner of an entry: by its token, else by its id, for tokens rotate.
fn known_entry<'a>(
    entry: &RunnerEntry,
    entries: &[RunnerEntry],
    state: &'a State,
) -> Option<&'a StateEntry> {
    let mut all = state.entries.iter();
    let by_token = all.find(|known| known.has_token_of(entry));
    by_token.or_else(|| {
        let known = state.entry(&entry.url, entry.id?)?;
        // Another entry has the token of that runner: this one was copied from it, id and all. Or its token is that of a runner
        // that is known beside the entries.
        let is_copy = entries.iter().any(|other| known.has_token_of(other));
        (!is_copy && beside(entry, state).is_none()).then_some(known)
    })
}

/// Whether the state file knows a shared runner of this GitLab that is in no entry by its id or token. A shared runner may have a bare
/// token too, and such a token tells nothing.
fn lacks_a_shared_one(url: &str, entries: &[RunnerEntry], state: &State) -> bool {
    let is_its = |known: &StateEntry, entry: &RunnerEntry| {
        known.has_id_of(entry) || known.has_token_of(entry)
    };
    state.entries.iter().any(|known| {
        known.source.ownership() == Ownership::Shared
            && same_url(&known.url, url)
            && !entries.iter().any(|entry| is_its(known, entry))
    })
}

#[cfg(test)]
mod tests;
