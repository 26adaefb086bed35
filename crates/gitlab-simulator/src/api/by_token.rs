//! Owns the endpoints that a runner's own authentication token opens: verify, unregister, reset.

use std::time::SystemTime;

use serde_json::{Value, json};

use super::registration::credentials;
use crate::answer::{Answer, Handled};
use crate::moment;
use crate::request::{Params, Request};
use crate::runner::{Manager, Runner, RunnerType};
use crate::state::State;

/// Longest system ID the manager's column takes; a longer one is an exception in the server.
const LONGEST_SYSTEM_ID: usize = 64;

/// `POST /runners/verify`.
pub(super) fn verify(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    params.check()?;
    let runner = authenticate(state, &token)?.id;
    ensure_manager(state, runner, &mut params, request)?;
    let runner = state.runner(runner).ok_or_else(Answer::forbidden)?;
    Ok(Answer::json(200, &credentials(runner)))
}

/// `DELETE /runners`: the runner and all its managers, however it was made and whatever runs on it.
pub(super) fn unregister_runner(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    params.check()?;
    let (id, updated_at) = {
        let runner = authenticate(state, &token)?;
        (runner.id, runner.updated_at)
    };
    unmodified_since(request, updated_at)?;
    state.remove_runner(id);
    Ok(Answer::no_content())
}

/// `DELETE /runners/managers`: one manager; the runner stays.
pub(super) fn unregister_manager(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    let system_id = params.required_text("system_id");
    params.check()?;
    let runner = authenticate(state, &token)?;
    let index = runner
        .managers
        .iter()
        .position(|manager| manager.system_id == system_id)
        .ok_or_else(|| Answer::not_found("Runner manager not found"))?;
    unmodified_since(
        request,
        runner.managers[index]
            .contacted_at
            .unwrap_or(runner.updated_at),
    )?;
    runner.managers.remove(index);
    if runner.managers.is_empty() {
        runner.contacted_at = None;
    }
    Ok(Answer::no_content())
}

/// `POST /runners/reset_authentication_token`.
pub(super) fn reset(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    params.check()?;
    let id = authenticate(state, &token)?.id;
    ensure_manager(state, id, &mut params, request)?;
    reset_token(state, id)
}

/// A new token for a runner that the model finds valid.
pub(super) fn reset_token(state: &mut State, id: i64) -> Handled {
    let orphan =
        |runner: &Runner| runner.runner_type == RunnerType::Project && runner.projects.is_empty();
    if state.runner(id).is_some_and(orphan) {
        return Err(Answer::error(
            422,
            "Runner needs to be assigned to at least one project",
        ));
    }
    let token = state.rotate_token(id);
    let ends = state.runner(id).and_then(|runner| runner.token_expires_at);
    Ok(Answer::json(
        201,
        &json!({"token": token, "token_expires_at": moment::json(ends)}),
    ))
}

/// The runner of a token: 403 for an unknown, an expired and an empty one alike, never 401 or 404.
pub(super) fn authenticate<'a>(
    state: &'a mut State,
    token: &str,
) -> Result<&'a mut Runner, Answer> {
    state.runner_by_token(token).ok_or_else(Answer::forbidden)
}

/// Finds or makes the manager of the system ID that was sent, and notes what it said about itself.
pub(super) fn ensure_manager(
    state: &mut State,
    runner: i64,
    params: &mut Params,
    request: &Request,
) -> Result<String, Answer> {
    let system_id = params
        .text("system_id")
        .unwrap_or_else(|| "<legacy>".into());
    if system_id.chars().count() > LONGEST_SYSTEM_ID {
        return Err(Answer::message(500, "500 Internal Server Error"));
    }
    let (now, fresh) = (state.now(), state.next_manager_id());
    let Some(runner) = state.runners.iter_mut().find(|own| own.id == runner) else {
        return Err(Answer::forbidden());
    };
    runner.contacted_at = Some(now);
    if runner.manager(&system_id).is_none() {
        let (id, system_id) = (fresh, system_id.clone());
        runner.managers.push(Manager {
            id,
            system_id,
            created_at: Some(now),
            ..Manager::default()
        });
    }
    if let Some(manager) = runner
        .managers
        .iter_mut()
        .find(|manager| manager.system_id == system_id)
    {
        manager.contacted_at = Some(now);
        manager.ip_address = Some(request.peer.clone());
        describe(manager, params.raw("info"));
    }
    Ok(system_id)
}

fn describe(manager: &mut Manager, info: &Value) {
    let note = |key: &str, field: &mut Option<String>| {
        if let Some(text) = info[key].as_str() {
            *field = Some(text.to_owned());
        }
    };
    note("version", &mut manager.version);
    note("revision", &mut manager.revision);
    note("platform", &mut manager.platform);
    note("architecture", &mut manager.architecture);
    note("executor", &mut manager.executor);
    if !info["features"].is_null() {
        manager.features = info["features"].clone();
    }
}

/// 412 when the client's `If-Unmodified-Since` is older than the record. HTTP dates know whole seconds only.
pub(super) fn unmodified_since(request: &Request, updated_at: SystemTime) -> Result<(), Answer> {
    let limit = request
        .header("if-unmodified-since")
        .and_then(|text| httpdate::parse_http_date(text).ok());
    let whole = |at: SystemTime| {
        at.duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default()
            .as_secs()
    };
    match limit {
        Some(limit) if whole(updated_at) > whole(limit) => {
            Err(Answer::message(412, "412 Precondition Failed"))
        }
        _ => Ok(()),
    }
}
