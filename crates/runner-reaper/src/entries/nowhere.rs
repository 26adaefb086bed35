//! Owns the lines about runners that the volume knows and that cannot be unregistered from here: their token is missing or
//! cannot be read. Pure.

use std::fmt;

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{Rotation, State, StateEntry, Unanswered, advice_without_answer};
use runner_lifecycle::token::Token;
use runner_lifecycle::volume::names;

use super::is_over;
use super::without::{held, is_on_its_way, lost};

/// Where GitLab lists runners.
const LIST: &str =
    "(CI/CD settings of the project, Build > Runners of the group, or CI/CD in the admin area)";

/// A runner that is not known to be gone, and without a token here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Nowhere {
    /// The runner and its GitLab, in a few words.
    pub runner: String,
    /// GitLab's address.
    pub url: String,
    /// What is known of it, and what to do.
    advice: String,
}

#[cfg(test)]
impl Nowhere {
    /// One for a test of others.
    pub(crate) fn test(runner: &str, url: &str) -> Self {
        Self {
            runner: runner.to_owned(),
            url: url.to_owned(),
            advice: String::new(),
        }
    }
}

impl fmt::Display for Nowhere {
    /// One line: what, where, what to do.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}: {}", self.runner, self.url, self.advice)
    }
}

/// Runners that the state file knows without a token and that are in no entry with one, and those that GitLab may have made for a run that
/// heard no answer.
pub(crate) fn nowhere(state: &State, entries: &[RunnerEntry]) -> Vec<Nowhere> {
    let entries = &state.under_own_urls(entries.to_vec());
    // An entry whose token cannot be read here is named for itself.
    let has_entry = |known: &StateEntry| {
        entries.iter().any(|entry| {
            let token = match &entry.token {
                Some(token) => known.source.gives(token),
                None => entry.no_token.is_some(),
            };
            token && known.has_id_of(entry) || known.has_token_of(entry)
        })
    };
    let is_asked_for =
        |known: &StateEntry| known.refused || held(known).is_some() || is_on_its_way(state, known);
    let known = state.entries.iter();
    let missing = known
        .filter(|known| !has_entry(known) && !is_asked_for(known))
        .map(|known| {
            let why = "no entry of config.toml contains its token any more, so it was not unregistered";
            let advice = match (known.source.ownership(), known.adopted) {
                (Ownership::Owned, false) => format!("{why}; delete it in GitLab's list of runners {LIST}"),
                (Ownership::Owned, true) => format!(
                    "{why}; runner-init did not register it: if nobody uses it, delete it in GitLab's list of runners {LIST}"
                ),
                (Ownership::Shared, _) => {
                    format!("{why}; GitLab removes this runner manager after 7 days without contact")
                }
            };
            Nowhere {
                runner: format!("runner {}", known.id),
                url: known.url.clone(),
                advice,
            }
        });
    let unanswered = state.all_unanswered();
    let unanswered = unanswered.iter().map(lost_creation);
    let resets = state.lost_resets.iter().filter(|lost| {
        // Whoever has the token before asks GitLab with it, and hears what became of it.
        let of = |token: &Token| token.fingerprint() == lost.of;
        let in_file = entries.iter().filter_map(|entry| entry.token.as_ref());
        let in_state = state.beside_entries().map(|runner| &runner.token);
        let in_state = in_state.chain(state.entries.iter().filter_map(held));
        !in_file.chain(in_state).any(of)
    });
    missing
        .chain(resets.map(lost_reset))
        .chain(unanswered)
        .collect()
}

fn lost_reset(lost: &Rotation) -> Nowhere {
    Nowhere {
        runner: match lost.id {
            0 => "a runner without an ID".to_owned(),
            id => format!("runner {id}"),
        },
        url: lost.url.clone(),
        advice: format!(
            "runner-init had its token reset at {} and did not get the new one, so it was not unregistered; if nobody else uses it, delete it in GitLab's list of runners {LIST}, and its table in {}",
            lost.at,
            names::STATE
        ),
    }
}

fn lost_creation(lost: &Unanswered) -> Nowhere {
    Nowhere {
        runner: format!("a runner {:?}", lost.description),
        url: lost.url.clone(),
        advice: advice_without_answer(&lost.asked_at),
    }
}

/// The entries among `some` whose token cannot be read here, with the reason: a process with other variables may still poll
/// with them. An entry whose runner has its token in the state file is left out, and so is one that is gone.
pub(crate) fn unreadable(
    some: &[RunnerEntry],
    entries: &[RunnerEntry],
    state: Option<&State>,
) -> Vec<String> {
    let of = |entry: &RunnerEntry| {
        let mut lost = state.into_iter().flat_map(|state| lost(state, entries));
        if lost.any(|(known, _)| known.has_id_of(entry)) || is_over(entry, state) {
            return None;
        }
        let why = entry.no_token.as_deref()?;
        Some(format!(
            "runner entry {:?} of {}: {why}",
            entry.name, entry.url
        ))
    };
    some.iter().filter_map(of).collect()
}
