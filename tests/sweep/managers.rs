//! The runner managers of a shared runner: those of the fleet that died, and no other.

use std::time::Duration;

use acceptance::stage::{Stage, run};
use gitlab_simulator::{JobStatus, Manager, NewRunner, Runner};

use super::world::{FLEET, HOUR, World};

/// The system ID that `runner-init` gives a pod of this fleet.
fn system_id(fleet: &str, pod: &str) -> String {
    let world = World::new();
    let stage = Stage::new();
    let runner = world.gitlab.add_runner(NewRunner::default());
    let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
    command.args(["--url", &world.gitlab.url(), "--token", &runner.token]);
    command.args(["--fleet", fleet, "--pod-namespace=ci", "--pod-name", pod]);
    let ended = run(&mut command);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    stage.text(".runner_system_id").unwrap()
}

fn add(world: &World, runner: &Runner, system_id: &str, heard: Option<Duration>) {
    world.gitlab.update(|state| {
        let now = state.now();
        let runner = state.runners.iter_mut().find(|own| own.id == runner.id);
        let managers = &mut runner.unwrap().managers;
        managers.push(Manager {
            id: 100 + managers.len() as i64,
            system_id: system_id.to_owned(),
            created_at: Some(now - 20 * HOUR),
            contacted_at: heard.map(|heard| now - heard),
            ..Manager::default()
        });
    });
}

fn listed(world: &World, runner: &Runner) -> Vec<String> {
    world.gitlab.look(|state| {
        let managers = &state.runner(runner.id).unwrap().managers;
        managers
            .iter()
            .map(|manager| manager.system_id.clone())
            .collect()
    })
}

#[test]
fn dead_runner_managers_of_the_fleet_go_and_no_other() {
    let world = World::new();
    let runner = world.shared();
    let id = |pod: &str| system_id(FLEET, pod);
    let (dead, never, alive, busy) = (id("a-0"), id("a-1"), id("a-2"), id("a-3"));
    let other = system_id("other", "a-0");
    add(&world, &runner, &dead, Some(5 * HOUR));
    add(&world, &runner, &never, None);
    add(&world, &runner, &alive, Some(HOUR));
    add(&world, &runner, &busy, Some(5 * HOUR));
    for foreign in [&other, "s_c2d22f638c25", "<legacy>", "r_AbCdEf012345"] {
        add(&world, &runner, foreign, Some(30 * HOUR));
    }
    world.give_job(runner.id, JobStatus::Running);
    world
        .gitlab
        .update(|state| state.jobs[0].system_id = Some(busy.clone()));
    let runner_id = format!("--runner-id={}", runner.id);

    let plan = world.ends(&[&runner_id], 0);
    assert!(
        plan.stdout.contains("2 to delete; fleet ci"),
        "{}",
        plan.stdout
    );
    assert!(plan.stdout.contains("4 kept: no mark"), "{}", plan.stdout);
    assert_eq!(world.gitlab.calls("DELETE *").len(), 0);
    assert_eq!(world.gitlab.calls("POST *").len(), 0);

    world.ends(&[&runner_id, "--token-file=token", "--yes"], 0);
    let left = listed(&world, &runner);
    let stay = [
        &alive,
        &busy,
        &other,
        "s_c2d22f638c25",
        "<legacy>",
        "r_AbCdEf012345",
    ];
    assert_eq!(left, stay);
    let asked: Vec<String> = world
        .gitlab
        .calls("DELETE *")
        .iter()
        .map(|call| {
            assert_eq!(call.endpoint, "/runners/managers");
            call.body["system_id"].as_str().unwrap().to_owned()
        })
        .collect();
    // Its own, under which it asked whose token that is, comes first.
    assert_eq!(asked[1..], [dead, never]);
    let ended = world.ends(&[&runner_id, "--token-file=token", "--yes"], 0);
    assert!(
        ended.stderr.contains("nothing to delete"),
        "{}",
        ended.stderr
    );
}

#[test]
fn token_of_another_runner_deletes_nothing() {
    let world = World::new();
    let runner = world.shared();
    let other = world.shared();
    let namesake = system_id(FLEET, "a-0");
    add(&world, &runner, &namesake, Some(5 * HOUR));
    add(&world, &other, &namesake, Some(Duration::ZERO));
    let runner_id = format!("--runner-id={}", runner.id);
    let ended = world.ends(&[&runner_id, "--token-file=token", "--yes"], 78);
    let said = format!(
        "contains the token of runner {}, but --runner-id is {}",
        other.id, runner.id
    );
    assert!(ended.stderr.contains(&said), "{}", ended.stderr);
    assert_eq!(listed(&world, &runner), [namesake.as_str()]);
    assert_eq!(listed(&world, &other), [namesake.as_str()]);
}

#[test]
fn unknown_runner_is_told() {
    let world = World::new();
    let ended = world.ends(&["--runner-id=99"], 78);
    assert!(
        ended.stderr.contains("GitLab has no runner 99"),
        "{}",
        ended.stderr
    );
}
