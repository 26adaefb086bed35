//! A runner manager that is there and shows nothing: it is stopped or throttled, and no proof that it is gone.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::versions::{ALL, ENDS, each};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

/// An owned runner with a job.
fn busy() -> (Pod, i64) {
    let pod = Pod::working(Plan::of(Source::RegistrationToken));
    let job = pod.busy_with(1)[0];
    (pod, job)
}

#[test]
fn stopped_process_is_waited_for_until_the_deadline() {
    each(&ENDS, || {
        let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
        pod.order.polling_goes_on();
        let original = pod.original();
        pod.signal(Signal::SIGSTOP);
        let hook = pod.reap(&["pre-stop", "--grace-period=12"]);
        pod.signal(Signal::SIGCONT);
        hook.is(75, "stopped or throttled");
        // The reserve is 2 s; without a port it would have been taken as off after five.
        assert!(hook.took > Duration::from_secs(9), "{:?}", hook.took);
        assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
        pod.is_as_before(&original);
    });
}

#[test]
fn jobs_that_were_seen_are_named_when_the_page_goes_silent() {
    each(&ENDS, || {
        let (mut pod, job) = busy();
        pod.order.deadline_passes();
        pod.order.polling_goes_on();
        let mut hook = pod.hook(&["--grace-period=8"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::SIGSTOP);
        let ended = hook.ended();
        pod.signal(Signal::SIGCONT);
        let end = "the grace period has ended with 1 job running: ";
        ended.is(75, end);
        let (_, named) = ended.words.split_once(end).unwrap();
        assert!(named.contains(&format!("/-/jobs/{job}")), "{}", ended.words);
    });
}

#[test]
fn hook_told_to_stop_without_a_view_of_the_jobs_keeps_the_owned_runner() {
    each(&ENDS, || {
        let (pod, _) = busy();
        let mut hook = pod.hook(&["--grace-period=1h"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::SIGSTOP);
        hook.says("jobs cannot be observed");
        let ended = hook.stopped();
        pod.signal(Signal::SIGCONT);
        ended.is(75, "is left behind");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn silent_runner_manager_is_not_a_gone_one_for_the_sidecar() {
    each(&ALL, || {
        let (pod, job) = busy();
        let mut sidecar = pod.sidecar(&[]);
        pod.signal(Signal::SIGSTOP);
        sidecar.stop();
        sidecar.says("does not answer");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.signal(Signal::SIGCONT);
        // One that does not say its state shows by its next request that it goes on.
        pod.release();
        sidecar.ended().is(0, "not the end of the pod");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn silent_runner_manager_keeps_its_owned_runner_at_the_sidecars_deadline() {
    each(&ALL, || {
        let (pod, _) = busy();
        let sidecar = pod.sidecar(&["--grace-period=4"]);
        pod.signal(Signal::SIGSTOP);
        let ended = sidecar.stopped();
        pod.signal(Signal::SIGCONT);
        ended.is(75, "is left behind");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}
