//! Owns the pair `config.toml` and `config.toml.original`: how a pause begins and ends on the disk, and what a helper
//! finds that comes after a killed one. Whether and when to pause is not decided here.

use std::time::{Duration, SystemTime};

use runner_config::config_toml::ConfigToml;

use crate::state::{PauseByHand, State};
use crate::volume::names::original_of;
use crate::volume::{Error, Publication, Volume};

/// First line of a paused `config.toml`, by which everybody knows it.
const MARK: &str = "# Paused by runner-reaper";

const HEADER: &str = "# Paused by runner-reaper: no runner entries, so that no new job is taken.
# The operator's file is config.toml.original until it is restored; runner-reaper resume ends a pause by hand.
";

/// What was found and done about an earlier pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// There was nothing to put back.
    Nothing,
    /// The original is `config.toml` again, with its old modification time.
    PutBack,
    /// The runner manager had rewritten `config.toml` meanwhile (token rotation): its file counts, the original is gone.
    Superseded,
    /// The same as put back, over a file that had lost its runner entries: a write that was cut off, or a runner manager that
    /// saved what it had in force during the pause. A token that only that write knew is lost.
    Recovered,
}

/// The paused form of a `config.toml`: everything but the runner entries.
///
/// Where every entry has a `limit` and all of them together are not above `concurrent`, `concurrent` is raised by one: a busy
/// runner manager's feeder holds an entry for the next free worker, and the new worker takes it, finds the limit reached and
/// drops it without a request. Otherwise it might find room under the limit and take one job more than the operator allows.
#[must_use]
pub fn paused(config: &ConfigToml) -> String {
    let concurrent = config.concurrent();
    let entries = config.entries(&|_| None);
    let together = entries
        .iter()
        .try_fold(0_i64, |sum, entry| sum.checked_add(entry.limit));
    let limited = !entries.is_empty()
        && entries.iter().all(|entry| entry.limit > 0)
        && together.is_some_and(|together| together <= concurrent);
    let mut config = config.clone();
    config.remove_entries(&(0..entries.len()).collect::<Vec<_>>());
    if limited && let Some(raised) = concurrent.checked_add(1) {
        config.set_concurrent(raised);
    }
    // The document alone: a byte order mark may stand nowhere but before the first line.
    format!("{HEADER}{}", config.document())
}

/// Publishes the paused file, keeping the original beside it first; from here a kill leaves the original to be put back.
///
/// # Errors
/// When the volume cannot be written; `config.toml` is then as before.
pub(crate) fn pause(volume: &Volume, name: &str, text: &str) -> Result<(), Error> {
    let newer = newer_than_both(volume, name)?;
    // A paused file is never taken for the original, whoever published it.
    if !holds_pause(volume, name)? {
        volume.keep_as(name, &original_of(name))?;
    }
    volume.publish(
        name,
        text.as_bytes(),
        Publication::keeping().modified(newer),
    )
}

/// The pause that somebody asked for from a shell, where it stands: the state tells of it, and `config.toml` is the paused file
/// beside its original. What the state alone tells of was never begun, or has ended.
///
/// # Errors
/// When the volume cannot be read.
pub(crate) fn by_hand(
    volume: &Volume,
    name: &str,
    state: &State,
) -> Result<Option<PauseByHand>, Error> {
    let Some(pause) = &state.pause else {
        return Ok(None);
    };
    let stands = holds_pause(volume, name)? && volume.metadata(&original_of(name))?.is_some();
    Ok(stands.then(|| pause.clone()))
}

/// Whether `config.toml` is the paused file, told by its bytes: a file of an operator may be no text.
pub(crate) fn holds_pause(volume: &Volume, name: &str) -> Result<bool, Error> {
    let bytes = volume.read(name)?;
    Ok(bytes.is_some_and(|bytes| bytes.starts_with(MARK.as_bytes())))
}

