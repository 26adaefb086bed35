//! Long polling of `POST /jobs/request`, and the jobs that get lost in it.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use gitlab_simulator::{Job, JobStatus, Runner, Simulator};
use serde_json::{Value, json};

use crate::client::{LIMIT, call, receive, send};
use crate::gitlab::{instance_runner, with};

const JSON: [(&str, &str); 1] = [("Content-Type", "application/json")];

fn holding(hold: Duration) -> Simulator {
    with(|settings| settings.long_poll = Some(hold))
}

/// Asks for a job and does not read the answer yet; the server has noted the call.
fn ask(sim: &Simulator, runner: &Runner, last_update: Option<&str>) -> TcpStream {
    let before = sim.look(|state| state.count("POST /jobs/request"));
    let body =
        json!({"token": runner.token, "system_id": "s_0123456789ab", "last_update": last_update});
    let stream = send(
        sim,
        "POST",
        "/api/v4/jobs/request",
        &JSON,
        &body.to_string(),
    );
    assert!(sim.wait_until(LIMIT, |state| state.count("POST /jobs/request") > before));
    stream
}

fn status(sim: &Simulator, job: i64) -> JobStatus {
    sim.look(|state| state.job(job).unwrap().status)
}

#[test]
fn held_request_gets_the_job_that_is_queued_meanwhile() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let mut stream = ask(&sim, &runner, None);
    let job = sim.queue_job(Job::default());
    let reply = receive(&mut stream).unwrap();
    assert_eq!(
        (reply.status, reply.json()["id"].as_i64()),
        (201, Some(job))
    );
}

#[test]
fn held_request_ends_with_nothing_when_time_is_over() {
    let hold = Duration::from_millis(100);
    let sim = holding(hold);
    let runner = instance_runner(&sim);
    let begun = Instant::now();
    let reply = receive(&mut ask(&sim, &runner, None)).unwrap();
    assert_eq!(reply.status, 204);
    assert!(begun.elapsed() >= hold);
    assert_eq!(
        reply.header("X-GitLab-Last-Update"),
        Some(sim.runners()[0].queue_value.as_str())
    );
}

#[test]
fn held_request_that_knows_the_queue_touches_no_manager() {
    let sim = holding(Duration::from_millis(50));
    let runner = instance_runner(&sim);
    assert_eq!(
        receive(&mut ask(&sim, &runner, Some(&runner.queue_value)))
            .unwrap()
            .status,
        204
    );
    assert!(sim.runners()[0].managers.is_empty());
}

#[test]
fn held_request_is_let_through_when_the_runner_changes_or_goes() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let mut stream = ask(&sim, &runner, None);
    assert_eq!(
        call(&sim, "DELETE", "/runners", &json!({"token": runner.token})).status,
        204
    );
    assert_eq!(receive(&mut stream).unwrap().status, 403);
}

#[test]
fn nothing_is_handed_out_to_a_client_that_left_while_held() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    drop(ask(&sim, &runner, None));
    assert!(sim.wait_until(LIMIT, |state| state.journal[0].abandoned));
    let job = sim.queue_job(Job::default());
    assert_eq!(
        receive(&mut ask(&sim, &runner, None)).unwrap().json()["id"],
        job
    );
}

#[test]
fn job_handed_out_to_a_client_that_just_left_is_lost() {
    check_cut_off(true, JobStatus::Running, Some(1));
}

#[test]
fn cut_off_job_goes_back_where_it_is_said_so() {
    check_cut_off(false, JobStatus::Pending, None);
}

fn check_cut_off(lose: bool, expected: JobStatus, runner_id: Option<i64>) {
    let sim = with(|settings| {
        settings.request_delay = LIMIT;
        settings.lose_cut_off_jobs = lose;
    });
    let runner = instance_runner(&sim);
    let job = sim.queue_job(Job::default());
    let stream = ask(&sim, &runner, None);
    assert!(sim.wait_until(LIMIT, |state| state.job(job).unwrap().status
        == JobStatus::Running));
    drop(stream);
    assert!(sim.wait_until(LIMIT, |state| state.job(job).unwrap().cut_off));
    assert_eq!(
        (status(&sim, job), sim.jobs()[0].runner_id),
        (expected, runner_id)
    );
    assert!(sim.journal()[0].abandoned);
}

#[test]
fn job_of_a_lost_answer_is_lost_too() {
    let sim = with(|_| {});
    let runner = instance_runner(&sim);
    sim.fault(gitlab_simulator::Fault::on("POST /jobs/request").drop_after());
    let job = sim.queue_job(Job::default());
    assert!(receive(&mut ask(&sim, &runner, None)).is_err());
    assert!(sim.jobs()[0].cut_off);
    assert_eq!(status(&sim, job), JobStatus::Running);
    assert_eq!(sim.journal()[0].body["last_update"], Value::Null);
}
