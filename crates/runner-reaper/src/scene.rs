//! Owns the opening of every run that works on the volume: whose it is, the lock, and the end of a pause that a killed
//! hook left. A pause by hand is left alone, until the run says that it goes on from it.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original::Restored;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::rotation;
use runner_lifecycle::state::{PauseByHand, State};
use runner_lifecycle::volume::{Lock, names};

use crate::args::by_hand::Verb;
use crate::args::{Command, Options};
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
        let other = state
            .as_ref()
            .and_then(|state| state.other_pod(&options.pod));
        if let Some(theirs) = other.filter(|_| !anywhere) {
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
            match rotation::finish(&files, &variable) {
                Ok(_) => state = files.state()?,
                Err(error) => log::warn!(
                    "the token that an earlier run received could not be written: {error:#}"
                ),
            }
        }
        let known = state.as_ref().is_some_and(State::knows_a_runner);
        let config = match known {
            // Without entries it may be in the midst of a rotation's write, which a throttled pod holds up.
            true => files.config_when_whole(deadline).await?,
            false => files.config()?,
        };
        let config = match config {
            Some(config) => config,
            // What is remembered counts without the file too.
            None if known => Config::missing()?,
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

#[cfg(test)]
mod tests {
    use std::fs;

    use runner_lifecycle::environment::Environment;

    use super::*;

    const STATE: &str = "version = 2\n\n[[entry]]\nurl = \"https://gitlab.example\"\nid = 7\nname = \"build\"\nsource = \"authentication-token\"\n";
    const WHOLE: &str = "[[runners]]\n  url = \"https://gitlab.example\"\n  token = \"glrt-new\"\n  executor = \"shell\"\n";

    /// How many entries are read from a file that the runner manager has emptied, and fills once it was looked at.
    async fn entries_read(state: &str) -> usize {
        let directory = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            #[expect(clippy::disallowed_methods, reason = "somebody else's files")]
            fs::write(directory.path().join(name), text).unwrap();
        };
        put(names::STATE, state);
        put("config.toml", "");
        let path = directory.path().join("config.toml");
        let argv = ["--config".into(), path.into_os_string()];
        let environment = Environment::of::<&str, &str>([]);
        let line = crate::args::command_line(argv, &environment);
        let options = crate::args::parse(line, &environment).unwrap();
        let deadline = Deadline::after(std::time::Duration::from_secs(60));
        let (opened, ()) = tokio::join!(Scene::open(&options, deadline), async {
            put("config.toml", WHOLE);
        });
        match opened.unwrap() {
            Opened::Scene(scene) => scene.config.toml.entry_count(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn file_that_is_emptied_and_not_filled_yet_is_read_when_it_is() {
        assert_eq!(entries_read(STATE).await, 1);
        // Where no runner is known, one without entries is whole.
        assert_eq!(entries_read("version = 2\n").await, 0);
    }
}
