//! The end of the grace period, and what cannot be seen.

use std::time::Duration;

use gitlab_simulator::{JobStatus, Settings};

use crate::pod::{Kind, Pod};
use crate::versions::{ENDS, each};

#[test]
fn told_deadline_ends_the_jobs_and_gitlab_hears_of_them() {
    each(&ENDS, || {
        for (kind, pattern) in [
            (Kind::Shared, "DELETE /runners/managers"),
            (Kind::Owned, "DELETE /runners"),
        ] {
            let mut pod = Pod::working(kind, 1);
            let job = pod.job(60.0);
            pod.job_is(job, JobStatus::Running);
            pod.put("message", "");
            let message = pod.file("message").display().to_string();
            let began = pod.gitlab_now();
            let hook = pod.run(&[
                "--grace-period",
                "2",
                "--termination-message-path",
                &message,
            ]);
            assert_eq!(hook.code, 75, "{}", hook.words);
            assert!(hook.took < Duration::from_secs(3), "{:?}", hook.took);
            assert_eq!(pod.deleted(pattern), 1);
            pod.exited();
            pod.job_is(job, JobStatus::Failed);
            let calls = pod.gitlab.journal();
            let failed = |call: &&gitlab_simulator::Call| call.body["state"] == "failed";
            let deleted = calls.iter().find(|call| call.is(pattern)).unwrap().at - began;
            let reported = calls.iter().find(failed).unwrap().at - began;
            assert!(deleted < reported, "first unregistered, then ended");
            assert!(reported < Duration::from_secs(2), "{reported:?}");
            assert!(
                hook.words.contains(&format!("/-/jobs/{job}")),
                "{}",
                hook.words
            );
            assert!(hook.words.contains("SIGTERM"), "{}", hook.words);
            assert!(
                pod.text("message")
                    .starts_with("deadline passed with jobs running")
            );
        }
    });
}

#[test]
fn untold_deadline_leaves_the_jobs_alone() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(32.0);
        pod.job_is(job, JobStatus::Running);
        let hook = pod.run(&[]);
        assert_eq!(hook.code, 75, "{}", hook.words);
        assert!(
            hook.took > Duration::from_secs(20) && hook.took < Duration::from_secs(30),
            "{:?}",
            hook.took
        );
        assert_eq!(pod.deleted("DELETE /runners"), 1);
        assert!(!hook.words.contains("SIGTERM"), "{}", hook.words);
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn without_a_port_shared_goes_after_reload_and_owned_at_the_deadline() {
    each(&ENDS, || {
        for (kind, least, most) in [(Kind::Shared, 5.0, 7.0), (Kind::Owned, 8.0, 11.5)] {
            let pod = Pod::new(
                Settings::default(),
                &[kind],
                "concurrent = 1\ncheck_interval = 1",
                "  limit = 1",
            );
            let pod = pod.started();
            let hook = pod.run(&["--grace-period", "12"]);
            assert_eq!(hook.code, 0, "{}", hook.words);
            let took = hook.took.as_secs_f64();
            assert!(took > least && took < most, "{took}\n{}", hook.words);
            assert!(
                hook.words.contains("listen_address = "),
                "no advice: {}",
                hook.words
            );
            assert_eq!(pod.deleted("DELETE *"), 1);
            pod.no_poll_after_the_end();
        }
    });
}
