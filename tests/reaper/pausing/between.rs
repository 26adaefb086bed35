//! What may come while somebody has paused by hand: a restart, a hook, the end of the pod, another hand on the file.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::versions::{ALL, ENDS, each};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

use super::super::again::starts_anew;
use super::{Pausing as _, STATE};

#[test]
fn restarted_container_stays_paused_until_it_is_resumed() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            pod.reap(&["pause"]).is(0, "polling is off");
            let job = pod.held_job();
            pod.signal(Signal::SIGKILL);
            pod.exited();
            pod.start(&[]);
            pod.is_up();
            pod.takes_nothing();
            pod.reap(&["pause"]).is(0, "nothing was changed");
            pod.reap(&["resume"]).is(0, "takes jobs again");
            pod.is_resumed(&original);
            pod.job_is(job, JobStatus::Running);
            pod.release();
            pod.job_is(job, JobStatus::Success);
        }
    });
}

#[test]
fn hook_goes_on_from_the_pause_and_leaves_nothing_of_it() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            for arguments in [
                &["pre-stop", "--grace-period=1h"][..],
                &["unregister", "--all-runners", "--grace-period=1h"],
            ] {
                let mut pod = Pod::working(Plan::of(source));
                let original = pod.original();
                let job = pod.busy_with(1)[0];
                pod.reap(&["pause"]).is(0, "1 job still running");
                let mut hook = pod.begin(&mut pod.reaper(arguments));
                hook.says("continuing from that pause");
                hook.says("waiting for 1 job");
                pod.is_as_before(&original);
                pod.release();
                hook.ended()
                    .is(0, "1 unregistered, nothing is left at GitLab");
                assert!(pod.is_gone());
                pod.is_as_before(&original);
                let state = pod.stage.text(STATE).unwrap();
                assert!(!state.contains("[pause]"), "{state}");
                pod.stopped_by_kubelet();
                pod.job_is(job, JobStatus::Success);
                pod.reap(&["resume"]).is(0, "is not paused");
                starts_anew(&mut pod);
            }
        }
    });
}

#[test]
fn hook_that_comes_while_a_pause_still_waits_has_the_volume_at_once() {
    each(&ENDS, || {
        let plan = Plan::of(Source::RegistrationToken).held_for(Duration::from_secs(8));
        let mut pod = Pod::working(plan);
        let original = pod.original();
        pod.polled(2);
        let mut pause = pod.begin(&mut pod.reaper(&["pause"]));
        pause.says("waiting for polling to stop");
        let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
        hook.says("continuing from that pause");
        assert!(pause.runs(), "it waits on");
        hook.ended().is(0, "1 unregistered, nothing is left");
        // Whether polling was off before the hook put the file back, or the hook was first.
        let pause = pause.ended();
        assert!([0, 78].contains(&pause.code), "{}", pause.words);
        assert_eq!(
            pause.code == 78,
            pause.words.contains("has ended the pause"),
            "{}",
            pause.words
        );
        pod.is_as_before(&original);
        assert!(!pod.stage.text(STATE).unwrap().contains("[pause]"));
        pod.stopped_by_kubelet();
    });
}

#[test]
fn hook_beside_a_paused_runner_manager_that_drains_already_puts_the_file_back() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let job = pod.busy_with(1)[0];
            pod.reap(&["pause"]).is(0, "1 job still running");
            pod.signal(Signal::SIGQUIT);
            pod.drains();
            let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
            hook.says("waiting for 1 job");
            pod.release();
            hook.ended().is(0, "nothing is left at GitLab");
            pod.is_as_before(&original);
            assert!(pod.exited().success());
            pod.job_is(job, JobStatus::Success);
        }
    });
}

#[test]
fn without_a_runner_manager_the_entries_of_the_original_are_unregistered() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            pod.reap(&["pause"]).is(0, "polling is off");
            pod.stopped_by_kubelet();
            pod.reap(&["pre-stop"])
                .is(0, "1 unregistered, nothing is left");
            assert!(pod.is_gone());
            pod.is_as_before(&original);
        }
    });
}

#[test]
fn one_entry_of_several_can_go_from_a_paused_file_that_stays_paused() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let shared = pod.with_a_shared_one_beside();
    pod.reap(&["pause"]).is(0, "no runner manager uses");
    pod.reap(&["unregister", "--name=acceptance"])
        .is(0, "1 runner entry removed");
    pod.is_paused();
    pod.reap(&["resume"]).is(0, "resumed");
    let text = pod.stage.text("config.toml").unwrap();
    assert!(
        text.contains(&shared.token) && !text.contains("acceptance"),
        "{text}"
    );
    pod.reap(&["pause"]).is(0, "no runner manager uses");
    pod.reap(&["unregister", "--all-runners"])
        .is(0, "nothing is left at GitLab");
    let (text, state) = (pod.stage.text("config.toml"), pod.stage.text(STATE));
    let (text, state) = (text.unwrap(), state.unwrap());
    assert!(
        !text.contains("runners]]") && !text.contains("Paused"),
        "{text}"
    );
    assert!(!state.contains("[pause]"), "{state}");
    pod.is_as_before(&pod.original());
}

