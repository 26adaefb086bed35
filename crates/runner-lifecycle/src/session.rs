//! Owns the opening of every run that works on a volume: the lock, what killed runs left, and what stands there then. It asks
//! GitLab nothing, and decides nothing about runners.

use crate::deadline::Deadline;
use crate::files::{Config, Files};
use crate::original::Restored;
use crate::rotation;
use crate::state::{PauseByHand, State};
use crate::volume::{Error, Lock, names};

/// What a run opens the volume for. A pause that a killed run left is ended by all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intent {
    /// To write runner entries: where they could not be published, nothing is begun. A pause by hand stays, and that is said.
    Write,
    /// The same by hand, beside a runner manager that may be writing the file just then.
    WriteByHand,
    /// To unregister or to pause: as far as the volume lets it. A pause by hand stays until [`Session::take_over_pause`].
    Drain,
    /// To end a pause, one by hand too, so that a live runner manager loads the file.
    Resume,
}

impl Intent {
    fn writes(self) -> bool {
        matches!(self, Self::Write | Self::WriteByHand)
    }
}

/// A volume that is ours to work on.
#[derive(Debug)]
pub struct Session {
    /// The files around `config.toml`.
    pub files: Files,
    /// The operator's `config.toml`; [`Config::missing`] where there is none.
    pub config: Config,
    /// What the helpers remember; nothing where none ever worked.
    pub state: Option<State>,
    /// What opening did about a pause that it found.
    pub restored: Restored,
    lock: Option<Lock>,
}

impl Session {
    /// What stands there now for a run with this intent, without the lock: nothing is changed.
    ///
    /// # Errors
    /// When a file cannot be read or understood.
    pub async fn look(files: Files, intent: Intent, deadline: Deadline) -> anyhow::Result<Self> {
        let state = files.state()?;
        Ok(Self {
            config: config(&files, state.as_ref(), intent, deadline).await?,
            state,
            files,
            restored: Restored::Nothing,
            lock: None,
        })
    }

    /// Opens the volume; the lock is waited for until the deadline and held as long as the session lives.
    ///
    /// # Errors
    /// When another helper works there all the time, a file cannot be read or understood, or one that writes cannot.
    pub async fn open(files: Files, intent: Intent, deadline: Deadline) -> anyhow::Result<Self> {
        let writes = intent.writes();
        let volume = files.volume();
        let lock = match writes {
            true => Some(volume.lock(deadline).await?),
            false => files.lock(deadline).await?,
        };
        if writes {
            volume.check_writable()?;
            volume.check_replaceable(files.name())?;
        }
        let original = names::original_of(files.name());
        let left = [files.name(), &original, names::STATE, names::SYSTEM_ID];
        match volume.clear_unfinished(&left) {
            Err(error) if writes => return Err(error.into()),
            Err(error) => log::debug!("{error}"),
            Ok(()) => {}
        }
        // Another run may have changed it while the lock was waited for.
        let state = files.state()?;
        let restored = match (intent, files.paused_by_hand(state.as_ref())?) {
            (Intent::Resume, _) => files.resume_when_whole(deadline).await?,
            (Intent::Write | Intent::WriteByHand, Some(PauseByHand { by, at })) => {
                log::warn!(
                    "{} stays paused, as requested by {by} at {at}: no jobs are taken until \"runner-reaper resume\"",
                    files.name()
                );
                Restored::Nothing
            }
            (Intent::Drain, Some(_)) => Restored::Nothing,
            (Intent::Write | Intent::WriteByHand, None) => {
                files.put_back_when_whole(deadline).await?
            }
            // That it cannot be ended is no reason to leave the rest undone.
            (Intent::Drain, None) => {
                let restored = files.put_back_when_whole(deadline).await;
                restored.unwrap_or_else(|error| {
                    log::warn!("{} could not be restored: {error}", files.name());
                    Restored::Nothing
                })
            }
        };
        say(restored, state.as_ref(), &files);
        Ok(Self {
            config: config(&files, state.as_ref(), intent, deadline).await?,
            files,
            state,
            restored,
            lock,
        })
    }

