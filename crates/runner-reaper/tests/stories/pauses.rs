//! The hook: polling off, unregistered, the file as it was.

use std::time::{Duration, Instant};

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::{Signal, kill_process};

use crate::looks::within;
use crate::pod::{Kind, Pod, ended, pid_of};
use crate::versions::{ALL, ENDS, each, in_turn};

const MANAGER: &str = "DELETE /runners/managers";
const RUNNER: &str = "DELETE /runners";

#[test]
fn idle_runner_is_gone_within_a_second_and_the_file_is_as_it_was() {
    in_turn(&ALL, || {
        for (kind, managers, runners) in [(Kind::Shared, 1, 0), (Kind::Owned, 0, 1)] {
            within(Duration::from_secs(1), || {
                let mut pod = Pod::working(kind, 2);
                let original = pod.original();
                let hook = pod.run(&[]);
                assert_eq!(hook.code, 0, "{}", hook.words);
                assert_eq!(
                    (pod.deleted(MANAGER), pod.deleted(RUNNER)),
                    (managers, runners)
                );
                assert_eq!(pod.original(), original);
                assert!(!pod.file("config.toml.original").exists());
                assert!(pod.runs(), "the runner manager lives on");
                pod.signal(Signal::QUIT);
                pod.exited();
                pod.no_poll_after_the_end();
                assert_eq!(pod.managers(), 0);
                hook.took
            });
        }
    });
}

#[test]
fn busy_shared_runner_is_unregistered_within_a_second_and_its_jobs_go_on() {
    in_turn(&ALL, || {
        within(Duration::from_secs(1), unregistered_while_busy)
    });
}

/// From the hook's start to the unregistration, as GitLab sees it.
fn unregistered_while_busy() -> Duration {
    let pod = Pod::new(
        Settings::default(),
        &[Kind::Shared],
        "concurrent = 2\ncheck_interval = 1",
        "  limit = 2",
    );
    let jobs = [pod.job(3.0), pod.job(3.0)];
    let pod = pod.with_port().started();
    jobs.iter().for_each(|job| pod.works_on(*job));
    let waiting = pod.job(0.1);
    let began = pod.gitlab_now();
    let hook = pod.run(&["pre-stop"]);
    assert_eq!(hook.code, 0, "{}", hook.words);
    jobs.iter()
        .for_each(|job| pod.job_is(*job, JobStatus::Success));
    pod.job_is(waiting, JobStatus::Pending);
    pod.no_poll_after_the_end();
    assert_eq!(pod.managers(), 0);
    let calls = pod.gitlab.journal();
    let deleted = calls.iter().position(|call| call.is(MANAGER)).unwrap();
    let reported = |call: &gitlab_simulator::Call| call.body["state"] == "success";
    let ended = calls.iter().position(reported).unwrap();
    assert!(deleted < ended, "unregistered while the jobs ran");
    calls[deleted].at - began
}

#[test]
fn told_grace_period_keeps_the_hook_until_the_jobs_are_done() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Shared, 1);
        let job = pod.job(2.0);
        pod.job_is(job, JobStatus::Running);
        let hook = pod.run(&["--grace-period", "60"]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        pod.job_is(job, JobStatus::Success);
        let calls = pod.gitlab.journal();
        let deleted = calls.iter().position(|call| call.is(MANAGER)).unwrap();
        let finished = calls
            .iter()
            .rposition(|call| call.is("PUT /jobs/*"))
            .unwrap();
        assert!(deleted < finished, "unregistered while the job ran");
        assert!(hook.words.contains("waiting for 1 job"), "{}", hook.words);
    });
}

#[test]
fn owned_runner_stays_until_its_job_is_done() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(2.0);
        pod.job_is(job, JobStatus::Running);
        let hook = pod.run(&[]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        pod.job_is(job, JobStatus::Success);
        let calls = pod.gitlab.journal();
        let deleted = calls.iter().position(|call| call.is(RUNNER)).unwrap();
        let finished = calls
            .iter()
            .rposition(|call| call.is("PUT /jobs/*"))
            .unwrap();
        assert!(finished < deleted, "unregistered while the job ran");
        assert!(pod.gitlab.runners().is_empty());
    });
}

