//! Owns how another token gets into `config.toml`: which of its entries had the token before, and what a helper does that finds a
//! reset which a killed one began. It asks GitLab nothing.

use runner_config::config_toml::RunnerEntry;

use crate::files::Files;
use crate::gitlab::same_url;
use crate::source::Ownership;
use crate::state::{Rotation, State};
use crate::token::Token;
use crate::volume::names;

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
    files: &Files,
    rotation: &Rotation,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<bool> {
    let (Some(config), Some(token)) = (files.config()?, &rotation.token) else {
        return Ok(false);
    };
    let mut toml = config.toml.clone();
    let entries = toml.entries(variable);
    let mut found = entries.iter().any(|entry| rotation.is_in(entry));
    // Several entries may share one runner.
    for entry in entries.iter().filter(|entry| rotation.is_of(entry)) {
        let expires_at = rotation.expires_at.as_deref();
        toml.set_token(entry.index, token.expose(), &rotation.at, expires_at);
        found = true;
    }
    files.publish(&config, &toml.to_string())?;
    Ok(found)
}

/// What the state knows of the runner's token goes on with the new one: the token of an owned runner, the fingerprint of that of a
/// shared one. The runner is known by the token before where its entry has no id.
pub fn follow(state: &mut State) {
    let Some(rotation) = &state.rotation else {
        return;
    };
    let Some(token) = &rotation.token else {
        return;
    };
    for entry in &mut state.entries {
        let before = entry.token.as_ref().map(Token::fingerprint);
        let before = before.as_ref().or(entry.fingerprint.as_ref());
        let had_it = before == Some(&rotation.of) && same_url(&entry.url, &rotation.url);
        if !had_it && !entry.is(&rotation.url, rotation.id) {
            continue;
        }
        match entry.source.ownership() {
            Ownership::Owned if entry.source.gives(token) => entry.token = Some(token.clone()),
            Ownership::Owned => {}
            Ownership::Shared => entry.fingerprint = Some(token.fingerprint()),
        }
    }
}

/// Finishes what a killed run began, under the lock of whoever calls. A reset that was never answered is kept in mind as
/// one: the next request with the token before tells what became of it.
///
/// # Errors
/// When a file cannot be read, understood or written.
pub fn finish(
    files: &Files,
    variable: &dyn Fn(&str) -> Option<String>,
) -> anyhow::Result<Finished> {
    let config = files.name();
    let mut state = files.state()?.unwrap_or_default();
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
    } else if put(files, &rotation, variable)? {
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
    files.save_state(&state)?;
    Ok(finished)
}

/// Whether an entry of the state has the new token, so that it is not lost with the reset's own word.
fn is_kept(state: &State, rotation: &Rotation) -> bool {
    let mut entries = state.entries.iter();
    rotation.token.is_some() && entries.any(|entry| entry.token == rotation.token)
}

#[cfg(test)]
mod tests;
