//! A job's life at GitLab and on the pages.

use gitlab_simulator::{Job, JobStatus, Settings};
use serde_json::json;

use crate::scene::{Scene, job_of, wait_for};

#[test]
fn job_is_reported_running_and_then_successful() {
    let (scene, _) = Scene::polling(1, 1, "");
    let job = scene.gitlab.queue_job(job_of(0.2));
    scene.job_is(job, JobStatus::Success);
    let states: Vec<_> = scene
        .gitlab
        .calls("PUT /jobs/*")
        .iter()
        .map(|call| call.body["state"].clone())
        .collect();
    assert_eq!(states, ["running", "success"]);
    assert!(!scene.gitlab.calls("PATCH /jobs/*/trace").is_empty());
    assert!(
        scene.gitlab.jobs()[0]
            .trace_text()
            .contains("Job succeeded")
    );
    wait_for("the counter", || {
        (scene.metric("gitlab_runner_jobs_total", "") == 1).then_some(())
    });
}

#[test]
fn failing_script_is_reported_as_failed() {
    let (scene, _) = Scene::polling(1, 1, "");
    let variables = vec![("STAND_IN_RESULT".into(), "failed".into())];
    let job = scene.gitlab.queue_job(Job {
        script: vec!["exit 1".into()],
        variables,
        ..Job::default()
    });
    scene.job_is(job, JobStatus::Failed);
    let reason = scene.gitlab.jobs()[0].failure_reason.clone();
    assert_eq!(reason.as_deref(), Some("script_failure"));
}

#[test]
fn job_is_on_the_pages_while_it_runs_and_gone_when_its_end_is_delivered() {
    let (scene, _) = Scene::polling(1, 1, "");
    let job = scene.job_until("go");
    wait_for("the job's row", || {
        (scene.metric("gitlab_runner_jobs", "state=\"running\"") == 1).then_some(())
    });
    let list = scene.page("/debug/jobs/list").unwrap();
    assert!(
        list.starts_with("url=http")
            && list.contains(&format!("/-/jobs/{job} state=running stage=")),
        "{list}"
    );
    scene.release("go");
    wait_for("an empty list", || {
        scene.page("/debug/jobs/list").filter(String::is_empty)
    });
    scene.job_is(job, JobStatus::Success);
    let idle = "executor_stage=\"idle\"";
    assert!(
        scene
            .page("/metrics")
            .unwrap()
            .lines()
            .any(|row| row.starts_with("gitlab_runner_jobs{") && row.contains(idle))
    );
}

#[test]
fn job_that_gitlab_takes_back_at_once_is_not_run() {
    let scene = Scene::new(Settings::default());
    scene
        .gitlab
        .fault(gitlab_simulator::Fault::on("PUT /jobs/*").status(403));
    let config = scene.config(1, 1, "");
    let job = scene.gitlab.queue_job(job_of(0.0));
    let scene = scene.running(&config);
    scene.job_is(job, JobStatus::Running);
    scene.polled(scene.polls() + 2);
    assert_eq!(scene.metric("gitlab_runner_jobs_total", ""), 0);
    assert_eq!(scene.gitlab.calls("PUT /jobs/*").len(), 1);
}

#[test]
fn running_job_goes_on_when_its_entry_and_its_runner_are_gone() {
    let (scene, config) = Scene::polling(1, 1, "");
    let job = scene.job_until("go");
    scene.job_is(job, JobStatus::Running);
    scene.reload(&config.paused());
    let id = scene.gitlab.runners()[0].id;
    scene.gitlab.update(|state| state.remove_runner(id));
    scene.release("go");
    scene.job_is(job, JobStatus::Success);
}

#[test]
fn payload_without_failure_reasons_is_accepted() {
    let (scene, _) = Scene::polling(1, 1, "");
    let payload = json!({"features": {"trace_sections": true}})
        .as_object()
        .cloned()
        .unwrap();
    let job = scene.gitlab.queue_job(Job {
        payload,
        ..job_of(0.1)
    });
    scene.job_is(job, JobStatus::Success);
}
