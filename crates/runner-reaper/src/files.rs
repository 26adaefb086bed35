//! Owns the reaper's view of the volume: the operator's `config.toml` wherever it is just now, the state, the system
//! ID, and the pause on the disk. It decides nothing about GitLab.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context as _;
use runner_config::config_toml::{self, ConfigToml};
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::named_file;
use runner_lifecycle::original::{self, Restored};
use runner_lifecycle::pod::Pod;
use runner_lifecycle::state::{PauseByHand, State};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::volume::{Error, Lock, Publication, Volume, names};

/// The runner manager writes `config.toml` in one go, within milliseconds.
const BEING_WRITTEN: Duration = Duration::from_secs(1);
const LOOK: Duration = Duration::from_millis(10);

/// The files around one `config.toml`.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    volume: Volume,
    name: String,
}

/// The operator's `config.toml` at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// Its text.
    pub text: String,
    /// What it says.
    pub toml: ConfigToml,
    /// Nothing where there is no file.
    stamp: Option<Stamp>,
}

/// Which file it is: rename and rewriting both show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    size: u64,
}

impl Stamp {
    fn time(&self) -> SystemTime {
        let (seconds, nanoseconds) = self.modified;
        let whole = Duration::from_secs(seconds.unsigned_abs());
        let nanoseconds = Duration::from_nanos(nanoseconds.unsigned_abs());
        match seconds {
            0.. => UNIX_EPOCH + whole + nanoseconds,
            _ => UNIX_EPOCH - whole + nanoseconds,
        }
    }
}

impl Config {
    /// What stands for the file where there is none: no entries.
    pub(crate) fn missing() -> Result<Self, config_toml::Error> {
        Ok(Self {
            text: String::new(),
            toml: ConfigToml::parse("")?,
            stamp: None,
        })
    }

    /// Whether there is no file.
    pub(crate) fn is_missing(&self) -> bool {
        self.stamp.is_none()
    }
}

impl Files {
    /// The files around the `config.toml` at this path.
    pub(crate) fn of(path: &Path) -> Result<Self, Failure> {
        let name = named_file::name_of_config(path)?;
        let volume = Volume::at(path.parent().unwrap_or(Path::new("")));
        Ok(Self {
            path: path.to_owned(),
            volume,
            name: name.to_owned(),
        })
    }

    /// The path of `config.toml`.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of `config.toml` in its directory.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The volume.
    pub(crate) fn volume(&self) -> &Volume {
        &self.volume
    }

