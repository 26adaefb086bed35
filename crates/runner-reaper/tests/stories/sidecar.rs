//! The container beside the runner's.

use std::time::{Duration, Instant};

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::Signal;

use crate::looks::within;
use crate::pod::{Kind, LIMIT, OTHER_ID, Pod};
use crate::running::Running;
use crate::versions::{ALL, ENDS, each, in_turn};

fn connected(pod: &Pod) {
    let ready = pod.gitlab.wait_until(LIMIT, |state| {
        state.journal.iter().any(|call| call.method == "HEAD")
    });
    assert!(ready, "no connection ahead");
}

#[test]
fn runner_manager_that_has_ended_is_unregistered_at_once() {
    in_turn(&ALL, || {
        for (kind, pattern) in [
            (Kind::Shared, "DELETE /runners/managers"),
            (Kind::Owned, "DELETE /runners"),
        ] {
            within(Duration::from_millis(500), || {
                let mut pod = Pod::working(kind, 1);
                let sidecar = Running::sidecar(&pod, &[]);
                connected(&pod);
                pod.signal(Signal::QUIT);
                pod.exited();
                let ended = sidecar.stopped();
                assert_eq!(ended.code, 0, "{}", ended.words);
                assert_eq!(pod.deleted(pattern), 1);
                pod.no_poll_after_the_end();
                ended.took
            });
        }
    });
}

#[test]
fn sidecar_that_is_stopped_alone_unregisters_nothing() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let ended = Running::sidecar(&pod, &[]).stopped();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(
            ended.words.contains("not the end of the pod"),
            "{}",
            ended.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn second_signal_unregisters_at_once() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Shared, 1);
        let mut sidecar = Running::sidecar(&pod, &["--log-level", "debug"]);
        sidecar.stop();
        sidecar.says("SIGTERM received");
        sidecar.signal(Signal::TERM);
        let ended = sidecar.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
        assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
    });
}

#[test]
fn owned_runner_of_a_draining_process_goes_after_its_jobs() {
    each(&ALL, || {
        let mut pod = Pod::working(Kind::Owned, 1);
        // Longer than the kubelet takes to kill: a process that vanishes later has drained.
        let job = pod.job(8.0);
        pod.works_on(job);
        let mut sidecar = Running::sidecar(&pod, &[]);
        sidecar.stop();
        pod.signal(Signal::QUIT);
        pod.exited();
        let ended = sidecar.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        pod.job_is(job, JobStatus::Success);
        assert_eq!(pod.deleted("DELETE /runners"), 1);
    });
}

#[test]
fn killed_under_its_jobs_keeps_the_owned_runner_and_names_it() {
    let mut pod = Pod::new(
        Settings::default(),
        &[Kind::Owned, Kind::Shared],
        "concurrent = 2\ncheck_interval = 1",
        "  limit = 2",
    )
    .with_port()
    .started();
    let job = pod.job(60.0);
    pod.works_on(job);
    let mut sidecar = Running::sidecar(&pod, &[]);
    pod.signal(Signal::QUIT);
    let draining = Instant::now();
    let mut polls = pod.gitlab.calls("POST /jobs/request").len();
    // The state shows it at once; polls show it to GitLab.
    while draining.elapsed() < Duration::from_millis(300) {
        polls = polls.max(pod.gitlab.calls("POST /jobs/request").len());
    }
    let began = Instant::now();
    sidecar.stop();
    let gone = pod
        .gitlab
        .wait_until(LIMIT, |state| state.count("DELETE /runners/managers") > 0);
    // The kubelet kills two seconds after SIGTERM.
    assert!(gone && began.elapsed() < Duration::from_secs(2));
    pod.signal(Signal::KILL);
    pod.exited();
    let ended = sidecar.ended();
    assert_eq!(ended.code, 75, "{}", ended.words);
    assert!(
        ended.words.contains("is left behind") && ended.words.contains(&format!("/-/jobs/{job}")),
        "{}",
        ended.words
    );
    assert!(pod.gitlab.calls("DELETE /runners").is_empty());
    assert_eq!(pod.gitlab.calls("POST /jobs/request").len(), polls);
}

#[test]
fn file_that_comes_later_is_noticed() {
    let pod = Pod::new(Settings::default(), &[Kind::Shared], "concurrent = 1", "");
    let text = pod.text("config.toml");
    std::fs::remove_file(pod.file("config.toml")).unwrap();
    let sidecar = Running::sidecar(&pod, &[]);
    pod.put("config.toml", &text);
    connected(&pod);
    let ended = sidecar.stopped();
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
}

#[test]
fn silent_runner_manager_is_not_a_gone_one() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(6.0);
        pod.works_on(job);
        let mut sidecar = Running::sidecar(&pod, &[]);
        pod.signal(Signal::STOP);
        sidecar.stop();
        sidecar.says("does not answer");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.signal(Signal::CONT);
        let ended = sidecar.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(
            ended.words.contains("not the end of the pod"),
            "{}",
            ended.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn silent_runner_manager_keeps_its_owned_runner_at_the_deadline() {
    each(&ALL, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(60.0);
        pod.works_on(job);
        let sidecar = Running::sidecar(&pod, &["--grace-period", "4"]);
        pod.signal(Signal::STOP);
        let ended = sidecar.stopped();
        pod.signal(Signal::CONT);
        assert_eq!(ended.code, 75, "{}", ended.words);
        assert!(ended.words.contains("is left behind"), "{}", ended.words);
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn untold_grace_period_gives_no_owned_runner_up() {
    each(&ALL, || {
        let mut pod = Pod::working(Kind::Owned, 1);
        // The guess of 30 s less the reserve is over before the job is.
        let job = pod.job(17.0);
        pod.works_on(job);
        let mut sidecar = Running::sidecar(&pod, &["--reserve", "15"]);
        sidecar.stop();
        pod.signal(Signal::QUIT);
        sidecar.says("is not set");
        pod.exited();
        let ended = sidecar.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        pod.job_is(job, JobStatus::Success);
        assert_eq!(pod.deleted("DELETE /runners"), 1);
    });
}

#[test]
fn metrics_of_another_pod_tell_the_sidecar_nothing() {
    each(&ENDS, || {
        let other = Pod::working_as(OTHER_ID);
        let mut pod = Pod::working(Kind::Shared, 1);
        let sidecar = Running::sidecar(&pod, &["--metrics-address", &other.address()]);
        pod.signal(Signal::QUIT);
        pod.exited();
        let ended = sidecar.stopped();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(
            ended.words.contains("to another runner manager"),
            "{}",
            ended.words
        );
        assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
        assert!(other.gitlab.calls("DELETE *").is_empty());
    });
}
