//! The reaper itself is told to stop, or the pod has less time than it was told.

use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus};
use nix::sys::signal::Signal;

use acceptance::pod::{LIMIT, Plan, Pod, Source};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};

/// From the kubelet's stop signal under a hook to SIGKILL, as measured.
const KILL: Duration = Duration::from_secs(2);

#[test]
fn hook_that_is_told_to_stop_keeps_an_owned_runner_with_its_jobs_and_names_it() {
    each(&ENDS, || {
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
    });
}

#[test]
fn hook_that_is_told_twice_to_stop_waits_for_nothing_and_puts_the_file_back() {
    each(&ENDS, || {
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
    });
}

/// SIGQUIT under a hook that waits for a job: the kubelet's stop signal, as the grace period is over. SIGKILL follows in 2 s.
fn stopped_under_its_hook(pod: &mut Pod, arguments: &[&str]) -> Ended {
    pod.order.deadline_passes();
    let job = pod.busy_with(1)[0];
    let mut hook = pod.begin(&mut pod.reaper(arguments));
    hook.says("waiting for 1 job");
    pod.signal(Signal::SIGQUIT);
    let ended = hook.ended();
    let named = format!("jobs/{job}");
    assert!(ended.words.contains(&named), "{}", ended.words);
    ended
}

#[test]
fn hook_whose_pod_has_less_time_than_told_unregisters_and_ends_the_jobs() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let ended = stopped_under_its_hook(&mut pod, &["pre-stop", "--grace-period=1h"]);
            ended.is(75, "less time is left than");
            assert!(pod.is_gone(), "{}", ended.words);
            assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
            assert!(pod.exited().success());
            // Nobody waits an hour for it.
            let job = pod.gitlab.jobs()[0].id;
            pod.job_is(job, JobStatus::Failed);
            if source.owned() {
                let journal = pod.gitlab.journal();
                let failed = journal
                    .iter()
                    .rposition(|call| call.body["state"] == "failed");
                let asked = journal.iter().rposition(|call| call.is(source.farewell()));
                assert!(asked < failed, "this process may end with the jobs");
            }
        }
    });
}

#[test]
fn jobs_are_ended_in_time_though_gitlab_does_not_answer_the_unregistration() {
    each(&ENDS, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        pod.gitlab.fault(Fault::on("DELETE *").forever().hang());
        let arguments = ["pre-stop", "--grace-period=1h", "--unregister-timeout=4s"];
        let ended = stopped_under_its_hook(&mut pod, &arguments);
        ended.is(69, "is left behind at");
        let job = pod.gitlab.jobs()[0].id;
        pod.job_is(job, JobStatus::Failed);
        let journal = pod.gitlab.journal();
        let failed = journal
            .iter()
            .find(|call| call.body["state"] == "failed")
            .unwrap();
        let asked = journal
            .iter()
            .find(|call| call.is("DELETE /runners"))
            .unwrap();
        let waited = failed.at.checked_sub(asked.at).unwrap();
        assert!(
            waited < KILL,
            "the job was reported {waited:?} after the stop signal"
        );
    });
}

#[test]
fn untold_no_job_is_ended_when_the_pod_has_less_time() {
    each(&ENDS, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let ended = stopped_under_its_hook(&mut pod, &["pre-stop"]);
        ended.is(75, "the grace period is not set");
        assert!(pod.is_gone() && pod.runs(), "{}", ended.words);
        let job = pod.gitlab.jobs()[0].id;
        pod.release();
        assert!(pod.exited().success());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn sidecar_names_what_gitlab_kept_inside_its_grace_period() {
    each(&ENDS, || {
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
    });
}

#[test]
fn sidecar_of_a_pod_that_is_idle_does_not_wait_an_hour_for_gitlab() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let arguments = ["sidecar", "--grace-period=1h", "--unregister-timeout=2s"];
            let mut sidecar = pod.begin(&mut pod.reaper(&arguments));
            sidecar.says("waiting for the end of the pod");
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().drop_before());
            pod.stopped_by_kubelet();
            sidecar.signal(Signal::SIGTERM);
            sidecar.ended().is(69, "is left behind at");
            assert!(pod.gitlab.calls("DELETE *").len() > 1, "retried");
        }
    });
}