    /// The lock, waited for until the deadline. Nothing on a volume that cannot be written: nobody works there.
    ///
    /// Fails when another helper holds it all the time.
    pub(crate) async fn lock(&self, deadline: Deadline) -> Result<Option<Lock>, Error> {
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
    pub(crate) fn put_back(&self) -> Result<Restored, Error> {
        original::put_back(&self.volume, &self.name)
    }

    /// Ends a pause, and gives a file that is being written a second to get its runner entries: whoever truncates first
    /// and fills then may have a new token in its hand.
    pub(crate) async fn put_back_when_whole(&self, deadline: Deadline) -> Result<Restored, Error> {
        self.until_whole(deadline).await?;
        self.put_back()
    }

    /// Ends a pause so that a live runner manager loads the original, given the same second.
    ///
    /// Fails when the volume cannot be written, or the original is no `config.toml`: the pause stays then.
    pub(crate) async fn resume_when_whole(&self, deadline: Deadline) -> anyhow::Result<Restored> {
        self.until_whole(deadline).await?;
        if self.is_put_aside()? {
            self.config()?;
        }
        Ok(original::resume(&self.volume, &self.name)?)
    }

    /// The operator's configuration, where it may be written just now: one without runner entries is given the same second.
    pub(crate) async fn config_when_whole(
        &self,
        deadline: Deadline,
    ) -> anyhow::Result<Option<Config>> {
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
    pub(crate) fn pause(&self, text: &str) -> Result<(), Error> {
        original::pause(&self.volume, &self.name, text)
    }

    /// Writes a configuration that was read before in place of a paused file whose original somebody removed, with the time it
    /// had, so that a live runner manager does not load it; says whether that was so.
    pub(crate) fn write_again(&self, config: &Config) -> Result<bool, Error> {
        let (Some(stamp), true) = (&config.stamp, self.is_paused()) else {
            return Ok(false);
        };
        let how = Publication::keeping().modified(stamp.time());
        self.volume
            .publish(&self.name, config.text.as_bytes(), how)?;
        Ok(true)
    }

    /// Whether `config.toml` is the paused one.
    pub(crate) fn is_paused(&self) -> bool {
        self.volume
            .read_text(&self.name)
            .is_ok_and(|text| text.as_deref().is_some_and(original::is_paused))
    }

    /// The pause that somebody asked for from a shell, where it stands.
    pub(crate) fn paused_by_hand(
        &self,
        state: Option<&State>,
    ) -> Result<Option<PauseByHand>, Error> {
        let stands = |state| original::by_hand(&self.volume, &self.name, state);
        Ok(state.map(stands).transpose()?.flatten())
    }

    /// Whether a pause keeps the operator's file aside.
    pub(crate) fn is_put_aside(&self) -> Result<bool, Error> {
        let not_here = self.is_paused() || self.volume.metadata(&self.name)?.is_none();
        let original = names::original_of(&self.name);
        Ok(not_here && self.volume.metadata(&original)?.is_some())
    }

    /// The name under which the operator's file stands now.
    fn place(&self) -> Result<String, Error> {
        Ok(match self.is_put_aside()? {
            true => names::original_of(&self.name),
            false => self.name.clone(),
        })
    }

    /// The operator's configuration: during a pause, somebody else's included, that is the original. Nothing, where
    /// there is none.
    ///
    /// Fails when it cannot be read or is no `config.toml`; the message names the line.
    pub(crate) fn config(&self) -> anyhow::Result<Option<Config>> {
        let name = self.place()?;
        let stamp = self.stamp_of(&name)?;
        let (Some(text), Some(stamp)) = (self.volume.read_text(&name)?, stamp) else {
            return Ok(None);
        };
        let toml = ConfigToml::parse(&text).with_context(|| {
            format!(
                "{}: nothing was unregistered; fix it and run this again",
                self.volume.path(&name).display()
            )
        })?;
        Ok(Some(Config {
            text,
            toml,
            stamp: Some(stamp),
        }))
    }

    /// Whether `config.toml` is another one than `config`: the runner manager has rotated a token, or somebody edited. A paused
    /// file whose original could not be put back is none.
    pub(crate) fn changed_since(&self, config: &Config) -> bool {
        let is_other = |name: &str| {
            self.stamp_of(name)
                .is_ok_and(|now| now.is_some() && now != config.stamp)
        };
        is_other(&self.name) && self.place().is_ok_and(|name| is_other(&name))
    }

    fn stamp_of(&self, name: &str) -> Result<Option<Stamp>, Error> {
        Ok(self.volume.metadata(name)?.map(|metadata| Stamp {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            size: metadata.size(),
        }))
    }

    /// What the helpers remember. Nothing, where no helper ever worked.
    ///
    /// Fails when the state file is there and cannot be understood: nobody knows then what may be deleted.
    pub(crate) fn state(&self) -> anyhow::Result<Option<State>> {
        let text = self.volume.read_text(names::STATE)?;
        let state = text.as_deref().map(State::parse).transpose();
        let state = state.with_context(|| self.volume.directory().display().to_string())?;
        let has_usual = self.volume.metadata(names::CONFIG)?.is_some();
        Ok(state.map(|state| state.of_file(&self.name, has_usual)))
    }

    /// Remembers.
    pub(crate) fn save_state(&self, state: &State) -> anyhow::Result<()> {
        let how = Publication::keeping();
        self.volume
            .publish(names::STATE, state.to_text().as_bytes(), how)?;
        Ok(())
    }

    /// Remembers the pause by hand, or that there is none any more. Of a state that tells of nothing else no file is kept.
    ///
    /// Fails when the volume cannot be written, or the state cannot be understood.
    pub(crate) fn remember_pause(&self, pause: Option<PauseByHand>) -> anyhow::Result<()> {
        let mut state = self.state()?.unwrap_or_default();
        let ends = pause.is_none();
        state.pause = pause;
        if ends && state.tells_nothing() {
            self.volume.remove(names::STATE)?;
            return Ok(());
        }
        self.save_state(&state)
    }

    /// The system ID of the file.
    pub(crate) fn system_id(&self) -> Option<SystemId> {
        let text = self.volume.read_text(names::SYSTEM_ID).ok().flatten()?;
        SystemId::parse(&text)
    }

    /// Publishes another file of the operator's, for good: `config.toml`, or during a pause the original.
    pub(crate) fn publish(&self, text: &str) -> Result<(), Error> {
        self.volume
            .publish(&self.place()?, text.as_bytes(), Publication::keeping())
    }
}

/// The pod that the volume belongs to, if it is another than ours.
pub(crate) fn other_pod<'a>(state: Option<&'a State>, ours: &Pod) -> Option<&'a Pod> {
    let theirs = state?.pod.as_ref()?;
    (theirs.is_same(ours) == Some(false)).then_some(theirs)
}
