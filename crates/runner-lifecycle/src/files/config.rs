//! Owns the operator's `config.toml` as it was read at one moment, and by what it is told from another one.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use runner_config::config_toml::{self, ConfigToml};

/// The operator's `config.toml` at one moment.
#[derive(Clone, Debug)]
pub struct Config {
    /// Its text.
    pub text: String,
    /// What it says.
    pub toml: ConfigToml,
    /// Whether it was read from the original that a pause keeps aside.
    pub is_aside: bool,
    /// Nothing where there is no file.
    pub(super) stamp: Option<Stamp>,
}

/// Which file it is: rename and rewriting both show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    modified: (i64, i64),
    size: u64,
}

impl Config {
    /// What stands for the file where there is none: no entries.
    ///
    /// # Errors
    /// Never: an empty text is a document.
    pub fn missing() -> Result<Self, config_toml::Error> {
        Ok(Self {
            text: String::new(),
            toml: ConfigToml::parse("")?,
            is_aside: false,
            stamp: None,
        })
    }

    /// Whether there is no file.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        self.stamp.is_none()
    }
}

impl Stamp {
    pub(super) fn of(metadata: &Metadata) -> Self {
        Self {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            size: metadata.size(),
        }
    }

    /// The modification time.
    pub(super) fn time(&self) -> SystemTime {
        let (seconds, nanoseconds) = self.modified;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let nanoseconds = Duration::from_nanos(nanoseconds.unsigned_abs());
        match seconds {
            0.. => UNIX_EPOCH + whole + nanoseconds,
            _ => UNIX_EPOCH - whole + nanoseconds,
        }
    }
}
