//! Owns the waiting for jobs: until none runs, or the deadline, or a sign that there is less time than told.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::files::{Config, Files};
use tokio::time::{Instant, sleep};

use crate::drain::{self, Polling, STEP, Watch};
use crate::entries::Unregistration;
use crate::ledger::Ledger;
use crate::runner_manager::{Live, ProcessState, Sample, jobs_in_words};
use crate::stops::Stops;

/// How often the log says what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Looks in a row without a job. Between the end of a request and the start of its job both gauges are at zero.
const IDLE_LOOKS: u32 = 3;

/// Looks in a row that show nothing before that is said.
const UNSEEN_LOOKS: u32 = 3;

/// What is known of the jobs that run.
#[derive(Clone, Debug, Default)]
pub(super) struct RunningJobs {
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
    NotNeeded(RunningJobs),
    /// The deadline came.
    Deadline(RunningJobs),
    /// The runner manager began to shut down.
    Ending(RunningJobs),
    /// We were told to stop; whether the runner manager may still poll.
    Stopped(RunningJobs, bool),
    /// It polls again: `config.toml` was rewritten.
    Rewritten,
    /// It polls again: somebody made it load `config.toml`.
    LoadedAgain,
}

/// What is looked at meanwhile.
pub(super) struct Waiting<'a> {
    pub(super) live: &'a Live,
    pub(super) files: &'a Files,
    pub(super) config: &'a Config,
    pub(super) stops: &'a Stops,
    pub(super) until: Deadline,
    /// Whether a shutdown would be a surprise.
    pub(super) ending_is_news: bool,
    /// Whether polling could not be ended.
    pub(super) polls: bool,
    /// Whether shared entries wait until no entry can be in the feeder's hand any more.
    pub(super) shared_waits: bool,
    /// What looks on at polling where it was seen to be off, and since when.
    pub(super) watch: Option<(Box<Watch>, Instant)>,
    /// The activity that was seen when polling was off, where that was seen.
    pub(super) still: Option<f64>,
    /// The addresses of the jobs that were seen last.
    pub(super) last: Vec<String>,
}

impl Waiting<'_> {
    /// Waits, and unregisters shared entries of `rest` as soon as no entry can be in the feeder's hand any more.
    pub(super) async fn for_jobs(
        &mut self,
        ledger: &mut Ledger<'_>,
        rest: &mut Vec<Unregistration>,
        gitlab: Deadline,
    ) -> Waited {
        let began = Instant::now();
        let mut idle_looks = 0;
        let mut unseen = 0;
        let mut say_at = began;
        loop {
            if self.live.is_gone() && !self.live.has_others() {
                return Waited::Idle;
            }
            if self.files.changed_since(self.config) && !self.until.passed() {
                return Waited::Rewritten;
            }
            ledger.settle_ready();
            let sample = self.live.sample().await;
            if let Some(sample) = &sample {
                let ending = sample.state.is_some_and(ProcessState::is_ending);
                if ending && self.ending_is_news {
                    return Waited::Ending(self.jobs().await);
                }
                let off = match self.look_on(sample) {
                    Polling::NotLoaded if !self.until.passed() => return Waited::LoadedAgain,
                    // Idle in between tells nothing: the pass over the old entries may go on.
                    Polling::NotLoaded | Polling::On => false,
                    Polling::Off(quiet) => !quiet.held,
                    Polling::Ending => true,
                };
                idle_looks = if off && drain::is_idle(sample) {
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
                if !self.shared_waits && self.has_polled_since(sample) {
                    // An entry of the old list was polled after all: its runner manager is listed again.
                    self.shared_waits = true;
                    ledger.may_be_back();
                    rest.extend(ledger.shared(self.config));
                }
                if off && self.shared_waits && !self.polls {
                    self.shared_waits = false;
                    self.still = Some(sample.activity);
                    let shared: Vec<Unregistration> = rest
                        .extract_if(.., |unregistration| unregistration.is_shared())
                        .collect();
                    ledger.begin(shared, gitlab);
                }
            }
            if self.until.passed() {
                return Waited::Deadline(self.jobs().await);
            }
            if self.stops.count() > 0 {
                let may_poll = self.polls || self.shared_waits;
                return Waited::Stopped(self.jobs().await, may_poll);
            }
            // One look that shows nothing may be that of a process at its end.
            unseen = if sample.is_some() { 0 } else { unseen + 1 };
            if Instant::now() >= say_at || unseen == UNSEEN_LOOKS {
                say_at = Instant::now() + SAY_EVERY;
                self.say(sample.is_some()).await;
            }
            let settled = !self.shared_waits && idle_looks == 0 && began.elapsed() > SAY_EVERY;
            let pace = if settled { 5 * STEP } else { STEP };
            tokio::select! {
                () = sleep(pace.min(self.until.left())) => {}
                () = self.stops.reached(1) => {}
            }
        }
    }

    /// Whether a request was made since polling was seen to be off.
    fn has_polled_since(&self, sample: &Sample) -> bool {
        self.still
            .is_some_and(|still| sample.requests > 0.0 || sample.activity.total_cmp(&still).is_ne())
    }

    /// How polling appears now. Where it was not seen to be off, there is nothing to look on at.
    fn look_on(&mut self, sample: &Sample) -> Polling {
        match &mut self.watch {
            Some((watch, since)) => watch.see(since.elapsed(), sample),
            None => Polling::Ending,
        }
    }

    /// The jobs that run.
    pub(super) async fn jobs(&mut self) -> RunningJobs {
        let jobs = self.live.jobs().await;
        let seen = jobs.is_some();
        if let Some(jobs) = jobs {
            self.last = jobs.into_iter().map(|job| job.url).collect();
        }
        let list = self.last.clone();
        RunningJobs { list, seen }
    }

    async fn say(&mut self, seen: bool) {
        let left = show(self.until.left());
        if !seen {
            let advice = self.live.advice();
            log::warn!("jobs cannot be observed, waiting {left} for them: {advice}");
            return;
        }
        let RunningJobs { list, .. } = self.jobs().await;
        if !list.is_empty() {
            let (count, list) = (jobs_in_words(list.len()), list.join(", "));
            log::info!("waiting for {count}, at most {left}: {list}");
        }
    }
}
