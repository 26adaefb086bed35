//! A runner manager that is there and shows nothing: its rotation waits for GitLab, or it is stopped.

use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus, Settings};
use rustix::process::Signal;

use crate::moments::moment_of;
use crate::pod::{Kind, LIMIT, Pod, SYSTEM_ID};
use crate::running::Running;
use crate::versions::{ALL, ENDS, each, played};

const RESET: &str = "POST /runners/reset_authentication_token";

/// GitLab answers the rotation later than polling could be taken as off by time alone: 3 s for the reload, an interval of
/// 1 s and 1 s on top.
const LATE: Duration = Duration::from_secs(8);

#[test]
fn rotation_that_gitlab_answers_late_is_waited_out() {
    each(&ALL, || {
        for (kind, pattern) in [
            (Kind::Shared, "DELETE /runners/managers"),
            (Kind::Owned, "DELETE /runners"),
        ] {
            // Due a second after the start: three quarters of 800 s.
            let lives = format!(
                "  limit = 1\n  token_obtained_at = {}\n  token_expires_at = {}",
                moment_of(-599),
                moment_of(201)
            );
            let head = "concurrent = 1\ncheck_interval = 1";
            let pod = Pod::new(Settings::default(), &[kind], head, &lives);
            pod.gitlab.fault(Fault::on(RESET).delay_before(LATE));
            let old = pod.gitlab.runners()[0].token.clone();
            let pod = pod.with_port().started();
            let asked = pod
                .gitlab
                .wait_until(LIMIT, |state| state.count(RESET) == 1);
            assert!(asked, "{}", pod.text("log"));
            let hook = pod.run(&["--grace-period", "60"]);
            assert_eq!(hook.code, 0, "{}", hook.words);
            let waits = match played() {
                // Nothing shows it before 18.1, but for the time that it is due.
                "15.11" | "17.11" => "is due to be rotated",
                _ => "a token rotation may be waiting",
            };
            assert!(hook.words.contains(waits), "{}", hook.words);
            let calls = pod.gitlab.journal();
            let first = calls.iter().position(|call| call.method == "DELETE");
            let rotated = calls.iter().position(|call| call.is(RESET));
            assert!(first > rotated, "{}", hook.words);
            let last = pod.gitlab.calls(pattern).pop().unwrap();
            assert_ne!(last.body["token"].as_str(), Some(old.as_str()));
            let runners = pod.gitlab.runners();
            let mut managers = runners.iter().flat_map(|runner| &runner.managers);
            // A rotation says no system ID, for which GitLab notes a manager of its own.
            assert!(
                managers.all(|manager| manager.system_id != SYSTEM_ID),
                "{}",
                hook.words
            );
            pod.no_poll_after_the_end();
        }
    });
}

#[test]
fn stopped_process_is_waited_for_until_the_deadline() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 1);
        let original = pod.original();
        pod.signal(Signal::STOP);
        let hook = pod.run(&["--grace-period", "12"]);
        pod.signal(Signal::CONT);
        assert_eq!(hook.code, 75, "{}", hook.words);
        // The reserve is 2 s; without a port it would have been taken as off after five.
        assert!(hook.took > Duration::from_secs(9), "{:?}", hook.took);
        assert!(
            hook.words.contains("stopped or throttled"),
            "{}",
            hook.words
        );
        assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
        assert_eq!(pod.original(), original);
    });
}

#[test]
fn jobs_that_were_seen_are_named_when_the_page_goes_silent() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(60.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "8"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::STOP);
        let ended = hook.ended();
        pod.signal(Signal::CONT);
        assert_eq!(ended.code, 75, "{}", ended.words);
        let at = ended
            .words
            .find("the grace period has ended with 1 job running: ");
        let named = at.is_some_and(|at| ended.words[at..].contains(&format!("/-/jobs/{job}")));
        assert!(named, "{}", ended.words);
    });
}

#[test]
fn told_to_stop_without_a_view_of_the_jobs_keeps_the_owned_runner() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(60.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "1h"]);
        hook.says("waiting for 1 job");
        pod.signal(Signal::STOP);
        hook.says("jobs cannot be observed");
        hook.signal(Signal::TERM);
        let ended = hook.ended();
        pod.signal(Signal::CONT);
        assert_eq!(ended.code, 75, "{}", ended.words);
        assert!(ended.words.contains("is left behind"), "{}", ended.words);
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}