/// A modification time that makes the runner manager load the file: it loads one only if that is strictly newer, and the clock
/// may be behind the file's. Later than the original's too, so that the original, put back as it is, is not loaded.
fn newer_than_both(volume: &Volume, name: &str) -> Result<SystemTime, Error> {
    let mut newer = SystemTime::now();
    for name in [name, &original_of(name)] {
        let there = volume.metadata(name)?;
        if let Some(time) = there.and_then(|metadata| metadata.modified().ok()) {
            newer = newer.max(time + Duration::from_secs(1));
        }
    }
    Ok(newer)
}

/// Ends a pause, own or inherited: the original becomes `config.toml` again in one rename, so that it has its old
/// modification time and a live runner manager does not load it.
///
/// # Errors
/// When the volume cannot be read or written.
pub(crate) fn put_back(volume: &Volume, name: &str) -> Result<Restored, Error> {
    end(volume, name, |original| {
        volume.rename(original, name).map(|()| false)
    })
}

/// Ends a pause for good: the original becomes `config.toml` again with a modification time at which a live runner manager
/// loads it. A copy, as the original must keep its own time until then: a hook that comes after a kill in between puts it back
/// and must not have it loaded.
///
/// # Errors
/// When the volume cannot be read or written.
pub(crate) fn resume(volume: &Volume, name: &str) -> Result<Restored, Error> {
    end(volume, name, |original| {
        let newer = newer_than_both(volume, name)?;
        if volume.is_link(original)? {
            // A link of the operator's stays one. Whose file it leads to may be another's: then SIGHUP alone has it loaded.
            drop(volume.touch(original, newer));
            return volume.rename(original, name).map(|()| false);
        }
        volume.copy_as(original, name, Some(newer)).map(|()| true)
    })
}

/// Ends a pause by `restore`, which tells whether the original is still there.
fn end(
    volume: &Volume,
    name: &str,
    restore: impl FnOnce(&str) -> Result<bool, Error>,
) -> Result<Restored, Error> {
    let Some(restored) = left(volume, name)? else {
        return Ok(Restored::Nothing);
    };
    let original = original_of(name);
    let stays = match restored {
        Restored::PutBack | Restored::Recovered => restore(&original)?,
        Restored::Nothing | Restored::Superseded => true,
    };
    if stays {
        volume.remove(&original)?;
    }
    Ok(restored)
}

/// What `put_back` and `resume` would do about the original beside `config.toml`; nothing where there is no original.
///
/// # Errors
/// When the volume cannot be read.
pub fn left(volume: &Volume, name: &str) -> Result<Option<Restored>, Error> {
    let original = original_of(name);
    if volume.metadata(&original)?.is_none() {
        return Ok(None);
    }
    let (current, kept) = (volume.read(name)?, volume.read(&original)?);
    Ok(Some(compare(current.as_deref(), kept.as_deref())))
}

/// Whether a pause is under way and `config.toml` stands without its runner entries, though it is not the paused file:
/// somebody who truncates first and fills then may be writing it just now.
///
/// # Errors
/// When the volume cannot be read.
pub(crate) fn is_unfinished(volume: &Volume, name: &str) -> Result<bool, Error> {
    Ok(left(volume, name)? == Some(Restored::Recovered))
}

/// What stands in `config.toml`, beside an original that is there.
fn compare(current: Option<&[u8]>, kept: Option<&[u8]>) -> Restored {
    match current {
        None => Restored::PutBack,
        Some(bytes) if bytes.starts_with(MARK.as_bytes()) => Restored::PutBack,
        // Killed between keeping and publishing: both are the operator's file.
        current if current == kept => Restored::Nothing,
        Some(bytes) if !has_entries(bytes) && kept.is_some_and(has_entries) => Restored::Recovered,
        Some(_) => Restored::Superseded,
    }
}

fn has_entries(bytes: &[u8]) -> bool {
    str::from_utf8(bytes)
        .ok()
        .and_then(|text| ConfigToml::parse(text).ok())
        .is_some_and(|config| config.entry_count() > 0)
}

#[cfg(test)]
mod tests;
