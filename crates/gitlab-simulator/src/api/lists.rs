//! Owns the lists of runners and their filters; single runners are elsewhere.

use std::time::SystemTime;

use super::pages::Page;
use super::{entities, rights, user};
use crate::answer::{Answer, Handled};
use crate::groups::ancestors;
use crate::request::{Params, Request};
use crate::runner::{Runner, RunnerType};
use crate::state::State;

const READ: [&str; 2] = ["api", "read_api"];
const STATUSES: [&str; 6] = [
    "active",
    "paused",
    "online",
    "offline",
    "never_contacted",
    "stale",
];

/// What a list is narrowed to.
#[derive(Debug, Default)]
struct Filter {
    kinds: Vec<RunnerType>,
    statuses: Vec<String>,
    paused: Option<bool>,
    tags: Vec<String>,
    version: Option<String>,
}

/// Which values `scope`, older than the other filters, may have.
enum Scope {
    /// Statuses.
    Usual,
    /// Statuses and types, `shared` and `specific`.
    All,
    Ignored,
}

/// `GET /runners`: those that the user may administer.
pub(super) fn own(state: &State, request: &Request) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    list(state, request, &Scope::Usual, |runner| {
        rights::administers(&user, &state.settings, runner)
    })
}

/// `GET /runners/all`.
pub(super) fn all(state: &State, request: &Request) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    if !rights::reads_all(&user, &state.settings) {
        return Err(Answer::forbidden());
    }
    list(state, request, &Scope::All, |_| true)
}

/// `GET /projects/:id/runners`: the project's, those of its groups and the instance's.
pub(super) fn of_project(state: &State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    let settings = &state.settings;
    let project = settings
        .projects
        .iter()
        .find(|project| id.parse() == Ok(project.id));
    let project = project.ok_or_else(|| Answer::not_found("Project"))?;
    if !rights::may_list_of_project(&user, settings, project.id) {
        return Err(Answer::forbidden());
    }
    let groups: Vec<i64> = ancestors(&settings.groups, project.group)
        .map(|group| group.id)
        .collect();
    list(state, request, &Scope::Usual, |runner| {
        match runner.runner_type {
            RunnerType::Instance => project.shared_runners,
            RunnerType::Group => runner.groups.iter().any(|id| groups.contains(id)),
            RunnerType::Project => runner.projects.contains(&project.id),
        }
    })
}

/// `GET /groups/:id/runners`: the group's, those of the groups it lies in and the instance's; none of its projects.
pub(super) fn of_group(state: &State, request: &Request, id: &str) -> Handled {
    let user = user::authenticate(state, request, &READ)?;
    let settings = &state.settings;
    let group = settings
        .groups
        .iter()
        .find(|group| id.parse() == Ok(group.id));
    let group = group.ok_or_else(|| Answer::not_found("Group"))?;
    if !rights::may_list_of_group(&user, settings, group.id) {
        return Err(Answer::forbidden());
    }
    let groups: Vec<i64> = ancestors(&settings.groups, Some(group.id))
        .map(|group| group.id)
        .collect();
    list(state, request, &Scope::Ignored, |runner| {
        match runner.runner_type {
            RunnerType::Instance => true,
            RunnerType::Group => runner.groups.iter().any(|id| groups.contains(id)),
            RunnerType::Project => false,
        }
    })
}

fn list(
    state: &State,
    request: &Request,
    scope: &Scope,
    within: impl Fn(&Runner) -> bool,
) -> Handled {
    let mut params = request.params()?;
    let page = Page::read(&mut params);
    let filter = Filter::read(&mut params, scope);
    params.check()?;
    let now = state.now();
    let chosen = state
        .runners
        .iter()
        .filter(|runner| within(runner) && filter.lets_through(runner, now));
    let chosen: Vec<&Runner> = chosen.collect();
    let show = |runner: &&Runner| entities::in_list(state, runner);
    Ok(page.answer(&chosen, show, request, true))
}

impl Filter {
    fn read(params: &mut Params, scope: &Scope) -> Filter {
        let status = |word: &str| STATUSES.contains(&word).then(|| word.to_owned());
        let mut filter = Filter {
            kinds: params.word("type", RunnerType::parse).into_iter().collect(),
            statuses: params.word("status", status).into_iter().collect(),
            paused: params.boolean("paused"),
            tags: params.list("tag_list").unwrap_or_default(),
            version: params.present_text("version_prefix"),
        };
        let digits = |text: &String| {
            text.starts_with(|letter: char| letter.is_ascii_digit() || "+.".contains(letter))
        };
        if filter.version.as_ref().is_some_and(|text| !digits(text)) {
            params.complain("version_prefix is invalid");
        }
        match scope {
            Scope::Ignored => {}
            Scope::Usual => filter.statuses.extend(params.word("scope", status)),
            Scope::All => match params
                .word("scope", |word| status(word).or_else(|| type_of(word)))
                .as_deref()
            {
                Some("shared" | "instance_type") => filter.kinds = vec![RunnerType::Instance],
                Some("specific") => filter.kinds = vec![RunnerType::Group, RunnerType::Project],
                Some("group_type") => filter.kinds = vec![RunnerType::Group],
                Some("project_type") => filter.kinds = vec![RunnerType::Project],
                status => filter.statuses.extend(status.map(str::to_owned)),
            },
        }
        filter
    }

    fn lets_through(&self, runner: &Runner, now: SystemTime) -> bool {
        (self.kinds.is_empty() || self.kinds.contains(&runner.runner_type))
            && self
                .statuses
                .iter()
                .all(|status| has_status(runner, status, now))
            && self.paused.is_none_or(|paused| runner.paused == paused)
            && self.tags.iter().all(|tag| runner.tags.contains(tag))
            && self
                .version
                .as_ref()
                .is_none_or(|prefix| runs_version(runner, prefix))
    }
}

fn type_of(word: &str) -> Option<String> {
    let known = ["shared", "specific"].contains(&word) || RunnerType::parse(word).is_some();
    known.then(|| word.to_owned())
}

/// The filter's idea of a status; `offline` covers stale ones too.
fn has_status(runner: &Runner, status: &str, now: SystemTime) -> bool {
    match status {
        "active" => !runner.paused,
        "paused" => runner.paused,
        "never_contacted" => runner.contacted_at.is_none(),
        "offline" => runner.contacted_at.is_some() && runner.contact(now) != "online",
        "stale" => !runner.is_recent(now),
        online => runner.contact(now) == online,
    }
}

/// By component: `16` covers 16.1, not 160.
fn runs_version(runner: &Runner, prefix: &str) -> bool {
    let wanted: Vec<&str> = prefix.trim_end_matches('.').split('.').collect();
    let versions = runner
        .managers
        .iter()
        .filter_map(|manager| manager.version.as_deref());
    versions.into_iter().any(|version| {
        let own: Vec<&str> = version.split(['.', '-', '~']).collect();
        own.starts_with(&wanted)
    })
}
