//! Owns the registration that a run ends with: its runner on the way from GitLab to `config.toml`, and what is known beside it.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::state::{Received, Sent, StateEntry};

/// The runner that goes into `config.toml`, and how.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    pub(super) runner: Runner,
    /// Whether others made it and this volume holds it all the same.
    pub(super) adopted: bool,
    /// RFC 3339, whole seconds.
    pub(super) obtained_at: String,
    pub(super) expires_at: Option<String>,
    /// The entry it stands in or takes the place of.
    pub(super) place: Option<usize>,
    /// What the state file knew of it before this run.
    pub(super) known: Option<Box<StateEntry>>,
    /// What GitLab was told when it was made, where that was ours.
    pub(super) sent: Option<Sent>,
    /// Whether the entry's token stays as it is.
    pub(super) kept: bool,
    /// Whether GitLab has told that the token is this runner's.
    pub(super) verified: bool,
}

impl Registration {
    /// Of a runner whose token was obtained then, and that has no entry yet.
    pub(super) fn new(runner: Runner, obtained_at: String, expires_at: Option<String>) -> Self {
        Self {
            runner,
            adopted: false,
            obtained_at,
            expires_at,
            place: None,
            known: None,
            sent: None,
            kept: false,
            verified: true,
        }
    }

    /// Of a runner that an earlier run received.
    pub(super) fn of_received(received: Received) -> Self {
        Self {
            sent: received.sent,
            ..Self::new(received.runner, received.obtained_at, received.expires_at)
        }
    }

    /// The name of its entry in the file as it is published: a new one stands last.
    pub(super) fn name_in<'a>(&self, there: &'a [RunnerEntry]) -> &'a str {
        let place = self.place.unwrap_or(there.len().saturating_sub(1));
        there.get(place).map_or("", |entry| &entry.name)
    }
}
