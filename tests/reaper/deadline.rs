//! Jobs that take longer than the pod has, and runner managers that cannot be watched.

use std::time::Duration;

use acceptance::at_once::at_once;
use acceptance::pod::{Plan, Pod, Source, put, slowness, within};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Fault, JobStatus};

/// Both kinds of runner at once: these tests wait.
fn for_both(check: impl Fn(Source) + Sync) {
    at_once(2, Source::SHARED_AND_OWNED, check);
}

/// The hook takes at most so long when a job takes longer than the grace period.
fn job_is_longer_than(seconds: u64, most: Duration) {
    for_both(|source| within(most, || ends_under_its_job(source, seconds, most)));
}

/// How long the hook takes; as long as it must not where GitLab hears of the job too late.
fn ends_under_its_job(source: Source, seconds: u64, most: Duration) -> Duration {
    let mut pod = Pod::working(Plan::of(source));
    pod.order.deadline_passes();
    let job = pod.busy_with(1)[0];
    let message = pod.aside.path().join("message");
    put(&message, "");
    let began = pod.now();
    let mut hook = pod.reaper(&["pre-stop", &format!("--grace-period={seconds}")]);
    hook.arg("--termination-message-path").arg(&message);
    let hook = pod.begin(&mut hook).ended();
    hook.is(75, "1 job still running");
    hook.is(75, "SIGTERM");
    let said = std::fs::read_to_string(&message).unwrap();
    assert!(
        said.starts_with("deadline passed with jobs running"),
        "{said}"
    );
    assert!(
        hook.words.contains(&format!("jobs/{job}")),
        "the job is named: {}",
        hook.words
    );
    assert!(pod.is_gone(), "{}", hook.words);
    assert!(!pod.runs() || pod.exited().success());
    pod.job_is(job, JobStatus::Failed);
    let end = |pattern: &str| pod.gitlab.calls(pattern).pop().unwrap().at;
    let asked = end(source.farewell());
    let reported = pod
        .gitlab
        .journal()
        .iter()
        .rposition(|call| call.body["state"] == "failed")
        .unwrap();
    let reported = pod.gitlab.journal()[reported].at;
    assert!(reported >= asked, "first unregistered, then ended");
    let in_time = reported.saturating_sub(began) < Duration::from_secs(seconds);
    if in_time { hook.took } else { most }
}

#[test]
fn told_deadline_of_two_seconds_unregisters_and_ends_the_job() {
    // Of more where the steps of the hook take longer.
    let seconds = (2.0 * slowness()).min(10.0) as u64;
    each(&ENDS, || {
        // What the machine may add to a process's own time when it is busy is two seconds.
        job_is_longer_than(seconds, Duration::from_secs(seconds + 2));
    });
}

#[test]
fn told_deadline_of_thirty_seconds_unregisters_and_ends_the_job() {
    // The reserve of 5 s is more than the machine may add.
    job_is_longer_than(30, Duration::from_secs(30));
}

#[test]
fn untold_deadline_unregisters_in_time_and_leaves_the_job_alone() {
    each(&ENDS, || {
        for_both(|source| {
            within(Duration::from_secs(30), || {
                let mut pod = Pod::working(Plan::of(source));
                pod.order.deadline_passes();
                let job = pod.busy_with(1)[0];
                let hook = pod.reap(&["pre-stop"]);
                let code = if source.owned() { 75 } else { 0 };
                hook.is(code, "unregistered from");
                for words in [
                    "the grace period is not set",
                    "--grace-period=30",
                    "RUNNER_REAPER_GRACE_PERIOD",
                    "stays \"running\" at GitLab",
                    &format!("jobs/{job}"),
                ] {
                    assert!(hook.words.contains(words), "{words}: {}", hook.words);
                }
                let waited = hook.took > Duration::from_secs(20);
                assert_eq!(waited, source.owned(), "{:?}", hook.took);
                assert!(!hook.words.contains("SIGTERM"), "{}", hook.words);
                assert!(pod.is_gone(), "{}", hook.words);
                assert_eq!(
                    pod.gitlab.look(|state| state.job(job).unwrap().status),
                    JobStatus::Running
                );
                assert!(pod.runs(), "no job is ended on a guess");
                pod.release();
                pod.stopped_by_kubelet();
                pod.job_is(job, JobStatus::Success);
                hook.took
            });
        });
    });
}

#[test]
fn without_a_metrics_port_shared_goes_after_the_reload_and_owned_at_the_deadline() {
    each(&ENDS, || {
        for_both(|source| {
            let most = if source.owned() { 11.5 } else { 7.0 };
            within(Duration::from_secs_f64(most), || {
                let mut pod = Pod::of(Plan {
                    port: false,
                    ..Plan::of(source)
                })
                .started(&[]);
                pod.polled(2);
                let original = pod.original();
                let began = pod.now();
                let hook = pod.reap(&["pre-stop", "--grace-period=12"]);
                hook.is(0, "nothing is left at GitLab");
                assert!(
                    hook.words.contains("listen_address"),
                    "no advice: {}",
                    hook.words
                );
                assert!(pod.is_gone());
                pod.is_as_before(&original);
                let journal = pod.gitlab.journal();
                let farewell = journal
                    .iter()
                    .find(|call| call.is(source.farewell()))
                    .unwrap();
                // The end of the waiting is the deadline less its reserve of 2 s; the hook counts 0.2 s before its own start.
                let waited = farewell.at - began;
                let least = Duration::from_secs(if source.owned() { 9 } else { 4 });
                assert!(waited >= least, "{source:?} waited {waited:?} only");
                if pod.runs() {
                    pod.stopped_by_kubelet();
                }
                hook.took
            });
        });
    });
}

#[test]
fn idle_pod_with_an_hour_does_not_wait_it_out_for_a_gitlab_that_is_away() {
    each(&ENDS, || {
        fn check(source: Source, live: bool) {
            let mut pod = Pod::of(Plan::of(source));
            if live {
                pod.start(&[]);
                pod.polled(1);
            }
            let id = pod.gitlab.runners().pop().unwrap().id;
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().drop_before());
            let hook = &mut pod.reaper(&["pre-stop", "--grace-period=1h"]);
            let hook = pod.begin(hook.env("RUNNER_REAPER_UNREGISTER_TIMEOUT", "2s"));
            let hook = hook.ended();
            hook.is(69, "1 left behind at GitLab");
            let named = format!(
                "runner {id} \"acceptance\" is left behind at {}",
                pod.gitlab.url()
            );
            assert!(hook.words.contains(&named), "{}", hook.words);
            assert!(pod.gitlab.calls("DELETE *").len() > 1, "retried");
            assert!(!pod.is_gone());
            if live {
                pod.stopped_by_kubelet();
            }
        }
        for live in [false, true] {
            for_both(|source| check(source, live));
        }
    });
}

#[test]
fn limit_of_the_unregistration_begins_when_no_job_runs_any_more() {
    each(&ENDS, || {
        for_both(|source| {
            let mut pod = Pod::working(Plan::of(source));
            let job = pod.busy_with(1)[0];
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().status(503));
            let arguments = ["pre-stop", "--grace-period=1h", "--unregister-timeout=1s"];
            let mut hook = pod.begin(&mut pod.reaper(&arguments));
            hook.says("waiting for 1 job");
            if !source.owned() {
                // More attempts than a second has.
                pod.is_asked("DELETE *", 5);
            }
            assert!(hook.runs(), "it stays with the job");
            pod.release();
            let hook = hook.ended();
            hook.is(69, "left behind at");
            pod.job_is(job, JobStatus::Success);
            pod.stopped_by_kubelet();
        });
    });
}
