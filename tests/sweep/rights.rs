//! What an access token may see and do: everything it may not leads to a kept runner and to words that name the cure.

use std::collections::BTreeMap;

use gitlab_simulator::{Group, Membership, NewRunner, Role, RunnerType, Settings};

use super::world::{FLEET, HOUR, World, mark};

const BOTH: [&str; 2] = ["read_api", "manage_runner"];

fn of_group(group: i64) -> NewRunner {
    NewRunner {
        runner_type: RunnerType::Group,
        group: Some(group),
        ..NewRunner::default()
    }
}

#[test]
fn missing_scope_is_named_and_nothing_is_deleted() {
    fn check(scopes: &[&str], want: &str) {
        let world = World::as_user(scopes, Role::admin());
        world.dead();
        world.dead();
        let ended = world.ends(&["--yes"], 77);
        assert!(ended.stderr.contains(want), "{scopes:?}: {}", ended.stderr);
        assert_eq!(world.there().len(), 2);
        assert!(
            world.gitlab.calls("DELETE *").len() <= 1,
            "asked once, then ended"
        );
    }
    check(
        &["manage_runner"],
        "the scope read_api, and manage_runner to delete",
    );
    check(&["create_runner"], "the scope read_api");
    check(
        &["read_api"],
        "the scopes read_api and manage_runner, or api for both",
    );
}

#[test]
fn unknown_token_is_told_with_what_to_make() {
    let world = World::new();
    world.dead();
    world.stage.put("access-token", "glpat-canary-unknown");
    let ended = world.ends(&["--yes"], 77);
    assert!(
        ended.stderr.contains("create a new one with the scope api"),
        "{}",
        ended.stderr
    );
    assert!(!ended.output().contains("canary"));
    world.is_untouched(1, "unknown token");
}

#[test]
fn user_who_is_no_administrator_sweeps_what_it_administers() {
    let world = World::as_user(&BOTH, Role::in_group(1, Membership::Owner));
    let own = world.runner_of(of_group(1), mark(FLEET), Some(5 * HOUR));
    let instance = world.dead();
    let ended = world.ends(&["--yes"], 0);
    assert!(
        ended.stderr.contains("is not an administrator"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.asked_to_go(), [own].into());
    assert_eq!(world.there(), [instance].into());
}

#[test]
fn notes_that_the_user_may_not_read_make_nothing_due_and_the_plan_says_so() {
    let world = World::as_user(&BOTH, Role::in_group(1, Membership::Maintainer));
    for _ in 0..3 {
        world.runner_of(of_group(1), mark(FLEET), Some(5 * HOUR));
    }
    let ended = world.ends(&["--yes", "--group-id=1"], 0);
    for said in [
        "3 kept: no maintenance note, or the access token cannot read it",
        "not known: no maintenance note could be read: the user of the access token must be",
        "0 to delete",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    world.is_untouched(3, "no right to the note");
}

#[test]
fn group_is_swept_without_the_groups_it_lies_in_and_without_the_instance() {
    let groups = vec![
        Group::default(),
        Group {
            id: 2,
            parent: Some(1),
            ..Group::default()
        },
    ];
    let world = World::with(Settings {
        groups,
        ..Settings::default()
    });
    let own = world.runner_of(of_group(2), mark(FLEET), Some(5 * HOUR));
    let above = world.runner_of(of_group(1), mark(FLEET), Some(5 * HOUR));
    let instance = world.dead();
    let ended = world.ends(&["--yes", "--group-id=2"], 0);
    assert!(
        ended.stdout.contains("1 kept: not in the group"),
        "{}",
        ended.stdout
    );
    assert_eq!(world.asked_to_go(), [own].into());
    assert_eq!(world.there(), [above, instance].into());
}

#[test]
fn project_is_swept_alone() {
    let world = World::new();
    let project = NewRunner {
        runner_type: RunnerType::Project,
        projects: vec![1],
        ..NewRunner::default()
    };
    let own = world.runner_of(project, mark(FLEET), Some(5 * HOUR));
    let others = [
        world.runner_of(of_group(1), mark(FLEET), Some(5 * HOUR)),
        world.dead(),
    ];
    world.ends(&["--yes", "--project-id=1"], 0);
    assert_eq!(world.asked_to_go(), [own].into());
    assert_eq!(world.there(), others.into());
    let ended = world.ends(&["--yes", "--project-id=99"], 78);
    assert!(
        ended.stderr.contains("check --group-id or --project-id"),
        "{}",
        ended.stderr
    );
}

#[test]
fn runner_that_may_not_be_deleted_stops_no_other() {
    let role = Role {
        projects: BTreeMap::from([(1, Membership::Maintainer)]),
        ..Role::default()
    };
    let world = World::as_user(&BOTH, role);
    world.gitlab.update(|state| {
        state.settings.projects.push(gitlab_simulator::Project {
            id: 2,
            ..gitlab_simulator::Project::default()
        });
    });
    let of = |projects: Vec<i64>| NewRunner {
        runner_type: RunnerType::Project,
        projects,
        ..NewRunner::default()
    };
    let of_two = world.runner_of(of(vec![1, 2]), mark(FLEET), Some(5 * HOUR));
    world.runner_of(of(vec![1]), mark(FLEET), Some(5 * HOUR));
    let ended = world.ends(&["--yes"], 77);
    assert!(
        ended
            .stderr
            .contains("associated with more than one project"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("1 deleted, 1 refused by GitLab"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.there(), [of_two].into());
}
