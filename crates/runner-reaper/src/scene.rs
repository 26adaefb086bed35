//! Owns the opening of every run that works on the volume: whose it is, the lock, and the end of a pause that a killed
//! hook left. A pause by hand is left alone, until the run says that it goes on from it.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::original::Restored;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::rotation;
use runner_lifecycle::state::{PauseByHand, State};
use runner_lifecycle::volume::{Lock, names};

use crate::args::by_hand::Verb;
use crate::args::{Command, Options};
use crate::files::{Config, Files, other_pod};
use crate::stops::Stops;

/// A volume that is ours to work on.
#[derive(Debug)]
pub(crate) struct Scene {
    /// The files around `config.toml`.
    pub files: Files,
    /// The operator's `config.toml`; [`Config::missing`] where only the state file tells of runners.
    pub config: Config,
    /// What the helpers remember.
    pub state: Option<State>,
    /// What opening did about a pause that it found.
    pub restored: Restored,
    lock: Option<Lock>,
}

/// What opening came to.
#[derive(Debug)]
pub(crate) enum Opened {
    /// There is something to work on.
    Scene(Box<Scene>),
    /// The volume belongs to this pod, which is not ours.
    OtherPod(Pod),
    /// There is no `config.toml`, and nothing is known without one.
    Nothing,
}

impl Scene {
    /// [`Scene::open`], given up at the first stop signal: another run may hold the lock for as long as a job takes.
    pub(crate) async fn open_unless_stopped(
        options: &Options,
        deadline: Deadline,
        stops: &Stops,
    ) -> anyhow::Result<Opened> {
        tokio::select! {
            biased;
            opened = Self::open(options, deadline) => opened,
            () = stops.reached(1) => {
                let words = "stopped by a signal while another runner-reaper or runner-init was using this volume";
                Err(Failure::unreachable(words).into())
            }
        }
    }

    /// Opens the volume; the lock is waited for until the deadline and held as long as the scene lives.
    ///
    /// Fails when another helper works there all the time, or a file cannot be read or understood.
    pub(crate) async fn open(options: &Options, deadline: Deadline) -> anyhow::Result<Opened> {
        let files = Files::of(&options.config)?;
        let anywhere = match &options.command {
            Command::Unregister(selection) => selection.other_pod,
            Command::ByHand(asked) => asked.other_pod,
            _ => false,
        };
        // Asked before anything is touched: the lock file is the other pod's too.
        let state = files.state()?;
        if let Some(theirs) = other_pod(state.as_ref(), &options.pod).filter(|_| !anywhere) {
            return Ok(Opened::OtherPod(theirs.clone()));
        }
        if !files.volume().directory().is_dir() {
            return Ok(Opened::Nothing);
        }
        let lock = files.lock(deadline).await?;
        let original = names::original_of(files.name());
        let left = [files.name(), &original, names::STATE];
        if let Err(error) = files.volume().clear_unfinished(&left) {
            log::debug!("{error}");
        }
        // Another run may have changed it while the lock was waited for.
        let mut state = files.state()?;
        let restored = match &options.command {
            Command::ByHand(asked) if asked.verb == Verb::Resume => {
                files.resume_when_whole(deadline).await?
            }
            _ if files.paused_by_hand(state.as_ref())?.is_some() => Restored::Nothing,
            _ => put_back(&files, deadline).await,
        };
        if state.as_ref().is_some_and(|state| state.rotation.is_some()) {
            let variable = |name: &str| options.environment.get(name).map(str::to_owned);
            match rotation::finish(files.volume(), files.name(), &variable) {
                Ok(_) => state = files.state()?,
                Err(error) => log::warn!(
                    "the token that an earlier run received could not be written: {error:#}"
                ),
            }
        }
        let config = match files.config()? {
            Some(config) => config,
            // What is remembered counts without the file too.
            None if state.as_ref().is_some_and(State::knows_a_runner) => Config::missing()?,
            None => return Ok(Opened::Nothing),
        };
        Ok(Opened::Scene(Box::new(Self {
            files,
            config,
            state,
            restored,
            lock,
        })))
    }

    /// Goes on from a pause by hand: from here on it is this run's, and whoever comes after a kill puts the original back.
    pub(crate) fn take_over_pause(&mut self) {
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
    pub(crate) async fn end_pause(&self, deadline: Deadline) -> bool {
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
    pub(crate) fn unlock(&mut self) {
        self.lock = None;
    }

    /// Works on the volume again, and reads what others have written since.
    ///
    /// Fails when another helper works there all the time, or the state cannot be understood.
    pub(crate) async fn lock(&mut self, deadline: Deadline) -> anyhow::Result<()> {
        self.lock = self.files.lock(deadline).await?;
        self.state = self.files.state()?;
        Ok(())
    }
}

/// Ends a pause that a killed hook left, and says so. That it cannot be ended is no reason to leave the rest undone.
async fn put_back(files: &Files, deadline: Deadline) -> Restored {
    let restored = files.put_back_when_whole(deadline).await;
    match &restored {
        Ok(Restored::Nothing) => {}
        Ok(Restored::PutBack) => {
            log::info!("config.toml restored: an earlier run was killed during its pause");
        }
        Ok(Restored::Superseded) => {
            log::info!(
                "config.toml.original removed: the runner manager has since rewritten config.toml"
            );
        }
        Ok(Restored::Recovered) => {
            log::warn!(
                "config.toml restored over a file without runner entries: an earlier run was killed during its pause"
            );
        }
        Err(error) => log::warn!("config.toml could not be restored: {error}"),
    }
    restored.unwrap_or(Restored::Nothing)
}
