//! An ordinary end: idle or busy, for each source.

use std::time::Duration;

use acceptance::order::no_job_is_lost;
use acceptance::pod::{Plan, Pod, Source, wait_for, within};
use acceptance::versions::{ALL, each, in_turn};
use gitlab_simulator::JobStatus;

fn of(source: Source, concurrent: usize) -> Pod {
    let plan = Plan::of(source);
    Pod::working(Plan { concurrent, ..plan })
}

#[test]
fn idle_runner_of_any_source_is_gone_and_the_file_is_as_it_was() {
    each(&ALL, || {
        for source in Source::ALL {
            for arguments in [
                &["pre-stop"][..],
                &["pre-stop", "--grace-period=5"],
                &[],
                &["unregister", "--all-runners"],
            ] {
                let mut pod = of(source, 2);
                let original = pod.original();
                let hook = pod.reap(arguments);
                hook.is(0, "nothing is left at GitLab");
                hook.is(0, "polling stopped after");
                let late = hook.words.contains("the grace period has ended");
                assert!(!late && pod.is_gone(), "{source:?}: {}", hook.words);
                assert!(pod.runs(), "the hook ends before the runner manager");
                pod.is_as_before(&original);
                assert_eq!(pod.gitlab.calls("DELETE *").len(), 1);
                pod.stopped_by_kubelet();
            }
        }
    });
}

#[test]
fn busy_shared_runner_is_unregistered_at_once_and_untold_the_hook_returns() {
    each(&ALL, || {
        let mut pod = of(Source::AuthenticationToken, 2);
        let jobs = pod.busy_with(2);
        let waiting = pod.held_job();
        let hook = pod.reap(&["pre-stop"]);
        hook.is(0, "nothing is left at GitLab");
        assert!(pod.is_gone(), "{}", hook.words);
        let running = |id: &i64| pod.gitlab.look(|state| state.job(*id).unwrap().status);
        assert!(jobs.iter().all(|id| running(id) == JobStatus::Running));
        pod.release();
        pod.stopped_by_kubelet();
        jobs.iter()
            .for_each(|id| pod.job_is(*id, JobStatus::Success));
        pod.job_is(waiting, JobStatus::Pending);
    });
}

#[test]
fn busy_shared_runner_is_unregistered_at_once_and_told_the_hook_stays_with_its_jobs() {
    each(&ALL, || {
        let mut pod = of(Source::AuthenticationToken, 2);
        let original = pod.original();
        let jobs = pod.busy_with(2);
        let mut hook = pod.hook(&["--grace-period=1h"]);
        wait_for("the unregistration", || pod.is_gone().then_some(()));
        hook.says("waiting for 2 jobs");
        assert!(hook.runs(), "the hook stays");
        pod.is_as_before(&original);
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        jobs.iter()
            .for_each(|id| pod.job_is(*id, JobStatus::Success));
        pod.stopped_by_kubelet();
    });
}

#[test]
fn busy_owned_runner_stays_until_its_jobs_are_over() {
    each(&ALL, || {
        for source in [Source::AccessToken, Source::RegistrationToken] {
            for told in [&["pre-stop"][..], &["pre-stop", "--grace-period=1h"]] {
                let mut pod = of(source, 2);
                let jobs = pod.busy_with(2);
                let waiting = pod.held_job();
                let mut hook = pod.begin(&mut pod.reaper(told));
                hook.says("waiting for 2 jobs");
                assert!(!pod.is_gone(), "deleted under its jobs");
                pod.release();
                hook.ended().is(0, "nothing is left at GitLab");
                assert!(pod.is_gone());
                jobs.iter()
                    .for_each(|id| pod.job_is(*id, JobStatus::Success));
                pod.job_is(waiting, JobStatus::Pending);
                pod.stopped_by_kubelet();
                pod.gitlab.look(no_job_is_lost);
            }
        }
    });
}

#[test]
fn idle_runner_is_gone_within_a_second() {
    in_turn(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            within(Duration::from_secs(1), || {
                let pod = of(source, 2);
                let hook = pod.reap(&[]);
                hook.is(0, "nothing is left at GitLab");
                hook.took
            });
        }
    });
}

#[test]
fn busy_shared_runner_is_unregistered_within_a_second() {
    in_turn(&ALL, || {
        within(Duration::from_secs(1), || {
            let pod = of(Source::AuthenticationToken, 2);
            pod.busy_with(2);
            let began = pod.now();
            pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
            let asked = pod.gitlab.calls("DELETE /runners/managers").remove(0);
            asked.at.checked_sub(began).unwrap()
        });
    });
}

#[test]
fn without_limits_the_held_entry_is_waited_for() {
    each(&ALL, || {
        let plan = Plan::of(Source::AuthenticationToken);
        let pod = Pod::of(Plan {
            limit: false,
            ..plan
        });
        let (first, second) = (pod.held_job(), pod.job_of(500));
        let pod = pod.started(&[]);
        pod.job_is(first, JobStatus::Running);
        let mut hook = pod.hook(&["--grace-period=60"]);
        hook.says("one entry may be polled once more");
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        pod.job_is(first, JobStatus::Success);
        let second = pod.gitlab.look(|state| state.job(second).unwrap().status);
        let fine = [JobStatus::Success, JobStatus::Pending].contains(&second);
        assert!(fine, "{second:?}");
        assert!(pod.is_gone());
    });
}
