//! Owns `POST /jobs/request`: which job a runner gets, and when there is nothing to do. Waiting is the server's.

use super::by_token::{authenticate, ensure_manager};
use super::within_limit;
use crate::answer::{Answer, Handled};
use crate::job::JobStatus;
use crate::request::Request;
use crate::state::State;

const LAST_UPDATE: &str = "X-GitLab-Last-Update";

/// `POST /jobs/request`: hands out the oldest pending job that fits.
pub(super) fn request(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    params.check()?;
    let limit = state.settings.rate_limits.jobs_request;
    within_limit(state, limit, format!("jobs_request {token}"))?;
    let id = authenticate(state, &token)?.id;
    let system_id = ensure_manager(state, id, &mut params, request)?;
    let now = state.now();
    let Some(runner) = state.runners.iter_mut().find(|runner| runner.id == id) else {
        return Err(Answer::forbidden());
    };
    runner.creation_finished = true;
    let current = runner.queue_value.clone();
    if runner.paused || params.text("last_update").as_ref() == Some(&current) {
        return Ok(nothing_to_do(Some(&current)));
    }
    let settings = &state.settings;
    let Some(job) = state.jobs.iter_mut().find(|job| job.fits(runner, settings)) else {
        return Ok(nothing_to_do(Some(&current)));
    };
    job.status = JobStatus::Running;
    job.runner_id = Some(id);
    job.system_id = Some(system_id);
    job.started_at = Some(now);
    job.heard_at = Some(now);
    Ok(Answer {
        job: Some(job.id),
        ..Answer::json(201, &job.payload())
    })
}

/// 204 with the current queue value.
pub(crate) fn nothing_to_do(queue_value: Option<&str>) -> Answer {
    match queue_value {
        Some(value) => Answer::no_content().header(LAST_UPDATE, value),
        None => Answer::no_content(),
    }
}

pub(crate) fn is_job_request(request: &Request) -> bool {
    request.method == "POST" && request.endpoint == "/jobs/request"
}

/// The current queue value of the runner that asks, and whether it is the one that the runner has seen already.
pub(crate) fn queue_value_seen(state: &State, request: &Request) -> Option<(String, bool)> {
    let mut params = request.params().ok()?;
    let token = params.text("token")?;
    let current = state.runner_of(&token)?.queue_value.clone();
    let seen = params.text("last_update").as_ref() == Some(&current);
    Some((current, seen))
}

/// The taker of a job hung up before it heard of it. The real server does not notice: the job stays `running`.
pub(crate) fn put_back(state: &mut State, id: i64) {
    let lose = state.settings.lose_cut_off_jobs;
    let Some(job) = state.jobs.iter_mut().find(|job| job.id == id) else {
        return;
    };
    job.cut_off = true;
    if !lose && job.status == JobStatus::Running {
        job.status = JobStatus::Pending;
        (job.runner_id, job.system_id, job.started_at) = (None, None, None);
        state.tick_all();
    }
}
