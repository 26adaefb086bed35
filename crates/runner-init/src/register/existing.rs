//! Owns the rule that says which runner entry is ours. Pure: it sees a file's entries and the state, not the files.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::Endpoint;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::{State, StateEntry};
use runner_lifecycle::token::Token;

/// An entry that this run goes on with.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    /// The entry as it stands in the file, or as the state knows it.
    pub(super) entry: RunnerEntry,
    /// Its place in the file; `None` where it is missing there, and only the state knows its runner.
    pub(super) place: Option<usize>,
    /// What the state file knows of it.
    pub(super) known: Option<StateEntry>,
    /// Whether its token stands in the state alone, and is to be written to the file again.
    pub(super) token_is_lost: bool,
}

/// Where an entry's runner came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Provenance {
    pub(super) source: Source,
    /// Whether that is derived from the token, as somebody else made it.
    pub(super) adopted: bool,
}

impl Ours {
    /// GitLab's id of its runner, 0 where nobody knows it. The entry's own may have been edited: a token that is known tells more.
    pub(super) fn id(&self) -> i64 {
        let known = self.known.as_ref();
        let by_token = known.filter(|known| known.has_token_of(&self.entry));
        let id = by_token.map(|known| known.id).or(self.entry.id);
        id.or(known.map(|known| known.id)).unwrap_or_default()
    }

    /// Where it came from, for a manifest that gives a token of kind `asked`. An entry that no state file knows is classified by
    /// its token; but beside a given authentication token it is somebody's who shares such tokens.
    pub(super) fn origin(&self, asked: Source) -> Provenance {
        if let Some(known) = &self.known {
            return Provenance {
                source: known.source,
                adopted: known.adopted,
            };
        }
        let source = match (asked, &self.entry.token) {
            (Source::AuthenticationToken, _) => asked,
            (_, Some(token)) => Source::of_foreign(token),
            (_, None) => Source::RegistrationToken,
        };
        Provenance {
            source,
            adopted: source.ownership() == Ownership::Owned,
        }
    }

    /// Whether it is in the hands of another pod than this one. Where that cannot be told it is in nobody else's.
    ///
    /// Outside Kubernetes every container has a host name of its own, a random one, and several of them work on one volume: there
    /// another host has left an entry only if the entry was named after that host.
    fn is_another_pods(&self, asked: &Asked<'_>) -> bool {
        let holder = self.known.as_ref().and_then(|known| known.pod.as_ref());
        let Some(holder) = holder.filter(|holder| holder.is_same(asked.pod) == Some(false)) else {
            return false;
        };
        let is_named_after_it = || {
            let (name, host) = (self.known_as(), holder.hostname.as_deref());
            name.zip(host)
                .is_some_and(|(name, host)| name.contains(host))
        };
        asked.is_in_kubernetes || !holder.is_compared_by_host(asked.pod) || is_named_after_it()
    }

    /// The name under which the state knows it; what was written by version 1 is known under whatever name it has.
    fn known_as(&self) -> Option<&str> {
        let known = self.known.as_ref()?;
        Some(known.name.as_deref().unwrap_or(&self.entry.name))
    }

    /// An entry of the file, with the token that the state remembers where somebody has taken it out.
    fn there(entry: &RunnerEntry, known: Option<&StateEntry>) -> Self {
        let mut entry = entry.clone();
        let token = known.and_then(|known| known.token.clone());
        let token_is_lost = entry.token.is_none() && entry.no_token.is_none() && token.is_some();
        entry.token = entry.token.or(token.filter(|_| token_is_lost));
        Self {
            place: Some(entry.index),
            entry,
            known: known.cloned(),
            token_is_lost,
        }
    }

    /// The same entry with the token that GitLab last told to be its runner's own, where the file has another: somebody may have put
    /// an older file there.
    pub(super) fn with_confirmed_token(&self) -> Option<Self> {
        let known = self.known.as_ref();
        let known = known.filter(|known| known.has_unconfirmed_token_in(&self.entry))?;
        let mut other = self.clone();
        other.entry.token = Some(known.token.clone()?);
        other.token_is_lost = true;
        Some(other)
    }

