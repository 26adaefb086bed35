//! Long polling of `POST /jobs/request`, and the jobs that get lost in it.

use std::net::TcpStream;
use std::time::{Duration, Instant};

use gitlab_simulator::{Job, JobStatus, Role, Runner, Simulator};
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

/// A request that knows the queue as it is now, and is held.
fn held(sim: &Simulator, runner: &Runner) -> TcpStream {
    let value = sim.look(|state| state.runner(runner.id).unwrap().queue_value.clone());
    let stream = ask(sim, runner, Some(&value));
    assert!(sim.wait_until(LIMIT, |state| state.held_requests == 1));
    stream
}

/// The rules have not heard of the runner: no manager, no contact.
fn is_untouched(sim: &Simulator) {
    let runner = sim.runners().remove(0);
    assert!(runner.managers.is_empty(), "{:?}", runner.managers);
    assert_eq!(
        (runner.contacted_at, runner.creation_finished),
        (None, false)
    );
}

/// Ended with 204 and without a queue value: Workhorse's own answer.
fn ended_with_nothing(stream: &mut TcpStream) {
    let reply = receive(stream).unwrap();
    assert_eq!(reply.status, 204);
    assert_eq!(reply.header("X-GitLab-Last-Update"), None);
}

#[test]
fn first_request_knows_no_queue_value_and_is_answered_at_once() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let reply = receive(&mut ask(&sim, &runner, None)).unwrap();
    assert_eq!(reply.status, 204);
    let value = reply.header("X-GitLab-Last-Update").map(str::to_owned);
    let seen = sim.runners().remove(0);
    assert_eq!(value, Some(seen.queue_value));
    assert_eq!(seen.managers.len(), 1);
}

#[test]
fn request_with_an_old_queue_value_is_answered_at_once() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let job = sim.queue_job(Job::default());
    let reply = receive(&mut ask(&sim, &runner, Some(&runner.queue_value))).unwrap();
    assert_eq!(
        (reply.status, reply.json()["id"].as_i64()),
        (201, Some(job))
    );
}

#[test]
fn held_request_ends_with_nothing_when_a_job_comes_and_the_next_one_gets_it() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let mut stream = held(&sim, &runner);
    let job = sim.queue_job(Job::default());
    ended_with_nothing(&mut stream);
    is_untouched(&sim);
    assert_eq!(status(&sim, job), JobStatus::Pending);
    let reply = receive(&mut ask(&sim, &runner, Some(&runner.queue_value))).unwrap();
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
    ended_with_nothing(&mut ask(&sim, &runner, Some(&runner.queue_value)));
    assert!(begun.elapsed() >= hold);
    is_untouched(&sim);
}

#[test]
fn held_request_ends_with_nothing_when_the_runner_is_changed() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let mut stream = held(&sim, &runner);
    let admin = sim.add_access_token(&["api"], Role::admin());
    let paused = call(
        &sim,
        "PUT",
        &format!("/runners/{}", runner.id),
        &json!({"paused": true, "private_token": admin}),
    );
    assert_eq!(paused.status, 200);
    ended_with_nothing(&mut stream);
    is_untouched(&sim);
}

#[test]
fn held_request_outlasts_its_runner_and_the_next_one_is_refused() {
    let hold = Duration::from_secs(2);
    let sim = holding(hold);
    let runner = instance_runner(&sim);
    let begun = Instant::now();
    let mut stream = held(&sim, &runner);
    let gone = call(&sim, "DELETE", "/runners", &json!({"token": runner.token}));
    assert_eq!(gone.status, 204);
    ended_with_nothing(&mut stream);
    assert!(begun.elapsed() >= hold);
    let next = receive(&mut ask(&sim, &runner, Some(&runner.queue_value))).unwrap();
    assert_eq!(next.status, 403);
}

#[test]
fn held_request_does_not_bring_a_deleted_manager_back() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    receive(&mut ask(&sim, &runner, None)).unwrap();
    let mut stream = held(&sim, &runner);
    let which = json!({"token": runner.token, "system_id": "s_0123456789ab"});
    assert_eq!(
        call(&sim, "DELETE", "/runners/managers", &which).status,
        204
    );
    sim.queue_job(Job::default());
    ended_with_nothing(&mut stream);
    assert!(sim.runners()[0].managers.is_empty());
}

#[test]
fn nothing_is_handed_out_to_a_client_that_left_while_held() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    drop(held(&sim, &runner));
    assert!(sim.wait_until(LIMIT, |state| state.journal[0].abandoned));
    let job = sim.queue_job(Job::default());
    assert_eq!(status(&sim, job), JobStatus::Pending);
    is_untouched(&sim);
    assert_eq!(
        receive(&mut ask(&sim, &runner, None)).unwrap().json()["id"],
        job
    );
}

#[test]
fn runner_whose_requests_are_held_is_seen_once_an_hour() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    receive(&mut ask(&sim, &runner, None)).unwrap();
    let first = sim.runners().remove(0);
    sim.update(|state| state.clock_ahead = Duration::from_secs(60 * 60));
    let reply = receive(&mut ask(&sim, &runner, Some(&runner.queue_value))).unwrap();
    let second = sim.runners().remove(0);
    let value = reply.header("X-GitLab-Last-Update").map(str::to_owned);
    assert_eq!(value, Some(second.queue_value));
    assert_ne!(value, Some(first.queue_value));
    assert!(second.contacted_at > first.contacted_at);
    drop(held(&sim, &runner));
}

#[test]
fn only_a_json_body_is_held() {
    let sim = holding(LIMIT);
    let runner = instance_runner(&sim);
    let form = format!("token={}&last_update={}", runner.token, runner.queue_value);
    let kind = [("Content-Type", "application/x-www-form-urlencoded")];
    let mut stream = send(&sim, "POST", "/api/v4/jobs/request", &kind, &form);
    assert_eq!(receive(&mut stream).unwrap().status, 204);
    assert_eq!(sim.runners()[0].managers.len(), 1);
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
