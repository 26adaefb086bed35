//! Somebody makes the runner manager load the original during the hook: it polls again, and what was deleted comes back.

use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus};
use rustix::process::Signal;

use crate::pod::{Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ENDS, each};

const MANAGER: &str = "DELETE /runners/managers";

#[test]
fn deletion_whose_answer_is_still_to_come_is_asked_for_again() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 2);
        let job = pod.job(7.0);
        pod.works_on(job);
        // GitLab has done it long before it says so.
        let slow = Fault::on(MANAGER).delay(Duration::from_secs(4));
        pod.gitlab.fault(slow);
        let mut hook = Running::of(&pod, &["--grace-period", "60"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::HUP);
        let ended = hook.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(ended.words.contains("may have resumed"), "{}", ended.words);
        pod.job_is(job, JobStatus::Success);
        // Whether it polled in between or not: what was asked for before counts no more.
        assert_eq!(pod.gitlab.calls(MANAGER).len(), 2, "{}", ended.words);
        assert_eq!(pod.managers(), 0, "{}", ended.words);
        pod.no_poll_after_the_end();
    });
}

#[test]
fn file_that_is_loaded_after_each_pause_is_not_paused_for_ever() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 2);
        let job = pod.job(10.0);
        pod.works_on(job);
        let mut hook = Running::of(&pod, &["--grace-period", "60"]);
        for _ in 0..4 {
            hook.says("waiting for 1 job");
            hook.forget();
            pod.signal(Signal::HUP);
        }
        hook.says("polling continues until the end");
        let ended = hook.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        pod.job_is(job, JobStatus::Success);
        let asked = pod
            .gitlab
            .wait_until(LIMIT, |state| state.count(MANAGER) == 5);
        assert!(
            asked,
            "{:?}\n{}",
            pod.gitlab.calls(MANAGER).len(),
            ended.words
        );
    });
}
