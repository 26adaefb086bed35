//! Owns what GitLab's cron jobs do to runners and jobs; runs only when a test says so, never by itself.

use std::time::Duration;

use super::State;
use crate::job::JobStatus;
use crate::runner::STALE_AFTER;

/// Without an update for so long a running job is given up (30 minutes with `ci_lower_stuck_build_timeouts`).
const SILENT_FOR: Duration = Duration::from_secs(60 * 60);

impl State {
    /// Does what GitLab's cron jobs do over time: removes stale managers, forgets destroyed runners, and fails jobs that
    /// were silent for an hour. A job whose runner was destroyed is out of the rescue's sight and stays `running`.
    pub fn run_background_jobs(&mut self) {
        let now = self.now();
        let old = |at: Option<std::time::SystemTime>, limit| {
            at.is_none_or(|at| now.duration_since(at).unwrap_or_default() >= limit)
        };
        for runner in &mut self.runners {
            // Deleted without callbacks: the runner's own contacted_at stays.
            runner.managers.retain(|manager| {
                !(old(manager.created_at, STALE_AFTER) && old(manager.contacted_at, STALE_AFTER))
            });
        }
        for job in &mut self.jobs {
            if job
                .runner_id
                .is_some_and(|id| !self.runners.iter().any(|runner| runner.id == id))
            {
                job.runner_id = None;
            }
            if job.status == JobStatus::Running
                && job.runner_id.is_some()
                && old(job.heard_at, SILENT_FOR)
            {
                job.status = JobStatus::Failed;
                job.failure_reason = Some("no_updates_running".into());
                job.finished_at = Some(now);
            }
        }
    }
}
