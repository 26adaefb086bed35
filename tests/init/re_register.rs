//! `runner-init re-register`: another runner takes an entry's place beside a live runner manager. No job is lost, nothing polls for
//! the one before once it is gone, and in the end there is one runner.

use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{JobStatus, Runner, State};

mod attributes;
mod beside;
mod choice;
#[cfg(target_arch = "x86_64")]
mod killed;
mod output;
mod refused;

/// The runner whose token stands in the one entry of the file.
pub(crate) fn in_file(pod: &Pod) -> Runner {
    assert_eq!(pod.stage.entries(), 1);
    let text = pod.stage.text("config.toml").unwrap();
    let all = pod.gitlab.runners();
    let mut found = all.iter().filter(|runner| text.contains(&runner.token));
    let runner = found.next().expect("a token that GitLab takes");
    assert!(found.next().is_none(), "{text}");
    runner.clone()
}

/// Runs it to its end, and says which runner the entry has then.
#[track_caller]
pub(crate) fn re_registers(pod: &mut Pod, words: &[String]) -> (Runner, Ended) {
    let ended = pod.begin(&mut pod.init_as("re-register", words)).ended();
    ended.is(0, "in place of runner");
    let new = in_file(pod);
    pod.order.entry(&new, pod.source.owned());
    (new, ended)
}

/// Waits until the runner manager has asked for jobs of this runner.
#[track_caller]
pub(crate) fn polls(pod: &Pod, runner: &Runner) {
    let asks = |state: &State| {
        let mut calls = state.journal.iter();
        calls.any(|call| call.is("POST /jobs/request") && call.body["token"] == runner.token)
    };
    let asked = pod.gitlab.wait_until(acceptance::pod::LIMIT, asks);
    assert!(asked, "nobody polls for the new runner: {}", pod.log());
}

/// Whether nothing of this pod is listed at GitLab for the runner.
pub(crate) fn is_off(pod: &Pod, old: &Runner) -> bool {
    let now = pod
        .gitlab
        .runners()
        .into_iter()
        .find(|one| one.id == old.id);
    match now {
        Some(now) => !pod.source.owned() && now.managers.is_empty(),
        None => pod.source.owned(),
    }
}

/// The end of the pod: everything is gone, and every job has ended well.
#[track_caller]
pub(crate) fn ends_well(pod: &mut Pod, jobs: &[i64]) {
    jobs.iter()
        .for_each(|id| pod.job_is(*id, JobStatus::Success));
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
    pod.stopped_by_kubelet();
}

#[test]
fn runner_is_replaced_whatever_runs_and_goes_once_nothing_hangs_on_it() {
    each(&ENDS, || {
        for source in Source::ALL {
            for busy in [0, 1, 2] {
                let plan = || Plan {
                    concurrent: 2,
                    ..Plan::of(source)
                };
                let mut pod = Pod::working(plan());
                pod.order.may_be_asked_again();
                let old = in_file(&pod);
                let jobs = pod.busy_with(busy);
                let words = pod.words(&plan());
                let (new, ended) = re_registers(&mut pod, &words);
                let what = format!("{source:?}, {busy} jobs: {}", ended.words);
                assert_ne!(new.id, old.id, "{what}");
                let stays = busy == 2 || busy == 1 && source.owned();
                assert_eq!(is_off(&pod, &old), !stays, "{what}");
                match (busy, source.owned()) {
                    (1, true) => assert!(
                        ended.words.contains("still has 1 job and is kept"),
                        "{what}"
                    ),
                    (2, true) => assert!(
                        ended.words.contains("still has 2 jobs and is kept"),
                        "{what}"
                    ),
                    (2, false) => assert!(ended.words.contains("polled once more"), "{what}"),
                    _ => assert!(!ended.words.contains("runner-reaper"), "{what}"),
                }
                pod.release();
                jobs.iter()
                    .for_each(|id| pod.job_is(*id, JobStatus::Success));
                polls(&pod, &new);
                if stays {
                    let again = pod.registers(&words);
                    let what = format!("{source:?}, {busy} jobs: {}", again.output());
                    assert!(is_off(&pod, &old), "{what}");
                    assert!(again.stderr.contains("its entry was replaced"), "{what}");
                    assert_eq!(in_file(&pod).id, new.id, "{what}");
                }
                ends_well(&mut pod, &jobs);
            }
        }
    });
}

#[test]
fn end_of_the_pod_takes_the_one_before_with_it_when_its_jobs_are_over() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        let old = in_file(&pod);
        let jobs = pod.busy_with(1);
        let words = pod.words(&Plan::of(source));
        let (_, ended) = re_registers(&mut pod, &words);
        assert!(
            ended.words.contains("runner-reaper unregisters it"),
            "{}",
            ended.words
        );
        let mut hook = pod.hook(&["--grace-period=1h"]);
        hook.says("waiting for 1 job");
        assert!(
            !(source.owned() && is_off(&pod, &old)),
            "deleted under its job"
        );
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        assert!(is_off(&pod, &old) && pod.is_gone());
        pod.job_is(jobs[0], JobStatus::Success);
        pod.stopped_by_kubelet();
    }
}

#[test]
fn new_runner_takes_the_jobs_that_wait() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        let words = pod.words(&Plan::of(source));
        let (new, _) = re_registers(&mut pod, &words);
        let job = pod.job_of(10);
        pod.job_is(job, JobStatus::Success);
        let taken = wait_for("the job", || {
            pod.gitlab.look(|state| state.job(job).unwrap().runner_id)
        });
        assert_eq!(taken, new.id);
        ends_well(&mut pod, &[job]);
    }
}
