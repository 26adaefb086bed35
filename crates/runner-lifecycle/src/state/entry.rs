//! Owns what is remembered of one runner entry: whose it is, and what was written and sent for it last.

use std::time::SystemTime;

use crate::gitlab::same_url;
use crate::pod::Pod;
use crate::source::{Ownership, Source};
use crate::token::Token;
use runner_config::config_toml::RunnerEntry;

pub use runner_config::three_way::Written;

/// A runner entry that a helper wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateEntry {
    /// The configuration file that it stands in; `None` for `config.toml`, and in what earlier releases wrote.
    pub file: Option<String>,
    /// The URL as it stands in `config.toml`.
    pub url: String,
    /// GitLab's id of the runner.
    pub id: i64,
    /// The entry's name as last written; `None` in what version 1 wrote.
    pub name: Option<String>,
    /// Where it came from, and so what may be deleted at the end.
    pub source: Source,
    /// Whether the source was derived from the token, because somebody else had made the runner.
    pub adopted: bool,
    /// Whether GitLab itself has refused its token, or would, as it was unregistered here: so that it goes with its entry in
    /// `config.toml`.
    pub refused: bool,
    /// The authentication token of an owned runner, as GitLab has last told it to be this runner's: with it the runner can be taken up
    /// or unregistered when somebody has written over `config.toml`. Never that of a shared one.
    pub token: Option<Token>,
    /// The fingerprint of the token of a shared runner, as last seen: by it the entry is known where its `id` got lost.
    pub fingerprint: Option<String>,
    /// When GitLab gave that token out, as `config.toml` says.
    pub token_obtained_at: Option<SystemTime>,
    /// When it expires; `None` where it never does. A token that expires may have been rotated in a file that somebody wrote over.
    pub token_expires_at: Option<SystemTime>,
    /// The pod that wrote the entry last.
    pub pod: Option<Pod>,
    /// What GitLab was told at the creation; `None` where no creation of ours is known.
    pub sent: Option<Sent>,
    /// What was last written in the entry; `None` where nobody knows (version 1, a file made by stock).
    pub written: Option<Written>,
}

/// What GitLab was told at a runner's creation and takes at no other time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// The tags, separated by commas as they were given.
    pub tags: String,
    /// Whether it takes untagged jobs.
    pub run_untagged: bool,
    /// Whether it is locked to its project.
    pub locked: bool,
    /// Whether it began paused.
    pub paused: bool,
    /// The access level, where one was given.
    pub access_level: Option<String>,
    /// The maximum timeout of a job in seconds; 0: none was given.
    pub maximum_timeout: i64,
    /// The maintenance note, where one was given. A mark of ours is not one.
    pub maintenance_note: Option<String>,
    /// The mark of ours that stood there instead; `None` in what was written before it was remembered.
    pub mark: Option<String>,
}

impl StateEntry {
    /// What is known of any runner entry: the rest is nobody's knowledge yet.
    #[must_use]
    pub fn new(url: impl Into<String>, id: i64, source: Source) -> Self {
        Self {
            file: None,
            url: url.into(),
            id,
            name: None,
            source,
            adopted: false,
            refused: false,
            token: None,
            fingerprint: None,
            token_obtained_at: None,
            token_expires_at: None,
            pod: None,
            sent: None,
            written: None,
        }
    }

    /// Whether its runner is the one of this URL and id.
    #[must_use]
    pub fn is(&self, url: &str, id: i64) -> bool {
        self.id == id && same_url(&self.url, url)
    }

    /// Whether its runner is the one that an entry of the file names by its id, be it with another token: tokens rotate.
    #[must_use]
    pub fn has_id_of(&self, entry: &RunnerEntry) -> bool {
        entry.id.is_some_and(|id| self.is(&entry.url, id))
    }

    /// Whether an entry of the file that names this owned runner has another token than GitLab has told to be its own: the runner
    /// manager has rotated it, or somebody has put another runner's there.
    #[must_use]
    pub fn has_unconfirmed_token_in(&self, entry: &RunnerEntry) -> bool {
        let owned = self.source.ownership() == Ownership::Owned;
        let found = entry.token.as_ref();
        owned
            && !self.refused
            && self.has_id_of(entry)
            && found.is_some()
            && found != self.token.as_ref()
    }

    /// Whether an entry of the file has the token that is known here, or the one whose fingerprint is.
    #[must_use]
    pub fn has_token_of(&self, entry: &RunnerEntry) -> bool {
        self.has_its_token(entry) && same_url(&self.url, &entry.url)
    }

    /// The same under whatever URL.
    pub(super) fn has_its_token(&self, entry: &RunnerEntry) -> bool {
        let is_known = |token: &Token| {
            let is_fingerprint = |known: &String| *known == token.fingerprint();
            self.token.as_ref() == Some(token)
                || self.fingerprint.as_ref().is_some_and(is_fingerprint)
        };
        entry.token.as_ref().is_some_and(is_known)
    }
}
