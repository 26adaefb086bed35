//! Owns the files around one `config.toml`: the operator's file wherever it is just now, the state, the system ID, and the
//! pause on the disk. It decides nothing about GitLab.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use runner_config::config_toml::ConfigToml;
use runner_config::globals::Globals;
use runner_config::load_check;

use crate::deadline::Deadline;
use crate::exit::Failure;
use crate::original::{self, Restored};
use crate::state::{PauseByHand, State};
use crate::system_id::SystemId;
use crate::volume::{Error, Lock, Publication, Volume, names};

mod config;

pub use config::Config;
use config::Stamp;

/// The runner manager writes `config.toml` in one go, within milliseconds.
const BEING_WRITTEN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);

/// The files around one `config.toml`.
#[derive(Debug)]
pub struct Files {
    path: PathBuf,
    volume: Volume,
    name: String,
}

impl Files {
    /// The files around the `config.toml` at this path.
    ///
    /// # Errors
    /// When it does not name a file, or one that is the programs' own.
    pub fn of(path: &Path) -> Result<Self, Failure> {
        let name = names::of_config(path)?;
        Ok(Self {
            path: path.to_owned(),
            volume: Volume::at(path.parent().unwrap_or(Path::new(""))),
            name: name.to_owned(),
        })
    }

    /// The same files, shared with the users this file mode grants access to.
    #[must_use]
    pub fn shared_by(self, mode: u32) -> Self {
        Self {
            volume: self.volume.shared_by(mode),
            ..self
        }
    }

    /// The path of `config.toml`.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name of `config.toml` in its directory.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The volume.
    #[must_use]
    pub fn volume(&self) -> &Volume {
        &self.volume
    }

    /// The lock, waited for until the deadline. Nothing on a volume that cannot be written: nobody works there.
    ///
    /// # Errors
    /// When another helper holds it all the time.
    pub async fn lock(&self, deadline: Deadline) -> Result<Option<Lock>, Error> {
        use std::io::ErrorKind as Kind;
        match self.volume.lock(deadline).await {
            Ok(lock) => Ok(Some(lock)),
            Err(error) if error.kind() == Kind::WouldBlock => Err(error),
            Err(error) => {
                log::debug!("the volume could not be locked: {error}");
                Ok(None)
            }
        }
    }

    /// Ends a pause that is on the disk.
    pub fn put_back(&self) -> Result<Restored, Error> {
        original::put_back(&self.volume, &self.name)
    }

    /// Ends a pause, and gives a file that is being written a second to get its runner entries: whoever truncates first
    /// and fills then may have a new token in its hand.
    pub async fn put_back_when_whole(&self, deadline: Deadline) -> Result<Restored, Error> {
        self.until_whole(deadline).await?;
        self.put_back()
    }

    /// Ends a pause so that a live runner manager loads the original, given the same second.
    ///
    /// # Errors
    /// When the volume cannot be written, or as [`Files::check_original`]: the pause stays then.
    pub async fn resume_when_whole(&self, deadline: Deadline) -> anyhow::Result<Restored> {
        self.until_whole(deadline).await?;
        self.check_original()?;
        Ok(original::resume(&self.volume, &self.name)?)
    }

    /// Checks that gitlab-runner loads an original that would be restored, and lives on: one that it does not load brings no entry
    /// back into force, and with some values it ends together with its jobs.
    ///
    /// # Errors
    /// When it is no `config.toml`, or with the path, the line and what to write.
    pub fn check_original(&self) -> anyhow::Result<()> {
        let left = original::left(&self.volume, &self.name)?;
        let comes_back = matches!(left, Some(Restored::PutBack | Restored::Recovered));
        if comes_back && let Some(config) = self.read(true)? {
            let path = self.volume.path(&self.name_of(&config));
            let path = path.display().to_string();
            load_check::check(&config.text, &path, &Globals::default())
                .map_err(Failure::unusable)?;
        }
        Ok(())
    }

