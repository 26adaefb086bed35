//! A request that GitLab holds: it costs the hook time and nothing else, and less than the whole grace period.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, wait_for, within};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Call, JobStatus};

/// Longer than any test.
const FOR_EVER: Duration = Duration::from_secs(600);

const REQUEST: &str = "POST /jobs/request";

/// An idle pod whose request GitLab holds for so long.
fn idle(source: Source, hold: Duration) -> Pod {
    let pod = Pod::working(Plan::of(source).held_for(hold));
    pod.is_held();
    pod
}

/// Unregistered by one call.
fn is_gone(pod: &Pod, ended: &Ended) -> Call {
    ended.is(0, "nothing is left at GitLab");
    assert!(pod.is_gone(), "{}", ended.words);
    let [deletion] = pod.gitlab.calls("DELETE *").try_into().unwrap();
    deletion
}

/// The same, after the end of every request.
fn is_gone_after_all_requests(pod: &Pod, ended: &Ended) {
    let deletion = is_gone(pod, ended).at;
    let open = |call: &&Call| call.abandoned || call.ended_at.is_none_or(|end| end > deletion);
    let requests = pod.gitlab.calls(REQUEST);
    assert!(!requests.iter().any(|call| open(&call)), "{requests:?}");
}

#[test]
fn hook_waits_for_the_end_of_the_open_request() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = idle(source, Duration::from_secs(3));
            let hook = pod.reap(&["pre-stop", "--grace-period=1h"]);
            is_gone_after_all_requests(&pod, &hook);
            let last = pod.gitlab.calls(REQUEST).pop().unwrap();
            let held = last.ended_at.unwrap() - last.at;
            assert!(held >= Duration::from_secs(3), "{held:?}");
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn job_that_comes_while_the_hook_waits_stays_for_another_runner_manager() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = idle(source, FOR_EVER);
            let original = pod.original();
            let mut hook = pod.hook(&["--grace-period=1h"]);
            hook.says("config.toml paused");
            let job = pod.job_of(100);
            is_gone_after_all_requests(&pod, &hook.ended());
            pod.is_as_before(&original);
            pod.stopped_by_kubelet();
            pod.job_is(job, JobStatus::Pending);
            assert!(pod.is_gone());
        }
    });
}

/// With less time than GitLab holds the request: unregistered before its end, and nothing comes back with it.
fn ends_before_the_request(arguments: &[&str], period: Duration) {
    for source in Source::SHARED_AND_OWNED {
        within(period, || ends_before_its_request(source, arguments));
    }
}

fn ends_before_its_request(source: Source, arguments: &[&str]) -> Duration {
    let mut pod = idle(source, FOR_EVER);
    let original = pod.original();
    let mut hook = pod.hook(arguments);
    hook.says("waiting for polling to stop");
    let early = pod.gitlab.calls("DELETE *");
    assert!(
        early.is_empty(),
        "waited for while there is time: {early:?}"
    );
    let hook = hook.ended();
    hook.is(
        0,
        "polling did not stop in time: a job request is still open",
    );
    is_gone(&pod, &hook);
    pod.is_as_before(&original);
    let job = pod.job_of(100);
    if !source.owned() {
        // A runner that is gone takes its queue along, and its request is held on.
        wait_for("the end of the request", || {
            let held = pod.gitlab.look(|state| state.held_requests);
            (held == 0).then_some(())
        });
    }
    pod.stopped_by_kubelet();
    pod.job_is(job, JobStatus::Pending);
    assert!(pod.is_gone(), "the request brought it back");
    hook.took
}

#[test]
fn told_grace_period_that_is_shorter_ends_the_waiting() {
    each(&ENDS, || {
        ends_before_the_request(&["--grace-period=10"], Duration::from_secs(10));
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
        for source in Source::SHARED_AND_OWNED {
            let mut pod = idle(source, FOR_EVER);
            let sidecar = pod.sidecar(&[]);
            pod.stopped_by_kubelet();
            is_gone(&pod, &sidecar.stopped());
            let job = pod.job_of(100);
            pod.job_is(job, JobStatus::Pending);
            assert!(pod.is_gone());
        }
    });
}
