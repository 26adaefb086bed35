//! Owns the steps from polling to not polling: pause, watch until polling is off, put the original back. It unregisters
//! nothing and signals nothing but the reload.

use std::time::Duration;

use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::original::{self, Restored};
use tokio::time::{Instant, sleep};

use crate::drain::{self, Pass, Polling, Quiet, STEP, Watch};
use crate::files::{Config, Files};
use crate::runner_manager::{Live, Look, ProcessState, Sample, jobs_in_words};
use crate::stops::Stops;

/// Looks until the file is loaded: after SIGHUP that takes 2 to 12 ms, without it up to 3 s.
const EAGER: Duration = Duration::from_millis(10);
const PATIENT: Duration = Duration::from_millis(50);

/// gitlab-runner drops a signal that comes between two others.
const REPEAT_RELOAD: Duration = Duration::from_millis(500);

/// When the log says first what is waited for, and how often after that.
const SAY_AFTER: Duration = Duration::from_secs(1);
const SAY_EVERY: Duration = Duration::from_secs(30);

/// How polling stands after the pause.
#[derive(Clone, Debug)]
pub enum End {
    /// It is off, as seen.
    Off(Quiet, Box<Watch>, Instant),
    /// It must be off by now: nobody was ever there to be looked at, and time has passed.
    Unseen,
    /// The process ended.
    Gone,
    /// It was shutting down before we came.
    WasEnding,
    /// It began to shut down meanwhile.
    Ending,
    /// It goes on, or may: the file cannot be written, or the deadline came first.
    On,
    /// We were told twice to stop.
    Stopped,
}

impl End {
    /// The activity that was seen when polling was off.
    #[must_use]
    pub fn activity(&self) -> Option<f64> {
        match self {
            Self::Off(_, watch, _) => Some(watch.activity()),
            _ => None,
        }
    }

    /// The watch that saw polling off, to look on with, and when it began.
    #[must_use]
    pub fn watch(self) -> Option<(Box<Watch>, Instant)> {
        match self {
            Self::Off(_, watch, began) => Some((watch, began)),
            _ => None,
        }
    }
}

/// What a pause came to.
#[derive(Debug)]
pub struct Paused {
    /// How polling stands.
    pub end: End,
    /// Whether `config.toml` is the original again.
    pub restored: bool,
}

impl Paused {
    /// No pause: polling goes on.
    #[must_use]
    pub fn not_possible() -> Self {
        Self {
            end: End::On,
            restored: true,
        }
    }
}

/// Ends polling, as often as a token rotation begins it anew before the deadline.
///
/// # Errors
/// When `config.toml` cannot be read.
pub async fn end_polling(
    files: &Files,
    live: &Live,
    config: &Config,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<Paused> {
    let mut config = config.clone();
    loop {
        let before = live.look().await;
        if matches!(&before, Look::Seen(sample) if is_ending(sample)) {
            return Ok(Paused {
                end: End::WasEnding,
                restored: true,
            });
        }
        let paused = original::paused(&config.toml);
        if let Err(error) = files.pause(&paused) {
            log::warn!(
                "config.toml could not be paused, so polling continues until the end: {error}"
            );
            // What was begun may have left the original beside the file.
            drop(files.put_back());
            return Ok(Paused::not_possible());
        }
        log::info!("config.toml paused: no runner entries, so that no new job is taken");
        let watching = Watching {
            files,
            live,
            paused: ConfigToml::parse(&paused)?,
            interval: Duration::from_secs(u64::try_from(config.toml.check_interval()).unwrap_or(3)),
            entries: config.toml.entry_count(),
            before,
        };
        let end = tokio::select! {
            biased;
            end = watching.until_off(deadline) => end,
            () = stops.reached(2) => Some(End::Stopped),
        };
        let restored = match files.put_back_when_whole(deadline).await {
            Ok(restored) => Some(restored),
            Err(error) => {
                log::error!("config.toml could not be restored: {error}");
                None
            }
        };
        match restored {
            Some(Restored::Superseded | Restored::Nothing) => {
                log::info!(
                    "the runner manager rewrote config.toml during the pause (token rotation)"
                );
            }
            Some(Restored::Recovered) => {
                log::warn!(
                    "config.toml restored: it had lost its runner entries during the pause; a write was cut off, and a new token may be lost with it"
                );
            }
            Some(Restored::PutBack) => log::info!("config.toml restored"),
            None => {}
        }
        let rotated = end.is_none() || !matches!(restored, None | Some(Restored::PutBack));
        let end = end.unwrap_or(End::On);
        if !rotated || matches!(end, End::Stopped | End::Gone) || deadline.passed() {
            return Ok(Paused {
                end,
                restored: restored.is_some(),
            });
        }
        match files.config()? {
            Some(newer) => config = newer,
            // Somebody removed it; the runner manager goes on with what it has.
            None => {
                return Ok(Paused::not_possible());
            }
        }
        log::info!("pausing again");
    }
}

fn is_ending(sample: &Sample) -> bool {
    sample.state.is_some_and(ProcessState::is_ending)
}

struct Watching<'a> {
    files: &'a Files,
    live: &'a Live,
    paused: ConfigToml,
    interval: Duration,
    entries: usize,
    before: Look<Sample>,
}

