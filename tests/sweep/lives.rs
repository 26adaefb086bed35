//! From birth to sweep: what `runner-init` made for a pod that died without unregistering, and who removes it.

use std::time::Duration;

use acceptance::pod::Source;
use acceptance::stage::{Stage, run};
use gitlab_simulator::{Fault, Runner};

use super::world::{FLEET, HOUR, World};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a pod gets a runner of its own.
const OWNED: [Source; 2] = [Source::AccessToken, Source::RegistrationToken];

/// A pod is born on this volume, with a runner of its own.
fn born(world: &World, stage: &Stage, source: Source, more: &[&str]) {
    let flags = source.flags(&world.gitlab, stage.path());
    born_by(world, stage, &flags, more);
}

/// The same with a runner that pods share.
fn born_of(world: &World, shared: &Runner, more: &[&str]) {
    let flags = [format!("--token={}", shared.token)];
    born_by(world, &Stage::new(), &flags, more);
}

fn born_by(world: &World, stage: &Stage, flags: &[String], more: &[&str]) {
    let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
    command
        .args(["--url", &world.gitlab.url(), "--fleet", FLEET])
        .args([
            "--pod-namespace=ci",
            "--pod-name=runner-0",
            "--pod-uid=0f5e",
        ])
        .args(flags);
    let ended = run(command.args(more));
    assert_eq!(ended.code(), 0, "{}", ended.output());
}

/// So much time passes in which nobody hears of anything.
fn time_passes(world: &World, time: Duration) {
    world.gitlab.update(|state| {
        for runner in &mut state.runners {
            runner.created_at -= time;
            runner.updated_at -= time;
            runner.contacted_at = runner.contacted_at.map(|at| at - time);
            for manager in &mut runner.managers {
                manager.created_at = manager.created_at.map(|at| at - time);
                manager.contacted_at = manager.contacted_at.map(|at| at - time);
            }
        }
    });
}

#[test]
fn owned_runner_of_a_lost_node_is_swept_after_its_time_and_not_before() {
    for source in OWNED {
        let world = World::new();
        born(&world, &Stage::new(), source, &[]);
        let id = world.gitlab.runners()[0].id;
        for (hours, left) in [(0, 1), (2, 1), (2, 0)] {
            time_passes(&world, HOUR * hours);
            world.ends(&["--yes"], 0);
            assert_eq!(world.there().len(), left, "{source:?}, {hours} hours later");
        }
        assert_eq!(world.asked_to_go(), [id].into());
    }
}

#[test]
fn runner_of_a_killed_container_is_taken_up_on_the_same_volume() {
    for source in OWNED {
        let (world, stage) = (World::new(), Stage::new());
        born(&world, &stage, source, &[]);
        let before = world.gitlab.runners();
        time_passes(&world, HOUR * 5);
        born(&world, &stage, source, &[]);
        let after = world.gitlab.runners();
        assert_eq!(after.len(), 1, "{source:?}");
        assert_eq!(after[0].token, before[0].token);
        assert_eq!(after[0].managers.len(), 1);
        world.ends(&["--yes"], 0);
        assert_eq!(world.there().len(), 1, "it lives again");
    }
}

#[test]
fn runner_manager_of_a_lost_node_is_swept_from_its_shared_runner() {
    let world = World::new();
    let runner = world.shared();
    born_of(&world, &runner, &[]);
    born_of(&world, &runner, &["--pod-name=runner-1"]);
    assert_eq!(world.gitlab.runners()[0].managers.len(), 2);
    time_passes(&world, HOUR * 4);
    born_of(&world, &runner, &["--pod-name=runner-2"]);
    let of = format!("--runner-id={}", runner.id);
    world.ends(&[&of, "--token-file=token", "--yes"], 0);
    let left = &world.gitlab.runners()[0];
    assert_eq!(left.id, runner.id, "the runner is everybody's");
    assert_eq!(left.managers.len(), 1, "the living one");
}

#[test]
fn runner_manager_of_a_lost_node_is_taken_up_by_a_pod_of_the_same_name() {
    let world = World::new();
    let runner = world.shared();
    born_of(&world, &runner, &[]);
    born_of(&world, &runner, &[]);
    assert_eq!(world.gitlab.runners()[0].managers.len(), 1);
}

#[test]
fn runner_manager_that_nobody_unregistered_is_removed_by_gitlab_after_a_week() {
    let world = World::new();
    let runner = world.shared();
    born_of(&world, &runner, &[]);
    let managers = || world.gitlab.runners()[0].managers.len();
    let clean_up = || {
        let jobs = gitlab_simulator::State::run_background_jobs;
        world.gitlab.update(jobs);
    };
    time_passes(&world, DAY * 6);
    clean_up();
    assert_eq!(managers(), 1);
    time_passes(&world, DAY);
    clean_up();
    assert_eq!(managers(), 0);
    assert_eq!(world.there(), [runner.id].into());
}

#[test]
fn runner_whose_creation_was_lost_is_swept_and_its_successor_stays() {
    for (source, call) in OWNED
        .into_iter()
        .zip(["POST /user/runners", "POST /runners"])
    {
        let (world, stage) = (World::new(), Stage::new());
        world.gitlab.fault(Fault::on(call).drop_after());
        born(&world, &stage, source, &[]);
        let [lost, kept] = &world.gitlab.runners()[..] else {
            panic!("{source:?}: the lost one and another")
        };
        assert!(lost.contacted_at.is_none());
        time_passes(&world, HOUR * 4);
        world.contact(kept.id);
        world.ends(&["--yes"], 0);
        assert_eq!(world.asked_to_go(), [lost.id].into(), "{source:?}");
        assert_eq!(world.there(), [kept.id].into());
    }
}

#[test]
fn runner_with_a_note_of_its_operator_or_without_a_fleet_is_never_swept() {
    let world = World::new();
    for more in [
        &["--maintenance-note=ask Bob"][..],
        &["--fleet="],
        &["--fleet=qa"],
    ] {
        born(&world, &Stage::new(), Source::AccessToken, more);
    }
    time_passes(&world, DAY * 30);
    let ended = world.ends(&["--yes"], 0);
    assert!(ended.stdout.contains("0 to delete"), "{}", ended.stdout);
    assert_eq!(world.asked_to_go(), [].into());
    assert_eq!(world.there().len(), 3);
}
