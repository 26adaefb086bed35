//! Owns which rule answers which endpoint, and what stands before all of them; changes state, never touches a socket.

mod attributes;
mod by_id;
mod by_token;
mod entities;
mod job_calls;
mod jobs;
mod lists;
mod pages;
mod registration;
mod rights;
mod runner_jobs;
mod throttle;
mod user;

use std::time::{Duration, Instant};

use serde_json::json;

use crate::answer::{Answer, Handled};
use crate::request::Request;
use crate::settings::Throttle;
use crate::state::State;

pub(crate) use jobs::{has_queue_changed, is_job_request, known_queue_value, put_back};

/// Answers a request and changes the state as GitLab does.
pub(crate) fn handle(state: &mut State, request: &Request) -> Answer {
    let headers = match throttle::check(state, request) {
        Ok(headers) => headers,
        Err(refusal) => return refusal,
    };
    let answer = in_front(state, request)
        .and_then(|()| route(state, request))
        .unwrap_or_else(|refusal| refusal);
    let with = |answer: Answer, (name, value): (&str, String)| answer.header(name, value);
    headers.into_iter().fold(answer, with)
}

/// What strikes before any endpoint, behind the throttles: maintenance, the read-only instance.
fn in_front(state: &mut State, request: &Request) -> Result<(), Answer> {
    if let Some(retry_after) = state.settings.maintenance {
        let answer = Answer::message(503, "GitLab is in maintenance mode");
        return Err(answer.header("Retry-After", retry_after.as_secs().to_string()));
    }
    let writes = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH" | "DELETE");
    if state.settings.read_only && writes {
        return Err(Answer::message(
            403,
            "You cannot perform write operations on a read-only instance",
        ));
    }
    let of_runners =
        request.endpoint.starts_with("/runners") || request.endpoint.starts_with("/jobs");
    if state.settings.migration_backoff && of_runners {
        let answer = Answer::message(429, "Executing database migrations. Please retry later.");
        return Err(answer.header("Retry-After", "60"));
    }
    Ok(())
}

fn route(state: &mut State, request: &Request) -> Handled {
    // Elsewhere are the pages for people.
    if request.endpoint.is_empty() {
        return Err(Answer::html(404));
    }
    let segments: Vec<&str> = request.endpoint.split('/').skip(1).collect();
    match (request.method.as_str(), segments.as_slice()) {
        ("POST", ["runners"]) => registration::register(state, request),
        ("POST", ["user", "runners"]) => registration::create(state, request),
        ("POST", ["runners", "verify"]) => by_token::verify(state, request),
        ("DELETE", ["runners"]) => by_token::unregister_runner(state, request),
        ("DELETE", ["runners", "managers"]) => by_token::unregister_manager(state, request),
        ("POST", ["runners", "reset_authentication_token"]) => by_token::reset(state, request),
        ("POST", ["jobs", "request"]) => jobs::request(state, request),
        ("PUT", ["jobs", id]) => job_calls::update(state, request, id),
        ("PATCH", ["jobs", id, "trace"]) => job_calls::append_trace(state, request, id),
        ("GET", ["runners"]) => lists::own(state, request),
        ("GET", ["runners", "all"]) => lists::all(state, request),
        ("GET", ["projects", id, "runners"]) => lists::of_project(state, request, id),
        ("GET", ["groups", id, "runners"]) => lists::of_group(state, request, id),
        ("GET", ["runners", id]) => by_id::show(state, request, id),
        ("PUT", ["runners", id]) => by_id::update(state, request, id),
        ("DELETE", ["runners", id]) => by_id::delete(state, request, id),
        ("GET", ["runners", id, "managers"]) => by_id::managers(state, request, id),
        ("GET", ["runners", id, "jobs"]) => runner_jobs::list(state, request, id),
        ("POST", ["runners", id, "reset_authentication_token"]) => by_id::reset(state, request, id),
        _ => Err(Answer::error(404, "404 Not Found")),
    }
}

/// GitLab's own limit of requests per minute, off unless set.
fn within_limit(state: &mut State, limit: Option<u32>, key: String) -> Result<(), Answer> {
    let Some(requests) = limit else {
        return Ok(());
    };
    let period = Duration::from_secs(60);
    if over_limit(state, key, Throttle { requests, period }).is_none() {
        return Ok(());
    }
    let text = "This endpoint has been requested too many times. Try again later.";
    Err(Answer::message(429, json!({"error": text})).header("Retry-After", "60"))
}

/// Counts a request in its window; the count when it is one too many.
fn over_limit(state: &mut State, key: String, throttle: Throttle) -> Option<u32> {
    let now = Instant::now();
    let window = state.windows.entry(key).or_insert((now, 0));
    if now.duration_since(window.0) >= throttle.period {
        *window = (now, 0);
    }
    window.1 += 1;
    (window.1 > throttle.requests).then_some(window.1)
}
