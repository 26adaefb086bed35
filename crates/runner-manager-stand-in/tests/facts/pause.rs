//! What still comes after a file without entries was loaded: facts 2 to 5 and 23.

use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus, Settings};

use crate::scene::{Config, LIMIT, Scene, head, job_of, wait_for};

#[test]
fn fact_2_one_entry_and_a_free_worker_are_quiet_at_once() {
    for concurrent in [1, 4] {
        let (scene, config) = Scene::polling_seldom(concurrent);
        scene.polled(2);
        // Loaded before the next poll is due.
        scene.reload(&config.paused());
        let before = scene.polls();
        scene.three_passes_later(&config.paused());
        assert_eq!(scene.polls(), before, "concurrent {concurrent}");
    }
}

#[test]
fn fact_3_pass_over_three_entries_is_finished() {
    let scene = Scene::new(Settings::default());
    let mut config = scene.config(1, 3, "");
    config.head = "concurrent = 1\ncheck_interval = 6\n".into();
    let scene = scene.running(&config);
    // The second pass has just begun: its first entry was polled now, the others are due in two and in four seconds.
    let before = 4;
    scene.polled(before);
    scene.reload(&config.paused());
    scene.polled(before + 2);
    scene.three_passes_later(&config.paused());
    let late: Vec<_> = scene.gitlab.calls("POST /jobs/request").split_off(before);
    let tokens: Vec<_> = late
        .iter()
        .map(|call| call.body["token"].as_str())
        .collect();
    let expected: Vec<_> = config.entries[1..]
        .iter()
        .map(|entry| Some(entry.token.as_str()))
        .collect();
    assert_eq!(
        tokens, expected,
        "the two that were left of the pass, each once"
    );
    scene.three_passes_later(&config.paused());
    assert_eq!(scene.polls(), before + 2);
}

#[test]
fn fact_4_busy_feeder_polls_the_held_entry_once_more() {
    let (scene, config) = Scene::polling(1, 1, "");
    let first = scene.job_until("go");
    scene.job_is(first, JobStatus::Running);
    scene.entry_is_held();
    scene.reload(&config.paused());
    let before = scene.polls();
    let second = scene.gitlab.queue_job(job_of(0.1));
    let third = scene.gitlab.queue_job(job_of(0.1));
    scene.release("go");
    scene.job_is(second, JobStatus::Success);
    scene.three_passes_later(&config.paused());
    assert_eq!(scene.polls(), before + 1, "the held entry, once");
    scene.job_is(third, JobStatus::Pending);
}

#[test]
fn fact_4_with_a_free_worker_nothing_more_is_taken() {
    let (scene, config) = Scene::polling_seldom(2);
    let first = scene.job_until("go");
    scene.job_is(first, JobStatus::Running);
    scene.polled(scene.polls() + 1);
    scene.reload(&config.paused());
    let before = scene.polls();
    let second = scene.gitlab.queue_job(job_of(0.1));
    scene.release("go");
    scene.job_is(first, JobStatus::Success);
    scene.three_passes_later(&config.paused());
    assert_eq!(scene.polls(), before);
    scene.job_is(second, JobStatus::Pending);
}

#[test]
fn fact_5_one_worker_more_drops_the_held_entry_at_its_limit() {
    let (scene, _) = Scene::polling(2, 1, "  limit = 2");
    let jobs = [scene.job_until("go"), scene.job_until("go")];
    jobs.iter()
        .for_each(|job| scene.job_is(*job, JobStatus::Running));
    scene.entry_is_held();
    let before = scene.polls();
    let waiting = scene.gitlab.queue_job(job_of(0.1));
    let paused = Config {
        head: head(3),
        entries: Vec::new(),
    };
    scene.reload(&paused);
    wait_for("the third worker", || {
        (scene.metric("gitlab_runner_worker_slots_number", "") == 3).then_some(())
    });
    scene.release("go");
    jobs.iter()
        .for_each(|job| scene.job_is(*job, JobStatus::Success));
    scene.three_passes_later(&paused);
    assert_eq!(scene.polls(), before, "dropped without a request");
    scene.job_is(waiting, JobStatus::Pending);
}

#[test]
fn fact_5_without_a_limit_one_worker_more_polls_the_held_entry_at_once() {
    let (scene, _) = Scene::polling(1, 1, "");
    let busy = scene.job_until("go");
    scene.job_is(busy, JobStatus::Running);
    scene.entry_is_held();
    let second = scene.gitlab.queue_job(job_of(0.1));
    scene.reload(&Config {
        head: head(2),
        entries: Vec::new(),
    });
    scene.job_is(second, JobStatus::Success);
    scene.job_is(busy, JobStatus::Running);
}

