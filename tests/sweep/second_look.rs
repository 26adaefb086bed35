//! What changes between the plan and the deletion.

use acceptance::stage::Ended;
use gitlab_simulator::{Fault, JobStatus};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;

use super::world::{LIMIT, World, end};

/// Holds a run at the first call of this kind, lets `change` happen meanwhile, and lets it go on.
fn meanwhile(world: &World, call: &str, change: impl FnOnce()) -> Ended {
    world.gitlab.fault(Fault::on(call).forever().status(503));
    let sweep = world.start(&["--yes"]);
    let held = world
        .gitlab
        .wait_until(LIMIT, |state| state.count(call) > 0);
    assert!(held, "{call}");
    change();
    world.gitlab.clear_faults();
    end(sweep)
}

#[test]
fn runner_that_comes_back_to_life_between_the_looks_stays() {
    let world = World::new();
    let (back, dead) = (world.dead(), world.dead());
    let ended = meanwhile(&world, "GET /runners/*/jobs", || world.contact(back));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(ended.stderr.contains(&format!(
        "runner {back} of pod ci/runner-0 kept after a second look"
    )));
    assert_eq!(world.asked_to_go(), [dead].into());
    assert_eq!(world.there(), [back].into());
}

#[test]
fn runner_that_takes_a_job_between_look_and_deletion_stays() {
    for status in [JobStatus::Running, JobStatus::Canceling] {
        let world = World::new();
        let (taker, dead) = (world.dead(), world.dead());
        let ended = meanwhile(&world, "DELETE /runners/*", || {
            world.give_job(taker, status);
        });
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert!(
            ended.stderr.contains("has a running job"),
            "{}",
            ended.stderr
        );
        assert_eq!(world.there(), [taker].into(), "{status:?}");
        let deletions = world.gitlab.calls("DELETE /runners/*");
        let after = deletions.iter().filter(|call| !call.fault);
        let after: Vec<&str> = after.map(|call| call.endpoint.as_str()).collect();
        assert_eq!(after, [format!("/runners/{dead}")]);
    }
}

#[test]
fn runner_whose_note_is_changed_between_the_looks_stays() {
    let world = World::new();
    let kept = world.dead();
    let ended = meanwhile(&world, "GET /runners/*/jobs", || {
        world.gitlab.update(|state| {
            let runner = state.runners.iter_mut().find(|runner| runner.id == kept);
            runner.unwrap().maintenance_note = Some("mine now, ask Bob".into());
        });
    });
    assert_eq!(ended.code(), 0, "{}", ended.output());
    world.is_untouched(1, "note");
}

#[test]
fn each_deletion_names_the_moment_of_its_look_and_a_refusal_of_it_is_no_failure() {
    let world = World::new();
    let (first, second) = (world.dead(), world.dead());
    world
        .gitlab
        .fault(Fault::on("DELETE /runners/*").status(412));
    let ended = world.ends(&["--yes"], 0);
    assert!(ended.stderr.contains("changed just before its deletion"));
    assert_eq!(world.asked_to_go(), [first, second].into());
    assert_eq!(world.there(), [first].into());
    for call in world.gitlab.calls("DELETE *") {
        assert!(call.headers.contains_key("if-unmodified-since"));
        assert_eq!(call.query, "");
    }
}

#[test]
fn expired_token_in_the_middle_ends_the_run_and_the_next_one_does_the_rest() {
    let world = World::new();
    let dead: Vec<i64> = (0..10).map(|_| world.dead()).collect();
    let expired = json!({
        "error": "invalid_token",
        "error_description": "Token is expired. You can either do re-authorization or token refresh.",
    });
    let fault = Fault::on("DELETE *").forever().after(4);
    world.gitlab.fault(fault.status(401).json(expired));
    let ended = world.ends(&["--yes", "--output=json"], 77);
    assert!(
        ended.stderr.contains("4 deleted, 6 left for the next run"),
        "{}",
        ended.stderr
    );
    assert!(ended.stderr.contains("expired"), "{}", ended.stderr);
    let result = &World::objects(&ended)[1];
    assert_eq!(result["ended_early"], true);
    assert_eq!(result["left"], 6);
    // The refused one is the fifth; nobody was asked after it.
    assert_eq!(world.asked_to_go(), dead[..5].iter().copied().collect());
    world.gitlab.clear_faults();
    world.ends(&["--yes"], 0);
    assert!(world.there().is_empty());
}

#[test]
fn a_stop_signal_ends_the_run_after_the_deletion_under_way() {
    let world = World::new();
    let (first, second) = (world.dead(), world.dead());
    world
        .gitlab
        .fault(Fault::on("DELETE /runners/*").forever().status(503));
    let sweep = world.start(&["--yes"]);
    let asked = |state: &gitlab_simulator::State| state.count("DELETE *") > 0;
    assert!(world.gitlab.wait_until(LIMIT, asked));
    kill(Pid::from_raw(sweep.id() as i32), Signal::SIGTERM).unwrap();
    let ended = end(sweep);
    assert_eq!(ended.code(), 69, "{}", ended.output());
    assert!(
        ended.stderr.contains("2 left for the next run"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.there(), [first, second].into());
    assert_eq!(world.asked_to_go(), [first].into());
}
