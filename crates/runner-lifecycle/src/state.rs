//! Owns `.runner-lifecycle.toml`: what the two helpers remember between runs. It never guesses and never talks to GitLab.
//!
//! The state tells which pod the volume belongs to, where each runner entry came from and what was written there last, and what
//! is pending. It holds the authentication tokens of owned runners, one just received or reset, and one that is still to be
//! unregistered; never an access token or a registration token.

mod entry;
mod file;
mod places;
mod rotation;
mod text;

use runner_config::fault;
use thiserror::Error;
use toml_edit::Document;

use crate::environment::Environment;
use crate::pod::Pod;
use crate::runner::Runner;
use crate::source::Source;
use crate::volume::names::{ADVICE_OF_NEWER_STATE, ADVICE_OF_STATE, STATE};

pub use entry::{Sent, StateEntry, Written};
pub use file::OfFile;
pub use rotation::Rotation;

const HEADER: &str = "# Written by runner-init and runner-reaper. It records which runners they registered, and so which they may delete.
";

/// The version this program writes; a newer one is refused rather than misread. Version 1 is read as it is: what it does not
/// tell is not known.
const VERSION: i64 = 2;

/// So many creations without an answer are kept in mind: an init container may begin anew for days.
const MOST_UNANSWERED: usize = 20;

/// The state file could not be understood.
#[derive(Debug, Error)]
#[error("{STATE}: {reason}: {advice}")]
pub struct Error {
    reason: String,
    advice: &'static str,
}

/// What the helpers remember about a volume.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The pod the volume belongs to: a hook of another pod leaves everything alone.
    pub pod: Option<Pod>,
    /// Who paused the runner manager by hand, until somebody resumes it.
    pub pause: Option<PauseByHand>,
    /// What was last written outside the runner entries; `None` where nobody knows.
    pub written: Option<Written>,
    /// What is under way at GitLab and not yet in `config.toml`.
    pub pending: Option<Pending>,
    /// A reset of a token that is under way.
    pub rotation: Option<Rotation>,
    /// Resets of earlier runs whose answer never came: the new token is lost where GitLab does not know the one before any more.
    pub lost_resets: Vec<Rotation>,
    /// Creations of earlier runs whose answer never came: each may have made a runner whose token nobody knows.
    pub unanswered: Vec<Unanswered>,
    /// Runners that are to be unregistered because they have lost their entry here. One that a killed run left in its entry has
    /// not.
    pub leaving: Vec<Runner>,
    /// The runner entries that a helper wrote, by URL and runner id: tokens rotate.
    pub entries: Vec<StateEntry>,
    /// Those of other configuration files, each with its place among all: they are kept and nothing else.
    pub elsewhere: Vec<(usize, StateEntry)>,
    /// What else is known of other configuration files: kept and nothing else too.
    pub other_files: Vec<OfFile>,
    /// The configuration file that is worked on, where it is not `config.toml`.
    pub view: Option<String>,
}

/// A pause that somebody asked for from a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseByHand {
    /// Who: the user, and the host or pod it was asked from.
    pub by: String,
    /// When, in RFC 3339 UTC.
    pub at: String,
}

/// A creation without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unanswered {
    /// The URL asked.
    pub url: String,
    /// The description given to GitLab: what to look for in its list.
    pub description: String,
    /// When, in RFC 3339 UTC.
    pub asked_at: String,
}

/// What to do about a creation that was sent at this time and got no answer, as the end of a line that names the runner's
/// description and URL: one text for all that report it.
#[must_use]
pub fn advice_without_answer(asked_at: &str) -> String {
    format!(
        "runner-init asked GitLab for it at {asked_at} and got no answer; if GitLab's list of runners shows one created then and never used, delete it there, and its table in {STATE}"
    )
}

/// Something under way at GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pending {
    /// A creation is about to be asked for: from here to the answer a kill can lose one runner.
    Creation {
        /// The kind of token used.
        source: Source,
        /// What it is to whoever finds it without an answer.
        asked: Unanswered,
    },
    /// A token was received and is not in `config.toml` yet.
    Received(Received),
}

/// A runner with a token that was received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// The runner, at the URL asked.
    pub runner: Runner,
    /// When its token was received, in RFC 3339 UTC.
    pub obtained_at: String,
    /// When the token expires, as GitLab said.
    pub expires_at: Option<String>,
    /// The name of the entry that it is meant for; `None` in what version 1 wrote, which knew one entry only.
    pub name: Option<String>,
    /// Whether somebody gave that name, and it is not just the host's.
    pub name_given: bool,
    /// What GitLab was told at the creation.
    pub sent: Option<Sent>,
}

