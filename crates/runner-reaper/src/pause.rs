//! Owns the steps from polling to not polling: pause, watch until polling is off, put the original back. It unregisters
//! nothing and signals nothing but the reload.

use std::time::Duration;

use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::original::{self, Restored};
use tokio::time::{Instant, sleep};

use crate::drain::{self, Polling, Quiet, STEP, Watch};
use crate::files::{Config, Files};
use crate::runner_manager::{Live, ProcessState, Sample};
use crate::stops::Stops;

/// Looks until the file is loaded: after SIGHUP that takes 2 to 12 ms, without it up to 3 s.
const EAGER: Duration = Duration::from_millis(10);
const PATIENT: Duration = Duration::from_millis(50);

/// gitlab-runner drops a signal that comes between two others.
const REPEAT_RELOAD: Duration = Duration::from_millis(500);

/// How polling stands after the pause.
#[derive(Clone, Debug)]
pub enum End {
    /// It is off, as seen.
    Off(Quiet, Box<Watch>, Instant),
    /// It must be off by now; nothing could be seen.
    Unseen,
    /// The process ended.
    Gone,
    /// It was shutting down before we came.
    WasEnding,
    /// It began to shut down meanwhile.
    Ending,
    /// It goes on: the file cannot be written, or the deadline came first.
    On,
    /// We were told twice to stop.
    Stopped,
}

/// What a pause came to.
#[derive(Debug)]
pub struct Paused {
    /// How polling stands.
    pub end: End,
    /// Whether `config.toml` is the original again.
    pub restored: bool,
}

/// Ends polling, as often as a token rotation begins it anew.
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
        let before = live.sample().await;
        if before.as_ref().is_some_and(is_ending) {
            return Ok(Paused {
                end: End::WasEnding,
                restored: true,
            });
        }
        let paused = original::paused(&config.toml);
        if let Err(error) = files.pause(&paused) {
            log::warn!("config.toml cannot be paused, so polling goes on until the end: {error}");
            // What was begun may have left the original beside the file.
            drop(files.put_back());
            return Ok(Paused {
                end: End::On,
                restored: true,
            });
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
        let restored = match files.put_back() {
            Ok(restored) => Some(restored),
            Err(error) => {
                log::error!("the original of config.toml could not be put back: {error}");
                None
            }
        };
        let rotated = end.is_none() || restored == Some(Restored::Superseded);
        if !rotated || matches!(end, Some(End::Stopped)) || deadline.passed() {
            if restored.is_some() {
                log::info!("config.toml put back as it was");
            }
            let end = end.unwrap_or(End::On);
            return Ok(Paused {
                end,
                restored: restored.is_some(),
            });
        }
        log::info!(
            "the runner manager rewrote config.toml during the pause (token rotation): pausing again"
        );
        match written(files, deadline).await? {
            Some(newer) => config = newer,
            None => {
                return Ok(Paused {
                    end: End::Unseen,
                    restored: true,
                });
            }
        }
    }
}

fn is_ending(sample: &Sample) -> bool {
    sample.state.is_some_and(ProcessState::is_ending)
}

/// The file that the runner manager is writing, once it is whole: it truncates first and fills then.
async fn written(files: &Files, deadline: Deadline) -> anyhow::Result<Option<Config>> {
    let limit = deadline.earlier(Duration::from_secs(1));
    loop {
        let found = files.config();
        let whole = found.as_ref().is_ok_and(|config| {
            config
                .as_ref()
                .is_some_and(|config| config.toml.entry_count() > 0)
        });
        if whole || limit.passed() {
            return found;
        }
        sleep(EAGER).await;
    }
}

struct Watching<'a> {
    files: &'a Files,
    live: &'a Live,
    paused: ConfigToml,
    interval: Duration,
    entries: usize,
    before: Option<Sample>,
}

impl Watching<'_> {
    /// Looks until polling is off. Nothing, if the runner manager rewrote the file.
    async fn until_off(&self, deadline: Deadline) -> Option<End> {
        let began = Instant::now();
        let loaded_before = self.before.as_ref().map(|sample| sample.loaded);
        #[expect(
            clippy::cast_precision_loss,
            reason = "the metrics page shows it as a float too"
        )]
        let concurrent = self.paused.concurrent() as f64;
        let pass = drain::pass(self.interval, self.entries);
        let mut watch = Watch::new(loaded_before, concurrent, pass);
        let mut seen_at = began;
        let mut reload_at = began;
        let mut said = false;
        loop {
            if self.live.is_gone() {
                return Some(End::Gone);
            }
            if !self.files.is_paused() {
                return None;
            }
            let seen = self.live.sample().await;
            if let Some(sample) = &seen {
                seen_at = Instant::now();
                match watch.see(began.elapsed(), sample) {
                    Polling::Off(quiet) => {
                        let jobs = sample.jobs;
                        log::info!(
                            "polling is off after {}, {jobs} jobs running",
                            show(began.elapsed())
                        );
                        return Some(End::Off(quiet, Box::new(watch), began));
                    }
                    Polling::Ending => return Some(End::Ending),
                    Polling::NotLoaded if Instant::now() >= reload_at => {
                        self.live.reload().await;
                        reload_at = Instant::now() + REPEAT_RELOAD;
                    }
                    _ => {}
                }
            } else if seen_at.elapsed() >= drain::blind(self.interval) {
                log::warn!(
                    "polling taken as off after {}; whether it is could not be seen: {}",
                    show(began.elapsed()),
                    self.live.cure()
                );
                return Some(End::Unseen);
            }
            if deadline.passed() {
                let what = if watch.acknowledged() {
                    "a request stays open"
                } else {
                    "config.toml was not loaded"
                };
                log::warn!("polling did not end in time: {what}");
                return Some(End::On);
            }
            if !said && began.elapsed() > Duration::from_secs(1) {
                said = true;
                log::info!(
                    "waiting until polling is off, at most {}",
                    show(deadline.left())
                );
            }
            let pace = match (seen.is_some(), watch.acknowledged()) {
                (true, true) => STEP,
                (true, false) if began.elapsed() < 2 * STEP => EAGER,
                (true, false) => PATIENT,
                (false, _) => 2 * STEP,
            };
            sleep(pace.min(deadline.left())).await;
        }
    }
}
