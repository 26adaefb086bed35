//! Owns how a file is published: its mode, its owner, its time.

use std::time::SystemTime;

use super::PRIVATE;

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
