//! Owns what is said when a file cannot be read or written: its name, the cause, and what to change in the manifest.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// A file of the volume could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{doing} {path}: {cause}{fix}", path = path.display(), fix = fix_for(cause, path))]
pub struct Error {
    doing: &'static str,
    path: PathBuf,
    // Not called source: its words are part of this line already. They are the system's, or of `std`, and quote no file.
    cause: io::Error,
}

impl Error {
    pub(super) fn new(doing: &'static str, path: &Path, cause: io::Error) -> Self {
        Self {
            doing,
            path: path.to_owned(),
            cause,
        }
    }

    /// What the operating system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.cause.kind()
    }
}

/// What to change in the manifest, for the causes that manifests have.
fn fix_for(error: &io::Error, path: &Path) -> String {
    use io::ErrorKind as Kind;
    let uid = rustix::process::geteuid().as_raw();
    match error.kind() {
        Kind::PermissionDenied => {
            let owner = path
                .ancestors()
                .find_map(|p| fs::metadata(p).ok())
                .map(|m| m.uid());
            let owner = owner.map_or(String::new(), |owner| {
                format!(", it belongs to uid {owner}")
            });
            format!(
                ": this process has uid {uid}{owner}; give both containers the same runAsUser, or the pod an fsGroup"
            )
        }
        Kind::ReadOnlyFilesystem => {
            ": mount an emptyDir there, in this container without readOnly".to_owned()
        }
        Kind::StorageFull | Kind::QuotaExceeded => {
            ": the volume is full; raise the emptyDir's sizeLimit or free space".to_owned()
        }
        Kind::ResourceBusy => {
            ": it is a mount point of its own (subPath); mount the whole directory instead"
                .to_owned()
        }
        Kind::NotADirectory | Kind::IsADirectory => {
            ": check --config: it names the file config.toml in a directory".to_owned()
        }
        Kind::WouldBlock => {
            ": another runner-init or runner-reaper is using this volume".to_owned()
        }
        _ => String::new(),
    }
}