    /// The operator's configuration, where it may be written just now: one without runner entries is given the same second.
    pub async fn config_when_whole(&self, deadline: Deadline) -> anyhow::Result<Option<Config>> {
        let limit = deadline.earlier(BEING_WRITTEN);
        loop {
            let config = self.config()?;
            let empty = |config: &Config| config.toml.entry_count() == 0;
            if !config.as_ref().is_some_and(empty) || limit.passed() {
                return Ok(config);
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn until_whole(&self, deadline: Deadline) -> Result<(), Error> {
        let limit = deadline.earlier(BEING_WRITTEN);
        while original::is_unfinished(&self.volume, &self.name)? && !limit.passed() {
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Publishes the paused form of a configuration.
    pub fn pause(&self, text: &str) -> Result<(), Error> {
        original::pause(&self.volume, &self.name, text)
    }

    /// Writes a configuration that was read before in place of a paused file whose original somebody removed, with the time it
    /// had, so that a live runner manager does not load it; says whether that was so.
    pub fn write_again(&self, config: &Config) -> Result<bool, Error> {
        let (Some(stamp), true) = (&config.stamp, self.is_paused()) else {
            return Ok(false);
        };
        let how = Publication::keeping().modified(stamp.time());
        self.volume
            .publish(&self.name, config.text.as_bytes(), how)?;
        Ok(true)
    }

    /// Whether `config.toml` is the paused one.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        original::holds_pause(&self.volume, &self.name).unwrap_or(false)
    }

    /// The pause that somebody asked for from a shell, where it stands.
    pub fn paused_by_hand(&self, state: Option<&State>) -> Result<Option<PauseByHand>, Error> {
        let stands = |state| original::by_hand(&self.volume, &self.name, state);
        Ok(state.map(stands).transpose()?.flatten())
    }

    /// Whether a pause keeps the operator's file aside.
    pub fn is_put_aside(&self) -> Result<bool, Error> {
        let not_here = self.is_paused() || self.volume.metadata(&self.name)?.is_none();
        let original = names::original_of(&self.name);
        Ok(not_here && self.volume.metadata(&original)?.is_some())
    }

    fn name_at(&self, is_aside: bool) -> String {
        match is_aside {
            true => names::original_of(&self.name),
            false => self.name.clone(),
        }
    }

    /// The name under which a configuration was read.
    #[must_use]
    pub fn name_of(&self, config: &Config) -> String {
        self.name_at(config.is_aside)
    }

    /// The operator's configuration: during a pause, somebody else's included, that is the original. Nothing, where
    /// there is none.
    ///
    /// # Errors
    /// When it cannot be read or is no `config.toml`; the message names the line.
    pub fn config(&self) -> anyhow::Result<Option<Config>> {
        self.read(self.is_put_aside()?)
    }

    fn read(&self, is_aside: bool) -> anyhow::Result<Option<Config>> {
        let name = self.name_at(is_aside);
        let stamp = self.stamp_of(&name)?;
        let (Some(text), Some(stamp)) = (self.volume.read_text(&name)?, stamp) else {
            return Ok(None);
        };
        let toml = ConfigToml::parse(&text)
            .with_context(|| self.volume.path(&name).display().to_string())?;
        Ok(Some(Config {
            text,
            toml,
            is_aside,
            stamp: Some(stamp),
        }))
    }

    /// Whether `config.toml` is another one than `config`: the runner manager has rotated a token, or somebody edited. A paused
    /// file whose original could not be put back is none.
    #[must_use]
    pub fn changed_since(&self, config: &Config) -> bool {
        let is_other = |name: &str| {
            self.stamp_of(name)
                .is_ok_and(|now| now.is_some() && now != config.stamp)
        };
        is_other(&self.name)
            && self
                .is_put_aside()
                .is_ok_and(|is_aside| is_other(&self.name_at(is_aside)))
    }

    fn stamp_of(&self, name: &str) -> Result<Option<Stamp>, Error> {
        Ok(self.volume.metadata(name)?.as_ref().map(Stamp::of))
    }

    /// What the helpers remember of this file. Nothing, where no helper ever worked.
    ///
    /// # Errors
    /// When the state file is there and cannot be understood: nobody knows then what may be deleted.
    pub fn state(&self) -> anyhow::Result<Option<State>> {
        let Some(text) = self.volume.read_text(names::STATE)? else {
            return Ok(None);
        };
        let state = State::parse(&text);
        let state = state.with_context(|| self.volume.directory().display().to_string())?;
        Ok(Some(self.view(state)?))
    }

    /// A state as whoever works on this file sees it.
    pub(crate) fn view(&self, state: State) -> Result<State, Error> {
        let has_usual = self.volume.metadata(names::CONFIG)?.is_some();
        Ok(state.of_file(&self.name, has_usual))
    }

    /// Remembers.
    pub fn save_state(&self, state: &State) -> anyhow::Result<()> {
        let how = Publication::keeping();
        self.volume
            .publish(names::STATE, state.to_text().as_bytes(), how)?;
        Ok(())
    }

    /// Remembers the pause by hand, or that there is none any more. Of a state that tells of nothing else no file is kept.
    ///
    /// # Errors
    /// When the volume cannot be written, or the state cannot be understood.
    pub fn remember_pause(&self, pause: Option<PauseByHand>) -> anyhow::Result<()> {
        let mut state = match self.state()? {
            Some(state) => state,
            None => self.view(State::default())?,
        };
        let ends = pause.is_none();
        state.pause = pause;
        if ends && state.tells_nothing() {
            self.volume.remove(names::STATE)?;
            return Ok(());
        }
        self.save_state(&state)
    }

    /// The system ID of the file.
    #[must_use]
    pub fn system_id(&self) -> Option<SystemId> {
        let text = self.volume.read_text(names::SYSTEM_ID).ok().flatten()?;
        SystemId::parse(&text)
    }

    /// Publishes another text in the place of a configuration. A live runner manager loads it by itself; behind a pause the
    /// original keeps its time, so that whoever puts it back decides whether it is loaded.
    ///
    /// # Errors
    /// When the volume cannot be written; the file is then as before.
    pub fn publish(&self, before: &Config, text: &str) -> Result<(), Error> {
        if before.text == text {
            return Ok(());
        }
        let now = SystemTime::now();
        let modified = match before.stamp.map(|stamp| stamp.time()) {
            Some(time) if before.is_aside => time,
            // The runner manager loads a file only if it is strictly newer, and the clock may be behind the file's.
            Some(time) => now.max(time + Duration::from_secs(1)),
            None => now,
        };
        let how = Publication::keeping().modified(modified);
        self.volume
            .publish(&self.name_of(before), text.as_bytes(), how)
    }
}
