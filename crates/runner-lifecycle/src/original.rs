//! Owns the pair `config.toml` and `config.toml.original`: how a pause begins and ends on the disk, and what a helper
//! finds that comes after a killed one. Whether and when to pause is not decided here.

use std::time::{Duration, SystemTime};

use crate::config_toml::ConfigToml;
use crate::volume::names::original_of;
use crate::volume::{Error, Publication, Volume};

/// First line of a paused `config.toml`, by which everybody knows it.
const MARK: &str = "# Paused by runner-reaper";

const HEADER: &str = "# Paused by runner-reaper: no runner entries, so that no new job is taken.
# The operator's file is config.toml.original until it is restored.
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

/// Whether a text is a paused `config.toml` rather than one of the operator or the runner manager.
#[must_use]
pub fn is_paused(text: &str) -> bool {
    text.starts_with(MARK)
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
pub fn pause(volume: &Volume, name: &str, text: &str) -> Result<(), Error> {
    let loaded = volume
        .metadata(name)?
        .and_then(|metadata| metadata.modified().ok());
    // A paused file is never taken for the original, whoever published it.
    if !volume
        .read(name)?
        .is_some_and(|bytes| bytes.starts_with(MARK.as_bytes()))
    {
        volume.keep_as(name, &original_of(name))?;
    }
    // The runner manager loads a file only if it is strictly newer, and the clock may be behind the file's.
    let now = SystemTime::now();
    let newer = loaded.map_or(now, |loaded| now.max(loaded + Duration::from_secs(1)));
    volume.publish(
        name,
        text.as_bytes(),
        Publication::keeping().modified(newer),
    )
}

/// Ends a pause, own or inherited: the original becomes `config.toml` again in one rename, so that it has its old
/// modification time and a live runner manager does not load it.
///
/// # Errors
/// When the volume cannot be read or written.
pub fn put_back(volume: &Volume, name: &str) -> Result<Restored, Error> {
    let original = original_of(name);
    if volume.metadata(&original)?.is_none() {
        return Ok(Restored::Nothing);
    }
    let current = volume.read(name)?;
    let kept = volume.read(&original)?;
    match compare(current.as_deref(), kept.as_deref()) {
        restored @ (Restored::PutBack | Restored::Recovered) => {
            volume.rename(&original, name)?;
            Ok(restored)
        }
        restored => {
            volume.remove(&original)?;
            Ok(restored)
        }
    }
}

/// Whether a pause is under way and `config.toml` stands without its runner entries, though it is not the paused file:
/// somebody who truncates first and fills then may be writing it just now.
///
/// # Errors
/// When the volume cannot be read.
pub fn is_unfinished(volume: &Volume, name: &str) -> Result<bool, Error> {
    let original = original_of(name);
    if volume.metadata(&original)?.is_none() {
        return Ok(false);
    }
    let (current, kept) = (volume.read(name)?, volume.read(&original)?);
    Ok(compare(current.as_deref(), kept.as_deref()) == Restored::Recovered)
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
mod tests {
    use super::*;
    use crate::volume::names::CONFIG as FILE;

    const ORIGINAL: &str = "config.toml.original";

    fn config(text: &str) -> ConfigToml {
        ConfigToml::parse(text).unwrap()
    }

    #[test]
    fn paused_file_has_no_entries_and_keeps_the_rest() {
        fn check(text: &str, concurrent: i64) {
            let paused = paused(&config(text));
            assert!(is_paused(&paused), "{paused}");
            let read = config(&paused);
            assert_eq!(read.entry_count(), 0, "{paused}");
            assert_eq!(read.concurrent(), concurrent, "{text}");
        }
        check("concurrent = 2\n[[runners]]\nlimit = 2\n", 3);
        check("[[runners]]\nlimit = 1\n", 2);
        check(
            "concurrent = 2\n[[runners]]\nlimit = 1\n[[runners]]\nlimit = 1\n",
            3,
        );
        check(
            "concurrent = 2\n[[runners]]\nlimit = 1\n[[runners]]\nlimit = 2\n",
            2,
        );
        check("concurrent = 2\n[[runners]]\nlimit = 3\n", 2);
        check("concurrent = 2\n[[runners]]\nlimit = 2\n[[runners]]\n", 2);
        check("concurrent = 2\n[[runners]]\n", 2);
        check("concurrent = 2\n", 2);
        let kept = paused(&config(
            "# ours\nlisten_address = \":1\"\n[[runners]]\n  name = \"a\"\n",
        ));
        let marked = paused(&config(
            "\u{feff}concurrent = 2\r\n[[Runners]]\r\nlimit = 2\r\n",
        ));
        assert_eq!(config(&marked).concurrent(), 3, "{marked}");
        assert!(!marked.contains('\u{feff}'), "{marked}");
        assert!(
            kept.contains("# ours") && kept.contains("listen_address = \":1\""),
            "{kept}"
        );
    }

    fn volume() -> (tempfile::TempDir, Volume) {
        let directory = tempfile::tempdir().unwrap();
        let volume = Volume::at(directory.path());
        (directory, volume)
    }

    #[test]
    fn pause_is_strictly_newer_and_put_back_restores_bytes_and_time() {
        let (_directory, volume) = volume();
        let future = SystemTime::now() + Duration::from_secs(3600);
        for time in [SystemTime::UNIX_EPOCH + Duration::from_secs(7), future] {
            let how = Publication::with_mode(0o640).modified(time);
            volume.publish(FILE, b"concurrent = 1\n", how).unwrap();
            let before = volume.metadata(FILE).unwrap().unwrap();
            pause(&volume, FILE, &paused(&config("concurrent = 1\n"))).unwrap();
            let during = volume.metadata(FILE).unwrap().unwrap();
            assert!(during.modified().unwrap() > before.modified().unwrap());
            assert_eq!(during.permissions(), before.permissions());
            assert_eq!(put_back(&volume, FILE).unwrap(), Restored::PutBack);
            let after = volume.metadata(FILE).unwrap().unwrap();
            assert_eq!(after.modified().unwrap(), before.modified().unwrap());
            assert_eq!(volume.read(FILE).unwrap().unwrap(), b"concurrent = 1\n");
            assert!(volume.metadata(ORIGINAL).unwrap().is_none());
            assert_eq!(original_of(FILE), ORIGINAL);
            assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Nothing);
        }
    }

    const OLD: &str = "[[runners]]\ntoken = \"old\"\n";

    #[test]
    fn file_rewritten_by_the_runner_manager_is_never_overwritten() {
        let (_directory, volume) = volume();
        let new = OLD.replace("old", "new");
        volume
            .publish(FILE, OLD.as_bytes(), Publication::keeping())
            .unwrap();
        pause(&volume, FILE, &paused(&config(OLD))).unwrap();
        volume
            .publish(FILE, new.as_bytes(), Publication::keeping())
            .unwrap();
        assert!(!is_unfinished(&volume, FILE).unwrap());
        assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Superseded);
        assert_eq!(volume.read(FILE).unwrap().unwrap(), new.as_bytes());
        assert!(volume.metadata(ORIGINAL).unwrap().is_none());
    }

    #[test]
    fn file_that_lost_its_entries_never_supersedes_the_original() {
        fn check(before: &str, written: &str, want: Restored) {
            let (_directory, volume) = volume();
            let put = |text: &str| volume.publish(FILE, text.as_bytes(), Publication::keeping());
            put(before).unwrap();
            pause(&volume, FILE, &paused(&config(before))).unwrap();
            assert!(!is_unfinished(&volume, FILE).unwrap());
            put(written).unwrap();
            let unfinished = want == Restored::Recovered;
            assert_eq!(is_unfinished(&volume, FILE).unwrap(), unfinished);
            assert_eq!(put_back(&volume, FILE).unwrap(), want, "{written:?}");
            let now = volume.read(FILE).unwrap().unwrap();
            let stays = if unfinished { before } else { written };
            assert_eq!(now, stays.as_bytes(), "{written:?}");
            assert!(volume.metadata(ORIGINAL).unwrap().is_none());
        }
        check(OLD, "", Restored::Recovered);
        check(OLD, "concurrent = 2\n", Restored::Recovered);
        check(OLD, "[[runners]]\ntoken = \"ne", Restored::Recovered);
        check(OLD, "[[runners]]\n", Restored::Superseded);
        check("concurrent = 1\n", "", Restored::Superseded);
    }

    #[test]
    fn killed_before_the_paused_file_was_published_changes_nothing() {
        let (_directory, volume) = volume();
        volume
            .publish(FILE, b"a = 1\n", Publication::keeping())
            .unwrap();
        volume.keep_as(FILE, ORIGINAL).unwrap();
        assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Nothing);
        assert_eq!(volume.read(FILE).unwrap().unwrap(), b"a = 1\n");
        assert!(volume.metadata(ORIGINAL).unwrap().is_none());
    }
}
