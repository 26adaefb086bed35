//! Volumes that are paused, by whom and how far.

use std::fs;
use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, wait_for};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;
use serde_json::json;

use super::scenes::{STATE, edit, plain, shared, working};

/// A hook whose pause goes on, since GitLab holds a request.
fn held() -> Plan {
    shared().held_for(Duration::from_secs(600))
}

#[test]
fn paused_by_a_hook() {
    let mut pod = Pod::working(held());
    pod.order.polling_goes_on();
    wait_for("the request that GitLab holds", || {
        let open = pod.metric("gitlab_runner_request_concurrency");
        (pod.polls() >= 2 && open == 1).then_some(())
    });
    let mut hook = pod.reaper(&["pre-stop", "--grace-period=1h"]);
    let hook = pod.begin(&mut hook);
    wait_for("the pause", || {
        let loaded = pod.metric("gitlab_runner_configuration_loaded_total");
        (loaded > 1).then_some(())
    });
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    let document = plain("paused-by-hook", &pod, 78);
    assert_eq!(document["volume"]["locked"], true);
    assert_eq!(document["volume"]["pause"]["status"], "working");

    // The same when the hook was killed.
    hook.signal(Signal::SIGKILL);
    drop(hook.ended());
    let document = plain("paused-by-killed-hook", &pod, 78);
    assert_eq!(document["volume"]["pause"]["status"], "left-over");

    // The same, if somebody had asked for it.
    edit(&pod, STATE, |text| {
        format!("{text}\n[pause]\nby = \"root on runner-0\"\nat = \"2026-01-31T10:10:10Z\"\n")
    });
    let document = plain("paused-by-hand", &pod, 78);
    let want = json!({"status": "by-hand", "by": "root on runner-0", "at": "2026-01-31T10:10:10Z"});
    assert_eq!(document["volume"]["pause"], want);
    assert_eq!(document["runner_manager"]["status"], "paused");

    fs::remove_file(pod.stage.file("config.toml.original")).unwrap();
    edit(&pod, STATE, |text| {
        text.split("\n[pause]").next().unwrap().to_owned()
    });
    plain("paused-without-original", &pod, 78);
    assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), asked);
}

#[test]
fn hook_is_over_and_its_runner_manager_goes_on() {
    let pod = working(shared());
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    let document = plain("after-hook", &pod, 78);
    assert_eq!(document["runner_manager"]["status"], "paused");
    assert!(pod.is_gone(), "the question made the runner manager again");
}

#[test]
fn hook_waits_for_the_jobs_of_an_owned_runner() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken)).started(&[]);
    let job = pod.busy_with(1);
    let mut hook = pod.reaper(&["pre-stop", "--grace-period=1h"]);
    let mut hook = pod.begin(&mut hook);
    hook.says("waiting for 1 job");
    let document = plain("hook-waits-for-jobs", &pod, 78);
    assert_eq!(document["volume"]["locked"], true);
    assert_eq!(document["volume"]["pause"]["status"], "none");
    assert_eq!(document["runner_manager"]["status"], "paused");
    pod.release();
    hook.ended().is(0, "nothing is left at GitLab");
    pod.job_is(job[0], JobStatus::Success);
}
