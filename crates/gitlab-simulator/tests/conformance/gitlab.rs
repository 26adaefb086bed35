//! Owns the instances that the cases start from.

use gitlab_simulator::{
    Group, Membership, NewRunner, Project, Role, Runner, RunnerType, Settings, Simulator,
};
use serde_json::json;

use crate::client::{Reply, call};

/// System IDs of two runner managers.
pub(crate) const ONE: &str = "s_0123456789ab";
pub(crate) const OTHER: &str = "r_0123456789ab";

/// An instance with the default settings, one thing changed.
pub(crate) fn with(change: impl FnOnce(&mut Settings)) -> Simulator {
    let mut settings = Settings::default();
    change(&mut settings);
    Simulator::start(settings).unwrap()
}

pub(crate) fn start() -> Simulator {
    with(|_| {})
}

/// Root group 1 with project 1; subgroup 2 with project 2; project 3 in no group.
pub(crate) fn with_groups() -> Simulator {
    with(|settings| {
        settings.groups = vec![
            Group::default(),
            Group {
                id: 2,
                parent: Some(1),
                ..Group::default()
            },
        ];
        settings.projects = vec![
            Project::default(),
            Project {
                id: 2,
                group: Some(2),
                ..Project::default()
            },
            Project {
                id: 3,
                group: None,
                ..Project::default()
            },
        ];
    })
}

pub(crate) fn instance_runner(sim: &Simulator) -> Runner {
    sim.add_runner(NewRunner {
        maintenance_note: Some("note".into()),
        ..NewRunner::default()
    })
}

pub(crate) fn group_runner(sim: &Simulator, group: i64) -> Runner {
    sim.add_runner(NewRunner {
        runner_type: RunnerType::Group,
        group: Some(group),
        maintenance_note: Some("note".into()),
        ..NewRunner::default()
    })
}

pub(crate) fn project_runner(sim: &Simulator, projects: &[i64]) -> Runner {
    sim.add_runner(NewRunner {
        runner_type: RunnerType::Project,
        projects: projects.to_vec(),
        ..NewRunner::default()
    })
}

pub(crate) fn admin(sim: &Simulator, scopes: &[&str]) -> String {
    sim.add_access_token(scopes, Role::admin())
}

pub(crate) fn user(sim: &Simulator) -> String {
    sim.add_access_token(&["api"], Role::user())
}

pub(crate) fn in_group(sim: &Simulator, membership: Membership) -> String {
    sim.add_access_token(&["api"], Role::in_group(1, membership))
}

pub(crate) fn in_project(sim: &Simulator, project: i64, membership: Membership) -> String {
    sim.add_access_token(&["api"], Role::in_project(project, membership))
}

/// A runner made with the instance's registration token.
pub(crate) fn registered(sim: &Simulator) -> Runner {
    assert_eq!(
        call(sim, "POST", "/runners", &json!({"token": "gitlabtoken"})).status,
        201
    );
    sim.runners().last().unwrap().clone()
}

pub(crate) fn verify(sim: &Simulator, token: &str, system_id: &str) -> Reply {
    call(
        sim,
        "POST",
        "/runners/verify",
        &json!({"token": token, "system_id": system_id}),
    )
}

/// GitLab's bare refusal, the same for an unknown, an expired and an empty token.
pub(crate) fn is_forbidden(reply: &Reply) {
    assert_eq!(
        (reply.status, reply.json()),
        (403, json!({"message": "403 Forbidden"}))
    );
}
