//! Owns how a file is published: by temporary file, fsync and rename; its mode, its owner, its time.

use std::fs::{self, File, Metadata};
use std::io::{self, BufRead as _, BufReader, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::time::SystemTime;

use rustix::fs::{Gid, Uid};

use super::{Error, PRIVATE, Volume, create, remove_if_there, temporary_name};

/// How a file is published.
#[derive(Clone, Copy, Debug)]
pub struct Publication {
    /// Permission bits of a new file, set before its content.
    pub mode: u32,
    /// Whether a file that is there keeps its own mode and owner instead.
    pub keep_existing: bool,
    /// Permission bits that an existing file may keep.
    pub at_most: u32,
    /// Modification time to give it before the rename; the clock's otherwise.
    pub modified: Option<SystemTime>,
}

impl Publication {
    /// A file with exactly this mode.
    #[must_use]
    pub fn with_mode(mode: u32) -> Self {
        Self {
            mode,
            keep_existing: false,
            at_most: 0o7777,
            modified: None,
        }
    }

    /// Mode and owner stay as they are; `PRIVATE` for a new file.
    #[must_use]
    pub fn keeping() -> Self {
        Self {
            mode: PRIVATE,
            keep_existing: true,
            at_most: 0o7777,
            modified: None,
        }
    }

    /// The owner stays; of the mode only what its owner may do: for a file that gets its first token.
    #[must_use]
    pub fn keeping_private() -> Self {
        Self {
            at_most: PRIVATE,
            ..Self::keeping()
        }
    }

    /// The same with a modification time.
    #[must_use]
    pub fn modified(self, time: SystemTime) -> Self {
        Self {
            modified: Some(time),
            ..self
        }
    }
}

impl Volume {
    /// Publishes a file: complete and on the disk, or not at all.
    ///
    /// # Errors
    /// When a step fails; the file that was there is then as before.
    pub fn publish(&self, name: &str, bytes: &[u8], how: Publication) -> Result<(), Error> {
        self.publish_until_sync(name, bytes, how)?;
        self.sync()
    }

    /// The same, but that the new name is on the disk is left to [`Volume::sync`]: several files take one sync.
    ///
    /// # Errors
    /// As [`Volume::publish`].
    pub fn publish_until_sync(
        &self,
        name: &str,
        bytes: &[u8],
        how: Publication,
    ) -> Result<(), Error> {
        self.publish_from(name, how, |file| file.write_all(bytes))
    }

    /// Copies an executable into the volume, unless the same bytes are there already. Says whether it wrote. Syncing is left
    /// to [`Volume::sync`], and no more of the file than a page or two is in memory.
    ///
    /// # Errors
    /// When the source cannot be read or the copy not be published.
    pub fn copy_executable(&self, source: &Path, name: &str) -> Result<bool, Error> {
        let unreadable = |error| Error::new("reading", source, error);
        let mut original = File::open(source).map_err(unreadable)?;
        let there = self
            .metadata(name)?
            .is_some_and(|m| m.permissions().mode() & 0o111 == 0o111);
        if there && is_same(&original, &self.path(name)).map_err(unreadable)? {
            return Ok(false);
        }
        original.rewind().map_err(unreadable)?;
        self.publish_from(name, Publication::with_mode(0o755), |file| {
            io::copy(&mut original, file).map(drop)
        })?;
        Ok(true)
    }

    pub(super) fn publish_from(
        &self,
        name: &str,
        how: Publication,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), Error> {
        let path = self.path(name);
        let temporary = self.path(&temporary_name(name));
        let existing = if how.keep_existing {
            self.metadata(name)?
        } else {
            None
        };
        let attempt = || {
            // A fixed name: what a killed run left is taken away by the next one.
            remove_if_there(&temporary)?;
            let mode = existing
                .as_ref()
                .map_or(how.mode, |there| there.mode() & 0o7777 & how.at_most);
            let mut file = create(&temporary, mode)?;
            if let Some(there) = &existing {
                keep_owner(&file, there);
            }
            fill(&mut file)?;
            if let Some(time) = how.modified {
                file.set_modified(time)?;
            }
            file.sync_all()?;
            fs::rename(&temporary, &path)
        };
        if let Err(source) = attempt() {
            // The failure that is told is the first one.
            drop(remove_if_there(&temporary));
            return Err(Error::new("publishing", &path, source));
        }
        self.renamed.set(true);
        Ok(())
    }
}

/// Whether a file holds the bytes of another, read side by side.
fn is_same(original: &File, path: &Path) -> io::Result<bool> {
    let there = File::open(path)?;
    if there.metadata()?.len() != original.metadata()?.len() {
        return Ok(false);
    }
    let (mut original, mut there) = (BufReader::new(original), BufReader::new(there));
    loop {
        let (one, two) = (original.fill_buf()?, there.fill_buf()?);
        let length = one.len().min(two.len());
        if one[..length] != two[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(one.is_empty() && two.is_empty());
        }
        original.consume(length);
        there.consume(length);
    }
}

/// Gives the new file the old one's owner. Only root can; for everybody else both are the same.
pub(super) fn keep_owner(file: &File, there: &Metadata) {
    let same = file
        .metadata()
        .is_ok_and(|new| (new.uid(), new.gid()) == (there.uid(), there.gid()));
    if !same {
        let (uid, gid) = (Uid::from_raw(there.uid()), Gid::from_raw(there.gid()));
        let _not_root = rustix::fs::fchown(file, Some(uid), Some(gid));
    }
}