    /// What the helpers remember, or a state in which nothing is remembered yet.
    ///
    /// # Errors
    /// When the volume cannot be searched.
    pub fn state_or_new(&self) -> Result<State, Error> {
        match &self.state {
            Some(state) => Ok(state.clone()),
            None => self.files.view(State::default()),
        }
    }

    /// Finishes a reset of a token that a killed run began; `variable` looks up `$NAME` in the entries.
    ///
    /// # Errors
    /// When a file cannot be read, understood or written.
    pub fn finish_rotation(
        &mut self,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> anyhow::Result<()> {
        let began = |state: &State| state.rotation.is_some();
        if self.state.as_ref().is_some_and(began) {
            rotation::finish(&self.files, variable)?;
            self.state = self.files.state()?;
            self.config = self.files.config()?.map_or_else(Config::missing, Ok)?;
        }
        Ok(())
    }

    /// Goes on from a pause by hand: from here on it is this run's, and whoever comes after a kill puts the original back.
    pub fn take_over_pause(&mut self) {
        let Some(pause) = self.state.as_mut().and_then(|state| state.pause.take()) else {
            return;
        };
        if self.files.is_paused() {
            let PauseByHand { by, at } = pause;
            log::info!(
                "config.toml has been paused since {at} by {by}: continuing from that pause"
            );
        }
        if let Err(error) = self.files.remember_pause(None) {
            log::warn!("the pause by hand could not be removed from the state file: {error:#}");
        }
    }

    /// Ends a pause that was taken over, if it is still on the disk. Says whether nothing is left of it.
    pub async fn end_pause(&self, deadline: Deadline) -> bool {
        match self.files.put_back_when_whole(deadline).await {
            Ok(Restored::Nothing) => true,
            Ok(_) => {
                log::info!("config.toml restored");
                true
            }
            Err(error) => {
                log::error!("config.toml could not be restored: {error}");
                false
            }
        }
    }

    /// Lets others work on the volume, while this run only looks on.
    pub fn unlock(&mut self) {
        self.lock = None;
    }

    /// Works on the volume again, and reads what others have remembered since.
    ///
    /// # Errors
    /// When another helper works there all the time, or the state cannot be understood.
    pub async fn lock(&mut self, deadline: Deadline) -> anyhow::Result<()> {
        self.lock = self.files.lock(deadline).await?;
        self.state = self.files.state()?;
        Ok(())
    }
}

/// The operator's file as a run with this intent reads it: without entries it may be in the midst of a rotation's write, which a
/// throttled pod holds up.
async fn config(
    files: &Files,
    state: Option<&State>,
    intent: Intent,
    deadline: Deadline,
) -> anyhow::Result<Config> {
    let may_be_emptied = match intent {
        // No runner manager is there yet, and a base that is copied over the file at every start has no entries.
        Intent::Write => false,
        // Whoever asks for an entry by hand expects one, whoever wrote it.
        Intent::WriteByHand => true,
        Intent::Drain | Intent::Resume => state.is_some_and(State::knows_a_runner),
    };
    let config = match may_be_emptied {
        true => files.config_when_whole(deadline).await?,
        false => files.config()?,
    };
    Ok(config.map_or_else(Config::missing, Ok)?)
}

/// Says what became of a pause, and whose it was.
fn say(restored: Restored, state: Option<&State>, files: &Files) {
    let pause = state.and_then(|state| state.pause.as_ref());
    let whose = match pause {
        Some(PauseByHand { by, at }) => format!("paused since {at} by {by}"),
        None => "an earlier run was killed during its pause".to_owned(),
    };
    let path = files.path().display();
    match restored {
        Restored::Nothing => {}
        Restored::PutBack => log::info!("{path} restored: {whose}"),
        Restored::Recovered => {
            log::warn!("{path} restored over a file without runner entries: {whose}");
        }
        Restored::Superseded => log::warn!(
            "{path} was rewritten during the pause and is kept; the file from before the pause was removed: {whose}"
        ),
    }
}

#[cfg(test)]
mod tests;
