//! Owns the JSON of runners, managers and jobs as the management endpoints show them; tokens are never part of it.

use std::time::SystemTime;

use serde_json::{Map, Value, json};

use crate::job::{JobStatus, JobView};
use crate::moment;
use crate::runner::{Manager, Runner, RunnerType};
use crate::state::State;

/// One runner in a list.
pub(super) fn in_list(state: &State, runner: &Runner) -> Value {
    let now = state.now();
    let online = runner
        .contacted_at
        .map(|_| matches!(runner.contact(now), "online"));
    let mut row = json!({
        "id": runner.id,
        "description": runner.description,
        "ip_address": null,
        "active": !runner.paused,
        "paused": runner.paused,
        "is_shared": runner.runner_type == RunnerType::Instance,
        "runner_type": runner.runner_type.as_str(),
        "name": runner.name,
        "online": online,
        "status": runner.status(now),
    });
    if let Some(row) = row.as_object_mut().filter(|_| !state.settings.before_18) {
        let busy = execution(state, |job| job.runner_id == Some(runner.id));
        row.insert("created_by".into(), creator(state, runner));
        row.insert("created_at".into(), moment::show(runner.created_at).into());
        row.insert("job_execution_status".into(), busy.into());
    }
    row
}

/// One runner by its number. `note` is for those who may change it.
pub(super) fn detail(state: &State, runner: &Runner, note: bool, projects: bool) -> Value {
    let latest = runner
        .managers
        .iter()
        .max_by_key(|manager| manager.contacted_at);
    let of_latest =
        |field: fn(&Manager) -> &Option<String>| latest.and_then(|manager| field(manager).clone());
    let settings = &state.settings;
    let groups: Vec<Value> = settings
        .groups
        .iter()
        .filter(|group| runner.groups.contains(&group.id))
        .map(|group| json!({"id": group.id, "name": group.name}))
        .collect();
    let own_projects: Vec<Value> = settings
        .projects
        .iter()
        .filter(|project| runner.projects.contains(&project.id))
        .map(|project| json!({"id": project.id, "name": project.name}))
        .collect();
    let mut more = Map::new();
    more.insert("tag_list".into(), json!(runner.tags));
    more.insert("run_untagged".into(), json!(runner.run_untagged));
    more.insert("locked".into(), json!(runner.locked));
    more.insert("maximum_timeout".into(), json!(runner.maximum_timeout));
    more.insert("access_level".into(), json!(runner.access_level.as_str()));
    more.insert(
        "version".into(),
        json!(of_latest(|manager| &manager.version)),
    );
    more.insert(
        "revision".into(),
        json!(of_latest(|manager| &manager.revision)),
    );
    more.insert(
        "platform".into(),
        json!(of_latest(|manager| &manager.platform)),
    );
    more.insert(
        "architecture".into(),
        json!(of_latest(|manager| &manager.architecture)),
    );
    more.insert("contacted_at".into(), moment::json(runner.contacted_at));
    more.insert(
        "maintenance_note".into(),
        json!(runner.maintenance_note.as_ref().filter(|_| note)),
    );
    more.insert("groups".into(), json!(groups));
    if projects {
        more.insert("projects".into(), json!(own_projects));
    }
    let mut all = in_list(state, runner);
    if let Some(all) = all.as_object_mut() {
        all.extend(more);
    }
    all
}

/// One manager of a runner.
pub(super) fn manager(state: &State, runner: &Runner, manager: &Manager) -> Value {
    let own = |job: &JobView| {
        job.runner_id == Some(runner.id) && job.system_id.as_ref() == Some(&manager.system_id)
    };
    let mut row = json!({
        "id": manager.id,
        "system_id": manager.system_id,
        "version": manager.version,
        "revision": manager.revision,
        "platform": manager.platform,
        "architecture": manager.architecture,
        "created_at": moment::json(manager.created_at),
        "contacted_at": moment::json(manager.contacted_at),
        "ip_address": manager.ip_address,
        "status": manager.status(state.now()),
    });
    if let Some(row) = row.as_object_mut().filter(|_| !state.settings.before_18) {
        row.insert("job_execution_status".into(), execution(state, own).into());
    }
    row
}

/// One job of a runner.
pub(super) fn job(state: &State, job: &JobView) -> Value {
    let project = state
        .settings
        .projects
        .iter()
        .find(|project| project.id == job.project_id);
    let name = project.map_or("project", |project| &project.name);
    let span = |from: Option<SystemTime>, to: Option<SystemTime>| {
        Some(to?.duration_since(from?).ok()?.as_secs_f64())
    };
    json!({
        "id": job.id,
        "status": job.status.as_str(),
        "stage": "test",
        "name": job.name(),
        "ref": "main",
        "tag": false,
        "failure_reason": job.failure_reason,
        "created_at": moment::show(job.created_at),
        "started_at": moment::json(job.started_at),
        "finished_at": moment::json(job.finished_at),
        "duration": span(job.started_at, job.finished_at),
        "project": {"id": job.project_id, "name": name, "path": name, "path_with_namespace": format!("group/{name}")},
    })
}

/// `canceling` counts as idle.
fn execution(state: &State, of: impl Fn(&JobView) -> bool) -> &'static str {
    let active = state
        .jobs
        .iter()
        .any(|job| job.status == JobStatus::Running && of(job));
    if active { "active" } else { "idle" }
}

fn creator(state: &State, runner: &Runner) -> Value {
    let Some(name) = &runner.creator else {
        return Value::Null;
    };
    let id = state
        .access_tokens
        .iter()
        .position(|token| token.username == *name)
        .map_or(1, |index| index + 2);
    json!({"id": id, "username": name, "name": name, "state": "active"})
}