#[test]
fn without_limits_the_held_entry_is_waited_for() {
    each(&ALL, || {
        let pod = Pod::new(
            Settings::default(),
            &[Kind::Shared],
            "concurrent = 1\ncheck_interval = 1",
            "",
        );
        let first = pod.job(2.0);
        let second = pod.job(0.5);
        let pod = pod.with_port().started();
        pod.job_is(first, JobStatus::Running);
        let hook = pod.run(&["--grace-period", "60"]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(
            hook.words.contains("may be requested for one entry again"),
            "{}",
            hook.words
        );
        pod.job_is(first, JobStatus::Success);
        let second = pod
            .gitlab
            .look(|state| state.job(second).map(|job| job.status))
            .unwrap();
        assert!(
            matches!(second, JobStatus::Success | JobStatus::Pending),
            "{second:?}"
        );
        pod.no_poll_after_the_end();
        assert_eq!(pod.managers(), 0);
    });
}

#[test]
fn several_entries_go_together() {
    each(&ENDS, || {
        let pod = Pod::new(
            Settings::default(),
            &[Kind::Shared, Kind::Owned, Kind::Shared],
            "concurrent = 4\ncheck_interval = 1",
            "  limit = 4",
        );
        let pod = pod.with_port().started();
        pod.polled(4);
        let hook = pod.run(&[]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert_eq!((pod.deleted(MANAGER), pod.deleted(RUNNER)), (2, 1));
        pod.no_poll_after_the_end();
        assert!(hook.took < Duration::from_secs(3), "{:?}", hook.took);
    });
}

#[test]
fn two_hooks_at_once_and_one_after_leave_nothing() {
    each(&ALL, || {
        for kind in [Kind::Shared, Kind::Owned] {
            let pod = Pod::working(kind, 2);
            let original = pod.original();
            let began = Instant::now();
            let both = [
                pod.reaper(&[]).spawn().unwrap(),
                pod.reaper(&[]).spawn().unwrap(),
            ];
            for child in both {
                let hook = ended(&child.wait_with_output().unwrap(), began);
                assert_eq!(hook.code, 0, "{}", hook.words);
            }
            let hook = pod.run(&[]);
            assert_eq!(hook.code, 0, "{}", hook.words);
            assert_eq!(pod.deleted("DELETE *"), 1);
            assert_eq!(pod.original(), original);
            pod.no_poll_after_the_end();
            assert_eq!(pod.managers(), 0);
        }
    });
}

#[test]
fn killed_hook_is_finished_by_the_next() {
    each(&ALL, || {
        for milliseconds in [3, 10, 20, 40, 80, 150, 250, 300] {
            let pod = Pod::working(Kind::Shared, 1);
            let original = pod.original();
            let mut child = pod.reaper(&[]).spawn().unwrap();
            let began = Instant::now();
            while began.elapsed() < Duration::from_millis(milliseconds) {
                std::thread::sleep(Duration::from_millis(1));
            }
            kill_process(pid_of(&child), Signal::KILL).unwrap();
            child.wait().unwrap();
            let hook = pod.run(&[]);
            assert_eq!(hook.code, 0, "{milliseconds}: {}", hook.words);
            assert_eq!(pod.original(), original, "{milliseconds}");
            assert!(!pod.file("config.toml.original").exists());
            pod.no_poll_after_the_end();
            assert_eq!(pod.managers(), 0, "{milliseconds}");
        }
    });
}

#[test]
fn child_of_a_wrapper_is_drained() {
    // Since 17.6.
    each(&ALL[1..], || {
        let pod = Pod::new(
            Settings::default(),
            &[Kind::Owned],
            "concurrent = 1\ncheck_interval = 1",
            "  limit = 1",
        );
        let config = pod.file("config.toml").display().to_string();
        let mut pod = pod
            .with_port()
            .started_by(&["wrapper", "run", "--config", &config]);
        let job = pod.job(1.5);
        pod.job_is(job, JobStatus::Running);
        let hook = pod.run(&[]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        pod.job_is(job, JobStatus::Success);
        assert!(hook.words.contains("SIGQUIT"), "{}", hook.words);
        assert!(pod.gitlab.runners().is_empty());
        assert!(pod.runs(), "the wrapper lives on");
    });
}

#[test]
fn hook_of_another_pod_touches_nothing_and_says_so() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let state = pod.text(".runner-lifecycle.toml");
        pod.put(
            ".runner-lifecycle.toml",
            &format!("{state}[pod]\nname = \"runner-0\"\nuid = \"u-1\"\n"),
        );
        let original = pod.original();
        let theirs = ["--pod-name", "runner-1", "--pod-uid", "u-2"];
        let hook = pod.run(&theirs);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(
            hook.words.contains("another pod, runner-0 (uid u-1)"),
            "{}",
            hook.words
        );
        let by_hand = pod.run(&[&["unregister", "--all-runners"], theirs.as_slice()].concat());
        assert_eq!(by_hand.code, 78, "{}", by_hand.words);
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        assert_eq!(pod.original(), original);
        let own = pod.run(&["--pod-name", "runner-0", "--pod-uid", "u-1"]);
        assert_eq!(own.code, 0, "{}", own.words);
        assert_eq!(pod.deleted(RUNNER), 1);
    });
}
