//! Owns the opening of every run that works on the volume: whose it is, the lock, and the end of a pause that a killed
//! hook left.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::original::Restored;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::rotation;
use runner_lifecycle::state::State;
use runner_lifecycle::volume::Lock;

use crate::args::{Command, Options};
use crate::files::{Config, Files, other_pod};
use crate::stops::Stops;

/// A volume that is ours to work on.
#[derive(Debug)]
pub struct Scene {
    /// The files around `config.toml`.
    pub files: Files,
    /// The operator's `config.toml`; [`Config::missing`] where only the state file tells of runners.
    pub config: Config,
    /// What the helpers remember.
    pub state: Option<State>,
    _lock: Option<Lock>,
}

/// What opening came to.
#[derive(Debug)]
pub enum Opened {
    /// There is something to work on.
    Scene(Box<Scene>),
    /// The volume belongs to this pod, which is not ours.
    OtherPod(Pod),
    /// There is no `config.toml`, and nothing is known without one.
    Nothing,
}

impl Scene {
    /// [`Scene::open`], given up at the first stop signal: another run may hold the lock for as long as a job takes.
    ///
    /// # Errors
    /// As [`Scene::open`], and when told to stop.
    pub async fn open_unless_stopped(
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
    /// # Errors
    /// When another helper works there all the time, or a file cannot be read or understood.
    pub async fn open(options: &Options, deadline: Deadline) -> anyhow::Result<Opened> {
        let files = Files::of(&options.config)?;
        let anywhere =
            matches!(&options.command, Command::Unregister(selection) if selection.other_pod);
        // Asked before anything is touched: the lock file is the other pod's too.
        let state = files.state()?;
        if let Some(theirs) = other_pod(state.as_ref(), &options.pod).filter(|_| !anywhere) {
            return Ok(Opened::OtherPod(theirs.clone()));
        }
        if !files.volume().directory().is_dir() {
            return Ok(Opened::Nothing);
        }
        let lock = files.lock(deadline).await?;
        match files.put_back_when_whole(deadline).await {
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
        // Another run may have changed both while the lock was waited for.
        let mut state = files.state()?;
        if state.as_ref().is_some_and(|state| state.rotation.is_some()) {
            let variable = |name: &str| options.environment.get(name).map(str::to_owned);
            match rotation::finish(files.volume(), files.name(), &variable) {
                Ok(_) => state = files.state()?,
                Err(error) => log::warn!("an earlier run reset a token: {error:#}"),
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
            _lock: lock,
        })))
    }
}
