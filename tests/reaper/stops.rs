//! The reaper itself is told to stop, or the pod has less time than it was told.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, within};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Fault, JobStatus, Settings};
use nix::sys::signal::Signal;

/// From the kubelet's stop signal under a hook to SIGKILL, as measured.
const KILL: Duration = Duration::from_secs(2);

/// Longer than a hook that was told to stop may take.
const SOON: Duration = Duration::from_secs(2);

#[test]
fn hook_that_is_told_to_stop_keeps_an_owned_runner_with_its_jobs_and_names_it() {
    each(&ENDS, || {
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
            let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
            let original = pod.original();
            let job = pod.busy_with(1)[0];
            let mut hook = pod.hook(&["--grace-period=1h"]);
            hook.says("waiting for 1 job");
            hook.signal(signal);
            let ended = hook.ended();
            ended.is(75, "is left behind at");
            ended.is(75, &format!("jobs/{job}"));
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            pod.is_as_before(&original);
            pod.release();
            pod.stopped_by_kubelet();
            pod.job_is(job, JobStatus::Success);
        }
    });
}

#[test]
fn hook_that_is_told_to_stop_during_the_pause_unregisters_what_is_harmless_at_once() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            within(SOON, || {
                let pod = Pod::working(Plan::of(source));
                let original = pod.original();
                let job = pod.busy_with(1)[0];
                let mut hook = pod.hook(&["--grace-period=1h"]);
                hook.says("config.toml paused");
                let ended = hook.stopped();
                let (code, words) = if source.owned() {
                    (75, "is left behind")
                } else {
                    (0, "unregistered from")
                };
                ended.is(code, words);
                assert_eq!(pod.is_gone(), !source.owned());
                pod.is_as_before(&original);
                pod.release();
                pod.job_is(job, JobStatus::Success);
                ended.took
            });
        }
    });
}

#[test]
fn hook_that_is_told_to_stop_while_an_entry_is_held_unregisters_nothing() {
    each(&ENDS, || {
        // Without a limit the busy runner manager may poll once more when its job ends.
        let pod = Pod::working(Plan {
            limit: false,
            ..Plan::of(Source::AuthenticationToken)
        });
        let job = pod.busy_with(1)[0];
        let mut hook = pod.hook(&["--grace-period=1h"]);
        hook.says("waiting for 1 job");
        let ended = hook.stopped();
        ended.is(75, "is left behind");
        ended.is(75, "may still poll");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.release();
        pod.job_is(job, JobStatus::Success);
    });
}

/// During the unregistration, and while the pause waits for a request that GitLab holds.
#[test]
fn hook_that_is_told_twice_to_stop_waits_for_nothing_and_puts_the_file_back() {
    each(&ENDS, || {
        for long_poll in [None, Some(Duration::from_secs(600))] {
            within(SOON, || {
                let settings = Settings {
                    long_poll,
                    ..Settings::default()
                };
                let pod = Pod::working(Plan {
                    settings,
                    ..Plan::of(Source::RegistrationToken)
                });
                let original = pod.original();
                pod.gitlab.fault(Fault::on("DELETE *").forever().hang());
                if long_poll.is_some() {
                    pod.is_held();
                }
                let mut hook = pod.hook(&["--grace-period=1h"]);
                if long_poll.is_some() {
                    hook.says("config.toml paused");
                } else {
                    pod.is_asked("DELETE *", 1);
                }
                hook.stop();
                hook.signal(Signal::SIGINT);
                let ended = hook.ended();
                ended.is(69, "may be left behind at");
                pod.is_as_before(&original);
                ended.took
            });
        }
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
            ended.is(75, "the pod has less time than the grace period of");
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
        // From the stop signal, with which GitLab is asked, to the word that the job has failed.
        within(KILL, || {
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
            failed.at.checked_sub(asked.at).unwrap()
        });
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
            let sidecar = pod.sidecar(&["--grace-period=3"]);
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().status(503));
            pod.stopped_by_kubelet();
            sidecar.stopped().is(69, "is left behind at");
            assert!(pod.gitlab.calls("DELETE *").len() > 1, "retried");
        }
    });
}

#[test]
fn sidecar_of_a_pod_that_is_idle_does_not_wait_an_hour_for_gitlab() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let sidecar = pod.sidecar(&["--grace-period=1h", "--unregister-timeout=2s"]);
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().drop_before());
            pod.stopped_by_kubelet();
            sidecar.stopped().is(69, "is left behind at");
            assert!(pod.gitlab.calls("DELETE *").len() > 1, "retried");
        }
    });
}
