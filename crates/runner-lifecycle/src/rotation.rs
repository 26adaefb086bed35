//! Owns how another token gets into `config.toml`: which file that is just now, which of its entries had the token before, and
//! what a helper does that finds a reset which a killed one began. It asks GitLab nothing.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use runner_config::config_toml::{ConfigToml, RunnerEntry};

use crate::gitlab::same_url;
use crate::original;
use crate::source::Ownership;
use crate::state::{Rotation, State};
use crate::token::Token;
use crate::volume::{self, Publication, Volume, names};

/// What became of a reset that an earlier run began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// There was none.
    Nothing,
    /// Its token is in `config.toml` now.
    Done,
    /// GitLab was asked and nobody knows what it answered.
    Unanswered,
    /// No entry of `config.toml` has the token before any more: the new one stays in the state file.
    NoEntry,
}

/// The operator's configuration, wherever it is just now.
#[derive(Debug)]
pub struct Place {
    /// The file within the volume: `config.toml`, or its original while it is paused.
    pub name: String,
    /// Its text.
    pub text: String,
    modified: Option<SystemTime>,
    paused: bool,
}

impl Place {
    /// Finds it; nothing where there is no file.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn find(volume: &Volume, config: &str) -> Result<Option<Self>, volume::Error> {
        let at = |name: String, text: String, paused| -> Result<_, volume::Error> {
            let metadata = volume.metadata(&name)?;
            Ok(Some(Self {
                modified: metadata.and_then(|metadata| metadata.modified().ok()),
                name,
                text,
                paused,
            }))
        };
        let Some(text) = volume.read_text(config)? else {
            return Ok(None);
        };
        let original = names::original_of(config);
        if original::is_paused(&text)
            && let Some(text) = volume.read_text(&original)?
        {
            return at(original, text, true);
        }
        at(config.to_owned(), text, false)
    }

    /// Publishes another text in its place. A live runner manager loads it by itself; behind a pause the file keeps its time,
    /// so that whoever puts it back decides whether it is loaded.
    ///
    /// # Errors
    /// When the volume cannot be written; the file is then as before.
    pub fn publish(&self, volume: &Volume, text: &str) -> Result<(), volume::Error> {
        if self.text == text {
            return Ok(());
        }
        let now = SystemTime::now();
        // The runner manager loads a file only if it is strictly newer, and the clock may be behind the file's.
        let newer = |loaded: SystemTime| now.max(loaded + Duration::from_secs(1));
        let modified = match self.modified {
            Some(before) if self.paused => before,
            Some(before) => newer(before),
            None => now,
        };
        let how = Publication::keeping().modified(modified);
        volume.publish(&self.name, text.as_bytes(), how)
    }
}

impl Rotation {
    /// Whether an entry has the token before.
    #[must_use]
    pub fn is_of(&self, entry: &RunnerEntry) -> bool {
        let fingerprint = entry.token.as_ref().map(Token::fingerprint);
        same_url(&entry.url, &self.url) && fingerprint.as_deref() == Some(self.of.as_str())
    }

    /// Whether an entry has the new token already.
    #[must_use]
    pub fn is_in(&self, entry: &RunnerEntry) -> bool {
        self.token.is_some() && entry.token == self.token && same_url(&entry.url, &self.url)
    }
}

/// Puts the new token, which was received, where the one before stands; `variable` looks up `$NAME` in the entries. Whether there was
/// such an entry, or one that has the new token already.
///
/// # Errors
/// When the file cannot be read, understood or written.
pub fn put(
    volume: &Volume,
    config: &str,
    rotation: &Rotation,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<bool> {
    let (Some(place), Some(token)) = (Place::find(volume, config)?, &rotation.token) else {
        return Ok(false);
    };
    let path = || volume.path(&place.name).display().to_string();
    let mut toml = ConfigToml::parse(&place.text).with_context(path)?;
    let entries = toml.entries(variable);
    let mut found = entries.iter().any(|entry| rotation.is_in(entry));
    // Several entries may share one runner.
    for entry in entries.iter().filter(|entry| rotation.is_of(entry)) {
        let expires_at = rotation.expires_at.as_deref();
        toml.set_token(entry.index, token.expose(), &rotation.at, expires_at);
        found = true;
    }
    place.publish(volume, &toml.to_string())?;
    Ok(found)
}

/// The new token of an owned runner goes where the state keeps such tokens.
pub fn follow(state: &mut State) {
    let Some(rotation) = &state.rotation else {
        return;
    };
    for entry in &mut state.entries {
        let owned = entry.source.ownership() == Ownership::Owned;
        if owned && entry.is(&rotation.url, rotation.id) {
            entry.token.clone_from(&rotation.token);
        }
    }
}

/// Saves the state, with the mode and owner that its file has.
///
/// # Errors
/// When the volume cannot be written.
pub fn save(volume: &Volume, state: &State) -> anyhow::Result<()> {
    let text = state.to_text();
    Ok(volume.publish(names::STATE, text.as_bytes(), Publication::keeping())?)
}

/// Finishes what a killed run began, under the lock of whoever calls. A reset that was never answered is kept in mind as
/// one: the next request with the token before tells what became of it.
///
/// # Errors
/// When a file cannot be read, understood or written.
pub fn finish(
    volume: &Volume,
    config: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Finished> {
    let text = volume.read_text(names::STATE)?.unwrap_or_default();
    let mut state =
        State::parse(&text).with_context(|| volume.directory().display().to_string())?;
    let Some(rotation) = state.rotation.clone() else {
        return Ok(Finished::Nothing);
    };
    let (id, url, at) = (rotation.id, &rotation.url, &rotation.at);
    let finished = if rotation.token.is_none() {
        log::warn!(
            "an earlier run asked {url} at {at} for a new token of runner {id} and got no answer: if GitLab now refuses the token in \
             {config}, it was reset then"
        );
        Finished::Unanswered
    } else if put(volume, config, &rotation, variable)? {
        log::info!(
            "{config}: token of runner {id} at {url} replaced by the one that an earlier run received"
        );
        Finished::Done
    } else if is_kept(&state, &rotation) {
        Finished::NoEntry
    } else {
        log::warn!(
            "{config} no longer has an entry with the token of runner {id} at {url} that an earlier run replaced: the new one stays in {}",
            names::STATE
        );
        return Ok(Finished::NoEntry);
    };
    state.rotation = None;
    if finished == Finished::Unanswered {
        state.reset_is_lost(rotation);
    }
    save(volume, &state)?;
    Ok(finished)
}

/// Whether an entry of the state has the new token, so that it is not lost with the reset's own word.
fn is_kept(state: &State, rotation: &Rotation) -> bool {
    let mut entries = state.entries.iter();
    rotation.token.is_some() && entries.any(|entry| entry.token == rotation.token)
}

#[cfg(test)]
mod tests;
