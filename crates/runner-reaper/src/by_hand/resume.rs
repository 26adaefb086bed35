//! Owns the story of `resume`: the operator's file is restored, and the runner manager is seen to load it.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::original::Restored;
use runner_lifecycle::session::Session;
use runner_lifecycle::state::PauseByHand;
use tokio::time::{Instant, sleep};

use super::outcome::{Outcome, PollingState};
use super::{open, refuse_without_original};
use crate::args::Options;
use crate::args::by_hand::ByHand;
use crate::drain::{self, STEP};
use crate::pause::REPEAT_RELOAD;
use crate::runner_manager::{self, Live, Look, ProcessState};
use crate::stops::Stops;

mod loaded;

use loaded::{Hindrance, Loaded};

/// How the waiting ended.
#[derive(Clone, Copy)]
enum ResumeEnd {
    /// The file is loaded.
    Loaded,
    /// There is no entry whose loading would show.
    NoEntries,
    /// Nobody works on the file.
    Nobody,
    /// It shuts down, and loads nothing any more.
    Ending,
    /// The time in which it loads the file by itself has passed, and nothing was seen of it.
    Unseen,
    /// It was not seen to be loaded, and nothing moves: every worker is busy, or the runner manager shuts down.
    Quiet,
    /// It was not loaded in time: why.
    NotLoaded(Hindrance),
    /// We were told to stop.
    Stopped,
}

/// Runs it.
pub(super) async fn run(
    options: &Options,
    asked: &ByHand,
    stops: &Stops,
) -> anyhow::Result<Outcome> {
    let deadline = Deadline::after(asked.timeout);
    // Opening has put the original back.
    let mut session = open(options, deadline, stops).await?;
    let path = options.config.display().to_string();
    refuse_without_original(&session.files)?;
    let pause = session.state.as_ref().and_then(|state| state.pause.clone());
    let changed = matches!(session.restored, Restored::PutBack | Restored::Recovered);
    if pause.is_some() {
        // Last of all: a kill before this leaves a word about a pause that is over, and no more.
        session.files.remember_pause(None)?;
    }
    if let (Some(PauseByHand { by, at }), Restored::Nothing) = (&pause, session.restored) {
        log::info!("{path} was recorded as paused, but it was not: paused since {at} by {by}");
    }
    session.unlock();
    if session.restored == Restored::Nothing && pause.is_none() {
        return Ok(Outcome {
            exit: Exit::Done,
            changed,
            paused: false,
            pause,
            polling: None,
            jobs: None,
            words: format!("{path} is not paused: nothing was changed"),
        }
        .said());
    }
    let live =
        runner_manager::find_nameless_too(options, &session.files, &session.config, deadline).await;
    let waited = tokio::select! {
        biased;
        waited = until_loaded(&session, live.as_ref(), deadline) => waited,
        () = stops.reached(1) => ResumeEnd::Stopped,
    };
    let outcome = Outcome {
        changed,
        pause,
        ..waited.told(&path, live.as_ref())
    };
    Ok(outcome.said())
}

/// Looks until the runner manager has loaded its entries, and makes it load them where it takes the signal.
async fn until_loaded(session: &Session, live: Option<&Live>, deadline: Deadline) -> ResumeEnd {
    let Some(live) = live else {
        return ResumeEnd::Nobody;
    };
    let began = Instant::now();
    let mut reload_at = began;
    let mut errors = None;
    let mut loaded = Loaded::default();
    loop {
        // Of others on the same file nothing is seen: they are given the time in which they must have loaded it.
        let by_itself = began.elapsed() >= drain::LOADED_BY_ITSELF;
        if live.is_gone() && !live.has_others() {
            return ResumeEnd::Nobody;
        }
        let look = live.look().await;
        let hindrance = Hindrance::of(look.as_seen(), &mut errors);
        match look {
            Look::Seen(sample) if sample.state.is_some_and(ProcessState::is_ending) => {
                return ResumeEnd::Ending;
            }
            Look::Seen(sample) => match loaded.see(began.elapsed(), &sample) {
                Some(true) if by_itself || !live.has_others() => return ResumeEnd::Loaded,
                Some(true) => {}
                Some(false) if !matches!(hindrance, Hindrance::Error) => return ResumeEnd::Quiet,
                _ if Instant::now() >= reload_at => {
                    live.reload(&sample);
                    reload_at = Instant::now() + REPEAT_RELOAD;
                }
                _ => {}
            },
            Look::Nobody if by_itself && !live.was_there() => return ResumeEnd::Unseen,
            _ => {}
        }
        if session.config.toml.entry_count() == 0 && by_itself {
            return ResumeEnd::NoEntries;
        }
        if deadline.passed() {
            return ResumeEnd::NotLoaded(hindrance);
        }
        sleep(STEP.min(deadline.left())).await;
    }
}

impl ResumeEnd {
    /// What is true of the file at this path then.
    fn told(self, path: &str, live: Option<&Live>) -> Outcome {
        let advice = || live.map(Live::advice).unwrap_or_default();
        let (exit, polling, words) = match self {
            Self::Loaded => (
                Exit::Done,
                PollingState::On,
                "resumed: the runner manager takes jobs again".to_owned(),
            ),
            Self::NoEntries => (
                Exit::Done,
                PollingState::Off,
                format!("resumed, but {path} contains no runner entries, so no job is taken"),
            ),
            Self::Nobody => (
                Exit::Done,
                PollingState::NoRunnerManager,
                format!("resumed: no runner manager uses {path}, and one that starts takes jobs"),
            ),
            Self::Ending => (
                Exit::Done,
                PollingState::Off,
                "resumed, but the runner manager is shutting down: one that starts takes jobs"
                    .to_owned(),
            ),
            Self::Unseen => (
                Exit::Done,
                PollingState::Unknown,
                format!(
                    "resumed: the runner manager should have loaded {path} by now, but this could not be observed: {}",
                    advice()
                ),
            ),
            Self::Quiet => (
                Exit::Done,
                PollingState::Unknown,
                format!(
                    "resumed, but the runner manager was not seen to load {path}: all its workers are busy, or it is shutting down"
                ),
            ),
            Self::NotLoaded(why) => (
                Exit::JobsRunning,
                match why {
                    Hindrance::Silent => PollingState::Unknown,
                    _ => PollingState::Off,
                },
                format!(
                    "{path} was restored, but the runner manager did not load it in time: {}",
                    match why {
                        Hindrance::Silent => advice(),
                        Hindrance::Error => "see its log for the reason".to_owned(),
                        Hindrance::Busy =>
                            "it runs more jobs than concurrent now allows, and loads the file when one of them ends"
                                .to_owned(),
                        Hindrance::Unknown => "look at its log".to_owned(),
                    }
                ),
            ),
            Self::Stopped => (
                Exit::JobsRunning,
                PollingState::Unknown,
                format!(
                    "stopped by a signal: {path} was restored, and a running runner manager loads it within 3 s"
                ),
            ),
        };
        Outcome {
            exit,
            changed: false,
            paused: false,
            pause: None,
            polling: Some(polling),
            jobs: None,
            words,
        }
    }
}
