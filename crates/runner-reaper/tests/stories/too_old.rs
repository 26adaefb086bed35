//! Runner managers before 15.11: they show too little to be watched.

use rustix::process::Signal;

use crate::pod::{Kind, Pod};
use crate::running::Running;
use crate::versions::{each, played};

/// Without and with a counter of the files that were loaded.
const TOO_OLD: [&str; 2] = ["15.8", "15.10"];

/// A runner manager that shows too little, with a job that outlasts everything or none.
fn too_old(kind: Kind, busy: bool) -> (Pod, Option<i64>) {
    let pod = Pod::working(kind, 1);
    let job = busy.then(|| pod.job(60.0));
    if let Some(job) = job {
        pod.works_on(job);
    }
    (pod, job)
}

#[test]
fn version_that_shows_too_little_is_named_and_waited_for_blindly() {
    each(&TOO_OLD, || {
        for (kind, least, most) in [(Kind::Shared, 5.0, 7.0), (Kind::Owned, 8.0, 11.5)] {
            let (pod, _) = too_old(kind, false);
            let original = pod.original();
            let ended = pod.run(&["--grace-period", "12"]);
            assert_eq!(ended.code, 0, "{}", ended.words);
            let took = ended.took.as_secs_f64();
            assert!(took > least && took < most, "{took}\n{}", ended.words);
            let named = format!("gitlab-runner {} is older than 15.11", played());
            assert!(ended.words.contains(&named), "{}", ended.words);
            assert_eq!(pod.deleted("DELETE *"), 1);
            assert_eq!(pod.original(), original);
            pod.no_poll_after_the_end();
        }
    });
}

#[test]
fn jobs_of_a_version_that_shows_too_little_are_named_at_the_deadline() {
    each(&TOO_OLD, || {
        let (pod, job) = too_old(Kind::Owned, true);
        let ended = pod.run(&["--grace-period", "12"]);
        assert_eq!(ended.code, 75, "{}", ended.words);
        let named = format!("/-/jobs/{}", job.unwrap());
        assert!(ended.words.contains(&named), "{}", ended.words);
    });
}

#[test]
fn sidecar_takes_a_version_that_shows_too_little_for_alive() {
    each(&TOO_OLD, || {
        let (pod, _) = too_old(Kind::Owned, false);
        let working = Running::sidecar(&pod, &["--grace-period", "30"]).stopped();
        assert_eq!(working.code, 0, "{}", working.words);
        assert!(
            working.words.contains("not the end of the pod"),
            "{}",
            working.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        let (mut pod, _) = too_old(Kind::Owned, false);
        let sidecar = Running::sidecar(&pod, &[]);
        pod.signal(Signal::QUIT);
        pod.exited();
        let ended = sidecar.stopped();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert_eq!(pod.deleted("DELETE /runners"), 1);
    });
}
