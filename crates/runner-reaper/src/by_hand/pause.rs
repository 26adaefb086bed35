//! Owns the story of `pause`: no entry is left to poll, and it stays so. Jobs are listed and not waited for.

use std::time::Duration;

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::Config;
use runner_lifecycle::original::{self, Restored};
use runner_lifecycle::session::Session;
use runner_lifecycle::state::PauseByHand;

use super::outcome::{Outcome, PollingState};
use super::{
    is_locked, jobs_of, missing, open, refuse_unloadable_paused, refuse_without_original, who,
};
use crate::args::Options;
use crate::args::by_hand::ByHand;
use crate::pause::{self, End, Watching};
use crate::rotation;
use crate::runner_manager::{self, Live, Look, Sample};
use crate::stops::Stops;

/// Others than a hook have a volume for so long.
const LOCK: Duration = Duration::from_secs(3);

/// How the waiting ended.
enum PauseEnd {
    /// There was nobody to wait for.
    Alone,
    /// In this way.
    End(End),
    /// Somebody rewrote the file each time until the deadline.
    Rewritten,
    /// Another run ended the pause.
    Ended,
}

/// Runs it.
pub(super) async fn run(
    options: &Options,
    asked: &ByHand,
    stops: &Stops,
) -> anyhow::Result<Outcome> {
    let deadline = Deadline::after(asked.timeout);
    let mut session = open(options, deadline, stops).await?;
    refuse_without_original(&session.files)?;
    let whole = session.files.config_when_whole(deadline).await?;
    session.config = whole.ok_or_else(|| missing(options))?;
    let live =
        runner_manager::find_nameless_too(options, &session.files, &session.config, deadline).await;
    let already = session.files.paused_by_hand(session.state.as_ref())?;
    let changed = already.is_none();
    let (pause, config, before) = match already {
        Some(pause) => {
            let PauseByHand { by, at } = &pause;
            log::info!("config.toml has been paused since {at} by {by}: nothing was changed");
            (pause, session.config.clone(), Look::Nobody)
        }
        None => begin(options, &mut session, live.as_ref(), deadline, stops).await?,
    };
    session.unlock();
    let waited = match &live {
        None => PauseEnd::Alone,
        Some(live) => {
            let wait = PauseWait {
                live,
                config,
                before,
            };
            wait.until_off(&mut session, &pause, deadline, stops)
                .await?
        }
    };
    let (words, jobs) = jobs_of(live.as_ref()).await;
    let ended = waited.told(&options.config.display().to_string(), &words);
    let outcome = Outcome {
        changed,
        pause: Some(pause),
        jobs,
        ..ended
    };
    Ok(outcome.said())
}

/// Notes the pause and publishes the paused file. Says of which file it is the paused form.
async fn begin(
    options: &Options,
    session: &mut Session,
    live: Option<&Live>,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<(PauseByHand, Config, Look<Sample>)> {
    let pause = PauseByHand {
        by: who::asks(&options.environment),
        at: who::now(),
    };
    let (config, before) = match live {
        Some(live) => (
            rotation::waited_for(session, live, options, deadline, stops).await?,
            live.look().await,
        ),
        None => (session.config.clone(), Look::Nobody),
    };
    let files = &session.files;
    let refused = || format!("{} was not paused", files.path().display());
    let replaceable = files.volume().check_replaceable(files.name());
    replaceable.with_context(refused)?;
    let paused = original::paused(&config.toml);
    refuse_unloadable_paused(files.path(), &config, &paused).with_context(refused)?;
    // First of all: a kill from here on leaves nothing that nobody can explain.
    let noted = files.remember_pause(Some(pause.clone()));
    noted.with_context(refused)?;
    let published = pause::publish(files, &paused);
    if published.is_err() {
        // What was begun may have left the original beside the file.
        drop(files.put_back());
        drop(files.remember_pause(None));
    }
    published.with_context(refused)?;
    Ok((pause, config, before))
}

struct PauseWait<'a> {
    live: &'a Live,
    /// The file whose paused form is published.
    config: Config,
    /// The runner manager before that.
    before: Look<Sample>,
}

