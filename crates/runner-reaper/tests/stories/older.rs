//! Runner managers that do not say what they are doing, which is said since 19.1.

use std::time::Duration;

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::Signal;

use crate::looks::wait_for;
use crate::pod::{Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ALL, each, says_its_state};

const MANAGER: &str = "DELETE /runners/managers";
const RUNNER: &str = "DELETE /runners";

impl Pod {
    /// Waits until a SIGQUIT has arrived, as its log says it.
    fn drains(&self) {
        wait_for("the graceful shutdown", || {
            self.text("log").contains("graceful shutdown")
        });
    }

    /// The end of one metrics row.
    fn metric(&self, name: &str) -> f64 {
        let page = self.page("/metrics");
        let row = page.lines().find_map(|line| line.strip_prefix(name));
        row.and_then(|value| value.trim().parse().ok())
            .unwrap_or(-1.0)
    }
}

/// A pod with two workers and one job.
fn half_busy(kind: Kind) -> (Pod, i64) {
    let pod = Pod::working(kind, 2);
    let job = pod.job(60.0);
    pod.works_on(job);
    (pod, job)
}

#[test]
fn sidecar_beside_a_runner_manager_at_work_unregisters_nothing() {
    each(&ALL, || {
        for kind in [Kind::Shared, Kind::Owned] {
            let (pod, _) = half_busy(kind);
            let ended = Running::sidecar(&pod, &[]).stopped();
            assert_eq!(ended.code, 0, "{}", ended.words);
            assert!(
                ended.words.contains("not the end of the pod"),
                "{}",
                ended.words
            );
            assert!(pod.gitlab.calls("DELETE *").is_empty());
        }
    });
}

#[test]
fn sidecar_beside_a_draining_runner_manager_unregisters_what_is_shared_and_waits_for_the_rest() {
    each(&ALL, || {
        let (mut pod, job) = half_busy(Kind::Shared);
        let mut sidecar = Running::sidecar(&pod, &["--grace-period=1h"]);
        pod.signal(Signal::QUIT);
        pod.drains();
        sidecar.stop();
        let gone = pod
            .gitlab
            .wait_until(LIMIT, |state| state.count(MANAGER) == 1);
        assert!(gone && pod.runs());
        let ended = sidecar.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        pod.job_is(job, JobStatus::Running);
        let (pod, _) = half_busy(Kind::Owned);
        let mut sidecar = Running::sidecar(&pod, &["--grace-period=1h"]);
        pod.signal(Signal::QUIT);
        pod.drains();
        sidecar.stop();
        sidecar.says("waiting for 1 job before unregistering");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn saturated_draining_runner_manager_keeps_its_owned_runner_at_the_deadline() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(60.0);
        pod.works_on(job);
        let mut sidecar = Running::sidecar(&pod, &["--grace-period", "6"]);
        pod.signal(Signal::QUIT);
        pod.drains();
        sidecar.stop();
        let ended = sidecar.ended();
        assert_eq!(ended.code, 75, "{}", ended.words);
        assert!(
            ended.words.contains("is left behind")
                && ended.words.contains(&format!("/-/jobs/{job}")),
            "{}",
            ended.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

/// The hook beside a runner manager that got its SIGQUIT first, with so many workers and one job.
fn hook_comes_second(kind: Kind, workers: usize, told: &[&str]) -> (Pod, Running) {
    let mut pod = Pod::working(kind, workers);
    let original = pod.original();
    let job = pod.job(14.0);
    pod.works_on(job);
    pod.signal(Signal::QUIT);
    pod.drains();
    let mut hook = Running::of(&pod, told);
    let farewell = match kind {
        Kind::Shared => MANAGER,
        Kind::Owned => RUNNER,
    };
    if kind == Kind::Owned {
        hook.says("waiting for 1 job");
        assert!(pod.gitlab.calls("DELETE *").is_empty(), "under its job");
    } else {
        let gone = pod
            .gitlab
            .wait_until(LIMIT, |state| state.count(farewell) == 1);
        assert!(gone && pod.runs(), "before the end of its job");
    }
    assert_eq!(pod.original(), original, "restored");
    assert!(!pod.file("config.toml.original").exists());
    (pod, hook)
}

#[test]
fn hook_beside_a_draining_runner_manager_unregisters_what_is_shared_and_leaves_no_pause() {
    for workers in [1, 2] {
        each(&ALL, || {
            let (pod, hook) = hook_comes_second(Kind::Shared, workers, &[]);
            let ended = hook.ended();
            assert_eq!(ended.code, 0, "{}", ended.words);
            if !says_its_state() {
                assert!(
                    ended.words.contains("no longer loads config.toml"),
                    "{}",
                    ended.words
                );
                // Its idle worker tells it at once; without one it takes two looks at the file.
                let soon = ended.took < Duration::from_secs(6);
                assert_eq!(soon, workers == 2, "{:?}: {}", ended.took, ended.words);
            }
            pod.no_poll_after_the_end();
            assert_eq!(pod.managers(), 0);
        });
    }
}

#[test]
fn hook_beside_a_draining_runner_manager_keeps_what_is_owned_until_its_job_is_done() {
    each(&ALL, || {
        for workers in [1, 2] {
            let (mut pod, hook) = hook_comes_second(Kind::Owned, workers, &["--grace-period=1h"]);
            let ended = hook.ended();
            assert_eq!(ended.code, 0, "{}", ended.words);
            pod.exited();
            assert_eq!(pod.deleted(RUNNER), 1);
            assert!(
                pod.gitlab
                    .jobs()
                    .iter()
                    .all(|job| job.status == JobStatus::Success)
            );
        }
    });
}

#[test]
fn page_that_answers_is_no_leave_to_send_a_hangup() {
    each(&ALL, || {
        let head = "concurrent = 1\ncheck_interval = 1";
        let mut pod =
            Pod::new(Settings::default(), &[Kind::Shared], head, "  limit = 1").with_port();
        pod.start(&["run", "--signals-delay", "2s"]);
        wait_for("the page", || !pod.page("/metrics").is_empty());
        let ended = pod.run(&["--grace-period", "60"]);
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(pod.runs(), "it was killed: {}", ended.words);
        assert_eq!(pod.managers(), 0, "{}", ended.words);
        assert!(pod.metric("gitlab_runner_worker_slots_number ") >= 1.0);
    });
}

#[test]
fn short_grace_period_is_enough_for_an_idle_runner_manager() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let ended = pod.run(&["--grace-period", "5"]);
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(
            ended.words.contains("polling stopped after"),
            "{}",
            ended.words
        );
        assert!(
            !ended.words.contains("the grace period has ended"),
            "{}",
            ended.words
        );
    });
}
