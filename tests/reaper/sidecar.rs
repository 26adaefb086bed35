//! The container beside the runner's: what SIGTERM means is found out, and nothing that works is unregistered.

use std::time::{Duration, Instant};

use acceptance::pod::{Plan, Pod, Source, wait_for, within};
use acceptance::process::Running;
use acceptance::versions::{ALL, each, in_turn};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

/// From SIGTERM to SIGKILL, where no grace period is left.
const KILL: Duration = Duration::from_secs(2);

#[test]
fn runner_manager_that_has_ended_is_unregistered_whatever_its_source() {
    each(&ALL, || {
        for source in Source::ALL {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let sidecar = pod.sidecar(&[]);
            pod.stopped_by_kubelet();
            sidecar.signal(Signal::SIGTERM);
            sidecar.ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            pod.is_as_before(&original);
        }
    });
}

#[test]
fn runner_manager_that_has_ended_is_unregistered_at_once() {
    in_turn(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            within(Duration::from_millis(500), || {
                let mut pod = Pod::working(Plan::of(source));
                let sidecar = pod.sidecar(&[]);
                pod.stopped_by_kubelet();
                let ended = sidecar.stopped();
                ended.is(0, "nothing is left at GitLab");
                ended.took
            });
        }
    });
}

/// Idle, and with a job on one of two slots.
#[test]
fn sidecar_stopped_alone_unregisters_nothing() {
    each(&ALL, || {
        let cases = Source::SHARED_AND_OWNED.map(|source| [(source, 0), (source, 1)]);
        for (source, jobs) in cases.into_iter().flatten() {
            let mut pod = Pod::working(Plan {
                concurrent: 2,
                ..Plan::of(source)
            });
            pod.busy_with(jobs);
            pod.sidecar(&[]).stopped().is(0, "not the end of the pod");
            assert!(pod.gitlab.calls("DELETE *").is_empty() && !pod.is_gone());
            let polls = pod.polls();
            pod.polled(polls + 1);
            assert!(pod.runs());
        }
    });
}

#[test]
fn second_signal_unregisters_at_once() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            within(Duration::from_secs(2), || {
                let mut pod = Pod::working(Plan::of(source));
                pod.order.polling_goes_on();
                let mut sidecar = pod.sidecar(&["--log-level=debug"]);
                sidecar.signal(Signal::SIGTERM);
                sidecar.says("at SIGTERM the runner manager reports");
                let ended = sidecar.stopped();
                ended.is(0, "unregistered from");
                assert_eq!(pod.gitlab.calls(source.farewell()).len(), 1);
                ended.took
            });
        }
    });
}

#[test]
fn runner_manager_that_crashed_and_came_back_is_still_understood() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let sidecar = pod.sidecar(&[]);
            pod.signal(Signal::SIGKILL);
            pod.exited();
            pod.start(&[]);
            pod.is_up();
            let polls = pod.polls();
            pod.polled(polls + 1);
            sidecar.signal(Signal::SIGTERM);
            sidecar.ended().is(0, "not the end of the pod");
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            let next = pod.sidecar(&[]);
            pod.stopped_by_kubelet();
            next.signal(Signal::SIGTERM);
            next.ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
        }
    });
}

#[test]
fn shared_runner_is_gone_before_its_draining_process_is_killed_and_the_jobs_are_named() {
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    let job = pod.busy_with(1)[0];
    let sidecar = pod.sidecar(&["--grace-period=1h"]);
    pod.signal(Signal::SIGQUIT);
    pod.drains();
    sidecar.signal(Signal::SIGTERM);
    wait_for("the unregistration", || pod.is_gone().then_some(()));
    assert!(pod.runs(), "its process still drains");
    pod.signal(Signal::SIGKILL);
    let ended = sidecar.ended();
    ended.is(75, "was killed while its jobs were running");
    assert!(
        ended.words.contains(&format!("jobs/{job}")),
        "{}",
        ended.words
    );
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    pod.job_is(job, JobStatus::Running);
}

