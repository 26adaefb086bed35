//! Owns the endpoints for one runner by its number, for users: show, change, delete, managers, reset.

use serde_json::Value;

use super::attributes::{Attributes, NAMES, by_attribute};
use super::by_token::{reset_token, unmodified_since};
use super::{entities, rights, user};
use crate::access::AccessToken;
use crate::answer::{Answer, Handled};
use crate::request::Request;
use crate::runner::Runner;
use crate::state::State;

pub(super) const READ: [&str; 3] = ["api", "read_api", "manage_runner"];
const WRITE: [&str; 2] = ["api", "manage_runner"];

/// `GET /runners/:id`.
pub(super) fn show(state: &State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    let mut params = request.params()?;
    let projects = params.boolean("include_projects").unwrap_or(true);
    params.check()?;
    let runner = find(state, id)?;
    granted(rights::may_read(&user, &state.settings, runner))?;
    Ok(Answer::json(200, &detail(state, &user, runner, projects)))
}

/// `PUT /runners/:id`.
pub(super) fn update(state: &mut State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &WRITE)?;
    let mut params = request.params()?;
    let attributes = Attributes::read(&mut params);
    if !NAMES.iter().any(|name| params.has(name)) {
        params.complain(format!(
            "{} are missing, at least one parameter must be provided",
            NAMES.join(", ")
        ));
    }
    params.check()?;
    let mut runner = find(state, id)?.clone();
    granted(rights::may_update(&user, &state.settings, &runner))?;
    let problems = attributes.apply(&mut runner);
    if !problems.is_empty() {
        return Err(Answer::message(400, by_attribute(problems)));
    }
    runner.updated_at = state.now();
    let id = runner.id;
    if let Some(own) = state.runners.iter_mut().find(|own| own.id == id) {
        *own = runner;
    }
    // A waiting runner manager is let through to see the change.
    state.tick(id);
    let runner = state
        .runner(id)
        .ok_or_else(|| Answer::not_found("Runner"))?;
    Ok(Answer::json(200, &detail(state, &user, runner, true)))
}

/// `DELETE /runners/:id`.
pub(super) fn delete(state: &mut State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &WRITE)?;
    let runner = find(state, id)?;
    if !user.is_admin(state.settings.admin_mode) {
        if runner.projects.len() > 1 {
            return Err(Answer::forbidden_because(
                "Runner associated with more than one project",
            ));
        }
        granted(rights::may_update(&user, &state.settings, runner))?;
    }
    unmodified_since(request, runner.updated_at)?;
    let id = runner.id;
    state.remove_runner(id);
    Ok(Answer::no_content())
}

/// `GET /runners/:id/managers`: all of them, not paged.
pub(super) fn managers(state: &State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    let runner = find(state, id)?;
    granted(rights::may_read(&user, &state.settings, runner))?;
    let rows = runner
        .managers
        .iter()
        .map(|manager| entities::manager(state, runner, manager))
        .collect();
    Ok(Answer::json(200, &Value::Array(rows)))
}

/// `POST /runners/:id/reset_authentication_token`.
pub(super) fn reset(state: &mut State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &WRITE)?;
    let runner = find(state, id)?;
    granted(rights::may_update(&user, &state.settings, runner))?;
    let id = runner.id;
    reset_token(state, id)
}

/// The runner of a number in a path.
pub(super) fn find<'a>(state: &'a State, id: &str) -> Result<&'a Runner, Answer> {
    let id = id
        .parse()
        .map_err(|_| Answer::error(400, "id is invalid"))?;
    state.runner(id).ok_or_else(|| Answer::not_found("Runner"))
}

pub(super) fn granted(allowed: bool) -> Result<(), Answer> {
    if allowed {
        Ok(())
    } else {
        Err(Answer::forbidden_because("No access granted"))
    }
}

fn detail(state: &State, user: &AccessToken, runner: &Runner, projects: bool) -> Value {
    let note = rights::may_update(user, &state.settings, runner);
    entities::detail(state, runner, note, projects)
}
