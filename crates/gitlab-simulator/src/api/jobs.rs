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
    state.ensure_queue_value(id);
    let now = state.now();
    let Some(runner) = state.runners.iter_mut().find(|runner| runner.id == id) else {
        return Err(Answer::forbidden());
    };
    runner.creation_finished = true;
    let current = runner.queue_value.clone();
    if runner.paused || params.text("last_update").as_ref() == Some(&current) {
        return Ok(nothing_to_do(&current));
    }
    let settings = &state.settings;
    let Some(job) = state.jobs.iter_mut().find(|job| job.fits(runner, settings)) else {
        return Ok(nothing_to_do(&current));
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
fn nothing_to_do(queue_value: &str) -> Answer {
    Answer::no_content().header(LAST_UPDATE, queue_value)
}

pub(crate) fn is_job_request(request: &Request) -> bool {
    request.method == "POST" && request.endpoint == "/jobs/request"
}

/// Whose queue a held request waits for, and the value it has seen.
#[derive(Debug)]
pub(crate) struct KnownQueue {
    token: String,
    value: String,
}

/// The queue value that a request brings along, if it is that of now. Workhorse reads JSON bodies alone.
pub(crate) fn known_queue_value(state: &State, request: &Request) -> Option<KnownQueue> {
    if !request.is_json() {
        return None;
    }
    let body = request.body_value();
    let text = |key: &str| body[key].as_str().map(str::to_owned);
    let (token, value) = (text("token")?, text("last_update")?);
    let runner = state.runner_of(&token)?;
    let is_known = runner.queue_value == value && state.now() < runner.queue_value_ends;
    is_known.then_some(KnownQueue { token, value })
}

/// Whether there may be something to do for the runner by now.
pub(crate) fn has_queue_changed(state: &State, known: &KnownQueue) -> bool {
    let runner = state.runner_of(&known.token);
    runner.is_some_and(|runner| runner.queue_value != known.value)
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