impl PauseWait<'_> {
    /// Waits until polling is off, and pauses again as often as the runner manager writes a new token over the paused file.
    async fn until_off(
        mut self,
        session: &mut Session,
        pause: &PauseByHand,
        deadline: Deadline,
        stops: &Stops,
    ) -> anyhow::Result<PauseEnd> {
        let mut pauses = 0;
        loop {
            let watching = Watching::of(&session.files, self.live, &self.config, &self.before)?;
            let watching = watching.lasting();
            let end = tokio::select! {
                biased;
                end = watching.until_off(deadline) => end,
                () = stops.reached(1) => Some(End::Stopped),
            };
            if let Some(end) = end {
                return Ok(PauseEnd::End(end));
            }
            pauses += 1;
            pause::rest(pauses, deadline, stops).await;
            match session.lock(Deadline::after(LOCK)).await {
                // A hook works on the volume as long as its pod lives.
                Err(error) if is_locked(&error) => return Ok(PauseEnd::Ended),
                locked => locked?,
            }
            let now = session
                .state
                .as_ref()
                .and_then(|state| state.pause.as_ref());
            if now != Some(pause) {
                return Ok(PauseEnd::Ended);
            }
            let restored = session.files.put_back_when_whole(deadline).await?;
            if deadline.passed() {
                session.files.remember_pause(None)?;
                return Ok(PauseEnd::Rewritten);
            }
            let what = match restored {
                Restored::Recovered => "lost its runner entries and was restored",
                _ => "was rewritten during the pause (token rotation)",
            };
            log::info!("config.toml {what}: pausing again");
            self.before = self.live.look().await;
            self.config = session.files.config()?.unwrap_or(self.config);
            pause::publish(&session.files, &original::paused(&self.config.toml))?;
            session.unlock();
        }
    }
}

impl PauseEnd {
    /// What is true of the file at this path then, beside the jobs in these words.
    fn told(&self, path: &str, jobs: &str) -> Outcome {
        let until = "until \"runner-reaper resume\"";
        let (exit, polling, words) = match self {
            Self::Alone => (
                Exit::Done,
                PollingState::NoRunnerManager,
                format!("no runner manager uses {path}: one that starts takes no jobs {until}"),
            ),
            Self::End(End::Off(..)) => (
                Exit::Done,
                PollingState::Off,
                format!("polling is off {until}, {jobs}"),
            ),
            Self::End(End::Unseen) => (
                Exit::Done,
                PollingState::Unknown,
                format!("{path} is paused {until}, {jobs}"),
            ),
            Self::End(End::Gone) => (
                Exit::Done,
                PollingState::NoRunnerManager,
                format!("the runner manager ended: one that starts takes no jobs {until}"),
            ),
            Self::End(End::WasEnding | End::Ending) => (
                Exit::Done,
                PollingState::Off,
                format!(
                    "the runner manager is shutting down, {jobs}; one that starts takes no jobs {until}"
                ),
            ),
            Self::End(End::On) => (
                Exit::JobsRunning,
                PollingState::On,
                format!(
                    "{path} stays paused {until}, but polling did not stop in time, {jobs}; run \"runner-reaper pause\" again to keep waiting"
                ),
            ),
            Self::End(End::Stopped) => (
                Exit::JobsRunning,
                PollingState::Unknown,
                format!(
                    "stopped by a signal: {path} stays paused {until}; run \"runner-reaper pause\" again to wait until polling is off"
                ),
            ),
            Self::Rewritten => (
                Exit::Unusable,
                PollingState::On,
                format!(
                    "{path} could not be paused: another program rewrote it each time; run \"runner-reaper pause\" again"
                ),
            ),
            Self::Ended => (
                Exit::Unusable,
                PollingState::Unknown,
                format!(
                    "another runner-reaper has ended the pause of {path}; to pause it again, run \"runner-reaper pause\""
                ),
            ),
        };
        Outcome {
            exit,
            changed: false,
            paused: !matches!(self, Self::Rewritten | Self::Ended),
            pause: None,
            polling: Some(polling),
            jobs: None,
            words,
        }
    }
}
