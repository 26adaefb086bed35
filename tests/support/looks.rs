//! The jobs of a pod, and what can be seen of it from GitLab's side and on the runner manager's pages.

use std::time::Duration;

use gitlab_simulator::{Job, JobStatus, Manager, Runner};

use crate::pod::{LIMIT, Pod, put, wait_for};
use crate::process::page;

impl Pod {
    /// A job that takes so long.
    pub fn job_of(&self, milliseconds: u64) -> i64 {
        self.gitlab.queue_job(Job {
            script: vec![format!(
                "sleep {}",
                Duration::from_millis(milliseconds).as_secs_f64()
            )],
            variables: vec![("STAND_IN_DURATION".into(), format!("{milliseconds}ms"))],
            ..Job::default()
        })
    }

    /// A job that ends when it is released.
    pub fn held_job(&self) -> i64 {
        let file = self.aside.path().join("go").display().to_string();
        self.gitlab.queue_job(Job {
            script: vec![format!("while [ ! -e {file} ]; do sleep 0.02; done")],
            variables: vec![("STAND_IN_UNTIL_FILE".into(), file)],
            ..Job::default()
        })
    }

    /// Ends all jobs of [`Pod::held_job`].
    pub fn release(&self) {
        put(&self.aside.path().join("go"), "");
    }

    /// Held jobs on every slot, counted by the runner manager itself.
    pub fn busy_with(&self, jobs: usize) -> Vec<i64> {
        let ids: Vec<i64> = (0..jobs).map(|_| self.held_job()).collect();
        for id in &ids {
            self.job_is(*id, JobStatus::Running);
        }
        if self.metrics().is_some() {
            wait_for("the jobs in the metrics", || {
                (self.metric("gitlab_runner_jobs") == jobs as i64).then_some(())
            });
        }
        ids
    }

    /// Waits until the runner manager works on this job. GitLab's own "running" comes earlier: the answer may still be on its
    /// way, and a SIGQUIT cuts it off.
    pub fn works_on(&self, id: i64) {
        self.job_is(id, JobStatus::Running);
        let listed = format!("/-/jobs/{id} ");
        wait_for("the runner manager to work on the job", || {
            let list = page(&self.address, "/debug/jobs/list");
            list.is_some_and(|list| list.contains(&listed))
                .then_some(())
        });
    }

    /// Waits for a job's status.
    #[track_caller]
    pub fn job_is(&self, id: i64, status: JobStatus) {
        let reached = self.gitlab.wait_until(LIMIT, |state| {
            state.job(id).is_some_and(|job| job.status == status)
        });
        let now = self
            .gitlab
            .look(|state| state.job(id).map(|job| job.status));
        assert!(
            reached,
            "job {id} is {now:?}, not {status:?}: {}",
            self.log()
        );
    }

    /// Requests for jobs so far.
    pub fn polls(&self) -> usize {
        self.gitlab.look(|state| state.count("POST /jobs/request"))
    }

    /// Waits for so many requests for jobs.
    #[track_caller]
    pub fn polled(&self, times: usize) {
        self.is_asked("POST /jobs/request", times);
    }

    /// Waits until GitLab was asked for this so often.
    #[track_caller]
    pub fn is_asked(&self, call: &str, times: usize) {
        let reached = self
            .gitlab
            .wait_until(LIMIT, |state| state.count(call) >= times);
        let now = self.gitlab.calls(call).len();
        assert!(reached, "{now} of {times} {call}: {}", self.log());
    }

    /// Whether GitLab's list holds nothing of this pod any more, and everything of others.
    pub fn is_gone(&self) -> bool {
        self.gitlab.look(|state| self.order.is_gone(state))
    }

    /// The metrics page; none while nobody answers.
    pub fn metrics(&self) -> Option<String> {
        page(&self.address, "/metrics")
    }

    /// The sum of a family's rows; 0 while there is none.
    pub fn metric(&self, name: &str) -> i64 {
        let page = self.metrics().unwrap_or_default();
        let rows = page
            .lines()
            .filter(|row| row.split(['{', ' ']).next() == Some(name));
        rows.filter_map(|row| row.rsplit_once(' ')?.1.parse::<f64>().ok())
            .map(|value| value as i64)
            .sum()
    }

    /// Waits until the runner manager has taken over the signals, which every version shows by its workers.
    pub fn is_up(&self) {
        wait_for("the runner manager to run", || {
            (self.metric("gitlab_runner_worker_slots_number") > 0).then_some(())
        });
    }

    /// Waits until a SIGQUIT has arrived, as its log says it.
    pub fn drains(&self) {
        wait_for("the graceful shutdown", || {
            self.log().contains("graceful shutdown").then_some(())
        });
    }

    /// Lets GitLab know a runner manager of this system ID, as if it had polled.
    pub fn knows_manager(&self, runner: &Runner, system_id: &str) {
        self.gitlab.update(|state| {
            if let Some(runner) = state.runners.iter_mut().find(|known| known.id == runner.id) {
                runner.managers.push(Manager {
                    system_id: system_id.to_owned(),
                    ..Manager::default()
                });
            }
        });
    }

    /// The time as the journal counts it.
    pub fn now(&self) -> Duration {
        page(&self.gitlab.address().to_string(), "/api/v4/now");
        self.gitlab.calls("GET /now").pop().unwrap().at
    }

    /// Waits until GitLab holds a request for jobs.
    #[track_caller]
    pub fn is_held(&self) {
        let held = self
            .gitlab
            .wait_until(LIMIT, |state| state.held_requests == 1);
        assert!(held, "no request is held: {}", self.log());
    }
}