/// Its idle worker tells of one that does not say its state.
#[test]
fn sidecar_of_a_shared_runner_does_not_stay_with_jobs_that_go_on() {
    each(&ALL, || {
        let mut pod = Pod::working(Plan {
            concurrent: 2,
            ..Plan::of(Source::AuthenticationToken)
        });
        let job = pod.busy_with(1)[0];
        let sidecar = pod.sidecar(&["--grace-period=1h"]);
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        let ended = sidecar.stopped();
        ended.is(0, "nothing is left at GitLab, 1 job still running");
        assert!(pod.is_gone() && pod.runs());
        pod.release();
        assert!(pod.exited().success());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn owned_runner_whose_process_is_killed_under_its_jobs_is_kept_and_named() {
    // The kubelet kills two seconds after SIGTERM.
    within(KILL, || {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        let owned = pod.gitlab.runners().pop().unwrap().id;
        pod.with_a_shared_one_beside();
        pod.start(&[]);
        let job = pod.busy_with(1)[0];
        let sidecar = pod.sidecar(&[]);
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        let told = Instant::now();
        sidecar.signal(Signal::SIGTERM);
        // The shared one goes after the first look, and that has shown the job.
        pod.is_asked("DELETE /runners/managers", 1);
        let took = told.elapsed();
        if took < KILL {
            pod.signal(Signal::SIGKILL);
            pod.exited();
            kept(&pod, sidecar, owned, job);
        }
        took
    });
}

#[test]
fn owned_runner_with_jobs_at_the_end_of_the_grace_period_is_kept_and_named() {
    each(&ALL, || {
        let mut pod = Pod::working(Plan::of(Source::AccessToken));
        let owned = pod.gitlab.runners().pop().unwrap().id;
        let job = pod.busy_with(1)[0];
        let sidecar = pod.sidecar(&["--grace-period=4"]);
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        sidecar.signal(Signal::SIGTERM);
        kept(&pod, sidecar, owned, job);
        pod.release();
        assert!(pod.exited().success());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn owned_runner_goes_when_its_draining_process_has_ended() {
    each(&ALL, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let job = pod.busy_with(1)[0];
        let mut sidecar = pod.sidecar(&["--grace-period=1h"]);
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        sidecar.signal(Signal::SIGTERM);
        let told = Instant::now();
        sidecar.says("waiting for 1 job before unregistering");
        // What ends within 2.5 s of SIGTERM may have been killed; only later it is sure to have ended by itself.
        wait_for("the time in which the kubelet kills", || {
            (told.elapsed() > Duration::from_secs(3)).then_some(())
        });
        assert!(!pod.is_gone(), "deleted under its job");
        pod.release();
        sidecar.ended().is(0, "nothing is left at GitLab");
        assert!(pod.exited().success() && pod.is_gone());
        pod.job_is(job, JobStatus::Success);
    });
}

fn kept(pod: &Pod, sidecar: Running, owned: i64, job: i64) {
    let ended = sidecar.ended();
    ended.is(75, "is left behind at");
    assert!(
        ended
            .words
            .contains(&format!("runner {owned} \"acceptance\"")),
        "{}",
        ended.words
    );
    assert!(
        ended.words.contains(&format!("jobs/{job}")),
        "{}",
        ended.words
    );
    assert!(!pod.is_gone() && pod.gitlab.calls("DELETE /runners").is_empty());
}

#[test]
fn file_that_comes_later_is_noticed() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let text = pod.stage.text("config.toml").unwrap();
    std::fs::remove_file(pod.config()).unwrap();
    let mut sidecar = pod.begin(&mut pod.reaper(&["sidecar"]));
    sidecar.says("waiting for the end of the pod");
    pod.stage.put("config.toml", &text);
    pod.is_connected();
    sidecar.stopped().is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
}

#[test]
fn untold_grace_period_gives_no_owned_runner_up() {
    each(&ALL, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let job = pod.busy_with(1)[0];
        let mut sidecar = pod.sidecar(&["--reserve=15"]);
        let told = Instant::now();
        sidecar.stop();
        pod.signal(Signal::SIGQUIT);
        sidecar.says("is not set");
        wait_for("the guess of 30 s less the reserve to be over", || {
            (told.elapsed() > Duration::from_secs(17)).then_some(())
        });
        assert!(!pod.is_gone() && sidecar.runs(), "given up on a guess");
        pod.release();
        assert!(pod.exited().success());
        sidecar.ended().is(0, "nothing is left at GitLab");
        pod.job_is(job, JobStatus::Success);
        assert!(pod.is_gone());
    });
}
