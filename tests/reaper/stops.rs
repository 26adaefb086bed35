//! The reaper itself is told to stop, or the pod has less time than it was told.

use gitlab_simulator::{Fault, JobStatus};
use nix::sys::signal::Signal;

use super::pod::{LIMIT, Plan, Pod, Source};

#[test]
fn hook_that_is_told_to_stop_keeps_an_owned_runner_with_its_jobs_and_names_it() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let original = pod.original();
        let job = pod.busy_with(1)[0];
        let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
        hook.says("waiting for 1 job");
        hook.signal(signal);
        let ended = hook.ended();
        ended.is(75, "is left behind at");
        assert!(
            ended.words.contains(&format!("jobs/{job}")),
            "{}",
            ended.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.is_as_before(&original);
        pod.release();
        pod.stopped_by_kubelet();
        pod.job_is(job, JobStatus::Success);
    }
}

#[test]
fn hook_that_is_told_twice_to_stop_waits_for_nothing_and_puts_the_file_back() {
    let pod = Pod::working(Plan::of(Source::RegistrationToken));
    let original = pod.original();
    pod.gitlab.fault(Fault::on("DELETE *").forever().hang());
    let hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
    assert!(
        pod.gitlab
            .wait_until(LIMIT, |state| state.count("DELETE *") == 1)
    );
    hook.signal(Signal::SIGTERM);
    hook.signal(Signal::SIGINT);
    hook.ended().is(69, "may be left behind at");
    pod.is_as_before(&original);
}

#[test]
fn hook_whose_pod_has_less_time_than_told_unregisters_at_once() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        pod.order.deadline_passes();
        let job = pod.busy_with(1)[0];
        let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
        hook.says("waiting for 1 job");
        // The kubelet's stop signal while the hook runs: the grace period is over.
        pod.signal(Signal::SIGQUIT);
        let ended = hook.ended();
        ended.is(75, "there is less time than");
        assert!(pod.is_gone(), "{}", ended.words);
        pod.release();
        assert!(pod.exited().success());
        pod.job_is(job, JobStatus::Success);
    }
}

#[test]
fn sidecar_names_what_gitlab_kept_inside_its_grace_period() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        let mut sidecar = pod.begin(&mut pod.reaper(&["sidecar", "--grace-period=3"]));
        sidecar.says("waiting for the end of the pod");
        pod.gitlab
            .fault(Fault::on("DELETE *").forever().status(503));
        pod.stopped_by_kubelet();
        sidecar.signal(Signal::SIGTERM);
        sidecar.ended().is(69, "is left behind at");
        assert!(pod.gitlab.calls("DELETE *").len() > 1, "retried");
    }
}
