//! A token that is replaced while the end comes: the old one is worth nothing, the new one is not written yet.

use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus, Settings};
use rustix::process::Signal;

use crate::moments::moment_of;
use crate::pod::{Kind, LIMIT, Pod, SYSTEM_ID};
use crate::running::Running;
use crate::versions::{ALL, MUTE, each};

const RESET: &str = "POST /runners/reset_authentication_token";

impl Pod {
    /// Runner managers of ours that GitLab lists. A rotation says no system ID, for which GitLab notes one more.
    fn managers_of_ours(&self) -> usize {
        let runners = self.gitlab.runners();
        let managers = runners.iter().flat_map(|runner| &runner.managers);
        managers
            .filter(|manager| manager.system_id == SYSTEM_ID)
            .count()
    }
}

/// A pod whose token is due in some seconds and whose GitLab answers late, once the old token is worth nothing.
fn due(kind: Kind, seconds: i64, late: Duration) -> Pod {
    let lives = format!(
        "  limit = 1\n  token_obtained_at = {}\n  token_expires_at = {}",
        moment_of(-600 + seconds),
        moment_of(200 + seconds)
    );
    let head = "concurrent = 1\ncheck_interval = 1";
    let pod = Pod::new(Settings::default(), &[kind], head, &lives);
    pod.gitlab.fault(Fault::on(RESET).delay(late));
    pod.with_port()
}

fn token(pod: &Pod) -> String {
    pod.gitlab.runners()[0].token.clone()
}

/// Waits until GitLab does not know this token any more.
fn worthless(pod: &Pod, old: &str) {
    let rotated = pod
        .gitlab
        .wait_until(LIMIT, |state| state.runners[0].token != old);
    assert!(rotated, "{}", pod.text("log"));
}

#[test]
fn refusal_during_a_rotation_is_asked_again_with_the_new_token() {
    each(&MUTE, || {
        for kind in [Kind::Shared, Kind::Owned] {
            let mut pod = due(kind, 4, Duration::from_secs(4));
            let old = token(&pod);
            pod.start(&["run"]);
            let job = pod.job(14.0);
            pod.works_on(job);
            let sidecar = Running::sidecar(&pod, &["--grace-period=1h"]);
            pod.signal(Signal::QUIT);
            worthless(&pod, &old);
            let ended = sidecar.stopped();
            assert_eq!(ended.code, 0, "{}", ended.words);
            assert_eq!(pod.deleted("DELETE *"), 1, "{}", ended.words);
            pod.job_is(job, JobStatus::Success);
            assert_eq!(pod.managers_of_ours(), 0, "{}", ended.words);
        }
    });
}

#[test]
fn hook_that_finds_a_rotation_under_way_does_not_lose_the_new_token() {
    each(&ALL, || {
        for kind in [Kind::Shared, Kind::Owned] {
            let pod = due(kind, 1, Duration::from_secs(3));
            let old = token(&pod);
            let pod = pod.started();
            worthless(&pod, &old);
            let ended = pod.run(&["--grace-period", "60"]);
            assert_eq!(ended.code, 0, "{}", ended.words);
            let asked = pod.gitlab.calls("DELETE *").pop().unwrap();
            let new = asked.body["token"].as_str().map(str::to_owned);
            assert!(new.is_some_and(|new| new != old), "{}", ended.words);
            let gone = kind == Kind::Shared || pod.gitlab.runners().is_empty();
            assert!(gone, "{}", ended.words);
            let text = pod.text("config.toml");
            assert!(text.contains("[[runners]]"), "{text}");
            pod.no_poll_after_the_end();
            assert_eq!(pod.managers_of_ours(), 0, "{}", ended.words);
        }
    });
}

#[test]
fn refused_token_whose_successor_is_nowhere_is_not_called_gone() {
    let pod = due(Kind::Owned, -1, Duration::ZERO);
    let worthless = pod
        .text("config.toml")
        .replace(&token(&pod), "glrt-worthless");
    pod.put_config(&worthless);
    let ended = pod.run(&["unregister", "--all-runners"]);
    assert_eq!(ended.code, 77, "{}", ended.words);
    assert!(
        ended.words.contains("due to be rotated") && ended.words.contains("1 left behind"),
        "{}",
        ended.words
    );
}
