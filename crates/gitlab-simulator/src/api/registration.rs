//! Owns the two ways to a new runner: with a registration token and with an access token. Neither makes a runner manager.

use serde_json::{Value, json};

use super::attributes::{Attributes, as_sentences, by_attribute};
use super::user;
use crate::access::Membership;
use crate::answer::{Answer, Handled};
use crate::groups::ancestors;
use crate::moment;
use crate::request::Request;
use crate::runner::{RegistrationType, Runner, RunnerType};
use crate::state::State;

/// Whose registration token it is.
#[derive(Clone, Copy)]
enum Registrar {
    Instance,
    Project(i64),
    Group(i64),
}

/// `POST /runners`.
pub(super) fn register(state: &mut State, request: &Request) -> Handled {
    let mut params = request.params()?;
    let token = params.required_text("token");
    let attributes = Attributes::read(&mut params);
    params.check()?;
    let registrar = find_registrar(state, &token)?;
    let runner_type = match registrar {
        Registrar::Instance => RunnerType::Instance,
        Registrar::Project(_) => RunnerType::Project,
        Registrar::Group(_) => RunnerType::Group,
    };
    let mut runner = state.blank_runner(runner_type, RegistrationType::RegistrationToken);
    runner.name = params.raw("info")["name"]
        .as_str()
        .map(|name| name.chars().take(256).collect());
    let mut problems = attributes.apply(&mut runner);
    match registrar {
        Registrar::Instance => {}
        Registrar::Project(id) => runner.projects.push(id),
        Registrar::Group(id) => runner.groups.push(id),
    }
    problems.extend(over_plan_limit(state, &runner));
    if !problems.is_empty() {
        return Err(Answer::message(400, by_attribute(problems)));
    }
    Ok(Answer::json(201, &credentials(state.keep(runner))))
}

fn find_registrar(state: &State, token: &str) -> Result<Registrar, Answer> {
    let settings = &state.settings;
    let disallowed = || Answer::message(410, "410 Gone - runner registration disallowed");
    let may = |kind| settings.registrars.contains(&kind);
    let same = |own: &Option<String>| own.as_deref() == Some(token);
    let project = settings
        .projects
        .iter()
        .find(|project| same(&project.registration_token));
    let group = settings
        .groups
        .iter()
        .find(|group| same(&group.registration_token));
    let (found, home) = if token == settings.registration_token && !token.is_empty() {
        (Registrar::Instance, None)
    } else if let Some(project) = project.filter(|_| may(RunnerType::Project)) {
        (Registrar::Project(project.id), project.group)
    } else if let Some(group) = group.filter(|_| may(RunnerType::Group)) {
        (Registrar::Group(group.id), Some(group.id))
    } else if !token.trim().is_empty() && !settings.allow_registration_tokens {
        return Err(disallowed());
    } else {
        return Err(Answer::forbidden_because("invalid token supplied"));
    };
    // Only the root group's setting counts.
    let root_allows = ancestors(&settings.groups, home)
        .last()
        .is_none_or(|root| root.allow_registration_tokens);
    if settings.allow_registration_tokens && root_allows {
        Ok(found)
    } else {
        Err(disallowed())
    }
}

/// Plan limits count runners made or seen in the last seven days, and leave instance runners alone.
fn over_plan_limit(state: &State, new: &Runner) -> Option<(&'static str, String)> {
    let (settings, now) = (&state.settings, state.now());
    let recent = |of: &dyn Fn(&Runner) -> bool| {
        state
            .runners
            .iter()
            .filter(|runner| of(runner) && runner.is_recent(now))
            .count()
    };
    if let Some(id) = new.projects.first() {
        let own = settings.projects.iter().find(|project| project.id == *id);
        let limit = own
            .and_then(|project| project.runner_limit)
            .unwrap_or(settings.runner_limit);
        let full = recent(&|runner| runner.projects.contains(id)) >= limit;
        let text = format!("Maximum number of ci registered project runners ({limit}) exceeded");
        return full.then_some(("runner_projects.base", text));
    }
    let id = new.groups.first()?;
    let own = settings.groups.iter().find(|group| group.id == *id);
    let limit = own
        .and_then(|group| group.runner_limit)
        .unwrap_or(settings.runner_limit);
    let full = recent(&|runner| runner.groups.contains(id)) >= limit;
    let text = format!("Maximum number of ci registered group runners ({limit}) exceeded");
    full.then_some(("runner_namespaces.base", text))
}

/// `POST /user/runners`.
pub(super) fn create(state: &mut State, request: &Request) -> Handled {
    let user = user::authenticate(state, request, &["create_runner", "api"])?;
    let mut params = request.params()?;
    if !params.has("runner_type") {
        params.complain("runner_type is missing");
        params.complain("runner_type does not have a valid value");
    }
    let runner_type = params.word("runner_type", RunnerType::parse);
    let owner = match runner_type {
        Some(RunnerType::Group) => Some("group_id"),
        Some(RunnerType::Project) => Some("project_id"),
        _ => None,
    };
    let owner_id = owner.and_then(|name| {
        if !params.has(name) {
            params.complain(format!("{name} is missing"));
        }
        params.integer(name)
    });
    let attributes = Attributes::read(&mut params);
    params.check()?;
    let runner_type =
        runner_type.ok_or_else(|| Answer::error(400, "runner_type does not have a valid value"))?;

    let settings = &state.settings;
    let missing = || Answer::bad_request("Missing/invalid scope");
    let allowed = user.is_admin(settings.admin_mode)
        || match runner_type {
            RunnerType::Instance => false,
            RunnerType::Group => {
                let id = owner_id
                    .filter(|id| settings.groups.iter().any(|group| group.id == *id))
                    .ok_or_else(missing)?;
                user.role.of_group(&settings.groups, id) >= Some(Membership::Owner)
            }
            RunnerType::Project => {
                let project = settings
                    .projects
                    .iter()
                    .find(|project| Some(project.id) == owner_id)
                    .ok_or_else(missing)?;
                user.role.of_project(&settings.groups, project) >= Some(Membership::Maintainer)
            }
        };
    if !allowed {
        return Err(Answer::forbidden_because("Insufficient permissions"));
    }
    let mut runner = state.blank_runner(runner_type, RegistrationType::AuthenticatedUser);
    runner.creator = Some(user.username);
    let problems = attributes.apply(&mut runner);
    match runner_type {
        RunnerType::Instance => {}
        RunnerType::Group => runner.groups.extend(owner_id),
        RunnerType::Project => runner.projects.extend(owner_id),
    }
    if !problems.is_empty() {
        return Err(Answer::bad_request(&as_sentences(&problems)));
    }
    Ok(Answer::json(201, &credentials(state.keep(runner))))
}

/// The entity of registration, creation and verification: exactly three keys.
pub(super) fn credentials(runner: &Runner) -> Value {
    json!({"id": runner.id, "token": runner.token, "token_expires_at": moment::json(runner.token_expires_at)})
}