#[test]
fn fact_23_entry_is_fed_again_at_once_after_each_job() {
    let scene = Scene::new(Settings::default());
    let mut config = scene.config(4, 1, "");
    // The feeder itself hands over once and then rests for the length of the test.
    config.head = "concurrent = 4\ncheck_interval = 60\n".into();
    let jobs = [0; 4].map(|_| scene.job_until("go"));
    let scene = scene.running(&config);
    jobs.iter()
        .for_each(|job| scene.job_is(*job, JobStatus::Running));
    assert_eq!(
        scene.metric("gitlab_runner_worker_feeds_total", ""),
        1,
        "feeding again is not counted"
    );
    assert_eq!(scene.polls(), 4);
    scene.release("go");
}

#[test]
fn fact_23_slots_go_on_filling_after_an_acknowledged_pause() {
    let slow = Settings {
        request_delay: Duration::from_millis(150),
        ..Settings::default()
    };
    let scene = Scene::new(slow);
    let config = scene.config(4, 1, "  limit = 4");
    let jobs = [0; 12].map(|_| scene.job_until("go"));
    let scene = scene.running(&config);
    scene.job_is(jobs[0], JobStatus::Running);
    // While slots fill the new worker of a raised `concurrent` changes nothing: the limit holds.
    let paused = Config {
        head: head(5),
        entries: Vec::new(),
    };
    scene.reload(&paused);
    wait_for("four jobs", || (scene.jobs_running() == 4).then_some(()));
    scene.three_passes_later(&paused);
    assert_eq!(scene.jobs_running(), 4, "never beyond the limit");
    assert_eq!(scene.metric("gitlab_runner_jobs", ""), 4);
    scene.release("go");
    wait_for("the end of the jobs", || {
        (scene.metric("gitlab_runner_jobs", "") == 0).then_some(())
    });
}

/// A runner manager whose request GitLab holds: the second one, which brings the word of the first one's answer along.
fn held() -> (Scene, Config) {
    let held = Settings {
        long_poll: Some(Duration::from_secs(600)),
        ..Settings::default()
    };
    let scene = Scene::new(held);
    let config = scene.config(1, 1, "");
    let scene = scene.running(&config);
    let is_held = |state: &gitlab_simulator::State| state.held_requests == 1;
    assert!(scene.gitlab.wait_until(LIMIT, is_held));
    (scene, config)
}

#[test]
fn held_request_outlives_a_reload_and_brings_nothing() {
    let (scene, config) = held();
    scene.reload(&config.paused());
    assert_eq!(
        scene.metric("gitlab_runner_request_concurrency", ""),
        1,
        "not cut off by the reload"
    );
    let job = scene.gitlab.queue_job(job_of(0.1));
    wait_for("the end of the request", || {
        (scene.metric("gitlab_runner_request_concurrency", "") == 0).then_some(())
    });
    let polls = scene.polls();
    scene.three_passes_later(&config.paused());
    assert_eq!(scene.polls(), polls);
    scene.job_is(job, JobStatus::Pending);
}

#[test]
fn job_that_is_queued_while_a_request_is_held_is_taken_by_the_next_one() {
    let (scene, _) = held();
    let polls = scene.polls();
    let job = scene.gitlab.queue_job(job_of(0.1));
    scene.job_is(job, JobStatus::Success);
    let calls = scene.gitlab.calls("POST /jobs/request");
    let statuses: Vec<_> = calls[polls - 1..=polls]
        .iter()
        .map(|call| call.status)
        .collect();
    assert_eq!(statuses, [Some(204), Some(201)]);
}

#[test]
fn lowered_concurrent_ends_workers_after_their_jobs() {
    let (scene, config) = Scene::polling(2, 1, "");
    let jobs = [scene.job_until("go"), scene.job_until("go")];
    jobs.iter()
        .for_each(|job| scene.job_is(*job, JobStatus::Running));
    scene.reload(&Config {
        head: head(1),
        ..config
    });
    assert_eq!(
        scene.metric("gitlab_runner_worker_slots_number", ""),
        2,
        "both still work"
    );
    scene.release("go");
    wait_for("one worker", || {
        (scene.metric("gitlab_runner_worker_slots_number", "") == 1).then_some(())
    });
    jobs.iter()
        .for_each(|job| scene.job_is(*job, JobStatus::Success));
}

#[test]
fn request_concurrency_of_one_keeps_a_second_request_back() {
    let scene = Scene::new(Settings::default());
    scene.gitlab.fault(Fault::on("POST /jobs/request").hang());
    let config = scene.config(2, 1, "");
    let scene = scene.running(&config);
    scene.polled(1);
    let name = "gitlab_runner_request_concurrency_exceeded_total";
    wait_for("a request that is kept back", || {
        (scene.metric(name, "") >= 2).then_some(())
    });
    assert_eq!(scene.polls(), 1);
    assert!(
        scene
            .gitlab
            .wait_until(LIMIT, |state| state.count("POST /jobs/request") == 1)
    );
}
