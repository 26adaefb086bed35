//! Owns the shared volume: the one place that writes files there, by temporary file, fsync and rename.
//!
//! It knows names and bytes, not what they mean. Every failure names the file, the cause and the fix.

use std::cell::Cell;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use runner_config::fault::not_utf8;

use crate::named_file::open_without_waiting;

mod error;
mod lock;
pub mod names;
mod publication;

pub use error::Error;
pub use lock::Lock;
pub use publication::Publication;

/// Mode of every file that may hold a token, unless the operator says otherwise.
pub const PRIVATE: u32 = 0o600;

/// The directory of `config.toml`.
#[derive(Debug)]
pub struct Volume {
    directory: PathBuf,
    /// Mode of the lock file: who may work on the volume.
    lock_mode: u32,
    /// Whether a name changed since the directory was synced.
    renamed: Cell<bool>,
}

impl Volume {
    /// The volume at `directory`; nothing is touched yet.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        let directory = directory.into();
        let here = directory.as_os_str().is_empty();
        Self {
            directory: if here { PathBuf::from(".") } else { directory },
            lock_mode: PRIVATE,
            renamed: Cell::new(false),
        }
    }

    /// The same volume, shared with the users this file mode grants access to.
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
    /// With the cause and the fix: read-only, another uid, full.
    pub fn check_writable(&self) -> Result<(), Error> {
        let path = self.path(".runner-lifecycle.probe");
        let attempt = || {
            remove_if_there(&path)?;
            let mut file = create(&path, PRIVATE)?;
            // A full volume still creates empty files. What only a sync would tell, the first publication does.
            file.write_all(&[0; 4096])
        };
        let result = attempt().map_err(|source| Error::new("writing to", &self.directory, source));
        let removed = remove_if_there(&path);
        result.and(removed.map_err(|source| Error::new("removing", &path, source)))
    }

    /// Whether a file can be replaced by rename: one that is a mount of its own cannot.
    ///
    /// # Errors
    /// When it is a mount point, with the fix.
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

    /// The content of a file, or nothing where there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        let path = self.path(name);
        let mut bytes = Vec::new();
        match open_to_read(&path).and_then(|mut file| file.read_to_end(&mut bytes)) {
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
                String::from_utf8(bytes).map_err(|error| {
                    let mut why = not_utf8(error.as_bytes());
                    if name == names::STATE {
                        why = format!("{why}: {}", names::ADVICE_OF_STATE);
                    }
                    let source = io::Error::new(io::ErrorKind::InvalidData, why);
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
            Err(source) => Err(Error::new("checking", &path, source)),
        }
    }

    /// Whether a file is a symbolic link.
    ///
    /// # Errors
    /// When there is none.
    pub fn is_link(&self, name: &str) -> Result<bool, Error> {
        let path = self.path(name);
        match fs::symlink_metadata(&path) {
            Ok(metadata) => Ok(metadata.is_symlink()),
            Err(source) => Err(Error::new("checking", &path, source)),
        }
    }

    /// Gives a file, or the one that a link leads to, another modification time.
    ///
    /// # Errors
    /// When it is somebody else's.
    pub fn touch(&self, name: &str, modified: SystemTime) -> Result<(), Error> {
        let path = self.path(name);
        let file = open_without_waiting(&path);
        file.and_then(|file| file.set_modified(modified))
            .map_err(|source| Error::new("writing to", &path, source))
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
            Err(_) => self.copy_as(name, kept, None),
        }
    }

    /// Publishes a copy of a file under a second name, with its mode and owner, and with this modification time or its own.
    ///
    /// # Errors
    /// When the file is missing or the directory cannot be written.
    pub fn copy_as(
        &self,
        name: &str,
        copy: &str,
        modified: Option<SystemTime>,
    ) -> Result<(), Error> {
        let path = self.path(name);
        let metadata = fs::metadata(&path).map_err(|e| Error::new("reading", &path, e))?;
        let bytes = fs::read(&path).map_err(|e| Error::new("reading", &path, e))?;
        let mut how = Publication::with_mode(metadata.mode() & 0o7777);
        how.modified = modified.or(metadata.modified().ok());
        self.publish_from(copy, how, |file| {
            publication::keep_owner(file, &metadata);
            file.write_all(&bytes)
        })?;
        self.sync()
    }

    /// Brings what was renamed since the last time onto the disk too; a file's own content is there before it has its name.
    ///
    /// # Errors
    /// When the file system refuses.
    pub fn sync(&self) -> Result<(), Error> {
        if self.renamed.replace(false) {
            self.sync_directory()?;
        }
        Ok(())
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

/// Opens a file of ours; a directory in its place is left to whoever reads it.
fn open_to_read(path: &Path) -> io::Result<File> {
    let file = open_without_waiting(path)?;
    let kind = file.metadata()?.file_type();
    if !kind.is_file() && !kind.is_dir() {
        let why = "it is not a regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    Ok(file)
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

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