impl Watching<'_> {
    /// Looks until polling is off. Nothing, if the runner manager rewrote the file.
    async fn until_off(&self, deadline: Deadline) -> Option<End> {
        let began = Instant::now();
        let loaded_before = match &self.before {
            Look::Seen(sample) => Some(sample.loaded),
            Look::Silent | Look::Nobody => None,
        };
        #[expect(
            clippy::cast_precision_loss,
            reason = "the metrics page shows it as a float too"
        )]
        let concurrent = self.paused.concurrent() as f64;
        let pass = Pass::over(self.entries, self.interval);
        let by_then = drain::blind(self.interval);
        let mut watch = Watch::new(loaded_before, concurrent, pass);
        let mut reload_at = began;
        let mut say_at = began + SAY_AFTER;
        loop {
            // Others on the same file show nothing: they are given the time in which they must have loaded it.
            let others = self.live.has_others() && began.elapsed() < by_then;
            if self.live.is_gone() && !others {
                return Some(End::Gone);
            }
            if !self.files.is_paused() {
                return None;
            }
            let look = self.live.look().await;
            let seen = matches!(look, Look::Seen(_));
            let asked = matches!(&look, Look::Seen(sample) if sample.requests > 0.0);
            match look {
                Look::Seen(sample) => match watch.see(began.elapsed(), &sample) {
                    Polling::Off(quiet) if !others => {
                        let jobs = jobs_in_words(sample.job_count());
                        let held = match quiet.held {
                            true => {
                                ", and jobs may be requested for one entry again when a job ends"
                            }
                            false => "",
                        };
                        log::info!(
                            "polling stopped after {}, {jobs} running{held}",
                            show(began.elapsed())
                        );
                        return Some(End::Off(quiet, Box::new(watch), began));
                    }
                    Polling::Ending if watch.was_ending() => {
                        log::info!(
                            "the runner manager is shutting down and no longer loads config.toml"
                        );
                        return Some(End::WasEnding);
                    }
                    Polling::Ending => return Some(End::Ending),
                    Polling::NotLoaded if Instant::now() >= reload_at => {
                        self.live.reload(&sample);
                        reload_at = Instant::now() + REPEAT_RELOAD;
                    }
                    _ => {}
                },
                Look::Nobody if !self.live.was_there() && began.elapsed() >= by_then => {
                    log::warn!(
                        "assuming polling has stopped after {}: {}",
                        show(began.elapsed()),
                        self.live.advice()
                    );
                    return Some(End::Unseen);
                }
                Look::Nobody if self.live.was_there() && self.live.process().is_none() => {
                    return Some(End::Gone);
                }
                Look::Silent | Look::Nobody => {}
            }
            if deadline.passed() {
                let advice = self.live.advice();
                let what = match (seen, watch.acknowledged()) {
                    (false, _) => advice.as_str(),
                    (true, true) if asked => {
                        "a request is still open; GitLab may hold it while there is no job, and then it does not bring the runner manager back"
                    }
                    (true, true) => "jobs may still be requested for one entry after the other",
                    (true, false) => "config.toml was not loaded",
                };
                log::warn!("polling did not stop in time: {what}");
                return Some(End::On);
            }
            if Instant::now() >= say_at {
                say_at = Instant::now() + SAY_EVERY;
                self.say(seen, deadline);
            }
            let pace = match (seen, watch.acknowledged()) {
                (true, true) => STEP,
                (true, false) if began.elapsed() < 2 * STEP => EAGER,
                (true, false) => PATIENT,
                (false, _) => 2 * STEP,
            };
            sleep(pace.min(deadline.left())).await;
        }
    }

    fn say(&self, seen: bool, deadline: Deadline) {
        let left = show(deadline.left());
        if seen {
            log::info!("waiting for polling to stop, at most {left}");
        } else {
            let advice = self.live.advice();
            log::warn!("polling cannot be observed, waiting at most {left}: {advice}");
        }
    }
}