impl State {
    /// Reads the state from the text of its file.
    ///
    /// # Errors
    /// When it is no TOML, misses something, or was written by a later version.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let misread = |span| Error {
            reason: fault::misread(text, span),
            advice: ADVICE_OF_STATE,
        };
        let document = Document::parse(text).map_err(|error| misread(error.span()))?;
        let version = text::version(document.as_table()).map_err(misread)?;
        if version > VERSION {
            return Err(Error {
                reason: format!(
                    "version {version} is newer than {VERSION}, the newest that this program reads"
                ),
                advice: ADVICE_OF_NEWER_STATE,
            });
        }
        text::read(document.as_table()).map_err(misread)
    }

    /// The version that a text was written in; nothing where it does not tell.
    #[must_use]
    pub fn version_of(text: &str) -> Option<i64> {
        let document = Document::parse(text).ok()?;
        text::version(document.as_table()).ok()
    }

    /// The text of the state file. The same state gives the same bytes.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{HEADER}{}", text::write(self, VERSION))
    }

    /// The entry of this URL and runner id; the first, where several entries work for one shared runner.
    #[must_use]
    pub fn entry(&self, url: &str, id: i64) -> Option<&StateEntry> {
        self.entries.iter().find(|entry| entry.is(url, id))
    }

    /// Where the runner of this URL and id came from, and whether it was adopted: written down, or received and about to be.
    #[must_use]
    pub fn known(&self, url: &str, id: i64) -> Option<(Source, bool)> {
        let written = self.entry(url, id);
        let received = || self.received().filter(|runner| runner.is(url, id));
        written
            .map(|entry| (entry.source, entry.adopted))
            .or_else(|| received().map(|runner| (runner.source, false)))
    }

    /// The runner that was received and is not in `config.toml` yet.
    #[must_use]
    pub fn received(&self) -> Option<&Runner> {
        match &self.pending {
            Some(Pending::Received(received)) => Some(&received.runner),
            _ => None,
        }
    }

    /// The runners whose tokens it holds beside its entries: received and not written yet, or on their way out.
    pub fn beside_entries(&self) -> impl Iterator<Item = &Runner> {
        self.received().into_iter().chain(&self.leaving)
    }

    /// The pod that the volume belongs to, if it is another than ours. A host name alone tells pods apart in Kubernetes only:
    /// elsewhere every container has one of its own, and all that work on one volume count as one pod.
    #[must_use]
    pub fn other_pod(&self, ours: &Pod, environment: &Environment) -> Option<&Pod> {
        let theirs = self.pod.as_ref();
        theirs
            .filter(|theirs| theirs.is_same(ours) == Some(false))
            .filter(|theirs| environment.is_in_kubernetes() || !theirs.is_compared_by_host(ours))
    }

    /// Whether it knows any runner: written, pending, or leaving.
    #[must_use]
    pub fn knows_a_runner(&self) -> bool {
        !self.entries.is_empty()
            || !self.leaving.is_empty()
            || !self.unanswered.is_empty()
            || !self.lost_resets.is_empty()
            || self.pending.is_some()
    }

    /// Whether there is nothing in it that another run would miss.
    #[must_use]
    pub fn tells_nothing(&self) -> bool {
        let nothing = Self {
            view: self.view.clone(),
            ..Self::default()
        };
        *self == nothing
    }

    /// Every creation without an answer, the one that is pending among them.
    #[must_use]
    pub fn all_unanswered(&self) -> Vec<Unanswered> {
        let pending = match &self.pending {
            Some(Pending::Creation { asked, .. }) => Some(asked),
            _ => None,
        };
        self.unanswered.iter().chain(pending).cloned().collect()
    }

    /// Keeps a pending creation in mind as one without an answer, so that another may be asked for.
    pub fn set_aside_unanswered(&mut self) {
        self.unanswered = self.all_unanswered();
        if matches!(self.pending, Some(Pending::Creation { .. })) {
            self.pending = None;
        }
        let surplus = self.unanswered.len().saturating_sub(MOST_UNANSWERED);
        self.unanswered.drain(..surplus);
    }

    /// Remembers an entry, in place of an older word about the same one: of the same URL, runner id and name. A word
    /// without a name is about whichever entry that runner has.
    pub fn remember(&mut self, mut entry: StateEntry) {
        entry.file.clone_from(&self.view);
        match self.place_of(&entry) {
            Some(place) => self.entries[place] = entry,
            None => self.entries.push(entry),
        }
    }

    /// Remembers an entry in the place of what was known of it `before`: under another name, or of another runner.
    pub fn replace(&mut self, before: &StateEntry, mut entry: StateEntry) {
        entry.file.clone_from(&self.view);
        let Some(place) = self.place_of(before) else {
            return self.remember(entry);
        };
        self.entries[place] = entry.clone();
        let mut at = 0;
        self.entries.retain(|known| {
            at += 1;
            at - 1 == place || !is_about_same(known, &entry)
        });
    }

    /// The place of what is known of the same entry: of the same URL, runner id and name.
    #[must_use]
    pub fn place_of(&self, entry: &StateEntry) -> Option<usize> {
        let mut all = self.entries.iter();
        all.position(|known| is_about_same(known, entry))
    }

    /// Forgets a runner that is gone, with all of its entries. Where only the runner manager of a shared one is, an owned runner of the
    /// same id is there still.
    pub fn forget(&mut self, gone: &Runner) {
        self.entries.retain(|known| {
            !known.is(&gone.url, gone.id) || known.source.ownership() != gone.ownership()
        });
    }
}

fn is_about_same(one: &StateEntry, other: &StateEntry) -> bool {
    let named = one.name.is_none() || other.name.is_none() || one.name == other.name;
    named && one.is(&other.url, other.id)
}

#[cfg(test)]
mod tests;
