//! Cases of `POST /jobs/request`, as far as nobody waits.

use gitlab_simulator::{Job, JobStatus, NewRunner, Project, Runner, Simulator};
use serde_json::json;

use crate::client::{Reply, call};
use crate::gitlab::{project_runner, start, with};

const ONE: &str = "s_0123456789ab";

fn request(sim: &Simulator, runner: &Runner) -> Reply {
    call(
        sim,
        "POST",
        "/jobs/request",
        &json!({"token": runner.token, "system_id": ONE}),
    )
}

#[test]
fn case_58_without_or_with_a_bad_token() {
    let sim = start();
    let reply = call(&sim, "POST", "/jobs/request", &json!({}));
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "token is missing")
    );
    assert_eq!(
        call(&sim, "POST", "/jobs/request", &json!({"token": "rubbish"})).status,
        403
    );
}

#[test]
fn case_59_paused_runner_gets_nothing() {
    let sim = start();
    let runner = sim.add_runner(NewRunner {
        paused: true,
        ..NewRunner::default()
    });
    let job = sim.queue_job(Job::default());
    let reply = request(&sim, &runner);
    assert_eq!(reply.status, 204);
    assert!(reply.header("X-GitLab-Last-Update").is_some());
    assert_eq!(
        sim.look(|state| state.job(job).unwrap().status),
        JobStatus::Pending
    );
}

#[test]
fn case_60_last_update_stands_until_something_is_queued() {
    let sim = start();
    let runner = sim.add_runner(NewRunner {
        run_untagged: Some(false),
        ..NewRunner::default()
    });
    let ask = |last: &str| {
        let body = json!({"token": runner.token, "system_id": ONE, "last_update": last});
        let reply = call(&sim, "POST", "/jobs/request", &body);
        assert_eq!(reply.status, 204);
        reply.header("X-GitLab-Last-Update").unwrap().to_owned()
    };
    let first = ask("");
    assert!(
        first.len() == 32 && first.bytes().all(|letter| letter.is_ascii_hexdigit()),
        "{first}"
    );
    assert_eq!(ask(&first), first);
    sim.queue_job(Job::default());
    assert_ne!(ask(&first), first);
}

#[test]
fn case_61_manager_is_made_once_and_seen_again() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    assert_eq!(request(&sim, &runner).status, 204);
    let first = sim.runners()[0].clone();
    assert!(first.creation_finished && first.contacted_at.is_some());
    assert_eq!(request(&sim, &runner).status, 204);
    let second = sim.runners()[0].clone();
    assert_eq!(second.managers.len(), 1);
    assert!(second.managers[0].contacted_at > first.managers[0].contacted_at);
    assert_eq!(second.managers[0].created_at, first.managers[0].created_at);
}

#[test]
fn case_62_project_without_shared_runners_keeps_its_jobs_from_instance_runners() {
    let sim = with(|settings| {
        settings.projects = vec![Project {
            shared_runners: false,
            ..Project::default()
        }];
    });
    let runner = sim.add_runner(NewRunner::default());
    sim.queue_job(Job::default());
    assert_eq!(request(&sim, &runner).status, 204);
    let own = project_runner(&sim, &[1]);
    assert_eq!(request(&sim, &own).status, 201);
}

#[test]
fn case_63_pending_job_is_handed_out_once_oldest_first() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    let first = sim.queue_job(Job {
        name: "build".into(),
        script: vec!["sleep 1".into()],
        variables: vec![("STAND_IN_DURATION".into(), "3".into())],
        ..Job::default()
    });
    let second = sim.queue_job(Job::default());
    let reply = request(&sim, &runner);
    assert_eq!(
        (reply.status, reply.header("Content-Type")),
        (201, Some("application/json"))
    );
    assert_eq!(reply.header("X-GitLab-Last-Update"), None);
    let body = reply.json();
    assert_eq!(body["id"], first);
    assert_eq!(body["job_info"]["name"], "build");
    assert_eq!(body["steps"][0]["script"], json!(["sleep 1"]));
    assert_eq!(body["variables"][1]["key"], "STAND_IN_DURATION");
    assert_eq!(body["features"]["trace_sections"], true);
    assert!(
        body["git_info"]["sha"].is_string()
            && body["token"].as_str().unwrap().starts_with("glcbt-")
    );
    let job = sim.jobs()[0].clone();
    assert_eq!(
        (job.status, job.runner_id, job.system_id.as_deref()),
        (JobStatus::Running, Some(runner.id), Some(ONE))
    );
    assert_eq!(request(&sim, &runner).json()["id"], second);
    assert_eq!(request(&sim, &runner).status, 204);
}

#[test]
fn case_64_info_is_stored_on_the_manager() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    let info = json!({"platform": "linux", "architecture": "amd64", "version": "19.4.0", "executor": "shell",
        "features": {"after_script": true}});
    call(
        &sim,
        "POST",
        "/jobs/request",
        &json!({"token": runner.token, "system_id": ONE, "info": info}),
    );
    let manager = sim.runners()[0].managers[0].clone();
    assert_eq!(manager.platform.as_deref(), Some("linux"));
    assert_eq!(manager.executor.as_deref(), Some("shell"));
    assert_eq!(manager.features, json!({"after_script": true}));
    assert_eq!(manager.ip_address.as_deref(), Some("127.0.0.1"));
}

#[test]
fn jobs_go_only_where_tags_and_the_named_runner_allow() {
    let sim = start();
    let plain = sim.add_runner(NewRunner::default());
    let tagged = sim.add_runner(NewRunner {
        tags: vec!["a".into(), "b".into()],
        ..NewRunner::default()
    });
    let with_tag = sim.queue_job(Job {
        tags: vec!["b".into()],
        ..Job::default()
    });
    let for_plain = sim.queue_job(Job {
        runner_id: Some(plain.id),
        ..Job::default()
    });
    assert_eq!(request(&sim, &tagged).json()["id"], with_tag);
    assert_eq!(request(&sim, &tagged).status, 204);
    assert_eq!(request(&sim, &plain).json()["id"], for_plain);
}

#[test]
fn too_many_requests_of_one_token_are_limited() {
    let sim = with(|settings| settings.rate_limits.jobs_request = Some(1));
    let (one, other) = (
        sim.add_runner(NewRunner::default()),
        sim.add_runner(NewRunner::default()),
    );
    assert_eq!(request(&sim, &one).status, 204);
    let reply = request(&sim, &one);
    let text = "This endpoint has been requested too many times. Try again later.";
    assert_eq!(
        (reply.status, reply.json()),
        (429, json!({"message": {"error": text}}))
    );
    assert_eq!(reply.header("Retry-After"), Some("60"));
    assert_eq!(request(&sim, &other).status, 204);
}
