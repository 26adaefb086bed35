//! Runner managers before 15.11: they show too little to be watched.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, within};
use acceptance::versions::{each, played};

/// Without and with a counter of the files that were loaded.
const TOO_OLD: [&str; 2] = ["15.8", "15.10"];

#[test]
fn version_that_shows_too_little_is_named_and_waited_for_blindly() {
    each(&TOO_OLD, || {
        for (source, bounds) in Source::SHARED_AND_OWNED
            .into_iter()
            .zip([5.0..7.0, 8.0..11.5])
        {
            within(Duration::from_secs_f64(bounds.end), || {
                let pod = Pod::working(Plan::of(source));
                let original = pod.original();
                let ended = pod.reap(&["pre-stop", "--grace-period=12"]);
                let named = format!("gitlab-runner {} is older than 15.11", played());
                ended.is(0, &named);
                let took = ended.took;
                assert!(
                    took.as_secs_f64() >= bounds.start,
                    "{took:?}\n{}",
                    ended.words
                );
                assert!(pod.is_gone());
                pod.is_as_before(&original);
                took
            });
        }
    });
}

#[test]
fn jobs_of_a_version_that_shows_too_little_are_named_at_the_deadline() {
    each(&TOO_OLD, || {
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        pod.order.deadline_passes();
        let job = pod.held_job();
        pod.works_on(job);
        let ended = pod.reap(&["pre-stop", "--grace-period=12"]);
        ended.is(75, &format!("/-/jobs/{job}"));
    });
}

#[test]
fn sidecar_takes_a_version_that_shows_too_little_for_alive() {
    each(&TOO_OLD, || {
        let pod = Pod::working(Plan::of(Source::RegistrationToken));
        let working = pod.sidecar(&["--grace-period=30"]).stopped();
        working.is(0, "not the end of the pod");
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
        let sidecar = pod.sidecar(&[]);
        pod.stopped_by_kubelet();
        sidecar.stopped().is(0, "nothing is left at GitLab");
        assert!(pod.is_gone());
        assert_eq!(pod.gitlab.calls("DELETE *").len(), 1);
    });
}
