//! Owns whether a live runner manager still holds a runner that lost its entry: it polls with it until it has loaded the new
//! file and has finished with the old one, and its jobs continue after that. It only observes; it deletes and signals nothing.

use std::time::Duration;

use runner_lifecycle::runner_manager::{Live, Look, ProcessState, RELOAD, Sample};
use runner_lifecycle::source::Ownership;
use tokio::time::{Instant, sleep};

/// Distance of two looks that count.
const STEP: Duration = Duration::from_millis(100);

/// Looks that must show the same. Between a request's end and its job's start lie a few milliseconds in which neither is to be
/// seen.
const LOOKS: u32 = 3;

/// Nobody is waited for longer: a hook may want the volume meanwhile, and whoever comes later can go on.
const LIMIT: Duration = Duration::from_secs(15);

/// On top of what must have happened by then, where nothing can be seen.
const MARGIN: Duration = Duration::from_secs(1);

/// How a runner manager stands to a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hold {
    /// There is no runner manager that could hold it.
    Nobody,
    /// Nothing polls with it any more; so many jobs run.
    Jobs(usize),
    /// The same, as far as anybody can tell who sees no jobs.
    Unseen,
    /// A request is open, in which GitLab may hold it back; it ends without a job. So many jobs run.
    Asking(usize),
    /// Every slot has a job, and it may be polled once more when one ends.
    Full(usize),
    /// It may be polled.
    Polled,
}

impl Hold {
    /// Why the runner must stay for now; nothing where it may go.
    pub(super) fn why(self, ownership: Ownership) -> Option<String> {
        let owned = ownership == Ownership::Owned;
        Some(match self {
            Self::Nobody | Self::Jobs(0) | Self::Asking(0) => return None,
            // Deleting the runner manager alone harms no job.
            Self::Jobs(_) | Self::Asking(_) | Self::Unseen if !owned => return None,
            Self::Jobs(jobs) | Self::Asking(jobs) => still_has(jobs),
            Self::Full(jobs) if owned && jobs > 0 => still_has(jobs),
            Self::Full(_) => {
                "may be polled once more, because every job slot is in use,".to_owned()
            }
            Self::Unseen => {
                "may still have jobs, which cannot be observed without a metrics port,".to_owned()
            }
            Self::Polled => "may still be polled by the runner manager".to_owned(),
        })
    }
}

fn still_has(jobs: usize) -> String {
    match jobs {
        1 => "still has 1 job".to_owned(),
        jobs => format!("still has {jobs} jobs"),
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watched<'a> {
    /// The label of the runner that goes.
    pub(super) old: &'a str,
    /// The label of the one in its place. The feeder goes over one list after the other: what polls for this one is through with
    /// the old list.
    pub(super) new: &'a str,
    /// One pass over the old list.
    pub(super) pass: Duration,
}

impl Watched<'_> {
    /// Watches until it is no longer in use, or until that cannot be expected soon.
    pub(super) async fn until_let_go(self, live: &Live) -> Hold {
        let began = Instant::now();
        let blind = self.blind();
        let mut looks = Looks::default();
        let mut last = Hold::Polled;
        loop {
            let others = live.has_others();
            if live.is_gone() && !others {
                return Hold::Nobody;
            }
            match live.look().await {
                _ if others && began.elapsed() >= blind => return Hold::Unseen,
                Look::Seen(sample) if !others => {
                    last = looks.see(began.elapsed(), &sample, self);
                    if matches!(last, Hold::Jobs(_) | Hold::Full(_)) {
                        return last;
                    }
                }
                Look::Nobody if live.was_there() && live.process().is_none() => {
                    return Hold::Nobody;
                }
                Look::Nobody if !live.was_there() && began.elapsed() >= blind => {
                    return Hold::Unseen;
                }
                _ => {}
            }
            if began.elapsed() >= LIMIT {
                return last;
            }
            sleep(STEP).await;
        }
    }

    /// Waits where nothing at all can be seen.
    pub(super) async fn unseen(self) -> Hold {
        sleep(self.blind().min(LIMIT)).await;
        match self.blind() > LIMIT {
            true => Hold::Polled,
            false => Hold::Unseen,
        }
    }

    fn blind(self) -> Duration {
        RELOAD + self.pass + MARGIN
    }
}

/// Looks at the page that follow each other.
#[derive(Debug, Default)]
struct Looks {
    same: u32,
    last: Option<Duration>,
    /// Since when the old file is not loaded and there is a free slot.
    free: Option<Duration>,
    full: bool,
    jobs: usize,
}

impl Looks {
    /// Takes a look at time `at` in.
    fn see(&mut self, at: Duration, sample: &Sample, watched: Watched<'_>) -> Hold {
        let Watched { old, new, pass } = watched;
        let is_in = |all: &[String], label: &str| all.iter().any(|runner| runner == label);
        let ends = sample.state.is_some_and(ProcessState::is_ending);
        let loaded = &sample.loaded_runners;
        // A file without the new one is the old one, be its token of a time before a rotation. A paused file has none at all.
        let is_old = is_in(loaded, old) || !loaded.is_empty() && !is_in(loaded, new);
        if !ends && is_old {
            *self = Self::default();
            return Hold::Polled;
        }
        // Jobs of a token that was rotated since count too: whose they are is not shown. Whoever ends loads no file any more.
        let left = sample.work.iter().filter(|work| {
            let may_be_old = ends || work.runner == old || !is_in(loaded, &work.runner);
            may_be_old && work.runner != new
        });
        let (jobs, requests) = left.fold((0.0, 0.0), |(jobs, requests), work| {
            (jobs + work.jobs, requests + work.requests)
        });
        let left = Sample {
            jobs,
            ..Sample::default()
        }
        .job_count();
        let through = ends || is_in(&sample.polled_runners, new);
        let full = !through && sample.jobs >= sample.concurrent;
        if full != self.full || left != self.jobs || requests > 0.0 {
            *self = Self {
                full,
                jobs: left,
                ..Self::default()
            };
        }
        if requests > 0.0 {
            return Hold::Asking(left);
        }
        let free = *self.free.get_or_insert(at);
        if self.last.is_none_or(|last| at >= last + STEP) {
            self.last = Some(at);
            self.same += 1;
        }
        match full {
            _ if self.same < LOOKS => Hold::Polled,
            true => Hold::Full(left),
            false if through || at >= free + pass => Hold::Jobs(left),
            false => Hold::Polled,
        }
    }
}

#[cfg(test)]
mod tests;
