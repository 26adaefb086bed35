//! The file `config.toml`: when it was read, what stands in force, and how a save overwrites it. Polls nothing.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::config::Config;
use crate::encode;
use crate::exposition::{Counters, Name};
use crate::overlap::{Overlap, let_others_go_first};

struct InForce {
    config: Arc<Config>,
    mtime: SystemTime,
}

/// The file and the configuration in force.
pub(crate) struct ConfigFile {
    path: PathBuf,
    in_force: Mutex<InForce>,
    /// Held by a token rotation from its load to GitLab's answer, since 18.1: gitlab-runner lets nobody read the configuration in that
    /// time, be it the feeder, a reload or the metrics page.
    gate: tokio::sync::Mutex<()>,
    counters: Arc<Counters>,
}

impl ConfigFile {
    /// Nothing is read yet.
    pub(crate) fn new(path: PathBuf, counters: Arc<Counters>) -> Result<Self, String> {
        let in_force = InForce {
            config: Arc::new(Config::parse("")?),
            mtime: SystemTime::UNIX_EPOCH,
        };
        Ok(Self {
            path,
            in_force: Mutex::new(in_force),
            gate: tokio::sync::Mutex::new(()),
            counters,
        })
    }

    pub(crate) fn directory(&self) -> &Path {
        self.path.parent().unwrap_or(Path::new("."))
    }

    fn locked(&self) -> std::sync::MutexGuard<'_, InForce> {
        self.in_force.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The configuration in force; waits for a rotation under way.
    pub(crate) async fn config(&self) -> Arc<Config> {
        let _open = self.gate.lock().await;
        self.locked().config.clone()
    }

    /// Keeps everybody else from the configuration.
    pub(crate) async fn close(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.gate.lock().await
    }

    /// Reads the file, whatever its mtime. A file that is not there counts as an empty one, as for gitlab-runner.
    ///
    /// # Errors
    /// When it cannot be read or understood: the old configuration stays in force.
    pub(crate) fn load(
        &self,
        _closed: &tokio::sync::MutexGuard<'_, ()>,
    ) -> Result<Arc<Config>, String> {
        let read = self.read();
        let name = if read.is_ok() {
            Name::ConfigurationLoaded
        } else {
            Name::ConfigurationLoadingError
        };
        self.counters.add(name, &[], 1);
        let (config, mtime) = read?;
        *self.locked() = InForce {
            config: config.clone(),
            mtime,
        };
        Ok(config)
    }

    fn read(&self) -> Result<(Arc<Config>, SystemTime), String> {
        // The mtime is asked before the content is read: a write in between is seen as newer at the next look.
        let mtime = match self.mtime() {
            Ok(mtime) => mtime,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok((Arc::new(Config::parse("")?), SystemTime::UNIX_EPOCH));
            }
            Err(error) => return Err(error.to_string()),
        };
        let text = fs::read_to_string(&self.path).map_err(|error| error.to_string())?;
        let config = Config::parse(&text)
            .map_err(|words| format!("decoding configuration file: {words}"))?;
        Ok((Arc::new(config), mtime))
    }

    pub(crate) fn mtime(&self) -> std::io::Result<SystemTime> {
        fs::metadata(&self.path)?.modified()
    }

    pub(crate) fn remembered_mtime(&self) -> SystemTime {
        self.locked().mtime
    }

    /// A broken file is complained about once, not every three seconds.
    pub(crate) fn remember_mtime(&self, mtime: SystemTime) {
        self.locked().mtime = mtime;
    }

    /// Replaces what is in force without writing it.
    pub(crate) fn replace(&self, config: Config) {
        self.locked().config = Arc::new(config);
    }

    /// The same, unless another file was loaded since.
    pub(crate) fn replace_if_in_force(&self, old: &Arc<Config>, config: Config) {
        let mut in_force = self.locked();
        if Arc::ptr_eq(&in_force.config, old) {
            in_force.config = Arc::new(config);
        }
    }

    /// Writes what is in force over the file, in place: truncated first, not atomic, not synced, nobody locked out. That is
    /// how gitlab-runner does it, and why a helper must look at the file again after a pause. A reload that waits runs where
    /// `overlap` says.
    pub(crate) async fn save(&self, overlap: Overlap) -> std::io::Result<()> {
        if overlap == Overlap::Lost {
            let_others_go_first().await;
        }
        let saved = self.locked().config.clone();
        let text = encode::encode(&saved.document);
        if overlap == Overlap::Published {
            let_others_go_first().await;
        }
        let written = self.overwrite(&text, overlap).await;
        let name = if written.is_ok() {
            Name::ConfigurationSaved
        } else {
            Name::ConfigurationSavingError
        };
        self.counters.add(name, &[], 1);
        let mut in_force = self.locked();
        // What was reloaded meanwhile keeps its own mtime, so the next look finds the saved file newer.
        if written.is_ok() && Arc::ptr_eq(&in_force.config, &saved) {
            in_force.mtime = SystemTime::now();
        }
        written
    }

    async fn overwrite(&self, text: &str, overlap: Overlap) -> std::io::Result<()> {
        let mut options = fs::OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&self.path)?;
        if overlap == Overlap::Empty {
            let_others_go_first().await;
        }
        file.write_all(text.as_bytes())
    }
}
