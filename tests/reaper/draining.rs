//! The hook beside a runner manager that got its SIGQUIT first, and so loads no file any more.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, within};
use acceptance::process::Running;
use acceptance::versions::{ALL, each, says_its_state};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

/// So many workers and one job: what is shared goes at once, what is owned is waited for, and no pause is left.
fn hook_comes_second(source: Source, workers: usize, told: &[&str]) -> (Pod, Running) {
    let mut pod = Pod::working(Plan {
        concurrent: workers,
        ..Plan::of(source)
    });
    let original = pod.original();
    pod.busy_with(1);
    pod.signal(Signal::SIGQUIT);
    pod.drains();
    let mut hook = pod.hook(told);
    if source.owned() {
        hook.says("waiting for 1 job");
        assert!(pod.gitlab.calls("DELETE *").is_empty(), "under its job");
    } else {
        pod.is_asked(source.farewell(), 1);
        assert!(pod.runs(), "before the end of its job");
    }
    pod.is_as_before(&original);
    (pod, hook)
}

#[test]
fn hook_beside_a_draining_runner_manager_unregisters_what_is_shared_and_leaves_no_pause() {
    for workers in [1, 2] {
        each(&ALL, || {
            let end = || {
                let (pod, hook) = hook_comes_second(Source::AuthenticationToken, workers, &[]);
                let ended = hook.ended();
                ended.is(0, "nothing is left at GitLab");
                if !says_its_state() {
                    ended.is(0, "no longer loads config.toml");
                }
                assert!(pod.is_gone());
                ended.took
            };
            // Its state or its idle worker tells it at once; without both it takes two looks at the file.
            let looks = Duration::from_secs(6);
            if says_its_state() || workers == 2 {
                within(looks, end);
            } else {
                assert!(end() >= looks);
            }
        });
    }
}

#[test]
fn hook_beside_a_draining_runner_manager_keeps_what_is_owned_until_its_job_is_done() {
    each(&ALL, || {
        for workers in [1, 2] {
            let told = &["--grace-period=1h"];
            let (mut pod, hook) = hook_comes_second(Source::RegistrationToken, workers, told);
            pod.release();
            hook.ended().is(0, "nothing is left at GitLab");
            assert!(pod.exited().success() && pod.is_gone());
            let jobs = pod.gitlab.jobs();
            assert!(jobs.iter().all(|job| job.status == JobStatus::Success));
        }
    });
}
