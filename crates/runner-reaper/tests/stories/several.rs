//! Several entries in one file: the pass over the old list goes on when a worker becomes free, however long after the pause.

use gitlab_simulator::{JobStatus, Settings};

use crate::pod::{Kind, Pod};
use crate::versions::{ENDS, each};

/// Every worker is busy when the hook comes, so the feeder stands with an entry in its hand; the first job ends long before
/// the second.
fn pass_goes_on_under_the_hook(kinds: &[Kind], more: &str) {
    let head = "concurrent = 2\ncheck_interval = 3";
    let pod = Pod::new(Settings::default(), kinds, head, more);
    let jobs = [pod.job(3.0), pod.job(8.0)];
    let pod = pod.with_port().started();
    for job in jobs {
        pod.job_is(job, JobStatus::Running);
    }
    let hook = pod.run(&["--grace-period", "60"]);
    assert_eq!(hook.code, 0, "{}", hook.words);
    for job in jobs {
        pod.job_is(job, JobStatus::Success);
    }
    pod.no_poll_after_the_end();
    let first = pod.gitlab.calls("DELETE *").remove(0);
    let polls = pod.gitlab.calls("POST /jobs/request");
    assert!(
        polls.iter().all(|poll| poll.at < first.at),
        "polled after the first farewell: {}",
        hook.words
    );
    assert_eq!(pod.managers(), 0, "{}", hook.words);
    let deleted = pod.deleted("DELETE /runners/managers") + pod.deleted("DELETE /runners");
    assert_eq!(deleted, kinds.len(), "{}", hook.words);
}

#[test]
fn shared_entries_wait_for_the_rest_of_the_pass() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(&[Kind::Shared; 3], "");
    });
}

#[test]
fn limits_that_add_up_to_more_than_the_slots_change_nothing_about_that() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(&[Kind::Shared; 3], "  limit = 2");
    });
}

#[test]
fn owned_entries_wait_for_the_rest_of_the_pass_and_not_only_for_their_jobs() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(&[Kind::Owned; 4], "");
    });
}
