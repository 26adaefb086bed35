//! A `config.toml` that changes under the hook, by whoever's hand.

use std::fs::File;
use std::time::{Duration, Instant};

use gitlab_simulator::{JobStatus, Settings};

use crate::pod::{Kind, LIMIT, Pod};
use crate::running::Running;
use crate::versions::{ENDS, each};

/// A pod whose request GitLab holds, which keeps a pause going for some seconds.
fn held() -> Pod {
    let settings = Settings {
        long_poll: Some(Duration::from_secs(5)),
        ..Settings::default()
    };
    let head = "concurrent = 1\ncheck_interval = 1";
    let pod = Pod::new(settings, &[Kind::Owned], head, "  limit = 1")
        .with_port()
        .started();
    let is_held = |state: &gitlab_simulator::State| state.held_requests == 1;
    assert!(pod.gitlab.wait_until(LIMIT, is_held));
    pod
}

fn paused(pod: &Pod) {
    let began = Instant::now();
    while !pod.text("config.toml").starts_with("# Paused") {
        assert!(began.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn file_that_lost_its_entries_during_the_pause_is_put_back_and_its_runner_goes() {
    each(&ENDS, || {
        for lost in ["", "concurrent = 2\n", "[[runners]]\n  token = \"gl"] {
            let pod = held();
            let original = pod.original();
            let hook = Running::of(&pod, &["--grace-period", "60"]);
            paused(&pod);
            pod.put("config.toml", lost);
            let ended = hook.ended();
            assert_eq!(ended.code, 0, "{lost:?}: {}", ended.words);
            assert!(
                ended.words.contains("lost its runner entries"),
                "{}",
                ended.words
            );
            assert_eq!(pod.original(), original, "{lost:?}: {}", ended.words);
            assert!(!pod.file("config.toml.original").exists());
            assert!(pod.gitlab.runners().is_empty(), "{}", ended.words);
            pod.no_poll_after_the_end();
        }
    });
}

/// Newer, with the same bytes: the runner manager loads it and polls again.
fn touch(pod: &Pod) {
    let file = File::options()
        .write(true)
        .open(pod.file("config.toml"))
        .unwrap();
    file.set_modified(std::time::SystemTime::now()).unwrap();
}

#[test]
fn file_that_is_touched_all_the_time_ends_with_the_deadline_and_not_without_a_request() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Owned, 1);
        let job = pod.job(60.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "8"]);
        let mut touched = Instant::now();
        let mut times = 0;
        while !hook.has_ended() && times < 200 {
            if touched.elapsed() > Duration::from_millis(200) {
                touched = Instant::now();
                times += 1;
                touch(&pod);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = hook.ended();
        assert!(times > 6, "{times}");
        assert_eq!(ended.code, 75, "{}", ended.words);
        assert!(ended.took < Duration::from_secs(8), "{:?}", ended.took);
        assert_eq!(pod.deleted("DELETE /runners"), 1, "{}", ended.words);
        assert!(
            ended.words.contains(&format!("/-/jobs/{job}")),
            "{}",
            ended.words
        );
    });
}

#[test]
fn runner_manager_that_polls_again_after_a_touch_is_unregistered_again() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 2);
        let job = pod.job(8.0);
        pod.job_is(job, JobStatus::Running);
        let mut hook = Running::of(&pod, &["--grace-period", "60"]);
        hook.says("unregistered from");
        touch(&pod);
        let ended = hook.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(ended.words.contains("may have resumed"), "{}", ended.words);
        pod.job_is(job, JobStatus::Success);
        assert_eq!(pod.managers(), 0, "{}", ended.words);
        pod.no_poll_after_the_end();
    });
}
