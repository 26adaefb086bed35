//! Cases of `PUT /jobs/:id` and `PATCH /jobs/:id/trace`.

use std::time::Duration;

use gitlab_simulator::{Job, JobStatus, JobView, NewRunner, Simulator};
use serde_json::{Value, json};

use crate::client::{Reply, call, call_with};
use crate::gitlab::{start, with};

/// A job that a runner has.
fn running(sim: &Simulator, order: Job) -> JobView {
    let runner = sim.add_runner(NewRunner::default());
    let id = sim.queue_job(order);
    let body = json!({"token": runner.token, "system_id": "s_0123456789ab"});
    assert_eq!(call(sim, "POST", "/jobs/request", &body).status, 201);
    view(sim, id)
}

fn view(sim: &Simulator, id: i64) -> JobView {
    sim.look(|state| state.job(id).unwrap().clone())
}

fn put(sim: &Simulator, job: &JobView, mut body: Value) -> Reply {
    body["token"] = json!(job.token);
    call(sim, "PUT", &format!("/jobs/{}", job.id), &body)
}

fn patch(sim: &Simulator, job: &JobView, range: Option<&str>, text: &str) -> Reply {
    let mut headers = vec![
        ("JOB-TOKEN", job.token.as_str()),
        ("Content-Type", "text/plain"),
    ];
    headers.extend(range.map(|range| ("Content-Range", range)));
    call_with(
        sim,
        &headers,
        "PATCH",
        &format!("/jobs/{}/trace?debug_trace=false", job.id),
        text,
    )
}

fn is_answered(reply: &Reply, status: u16, job_status: &str) {
    assert_eq!(
        (reply.status, reply.header("Job-Status")),
        (status, Some(job_status))
    );
}

#[test]
fn case_65_success_ends_the_job_and_renews_the_contact() {
    let sim = start();
    let job = running(&sim, Job::default());
    let before = sim.runners()[0].clone();
    let reply = put(&sim, &job, json!({"state": "success"}));
    is_answered(&reply, 200, "success");
    assert_eq!(
        (
            reply.body.as_str(),
            reply.header("X-GitLab-Trace-Update-Interval")
        ),
        ("200", None)
    );
    let after = sim.runners()[0].clone();
    assert!(after.contacted_at > before.contacted_at);
    assert!(after.managers[0].contacted_at > before.managers[0].contacted_at);
    assert_eq!(view(&sim, job.id).status, JobStatus::Success);
    assert!(view(&sim, job.id).finished_at.is_some());
}

#[test]
fn case_66_failure_reasons_are_known_words() {
    let sim = start();
    for (said, stored) in [
        ("runner_interrupted", "runner_interrupted"),
        ("bad_weather", "unknown_failure"),
    ] {
        let job = running(&sim, Job::default());
        is_answered(
            &put(
                &sim,
                &job,
                json!({"state": "failed", "failure_reason": said}),
            ),
            200,
            "failed",
        );
        assert_eq!(view(&sim, job.id).failure_reason.as_deref(), Some(stored));
    }
}

#[test]
fn case_67_unknown_fields_are_ignored_and_unknown_states_refused() {
    let sim = start();
    let job = running(&sim, Job::default());
    is_answered(
        &put(&sim, &job, json!({"state": "running", "colour": "red"})),
        200,
        "running",
    );
    is_answered(&put(&sim, &job, json!({"state": "asleep"})), 400, "running");
}

#[test]
fn case_68_allowed_exit_codes_count_as_such() {
    let sim = start();
    for (code, allowed) in [(42, true), (1, false)] {
        let job = running(
            &sim,
            Job {
                allow_failure_exit_codes: vec![42],
                ..Job::default()
            },
        );
        let body =
            json!({"state": "failed", "failure_reason": "script_failure", "exit_code": code});
        assert_eq!(put(&sim, &job, body).status, 200);
        assert_eq!(
            (
                view(&sim, job.id).exit_code,
                view(&sim, job.id).allow_failure
            ),
            (Some(code), allowed)
        );
    }
}

#[test]
fn case_69_70_checksum_waits_for_the_trace_to_be_stored() {
    let sim = with(|settings| settings.unpersisted_trace_answers = 1);
    let job = running(&sim, Job::default());
    let body = json!({"state": "success", "checksum": "crc32:00000000"});
    let reply = put(&sim, &job, body.clone());
    is_answered(&reply, 202, "running");
    assert_eq!(reply.header("X-GitLab-Trace-Update-Interval"), Some("60"));
    is_answered(&put(&sim, &job, body), 200, "success");
    let job = running(&sim, Job::default());
    is_answered(
        &put(&sim, &job, json!({"state": "success"})),
        200,
        "success",
    );
}

