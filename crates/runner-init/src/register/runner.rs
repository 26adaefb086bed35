//! Owns the runner that a run ends with, on its way from GitLab to `config.toml`.

use runner_lifecycle::source::Source;
use runner_lifecycle::state::{Sent, StateEntry};
use runner_lifecycle::token::Token;

/// The runner that goes into `config.toml`.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub(super) id: i64,
    pub(super) url: String,
    pub(super) token: Token,
    pub(super) source: Source,
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
}
