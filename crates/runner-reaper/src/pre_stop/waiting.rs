//! Owns the waiting for jobs: until none runs, or the deadline, or a sign that there is less time than told.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::source::Ownership;
use tokio::time::{Instant, sleep};

use super::leaving::Leaving;
use crate::drain::{self, Polling, STEP, Watch};
use crate::entries::Departure;
use crate::files::{Config, Files};
use crate::runner_manager::{Live, ProcessState};
use crate::stops::Stops;
use crate::words;

/// How often the log says what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Looks in a row without a job. Between the end of a request and the start of its job both gauges are at zero.
const IDLE_LOOKS: u32 = 3;

/// What is known of the jobs that run.
#[derive(Clone, Debug, Default)]
pub(super) struct Jobs {
    /// Their addresses: of this moment, or the last that were seen.
    pub(super) list: Vec<String>,
    /// Whether the list is of this moment. A list that cannot be read is not an empty one.
    pub(super) seen: bool,
}

/// Why the waiting ended, with the jobs that were running then.
#[derive(Debug)]
pub(super) enum Waited {
    /// No job runs.
    Idle,
    /// Nothing hangs on the jobs.
    NotNeeded,
    /// The deadline came.
    Deadline(Jobs),
    /// The runner manager began to shut down.
    Ending(Jobs),
    /// We were told to stop; whether the runner manager may still poll.
    Stopped(Jobs, bool),
    /// `config.toml` was rewritten, so that it polls again.
    Rewritten,
}

/// What is looked at meanwhile.
pub(super) struct Waiting<'a> {
    live: &'a Live,
    files: &'a Files,
    config: &'a Config,
    stops: &'a Stops,
    until: Deadline,
    last: Vec<String>,
    /// Whether a shutdown would be a surprise.
    pub(super) ending_is_news: bool,
    /// Whether polling could not be ended.
    pub(super) polls: bool,
    /// The watch that saw every worker busy, and when it began: shared entries wait until a worker is free.
    pub(super) held: Option<(Box<Watch>, Instant)>,
}

impl<'a> Waiting<'a> {
    /// For a runner manager whose polling has ended and that is not expected to shut down.
    pub(super) fn new(
        live: &'a Live,
        files: &'a Files,
        config: &'a Config,
        stops: &'a Stops,
        until: Deadline,
    ) -> Self {
        Self {
            live,
            files,
            config,
            stops,
            until,
            last: Vec::new(),
            ending_is_news: true,
            polls: false,
            held: None,
        }
    }

    /// Waits, and unregisters shared entries of `rest` as soon as no entry can be in the feeder's hand any more.
    pub(super) async fn for_jobs(
        &mut self,
        leaving: &mut Leaving<'_>,
        rest: &mut Vec<Departure>,
        gitlab: Deadline,
    ) -> Waited {
        let began = Instant::now();
        let mut idle_looks = 0;
        let mut seen_last = true;
        let mut say_at = began;
        loop {
            if self.live.is_gone() && !self.live.has_others() {
                return Waited::Idle;
            }
            if self.files.changed_since(self.config) && !self.until.passed() {
                return Waited::Rewritten;
            }
            leaving.settle_ready();
            let sample = self.live.sample().await;
            if let Some(sample) = &sample {
                let ending = sample.state.is_some_and(ProcessState::is_ending);
                if ending && self.ending_is_news {
                    return Waited::Ending(self.jobs().await);
                }
                idle_looks = if drain::is_idle(sample) {
                    idle_looks + 1
                } else {
                    0
                };
                if idle_looks >= IDLE_LOOKS && !self.live.has_others() {
                    let jobs = self.jobs().await;
                    if jobs.seen && jobs.list.is_empty() {
                        return Waited::Idle;
                    }
                }
                if let Some((watch, since)) = &mut self.held
                    && let Polling::Off(quiet) = watch.see(since.elapsed(), sample)
                    && !quiet.held
                {
                    self.held = None;
                    let shared: Vec<Departure> = rest
                        .extract_if(.., |departure| departure.ownership == Ownership::Shared)
                        .collect();
                    leaving.begin(shared, gitlab);
                }
            }
            if self.until.passed() {
                return Waited::Deadline(self.jobs().await);
            }
            if self.stops.count() > 0 {
                let may_poll = self.polls || self.held.is_some();
                return Waited::Stopped(self.jobs().await, may_poll);
            }
            if Instant::now() >= say_at || seen_last != sample.is_some() {
                seen_last = sample.is_some();
                say_at = Instant::now() + SAY_EVERY;
                self.say(sample.is_some()).await;
            }
            let settled = self.held.is_none() && idle_looks == 0 && began.elapsed() > SAY_EVERY;
            let pace = if settled { 5 * STEP } else { STEP };
            tokio::select! {
                () = sleep(pace.min(self.until.left())) => {}
                () = self.stops.reached(1) => {}
            }
        }
    }

    /// The jobs that run.
    pub(super) async fn jobs(&mut self) -> Jobs {
        let jobs = self.live.jobs().await;
        let seen = jobs.is_some();
        if let Some(jobs) = jobs {
            self.last = jobs.into_iter().map(|job| job.url).collect();
        }
        let list = self.last.clone();
        Jobs { list, seen }
    }

    async fn say(&mut self, seen: bool) {
        let left = show(self.until.left());
        if !seen {
            let cure = self.live.cure();
            log::warn!("jobs cannot be seen, waiting {left} for them: {cure}");
            return;
        }
        let Jobs { list, .. } = self.jobs().await;
        if !list.is_empty() {
            let (count, list) = (words::jobs(list.len()), list.join(", "));
            log::info!("waiting for {count}, at most {left}: {list}");
        }
    }
}