    /// An entry that the state remembers and the file lacks. It can be written again only with its token.
    fn lost(known: &StateEntry) -> Option<Self> {
        let entry = RunnerEntry {
            url: known.url.clone(),
            id: Some(known.id),
            name: known.name.clone().unwrap_or_default(),
            token: Some(known.token.clone()?),
            ..RunnerEntry::default()
        };
        Some(Self {
            entry,
            place: None,
            known: Some(known.clone()),
            token_is_lost: true,
        })
    }
}

/// What a manifest asks for, as far as it tells entries apart.
pub(super) struct Asked<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) name: &'a str,
    /// Whether somebody gave the name, and it is not just the host's.
    pub(super) name_given: bool,
    /// A given authentication token.
    pub(super) token: Option<&'a Token>,
    pub(super) pod: &'a Pod,
    /// Whether this process runs in a pod, so that a host name is a pod's.
    pub(super) is_in_kubernetes: bool,
}

/// The entry that is meant, at the same URL, by the first of these that finds one: the name that was given; the given token,
/// unless this pod has it under another name already and so a second entry is meant; an entry that another pod has left;
/// without a given name what the state knows, and else what stands under the name.
///
/// Among equals the file's come before those that it lacks. No other entry may ever be given another runner.
pub(super) fn ours(entries: &[RunnerEntry], state: &State, asked: &Asked<'_>) -> Option<Ours> {
    let places = entries.iter().zip(state.places(entries));
    let there = places.map(|(entry, place)| {
        let known = place.and_then(|place| state.entries.get(place));
        Ours::there(entry, known)
    });
    let all: Vec<Ours> = there
        .filter(|ours| asked.is_here(ours))
        .chain(all_lost(entries, state, asked))
        .collect();

    let (given, implicit) = (asked.name_given, !asked.name_given);
    let in_file = |ours: &Ours| ours.place.is_some();
    let named = |ours: &Ours| ours.entry.name == asked.name && in_file(ours);
    let has_token = |ours: &Ours| asked.token.is_some() && ours.entry.token.as_ref() == asked.token;
    let is_known = |ours: &Ours| ours.known.is_some();
    let known_as = |ours: &Ours| ours.known_as() == Some(asked.name);
    let others = |ours: &Ours| ours.is_another_pods(asked);
    let second_is_meant = |ours: &Ours| given && is_known(ours) && !others(ours);
    let rules: [&dyn Fn(&Ours) -> bool; 10] = [
        &|ours| given && named(ours) && has_token(ours),
        &|ours| given && named(ours) && is_known(ours),
        // Renamed by somebody since.
        &|ours| given && known_as(ours) && in_file(ours),
        &|ours| given && named(ours),
        &|ours| given && known_as(ours),
        &|ours| has_token(ours) && !second_is_meant(ours),
        &others,
        &|ours| implicit && known_as(ours),
        &|ours| implicit && is_known(ours),
        &|ours| implicit && named(ours),
    ];
    rules
        .into_iter()
        .find_map(|rule| all.iter().find(|ours| rule(ours)))
        .cloned()
}

/// A runner that lost its entry, to take the place of one whose own runner is no good: the one known under the name, or
/// without a given name any.
pub(super) fn lost(entries: &[RunnerEntry], state: &State, asked: &Asked<'_>) -> Option<Ours> {
    let all: Vec<Ours> = all_lost(entries, state, asked).collect();
    let named = all.iter().find(|ours| ours.known_as() == Some(asked.name));
    let any = all.first().filter(|_| !asked.name_given);
    named.or(any).cloned()
}

fn all_lost<'a>(
    entries: &'a [RunnerEntry],
    state: &'a State,
    asked: &'a Asked<'_>,
) -> impl Iterator<Item = Ours> {
    let all = state.lost(entries).filter_map(Ours::lost);
    all.filter(|ours| asked.is_here(ours))
}

impl Asked<'_> {
    fn is_here(&self, ours: &Ours) -> bool {
        Endpoint::parse(&ours.entry.url).is_ok_and(|url| url.same_as(self.endpoint))
    }
}

#[cfg(test)]
mod tests;