#[test]
fn one_entry_of_several_beside_a_paused_runner_manager_is_refused_as_ever() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.with_a_shared_one_beside();
    pod.start(&[]);
    pod.polled(2);
    pod.reap(&["pause"]).is(0, "polling is off");
    let paused = (pod.stage.snapshot(), pod.original());
    pod.reap(&["unregister", "--name=acceptance"])
        .is(78, "or use --all-runners");
    assert_eq!((pod.stage.snapshot(), pod.original()), paused);
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    pod.takes_nothing();
}

#[test]
fn sidecar_stopped_alone_leaves_the_pause_and_at_the_end_of_the_pod_unregisters() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let mut alone = pod.begin(&mut pod.reaper(&["sidecar"]));
            alone.says("waiting for the end of the pod");
            pod.reap(&["pause"]).is(0, "polling is off");
            // Started anew it has no system ID to show.
            pod.signal(Signal::SIGKILL);
            pod.exited();
            pod.start(&[]);
            pod.is_up();
            alone.signal(Signal::SIGTERM);
            alone.ended().is(0, "not the end of the pod");
            pod.is_paused();
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            let mut sidecar = pod.begin(&mut pod.reaper(&["sidecar"]));
            sidecar.says("waiting for the end of the pod");
            pod.stopped_by_kubelet();
            sidecar.signal(Signal::SIGTERM);
            let tokens = pod.secrets();
            sidecar.ended().is(0, "1 unregistered, nothing is left");
            assert!(pod.is_gone());
            pod.is_as_before(&original);
            let state = pod.stage.text(STATE).unwrap();
            assert!(!state.contains("[pause]"), "{state}");
            let stays = tokens.iter().any(|token| state.contains(token));
            assert!(!stays, "the token of what is gone: {state}");
        }
    });
}

#[test]
fn file_that_somebody_put_there_during_the_pause_is_never_overwritten() {
    each(&ENDS, || {
        let pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let text = pod.stage.text("config.toml").unwrap();
        pod.reap(&["pause"]).is(0, "polling is off");
        let theirs = format!("# rotated by hand\n{text}");
        pod.stage.put("config.toml", &theirs);
        pod.reap(&["resume"])
            .is(0, "was rewritten during the pause and is kept");
        assert_eq!(pod.stage.text("config.toml").unwrap(), theirs);
        pod.is_as_before(&pod.original());
        pod.polls_on();
    });
}

#[test]
fn original_that_was_edited_during_the_pause_is_what_counts_afterwards() {
    each(&ENDS, || {
        let pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let text = pod.stage.text("config.toml").unwrap();
        pod.reap(&["pause"]).is(0, "polling is off");
        pod.stage.put("config.toml.original", "[[runners]\n");
        let broken = pod.reap(&["resume"]);
        broken.is(78, "config.toml.original");
        assert!(broken.words.contains("line 1"), "{}", broken.words);
        pod.is_paused();
        let edited = text.replace("concurrent = 1", "concurrent = 3");
        assert_ne!(edited, text);
        pod.stage.put("config.toml.original", &edited);
        pod.reap(&["pause"]).is(0, "polling is off");
        pod.reap(&["resume"]).is(0, "takes jobs again");
        assert_eq!(pod.stage.text("config.toml").unwrap(), edited);
        assert_eq!(pod.metric("gitlab_runner_concurrent"), 3);
    });
}

/// Before 19.1 no page says it, and its old entries are still in force: it takes no jobs again.
#[test]
fn runner_manager_that_drains_is_not_said_to_take_jobs_again() {
    each(&ENDS, || {
        let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let original = pod.original();
        let job = pod.busy_with(1)[0];
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        pod.reap(&["pause"])
            .is(0, "is shutting down, 1 job still running");
        let resumed = pod.reap(&["resume"]);
        resumed.is(0, "is shutting down");
        assert!(
            !resumed.words.contains("takes jobs again"),
            "{}",
            resumed.words
        );
        pod.is_resumed(&original);
        pod.release();
        assert!(pod.exited().success());
        pod.job_is(job, JobStatus::Success);
    });
}
