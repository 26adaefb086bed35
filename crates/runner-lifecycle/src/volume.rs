//! Owns the shared volume: the one place that writes files there, by temporary file, fsync and rename.
//!
//! It knows names and bytes, not what they mean. Every failure names the file, the cause and the cure.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, Gid, Uid};

use crate::deadline::Deadline;

mod error;
mod publication;

pub use error::Error;
pub use publication::Publication;

/// Mode of every file that may hold a token, unless the operator says otherwise.
pub const PRIVATE: u32 = 0o600;

/// The lock that a helper holds while it works on the volume.
pub const LOCK_FILE: &str = ".runner-lifecycle.lock";

/// How often a held lock is tried again: two helpers meet for seconds, not for hours.
const LOCK_POLL: Duration = Duration::from_millis(20);

/// The directory of `config.toml`.
#[derive(Debug)]
pub struct Volume {
    directory: PathBuf,
    /// Mode of the lock file: who may work on the volume.
    lock_mode: u32,
}

/// The lock on a volume; it goes with the value, also when the process is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Volume {
    /// The volume at `directory`; nothing is touched yet.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let here = directory.as_os_str().is_empty();
        Self {
            directory: if here { PathBuf::from(".") } else { directory },
            lock_mode: PRIVATE,
        }
    }

    /// The same volume, shared with whom this mode lets in.
    #[must_use]
    pub fn shared_by(self, mode: u32) -> Self {
        Self {
            lock_mode: mode,
            ..self
        }
    }

    /// The volume's directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a file of the volume is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// Makes the directory where it is missing (0700, as gitlab-runner does).
    ///
    /// # Errors
    /// When a parent is no directory or may not be written.
    pub fn create_directory(&self) -> Result<(), Error> {
        use std::os::unix::fs::DirBuilderExt as _;
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.directory)
            .map_err(|source| Error::new("creating", &self.directory, source))
    }

    /// Tries whether files can be created here, and leaves none.
    ///
    /// # Errors
    /// With the cause and the cure: read-only, another uid, full.
    pub fn check_writable(&self) -> Result<(), Error> {
        let path = self.path(".runner-lifecycle.probe");
        let attempt = || {
            remove_if_there(&path)?;
            let mut file = create(&path, PRIVATE)?;
            // A full volume still creates empty files.
            file.write_all(&[0; 4096])?;
            file.sync_data()
        };
        let result = attempt().map_err(|source| Error::new("writing to", &self.directory, source));
        let removed = remove_if_there(&path);
        result.and(removed.map_err(|source| Error::new("removing", &path, source)))
    }

    /// Whether a file can be replaced by rename: one that is a mount of its own cannot.
    ///
    /// # Errors
    /// When it is a mount point, with the cure.
    pub fn check_replaceable(&self, name: &str) -> Result<(), Error> {
        use rustix::fs::{AtFlags, CWD, StatxAttributes, StatxFlags, statx};
        let path = self.path(name);
        // An older kernel does not tell; the rename then fails by itself.
        let mounted = statx(CWD, &path, AtFlags::SYMLINK_NOFOLLOW, StatxFlags::TYPE)
            .is_ok_and(|status| status.stx_attributes.contains(StatxAttributes::MOUNT_ROOT));
        if mounted {
            let cause = io::Error::from(io::ErrorKind::ResourceBusy);
            return Err(Error::new("replacing", &path, cause));
        }
        Ok(())
    }

    /// Takes the lock, waiting for another helper until the deadline.
    ///
    /// # Errors
    /// When it is still held then (`WouldBlock`), or when the lock file cannot be opened at all.
    pub async fn lock(&self, deadline: Deadline) -> Result<Lock, Error> {
        let path = self.path(LOCK_FILE);
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(self.lock_mode)
            .open(&path)
            // On a read-only volume an existing lock file still locks.
            .or_else(|error| File::open(&path).map_err(|_| error))
            .map_err(|source| Error::new("opening the lock", &path, source))?;
        // The umask may have taken bits, or an earlier run given fewer; only the file's owner can mend it.
        let _not_the_owner = file.set_permissions(fs::Permissions::from_mode(self.lock_mode));
        let mut told = false;
        loop {
            match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if deadline.passed() {
                        return Err(Error::new("waiting for the lock", &path, error.into()));
                    }
                    if !told {
                        told = true;
                        log::info!(
                            "waiting for {}: another helper works on this volume",
                            path.display()
                        );
                    }
                    tokio::time::sleep(LOCK_POLL.min(deadline.left())).await;
                }
                Err(error) => return Err(Error::new("locking", &path, error.into())),
            }
        }
    }

    /// The content of a file, or nothing where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        let mut bytes = Vec::new();
        match File::open(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
            Ok(_) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::new("reading", &path, source)),
        }
    }

    /// The content of a text file, or nothing where there is none.
    ///
    /// # Errors
    /// When it cannot be read or is not UTF-8.
    pub fn read_text(&self, name: &str) -> Result<Option<String>, Error> {
        self.read(name)?
            .map(|bytes| {
                String::from_utf8(bytes).map_err(|_| {
                    let source = io::Error::new(io::ErrorKind::InvalidData, "not UTF-8 text");
                    Error::new("reading", &self.path(name), source)
                })
            })
            .transpose()
    }

    /// Mode, owner and times of a file, or nothing where there is none.
    ///
    /// # Errors
    /// When the directory cannot be searched.
    pub fn metadata(&self, name: &str) -> Result<Option<Metadata>, Error> {
        let path = self.path(name);
        match fs::metadata(&path) {
            Ok(metadata) => Ok(Some(metadata)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::new("looking at", &path, source)),
        }
    }

    /// Publishes a file: complete and on the disk, or not at all.
    ///
    /// # Errors
    /// When a step fails; the file that was there is then as before.
    pub fn publish(&self, name: &str, bytes: &[u8], how: Publication) -> Result<(), Error> {
        self.publish_from(name, how, |file| file.write_all(bytes))
    }

    /// Copies an executable into the volume, unless the same bytes are there already. Says whether it wrote.
    ///
    /// # Errors
    /// When the source cannot be read or the copy not be published.
    pub fn copy_executable(&self, source: &Path, name: &str) -> Result<bool, Error> {
        let bytes = fs::read(source).map_err(|error| Error::new("reading", source, error))?;
        let there = self
            .metadata(name)?
            .is_some_and(|m| m.permissions().mode() & 0o111 == 0o111);
        if there && self.read(name)?.as_deref() == Some(&bytes) {
            return Ok(false);
        }
        self.publish(name, &bytes, Publication::with_mode(0o755))?;
        Ok(true)
    }

    /// Removes what a run that was killed while it published one of these files has left: it may hold a token.
    ///
    /// # Errors
    /// When it is there and stays.
    pub fn clear_unfinished(&self, names: &[&str]) -> Result<(), Error> {
        for name in names {
            let path = self.path(&temporary_name(name));
            remove_if_there(&path).map_err(|source| Error::new("removing", &path, source))?;
        }
        Ok(())
    }

    /// Removes a file; that there is none is fine.
    ///
    /// # Errors
    /// When it is there and stays.
    pub fn remove(&self, name: &str) -> Result<(), Error> {
        let path = self.path(name);
        remove_if_there(&path).map_err(|source| Error::new("removing", &path, source))?;
        self.sync_directory()
    }

    /// Renames a file within the volume, replacing what has the new name.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        let target = self.path(to);
        fs::rename(self.path(from), &target)
            .map_err(|source| Error::new("publishing", &target, source))?;
        self.sync_directory()
    }

    /// Keeps a file under a second name: the same file by a hard link, or a copy with its times where the file system
    /// has no links. What the second name held is replaced.
    ///
    /// # Errors
    /// When the file is missing or the directory cannot be written.
    pub fn keep_as(&self, name: &str, kept: &str) -> Result<(), Error> {
        let (path, target) = (self.path(name), self.path(kept));
        let linked = remove_if_there(&target).and_then(|()| fs::hard_link(&path, &target));
        match linked {
            Ok(()) => self.sync_directory(),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound) => {
                Err(Error::new("keeping", &path, error))
            }
            Err(_) => {
                let metadata = fs::metadata(&path).map_err(|e| Error::new("reading", &path, e))?;
                let bytes = fs::read(&path).map_err(|e| Error::new("reading", &path, e))?;
                let mut how = Publication::with_mode(metadata.mode() & 0o7777);
                how.modified = metadata.modified().ok();
                self.publish_from(kept, how, |file| {
                    keep_owner(file, &metadata);
                    file.write_all(&bytes)
                })
            }
        }
    }

    fn publish_from(
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
        self.sync_directory()
    }

    fn sync_directory(&self) -> Result<(), Error> {
        File::open(&self.directory)
            .and_then(|directory| directory.sync_all())
            .or_else(|error| match error.kind() {
                // Some network file systems cannot sync a directory; the rename is still atomic.
                io::ErrorKind::InvalidInput | io::ErrorKind::PermissionDenied => Ok(()),
                _ => Err(error),
            })
            .map_err(|source| Error::new("syncing", &self.directory, source))
    }
}

fn temporary_name(name: &str) -> String {
    format!(".{}.new", name.trim_start_matches('.'))
}

fn create(path: &Path, mode: u32) -> io::Result<File> {
    let file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode & 0o777)
        .open(path)?;
    // The umask may have taken bits that the operator asked for.
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    Ok(file)
}

/// Gives the new file the old one's owner. Only root can; for everybody else both are the same.
fn keep_owner(file: &File, there: &Metadata) {
    let same = file
        .metadata()
        .is_ok_and(|new| (new.uid(), new.gid()) == (there.uid(), there.gid()));
    if !same {
        let (uid, gid) = (Uid::from_raw(there.uid()), Gid::from_raw(there.gid()));
        let _not_root = rustix::fs::fchown(file, Some(uid), Some(gid));
    }
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
