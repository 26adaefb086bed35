//! Owns what a runner says about a job it has: state and trace. A job's token opens them; the job's runner may be gone.

use super::within_limit;
use crate::answer::{Answer, Handled};
use crate::job::{JobStatus, JobView, KNOWN_FAILURE_REASONS};
use crate::request::Request;
use crate::state::State;

const INTERVAL: &str = "X-GitLab-Trace-Update-Interval";

/// `PUT /jobs/:id`.
pub(super) fn update(state: &mut State, request: &Request, id: &str) -> Handled {
    let mut params = request.params()?;
    params.required_text("token");
    let said = params.text("state");
    let reason = params.text("failure_reason");
    let exit_code = params.integer("exit_code");
    params.check()?;
    let checksum = params.has("checksum") || !params.raw("output")["checksum"].is_null();
    let index = authenticate(state, request, id)?;
    let (now, interval) = (state.now(), state.settings.trace_update_interval);
    let job = &mut state.jobs[index];
    match said.as_deref() {
        Some("running") => return Ok(of_job(Answer::text(200, "200"), job)),
        Some("success" | "failed") if checksum && job.unpersisted_answers > 0 => {
            job.unpersisted_answers -= 1;
            return Ok(of_job(Answer::text(202, "202"), job).header(INTERVAL, interval.to_string()));
        }
        // A job that was being cancelled ends cancelled, whatever its runner made of it.
        Some("success" | "failed") if job.status == JobStatus::Canceling => {
            job.status = JobStatus::Canceled;
        }
        Some("success") => job.status = JobStatus::Success,
        Some("failed") => fail(job, reason.as_deref()),
        _ => return Err(of_job(Answer::text(400, "400"), job)),
    }
    job.exit_code = exit_code;
    job.allow_failure =
        exit_code.is_some_and(|code| job.order.allow_failure_exit_codes.contains(&code));
    job.finished_at = Some(now);
    Ok(of_job(Answer::text(200, "200"), job))
}

fn fail(job: &mut JobView, reason: Option<&str>) {
    let known = reason.filter(|reason| KNOWN_FAILURE_REASONS.contains(reason));
    job.status = JobStatus::Failed;
    job.failure_reason = Some(known.unwrap_or("unknown_failure").to_owned());
}

/// `PATCH /jobs/:id/trace`.
pub(super) fn append_trace(state: &mut State, request: &Request, id: &str) -> Handled {
    let index = authenticate(state, request, id)?;
    let now = state.now();
    let (interval, limit) = (
        state.settings.trace_update_interval,
        state.settings.trace_limit,
    );
    let job = &mut state.jobs[index];
    let range = request.header("content-range");
    let range = range.ok_or_else(|| Answer::error(400, "400 Missing header Content-Range"))?;
    let start: Option<usize> = range
        .split('-')
        .next()
        .and_then(|start| start.trim().parse().ok());
    if start != Some(job.trace.len()) {
        let answer = Answer::text(416, "416 Range Not Satisfiable");
        return Err(answer.header("Range", format!("0-{}", job.trace.len())));
    }
    if job.trace.len() + request.body.len() > limit {
        fail(job, Some("trace_size_exceeded"));
        job.finished_at = Some(now);
        return Err(Answer::forbidden_because(
            "Job has exceeded the trace limit",
        ));
    }
    job.trace.extend_from_slice(&request.body);
    let size = job.trace.len();
    Ok(of_job(Answer::text(202, "202"), job)
        .header("Range", format!("0-{size}"))
        .header(INTERVAL, interval.to_string()))
}

/// The job of a job token (header or parameter), if a runner still has it. Renews the contact of its runner and
/// manager if those still exist, and asks nothing else of them.
fn authenticate(state: &mut State, request: &Request, id: &str) -> Result<usize, Answer> {
    let header = request.header("job-token").map(str::to_owned);
    // A trace is no form; only the PUT carries the token in its body.
    let token = header.or_else(|| request.params().ok()?.text("token"));
    let key = format!(
        "{} {}",
        request.method,
        token.as_deref().unwrap_or_default()
    );
    within_limit(state, state.settings.rate_limits.job_calls, key)?;
    let index = state
        .jobs
        .iter()
        .position(|job| id.parse() == Ok(job.id) && token.as_ref() == Some(&job.token))
        .ok_or_else(Answer::forbidden)?;
    let now = state.now();
    let job = &mut state.jobs[index];
    if job.erased {
        return Err(Answer::forbidden_because("Job has been erased!"));
    }
    if !job.status.is_on_a_runner() {
        return Err(of_job(
            Answer::forbidden_because("Job is not processing on runner"),
            job,
        ));
    }
    job.heard_at = Some(now);
    if let Some(runner) = state
        .runners
        .iter_mut()
        .find(|runner| Some(runner.id) == job.runner_id)
    {
        runner.contacted_at = Some(now);
        let own = runner
            .managers
            .iter_mut()
            .find(|manager| Some(&manager.system_id) == job.system_id.as_ref());
        if let Some(manager) = own {
            manager.contacted_at = Some(now);
        }
    }
    Ok(index)
}

fn of_job(answer: Answer, job: &JobView) -> Answer {
    answer.header("Job-Status", job.status.as_str())
}
