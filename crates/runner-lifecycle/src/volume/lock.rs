//! Owns the lock by which two helpers keep out of each other's way on a volume.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::time::Duration;

use rustix::fs::FlockOperation;

use super::{Error, Volume, names};
use crate::deadline::Deadline;

/// How often a held lock is tried again: two helpers meet for seconds, not for hours.
const POLL: Duration = Duration::from_millis(20);

/// The lock on a volume; it goes with the value, also when the process is killed.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Volume {
    /// Whether somebody holds the lock. It makes no file, and the lock that it takes is shared and gone at once.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        let Ok(lock) = File::open(self.path(names::LOCK)) else {
            return false;
        };
        let tried = rustix::fs::flock(&lock, FlockOperation::NonBlockingLockShared);
        tried.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Takes the lock, waiting for another helper until the deadline.
    ///
    /// # Errors
    /// When it is still held then (`WouldBlock`), or when the lock file cannot be opened at all.
    pub async fn lock(&self, deadline: Deadline) -> Result<Lock, Error> {
        let path = self.path(names::LOCK);
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
                            "waiting for {}: another runner-init or runner-reaper is using this volume",
                            path.display()
                        );
                    }
                    tokio::time::sleep(POLL.min(deadline.left())).await;
                }
                Err(error) => return Err(Error::new("locking", &path, error.into())),
            }
        }
    }
}