#[test]
fn case_71_erased_finished_and_cancelled_jobs_are_closed() {
    let sim = start();
    let job = running(&sim, Job::default());
    let set = |change: &dyn Fn(&mut JobView)| sim.update(|state| change(&mut state.jobs[0]));
    let check = |status: Option<&str>, text: &str| {
        let reply = put(&sim, &job, json!({"state": "running"}));
        assert_eq!((reply.status, reply.header("Job-Status")), (403, status));
        assert_eq!(reply.message(), format!("403 Forbidden - {text}"));
    };
    set(&|job| job.status = JobStatus::Failed);
    check(Some("failed"), "Job is not processing on runner");
    set(&|job| job.status = JobStatus::Canceled);
    check(Some("canceled"), "Job is not processing on runner");
    set(&|job| job.erased = true);
    check(None, "Job has been erased!");
}

#[test]
fn case_72_canceling_is_told_and_ends_cancelled() {
    let sim = start();
    let job = running(&sim, Job::default());
    sim.update(|state| state.cancel_job(job.id));
    is_answered(
        &put(&sim, &job, json!({"state": "running"})),
        200,
        "canceling",
    );
    is_answered(
        &put(&sim, &job, json!({"state": "failed"})),
        200,
        "canceled",
    );
}

#[test]
fn case_73_unknown_job_or_token_is_forbidden() {
    let sim = start();
    let job = running(&sim, Job::default());
    let body = json!({"token": job.token, "state": "running"});
    assert_eq!(call(&sim, "PUT", "/jobs/999", &body).status, 403);
    let reply = call(
        &sim,
        "PUT",
        &format!("/jobs/{}", job.id),
        &json!({"token": "x", "state": "running"}),
    );
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (403, "403 Forbidden")
    );
}

#[test]
fn case_74_job_outlives_its_runner() {
    let sim = start();
    let job = running(&sim, Job::default());
    let token = sim.runners()[0].token.clone();
    assert_eq!(
        call(&sim, "DELETE", "/runners", &json!({"token": token})).status,
        204
    );
    assert_eq!(view(&sim, job.id).status, JobStatus::Running);
    is_answered(
        &put(&sim, &job, json!({"state": "running"})),
        200,
        "running",
    );
    is_answered(&patch(&sim, &job, Some("0-1"), "ok"), 202, "running");
    is_answered(
        &put(&sim, &job, json!({"state": "success"})),
        200,
        "success",
    );
    assert!(sim.runners().is_empty());
    assert_eq!(
        call(&sim, "POST", "/jobs/request", &json!({"token": token})).status,
        403
    );
}

#[test]
fn silent_job_is_rescued_only_while_its_runner_exists() {
    let sim = start();
    let (kept, lost) = (running(&sim, Job::default()), running(&sim, Job::default()));
    sim.update(|state| {
        state.remove_runner(lost.runner_id.unwrap());
        state.clock_ahead = Duration::from_secs(8 * 24 * 3600);
        state.run_background_jobs();
    });
    let (kept, lost) = (view(&sim, kept.id), view(&sim, lost.id));
    assert_eq!(
        (kept.status, kept.failure_reason.as_deref()),
        (JobStatus::Failed, Some("no_updates_running"))
    );
    assert_eq!((lost.status, lost.runner_id), (JobStatus::Running, None));
    assert!(sim.runners()[0].managers.is_empty(), "stale managers go");
}

#[test]
fn too_many_updates_of_one_job_are_limited() {
    let sim = with(|settings| settings.rate_limits.job_calls = Some(1));
    let job = running(&sim, Job::default());
    is_answered(
        &put(&sim, &job, json!({"state": "running"})),
        200,
        "running",
    );
    let reply = put(&sim, &job, json!({"state": "running"}));
    assert_eq!(
        (reply.status, reply.header("Retry-After")),
        (429, Some("60"))
    );
    is_answered(&patch(&sim, &job, Some("0-0"), "x"), 202, "running");
}

#[test]
fn case_75_trace_grows_in_order() {
    let sim = with(|settings| settings.trace_limit = 12);
    let job = running(&sim, Job::default());
    let reply = patch(&sim, &job, Some("0-4"), "hallo");
    is_answered(&reply, 202, "running");
    assert_eq!(reply.header("Range"), Some("0-5"));
    assert_eq!(reply.header("X-GitLab-Trace-Update-Interval"), Some("60"));
    let gap = patch(&sim, &job, Some("9-10"), "xy");
    assert_eq!((gap.status, gap.header("Range")), (416, Some("0-5")));
    let bare = patch(&sim, &job, None, "xy");
    assert_eq!(
        (bare.status, bare.error().as_str()),
        (400, "400 Missing header Content-Range")
    );
    is_answered(&patch(&sim, &job, Some("5-9"), "öre!"), 202, "running");
    assert_eq!(view(&sim, job.id).trace_text(), "halloöre!");
    let mut stranger = job.clone();
    stranger.token = "glcbt-other".into();
    assert_eq!(patch(&sim, &stranger, Some("10-10"), "x").status, 403);
    assert_eq!(patch(&sim, &job, Some("10-15"), "123456").status, 403);
    assert_eq!(view(&sim, job.id).status, JobStatus::Failed);
}
