//! Owns the looks at the runner manager from SIGTERM on. What they mean is [`super::verdict`]'s; it unregisters nothing.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::system_id::SystemId;
use tokio::time::Instant;

use super::older::{GLANCE, Older, addresses};
use super::verdict::{Sight, Sights, Verdict};
use crate::runner_manager::{Look, Pages, jobs_in_words};
use crate::stops::Stops;

/// Distance of two looks while the kubelet may be killing everything: the last one before the end tells whether jobs
/// were killed with it.
const EAGER: Duration = Duration::from_millis(5);

/// How long: when the grace period is used up, SIGKILL follows SIGTERM after two seconds.
const EAGER_FOR: Duration = Duration::from_millis(2500);

/// Distance of two looks afterwards.
const PATIENT: Duration = Duration::from_millis(50);

/// How often the log says what is waited for.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// The looks at the runner manager from SIGTERM on.
pub(super) struct Observation<'a> {
    pages: Option<Pages>,
    /// The system ID of the file, until the pages were compared with it.
    expected: Option<SystemId>,
    stops: &'a Stops,
    began: Instant,
    /// When to say next what is waited for, after the beginning.
    pub(super) say_at: Option<Duration>,
    said_silent: bool,
    older: Older,
    seen: Sights,
    last: Verdict,
}

impl<'a> Observation<'a> {
    pub(super) async fn begin(
        pages: Option<Pages>,
        expected: Option<SystemId>,
        stops: &'a Stops,
    ) -> Self {
        let (began, seen) = (Instant::now(), Sights::default());
        let mut observation = Self {
            pages,
            expected,
            stops,
            began,
            say_at: None,
            said_silent: false,
            older: Older::default(),
            seen,
            last: Verdict::Wait,
        };
        observation.look().await;
        let running = jobs_in_words(observation.jobs().len());
        log::debug!("at SIGTERM the runner manager reports {running}");
        observation
    }

    pub(super) fn jobs(&self) -> &[String] {
        self.seen.jobs()
    }

    /// Whether the last list of jobs that was seen is empty.
    pub(super) fn is_idle(&self) -> bool {
        self.seen.is_idle()
    }

    async fn look(&mut self) {
        if !matches!(self.last, Verdict::Gone | Verdict::Killed) {
            let look = self.ask().await;
            self.last = self.seen.assess(self.began.elapsed(), look);
        }
    }

    /// What the runner manager shows just now.
    async fn ask(&mut self) -> Sight {
        let Some(pages) = &self.pages else {
            return Sight::Nobody;
        };
        let (state, jobs) = tokio::join!(pages.state(), pages.jobs());
        let answer = match state {
            Look::Nobody => self.older.look(pages, jobs, self.began.elapsed()).await,
            Look::Silent => Sight::Silent,
            Look::Seen(state) => Sight::State(state, jobs.seen().map(addresses)),
        };
        match answer {
            Sight::Silent if !self.said_silent => {
                self.said_silent = true;
                log::warn!(
                    "the runner manager is running but does not answer: waiting until it answers or exits"
                );
            }
            Sight::State(..) | Sight::Lives { .. } if self.is_foreign().await => {
                self.pages = None;
                return Sight::Nobody;
            }
            _ => {}
        }
        answer
    }

    /// Whether the pages are of another pod's runner manager: asked once they answer, as the page may be held back.
    async fn is_foreign(&mut self) -> bool {
        let (Some(pages), Some(expected)) = (&self.pages, &self.expected) else {
            return false;
        };
        let Ok(Look::Seen(sample)) = tokio::time::timeout(GLANCE, pages.sample()).await else {
            return false;
        };
        let foreign = sample.system_id.filter(|shown| shown != expected);
        if let Some(shown) = &foreign {
            log::warn!(
                "the metrics belong to another runner manager (system ID {shown}, expected {expected}) and are ignored; give the address of this pod's with --metrics-address"
            );
        }
        self.expected = None;
        foreign.is_some()
    }

    async fn pause(&self) {
        let pace = if self.began.elapsed() < EAGER_FOR {
            EAGER
        } else {
            PATIENT
        };
        tokio::time::sleep(pace).await;
    }

    /// Looks until the verdict is such, or the deadline, or a second signal.
    pub(super) async fn until(
        &mut self,
        such: impl Fn(Verdict) -> bool,
        deadline: Option<Deadline>,
    ) -> Verdict {
        loop {
            if self.stops.count() > 1 {
                return Verdict::Now;
            }
            if such(self.last) {
                return self.last;
            }
            if deadline.is_some_and(Deadline::passed) {
                return self.seen.without_more_looks(self.last);
            }
            if self.say_at.is_some_and(|at| self.began.elapsed() > at) {
                self.say_at = Some(self.began.elapsed() + SAY_EVERY);
                self.say(deadline);
            }
            tokio::select! {
                () = self.pause() => {}
                () = self.stops.reached(2) => {}
            }
            self.look().await;
        }
    }

    fn say(&self, deadline: Option<Deadline>) {
        if self.jobs().is_empty() {
            return;
        }
        let (count, list) = (jobs_in_words(self.jobs().len()), self.jobs().join(", "));
        match deadline.map(|deadline| show(deadline.left())) {
            Some(left) => {
                log::info!(
                    "waiting for {count} before unregistering owned runners, at most {left}: {list}"
                );
            }
            None => log::info!(
                "waiting for {count} before unregistering owned runners; if the container is killed first, they are left behind (the grace period is not set): {list}"
            ),
        }
    }
}
