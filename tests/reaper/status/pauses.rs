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

#[test]
fn pause_by_hand_that_somebody_wrote_over() {
    let pod = working(shared());
    let text = pod.stage.text("config.toml").unwrap();
    let paused = || {
        pod.reap(&["pause"]).is(0, "polling is off");
        edit(&pod, STATE, |text| {
            let lines = text.lines().map(|line| match line.split(" = ").next() {
                Some("by") => "by = \"root on runner-0\"",
                Some("at") => "at = \"2026-01-31T10:10:10Z\"",
                _ => line,
            });
            lines.map(|line| format!("{line}\n")).collect()
        });
    };
    paused();
    let polls = pod.polls();
    pod.stage.put("config.toml", &format!("{text}# edited\n"));
    // It loads what is newer by itself.
    pod.polled(polls + 1);
    let document = plain("pause-over", &pod, 78);
    assert_eq!(document["volume"]["pause"]["status"], "over");
    pod.reap(&["resume"])
        .is(0, "was rewritten during the pause and is kept");
    pod.polled(pod.polls() + 1);

    paused();
    let address = format!("listen_address = \"{}\"\n", pod.address);
    pod.stage.put("config.toml", &address);
    let document = plain("pause-emptied", &pod, 78);
    assert_eq!(document["volume"]["pause"]["status"], "emptied");
    pod.reap(&["resume"])
        .is(0, "restored over a file without runner entries");

    paused();
    fs::remove_file(pod.stage.file("config.toml.original")).unwrap();
    let document = plain("pause-by-hand-without-original", &pod, 78);
    assert_eq!(document["volume"]["pause"]["status"], "no-original");
}
