//! Owns what a user may do with a runner: pure rules over roles, groups and projects. Never answers a request.

use crate::access::{AccessToken, Membership};
use crate::groups::ancestors;
use crate::runner::{Runner, RunnerType};
use crate::settings::Settings;

fn in_project(user: &AccessToken, settings: &Settings, id: i64) -> Option<Membership> {
    let project = settings.projects.iter().find(|project| project.id == id)?;
    user.role.of_project(&settings.groups, project)
}

fn in_group(user: &AccessToken, settings: &Settings, id: i64) -> Option<Membership> {
    user.role.of_group(&settings.groups, id)
}

/// `GET /runners`: project runners of a Maintainer's projects, group runners of an Owner's groups.
pub(super) fn administers(user: &AccessToken, settings: &Settings, runner: &Runner) -> bool {
    let maintains = |id: &i64| in_project(user, settings, *id) >= Some(Membership::Maintainer);
    let owns = |id: &i64| in_group(user, settings, *id) >= Some(Membership::Owner);
    match runner.runner_type {
        RunnerType::Instance => false,
        RunnerType::Project => runner.projects.iter().any(maintains),
        RunnerType::Group => runner.groups.iter().any(owns),
    }
}

/// Details and managers: instance runners are everybody's to see.
pub(super) fn may_read(user: &AccessToken, settings: &Settings, runner: &Runner) -> bool {
    runner.runner_type == RunnerType::Instance
        || user.role.auditor
        || may_read_jobs(user, settings, runner)
}

/// Its jobs: those of an instance runner are for administrators.
pub(super) fn may_read_jobs(user: &AccessToken, settings: &Settings, runner: &Runner) -> bool {
    let maintains = |id: i64| in_project(user, settings, id) >= Some(Membership::Maintainer);
    let maintains_group = |id: &i64| in_group(user, settings, *id) >= Some(Membership::Maintainer);
    // A project inherits the runners of the groups that it lies in.
    let maintains_heir = |id: &i64| {
        let heir = |of: Option<i64>| ancestors(&settings.groups, of).any(|group| group.id == *id);
        settings
            .projects
            .iter()
            .any(|project| heir(project.group) && maintains(project.id))
    };
    user.is_admin(settings.admin_mode)
        || match runner.runner_type {
            RunnerType::Instance => false,
            RunnerType::Project => runner.projects.iter().any(|id| maintains(*id)),
            RunnerType::Group => runner
                .groups
                .iter()
                .any(|id| maintains_group(id) || maintains_heir(id)),
        }
}

/// PUT and reset: group Owner, Maintainer of the owner project (the first).
pub(super) fn may_update(user: &AccessToken, settings: &Settings, runner: &Runner) -> bool {
    user.is_admin(settings.admin_mode)
        || match runner.runner_type {
            RunnerType::Instance => false,
            RunnerType::Project => {
                let owner = runner.projects.first();
                owner.is_some_and(|id| {
                    in_project(user, settings, *id) >= Some(Membership::Maintainer)
                })
            }
            RunnerType::Group => runner
                .groups
                .iter()
                .any(|id| in_group(user, settings, *id) >= Some(Membership::Owner)),
        }
}

/// The lists of a project and of a group.
pub(super) fn may_list_of_project(user: &AccessToken, settings: &Settings, id: i64) -> bool {
    reads_all(user, settings) || in_project(user, settings, id) >= Some(Membership::Maintainer)
}

pub(super) fn may_list_of_group(user: &AccessToken, settings: &Settings, id: i64) -> bool {
    reads_all(user, settings) || in_group(user, settings, id) >= Some(Membership::Maintainer)
}

/// Administrators and auditors.
pub(super) fn reads_all(user: &AccessToken, settings: &Settings) -> bool {
    user.role.auditor || user.is_admin(settings.admin_mode)
}

/// Whether a job's project shows its jobs to this user.
pub(super) fn sees_jobs_of(user: &AccessToken, settings: &Settings, id: i64) -> bool {
    let enabled = settings
        .projects
        .iter()
        .any(|project| project.id == id && project.builds_enabled);
    enabled
        && (reads_all(user, settings)
            || in_project(user, settings, id) >= Some(Membership::Reporter))
}
