//! Owns the looks at a runner manager after a pause, until nothing is polled any more.

use std::time::Duration;

use runner_config::config_toml::ConfigToml;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original;
use tokio::time::{Instant, sleep};

use super::End;
use crate::drain::{self, Pass, Polling, STEP, Watch};
use crate::runner_manager::{Live, Look, Sample, jobs_in_words};

/// Looks until the file is loaded: after SIGHUP that takes 2 to 12 ms, without it up to 3 s.
const EAGER: Duration = Duration::from_millis(10);
const PATIENT: Duration = Duration::from_millis(50);

/// gitlab-runner drops a signal that comes between two others.
pub(crate) const REPEAT_RELOAD: Duration = Duration::from_millis(500);

/// When the log says first what is waited for, and how often after that.
const SAY_AFTER: Duration = Duration::from_secs(1);
const SAY_EVERY: Duration = Duration::from_secs(30);

/// A paused file, and the looks at the runner manager that is to load it.
#[derive(Debug)]
pub(crate) struct Watching<'a> {
    files: &'a Files,
    live: &'a Live,
    /// The paused file.
    text: String,
    /// Its `concurrent`, as the metrics page shows it.
    concurrent: f64,
    interval: Duration,
    entries: usize,
    /// `configuration_loaded_total` before the pause; nothing if it could not be seen, or if the file may be loaded already.
    loaded_before: Option<f64>,
    /// `configuration_loading_error_total` before the pause.
    errors_before: Option<f64>,
    /// Whether polling counts as on as long as an entry may be polled when a job ends.
    lasting: bool,
}

impl<'a> Watching<'a> {
    /// For the paused form of this configuration; `before` is the look at the runner manager before it is published.
    pub(crate) fn of(
        files: &'a Files,
        live: &'a Live,
        config: &Config,
        before: &Look<Sample>,
    ) -> anyhow::Result<Self> {
        let text = original::paused(&config.toml);
        Ok(Self {
            files,
            live,
            concurrent: shown(&ConfigToml::parse(&text)?),
            text,
            interval: Duration::from_secs(u64::try_from(config.toml.check_interval()).unwrap_or(3)),
            entries: config.toml.entry_count(),
            loaded_before: before.as_seen().map(|sample| sample.loaded),
            errors_before: before.as_seen().map(|sample| sample.load_errors),
            lasting: false,
        })
    }

    /// The same for a pause that is published and outlasts the jobs: an entry that is polled when one of them ends may bring
    /// another. Somebody may have edited the original since.
    pub(crate) fn lasting(self) -> Self {
        let there = self.files.volume().read_text(self.files.name());
        let there = there.ok().flatten();
        let there = there.and_then(|text| ConfigToml::parse(&text).ok());
        Self {
            concurrent: there.map_or(self.concurrent, |there| shown(&there)),
            lasting: true,
            ..self
        }
    }

    /// The paused file.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Looks until polling is off. Nothing, if somebody rewrote the file.
    pub(crate) async fn until_off(&self, deadline: Deadline) -> Option<End> {
        let began = Instant::now();
        let pass = Pass::over(self.entries, self.interval);
        let by_then = drain::blind(self.interval);
        let mut watch = Watch::new(self.loaded_before, self.concurrent, pass);
        let mut held = false;
        let mut errors = self.errors_before;
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
            let failed = look.as_seen().is_some_and(|sample| {
                sample.load_errors > *errors.get_or_insert(sample.load_errors)
            });
            match look {
                Look::Seen(sample) => match watch.see(began.elapsed(), &sample) {
                    Polling::Off(quiet) if self.lasting && quiet.held => held = true,
                    Polling::Off(quiet) if !others => {
                        let jobs = jobs_in_words(sample.job_count());
                        let held = match quiet.held {
                            true => ", and one entry may be polled once more when a job ends",
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
                        held = false;
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
                    (true, true) if held => {
                        "every worker is busy, and a job may be requested for one entry when a worker becomes free; to prevent this, give each entry a limit, in total not above concurrent"
                    }
                    (true, true) if asked => {
                        "a job request is still open; GitLab may hold it while there is no job, and it does not bring the runner manager back"
                    }
                    (true, true) => "jobs may still be requested, for one entry after another",
                    (true, false) if failed => {
                        "the runner manager cannot load config.toml: see its log for the reason"
                    }
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

/// `concurrent` as the metrics page shows it.
#[expect(
    clippy::cast_precision_loss,
    reason = "the metrics page shows a float too"
)]
fn shown(config: &ConfigToml) -> f64 {
    config.concurrent() as f64
}
