//! A request that GitLab holds: it costs the hook time and nothing else, and less than the whole grace period.

use std::time::Duration;

use gitlab_simulator::{Call, JobStatus, Settings};
use rustix::process::Signal;

use crate::looks::wait_for;
use crate::pod::{Ended, Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ENDS, each};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);

const REQUEST: &str = "POST /jobs/request";

const FAREWELLS: [(Kind, &str); 2] = [
    (Kind::Shared, "DELETE /runners/managers"),
    (Kind::Owned, "DELETE /runners"),
];

/// An idle pod whose request GitLab holds for so long.
fn idle(kind: Kind, hold: Duration) -> Pod {
    let settings = Settings {
        long_poll: Some(hold),
        ..Settings::default()
    };
    let head = "concurrent = 1\ncheck_interval = 1";
    let pod = Pod::new(settings, &[kind], head, "  limit = 1");
    let pod = pod.with_port().started();
    let is_held = |state: &gitlab_simulator::State| state.held_requests == 1;
    assert!(pod.gitlab.wait_until(LIMIT, is_held));
    pod
}

/// Unregistered by one call, which came after the end of every request.
fn is_gone(pod: &Pod, farewell: &str, ended: &Ended) {
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.deleted(farewell), 1, "{}", ended.words);
    assert_eq!(pod.deleted("DELETE *"), 1, "{}", ended.words);
    assert_eq!(pod.managers(), 0, "{}", ended.words);
    let deletion = pod.gitlab.calls(farewell).remove(0).at;
    let open = |call: &&Call| call.abandoned || call.ended_at.is_none_or(|end| end > deletion);
    let requests = pod.gitlab.calls(REQUEST);
    assert!(!requests.iter().any(|call| open(&call)), "{requests:?}");
    pod.no_poll_after_the_end();
}

#[test]
fn hook_waits_for_the_end_of_the_open_request() {
    each(&ENDS, || {
        for (kind, farewell) in FAREWELLS {
            let pod = idle(kind, Duration::from_secs(3));
            let hook = pod.run(&["--grace-period", "1h"]);
            is_gone(&pod, farewell, &hook);
            let last = pod.gitlab.calls(REQUEST).pop().unwrap();
            let held = last.ended_at.unwrap() - last.at;
            assert!(held >= Duration::from_secs(3), "{held:?}");
        }
    });
}

#[test]
fn job_that_comes_while_the_hook_waits_stays_for_another_runner_manager() {
    each(&ENDS, || {
        for (kind, farewell) in FAREWELLS {
            let mut pod = idle(kind, FOR_EVER);
            let original = pod.original();
            let mut hook = Running::of(&pod, &["--grace-period", "1h"]);
            hook.says("config.toml paused");
            let job = pod.job(0.1);
            let hook = hook.ended();
            is_gone(&pod, farewell, &hook);
            assert_eq!(pod.original(), original);
            pod.signal(Signal::QUIT);
            pod.exited();
            pod.job_is(job, JobStatus::Pending);
            assert_eq!(pod.managers(), 0);
        }
    });
}

/// With less time than GitLab holds the request: unregistered before its end, and nothing comes back with it.
fn ends_before_the_request(arguments: &[&str], period: Duration) {
    for (kind, farewell) in FAREWELLS {
        let mut pod = idle(kind, FOR_EVER);
        let original = pod.original();
        let hook = pod.run(arguments);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(hook.took < period, "{:?}: {}", hook.took, hook.words);
        let why = "polling did not stop in time: a request is still open";
        assert!(hook.words.contains(why), "{}", hook.words);
        assert!(
            hook.words.contains("nothing is left at GitLab"),
            "{}",
            hook.words
        );
        assert_eq!((pod.deleted(farewell), pod.deleted("DELETE *")), (1, 1));
        assert_eq!(pod.original(), original);
        assert!(!pod.file("config.toml.original").exists());
        let job = pod.job(0.1);
        if kind == Kind::Shared {
            // A runner that is gone takes its queue along, and its request is held on.
            wait_for("the end of the request", || {
                pod.gitlab.look(|state| state.held_requests == 0)
            });
        }
        pod.signal(Signal::QUIT);
        pod.exited();
        pod.no_poll_after_the_end();
        pod.job_is(job, JobStatus::Pending);
        assert_eq!(pod.managers(), 0);
    }
}

#[test]
fn told_grace_period_that_is_shorter_ends_the_waiting() {
    each(&ENDS, || {
        ends_before_the_request(&["--grace-period", "10"], Duration::from_secs(10));
    });
}

#[test]
fn untold_grace_period_ends_the_waiting() {
    each(&ENDS, || {
        ends_before_the_request(&[], Duration::from_secs(30));
    });
}

#[test]
fn stop_signal_cuts_the_held_request_off_and_no_job_is_lost() {
    each(&ENDS, || {
        for (kind, farewell) in FAREWELLS {
            let mut pod = idle(kind, FOR_EVER);
            let sidecar = Running::sidecar(&pod, &[]);
            pod.signal(Signal::QUIT);
            pod.exited();
            let ended = sidecar.stopped();
            assert_eq!(ended.code, 0, "{}", ended.words);
            assert_eq!(pod.deleted(farewell), 1, "{}", ended.words);
            let job = pod.job(0.1);
            pod.job_is(job, JobStatus::Pending);
            assert_eq!(pod.managers(), 0);
        }
    });
}
