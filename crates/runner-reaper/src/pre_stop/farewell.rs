//! Owns the end of a round: what is left is unregistered as far as that is right, jobs that are left are named, and the
//! last words are spoken. Why the waiting ended is [`super::waiting`]'s.

use runner_lifecycle::duration::show;
use runner_lifecycle::exit::Exit;

use super::waiting::{RunningJobs, Waited};
use super::{AT_ONCE, Hook, last_act};
use crate::entries::Unregistration;
use crate::runner_manager::jobs_in_words;

impl Hook<'_> {
    /// Unregisters what is left, as far as that is right, and speaks the last words. Nothing, if polling began again.
    pub(super) async fn finish(
        &mut self,
        waited: Waited,
        rest: Vec<Unregistration>,
    ) -> anyhow::Result<Option<Exit>> {
        let gitlab = self.deadlines.gitlab;
        let idle_until = self.options.unregister_until(gitlab);
        let (jobs, until, deadline_passed) = match waited {
            Waited::Rewritten => return Ok(None),
            Waited::LoadedAgain => {
                self.loaded_again += 1;
                return Ok(None);
            }
            Waited::Stopped(jobs, may_poll) => {
                return Ok(Some(self.stop(rest, jobs, may_poll).await));
            }
            Waited::Ending(jobs) => return Ok(Some(self.hurry(rest, jobs).await)),
            Waited::Idle => (RunningJobs::default(), idle_until, false),
            Waited::NotNeeded(jobs) => {
                self.say_that_grace_was_not_told(&jobs);
                (jobs, idle_until, false)
            }
            Waited::Deadline(jobs) => {
                if !jobs.seen && self.live.was_there() {
                    log::warn!(
                        "the grace period has ended, and jobs cannot be observed: {}",
                        self.live.advice()
                    );
                    self.ledger.note(Exit::JobsRunning);
                }
                self.time_is_up(&jobs);
                (jobs, gitlab, true)
            }
        };
        self.ledger.begin(rest, until);
        self.ledger.settle(2, until).await;
        if self.session.files.changed_since(&self.config) && !gitlab.passed() {
            return Ok(None);
        }
        let exit = self.ledger.last_words(jobs.list.len());
        if deadline_passed && self.options.grace.told {
            last_act::end_jobs(self.live, self.deadlines.end).await;
        }
        Ok(Some(exit))
    }

    /// The stop signal came under the hook, so the grace period was shorter than told and SIGKILL follows in 2 s. Unregistering
    /// comes first, for PID 1 and with it this process may end with the jobs; but GitLab is waited for no longer than it
    /// usually needs: a job whose runner is gone is still reported with its own token, and one that nobody reports hangs.
    async fn hurry(&mut self, rest: Vec<Unregistration>, jobs: RunningJobs) -> Exit {
        let period = show(self.options.grace.period);
        log::warn!(
            "the runner manager began to shut down: the pod has less time than the grace period of {period}"
        );
        self.time_is_up(&jobs);
        let until = self.options.unregister_until(self.deadlines.gitlab);
        self.ledger.begin(rest, until);
        self.ledger.settle_within(AT_ONCE).await;
        let all_over = jobs.seen && jobs.list.is_empty();
        let ends_jobs = self.options.grace.told && !all_over;
        if self.ledger.is_settled() {
            let exit = self.ledger.last_words(jobs.list.len());
            if ends_jobs {
                last_act::end_jobs(self.live, self.deadlines.end.earlier(last_act::LEFT)).await;
            }
            return exit;
        }
        if ends_jobs {
            log::warn!(
                "GitLab has not answered yet: the jobs are stopped now, so that they are reported as failed"
            );
            last_act::end_jobs(self.live, self.deadlines.end.earlier(last_act::LEFT)).await;
        }
        self.ledger.settle(2, until).await;
        self.ledger.last_words(jobs.list.len())
    }

    /// Told to stop: what harms nothing goes, the rest is named.
    async fn stop(&mut self, rest: Vec<Unregistration>, jobs: RunningJobs, may_poll: bool) -> Exit {
        let idle = jobs.seen && jobs.list.is_empty();
        let harmless =
            |unregistration: &Unregistration| !may_poll && (unregistration.is_shared() || idle);
        let (now, kept): (Vec<_>, Vec<_>) = rest.into_iter().partition(harmless);
        let until = self.options.unregister_until(self.deadlines.gitlab);
        self.ledger.begin(now, until);
        self.ledger.settle(2, until).await;
        let why = match (may_poll, jobs.seen) {
            (true, _) => "stopped by a signal while the runner manager may still poll",
            (false, true) => "stopped by a signal while its jobs are running",
            (false, false) => "stopped by a signal, and jobs could not be observed",
        };
        self.ledger.keep(&kept, why, &jobs.list);
        self.ledger.last_words(jobs.list.len())
    }

    /// Names the jobs that are left at the end.
    fn time_is_up(&mut self, jobs: &RunningJobs) {
        if jobs.list.is_empty() {
            return;
        }
        log::warn!(
            "the grace period has ended with {} running: {}",
            jobs_in_words(jobs.list.len()),
            jobs.list.join(", ")
        );
        self.ledger.note(Exit::JobsRunning);
        self.say_that_grace_was_not_told(jobs);
    }

    /// Says what becomes of jobs that nobody may end, and how to tell.
    fn say_that_grace_was_not_told(&self, jobs: &RunningJobs) {
        if self.options.grace.told || jobs.list.is_empty() {
            return;
        }
        log::warn!(
            "the grace period is not set, so {} not stopped: {}; a job that is killed with the pod stays \"running\" at GitLab until it times out, up to an hour, and its containers in a Docker daemon keep running; set the pod's terminationGracePeriodSeconds (--grace-period=30 or RUNNER_REAPER_GRACE_PERIOD=30) so that such a job is reported as failed",
            match jobs.list.len() {
                1 => "1 running job was".to_owned(),
                n => format!("{n} running jobs were"),
            },
            jobs.list.join(", ")
        );
    }
}
