//! The hook that is told to stop itself: once it finishes in order, twice it waits for nothing.

use std::time::Duration;

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::Signal;

use crate::pod::{Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ENDS, each};

#[test]
fn first_signal_leaves_an_owned_runner_with_jobs_and_names_it() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let original = pod.original();
        let job = pod.job(3.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "1h"]);
        hook.says("config.toml paused");
        hook.signal(Signal::TERM);
        let hook = hook.ended();
        assert_eq!(hook.code, 75, "{}", hook.words);
        assert!(hook.took < Duration::from_secs(2), "{:?}", hook.took);
        assert!(hook.words.contains("is left behind"), "{}", hook.words);
        assert_eq!(pod.original(), original);
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn first_signal_unregisters_what_is_harmless() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 1);
        let job = pod.job(3.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "1h"]);
        hook.says("config.toml paused");
        hook.signal(Signal::INT);
        let hook = hook.ended();
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(hook.took < Duration::from_secs(2), "{:?}", hook.took);
        assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
        pod.job_is(job, JobStatus::Success);
    });
}

#[test]
fn second_signal_puts_the_file_back_and_waits_for_nothing() {
    each(&ENDS, || {
        let settings = Settings {
            long_poll: Some(Duration::from_secs(600)),
            ..Settings::default()
        };
        let head = "concurrent = 1\ncheck_interval = 1";
        let pod = Pod::new(settings, &[Kind::Shared], head, "  limit = 1")
            .with_port()
            .started();
        let is_held = |state: &gitlab_simulator::State| state.held_requests == 1;
        assert!(pod.gitlab.wait_until(LIMIT, is_held));
        let original = pod.original();
        let mut hook = Running::of(&pod, &[]);
        hook.says("config.toml paused");
        for signal in [Signal::TERM, Signal::INT] {
            hook.signal(signal);
        }
        let hook = hook.ended();
        assert_eq!(hook.code, 69, "{}", hook.words);
        assert!(hook.took < Duration::from_secs(2), "{:?}", hook.took);
        assert!(hook.words.contains("may be left behind"), "{}", hook.words);
        assert_eq!(pod.original(), original);
        assert!(!pod.file("config.toml.original").exists());
    });
}

#[test]
fn first_signal_while_an_entry_is_held_unregisters_nothing() {
    each(&ENDS, || {
        // Without a limit the busy runner manager may poll once more when its job ends.
        let head = "concurrent = 1\ncheck_interval = 1";
        let pod = Pod::new(Settings::default(), &[Kind::Shared], head, "")
            .with_port()
            .started();
        let job = pod.job(5.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "1h"]);
        hook.says("waiting for 1 job");
        hook.signal(Signal::TERM);
        let ended = hook.ended();
        assert_eq!(ended.code, 75, "{}", ended.words);
        assert!(
            ended.words.contains("is left behind") && ended.words.contains("may still poll"),
            "{}",
            ended.words
        );
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        pod.job_is(job, JobStatus::Success);
    });
}
