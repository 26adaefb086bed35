//! A big GitLab in bad weather: exactly the dead of the fleet go, in little memory.

use std::collections::BTreeSet;
use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus, RateLimits, Settings, Throttle};

use super::world::{FLEET, HOUR, LIMIT, World, mark};

/// Beside 300 dead runners of the fleet everything that must stay: the dead come in between, on all pages.
fn fill(world: &World, runners: usize) -> BTreeSet<i64> {
    let mut dead = BTreeSet::new();
    let every = runners / 300;
    for index in 0..runners {
        match index % every {
            // Some were never heard of at all.
            0 if index % 7 == 0 => drop(dead.insert(world.runner(mark(FLEET), None))),
            0 => drop(dead.insert(world.dead())),
            1 => drop(world.runner(mark("other"), Some(5 * HOUR))),
            2 => drop(world.runner(None, Some(30 * HOUR))),
            3 => drop(world.runner(mark(FLEET), Some(HOUR / 2))),
            4 if index < 50 * every => drop(world.runner(mark(FLEET), Some(HOUR * 5 / 2))),
            5 if index < 20 * every => {
                let busy = world.dead();
                world.give_job(busy, JobStatus::Running);
            }
            _ => drop(world.runner(None, Some(HOUR / 2))),
        }
    }
    dead
}

#[test]
fn exactly_the_dead_of_the_fleet_go_among_ten_thousand_runners() {
    let world = World::with(Settings {
        rate_limits: RateLimits {
            authenticated: Some(Throttle {
                requests: 1_500,
                period: Duration::from_secs(2),
            }),
            ..RateLimits::default()
        },
        ..Settings::default()
    });
    let dead = fill(&world, 10_000);
    assert!(dead.len() >= 300, "{}", dead.len());
    let alive: BTreeSet<i64> = world.there().difference(&dead).copied().collect();
    for fault in [
        Fault::on("GET /runners/all").after(40).times(2).status(503),
        Fault::on("GET /runners/all").after(60).truncate(),
        Fault::on("GET /runners/*").after(300).times(3).status(502),
        Fault::on("GET /runners/*/jobs").after(30).reset_before(),
        Fault::on("DELETE /runners/*").after(20).status(500),
        // Deleted, and the answer lost.
        Fault::on("DELETE /runners/*").after(60).drop_after(),
    ] {
        world.gitlab.fault(fault);
    }
    let ended = world.ends(&["--yes", "--most=1000", "--output=json"], 0);
    assert_eq!(
        world.asked_to_go(),
        dead,
        "nothing else was even asked to go"
    );
    assert_eq!(world.there(), alive);
    let [plan, result] = &World::objects(&ended)[..] else {
        panic!("{}", ended.output())
    };
    assert_eq!(plan["listed"], 10_000);
    assert_eq!(plan["delete"].as_array().unwrap().len(), dead.len());
    assert_eq!(result["deleted"].as_array().unwrap().len(), dead.len());
    let calls = world.gitlab.look(|state| state.journal.len() as u64);
    let lists = world.gitlab.calls("GET /runners/all").len();
    assert!(lists <= 104, "{lists} pages");
    assert!(plan["requests"].as_u64().unwrap() <= calls);

    let asked = world.gitlab.calls("DELETE *").len();
    let ended = world.ends(&["--yes"], 0);
    assert!(
        ended.stderr.contains("nothing to delete"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.gitlab.calls("DELETE *").len(), asked);
}

/// A list ten times as long takes no more memory but for its numbers: 8 bytes each, doubled at most while they grow.
#[test]
fn memory_does_not_grow_with_the_list() {
    let (small, big) = (peak(1_000), peak(10_000));
    println!("peak memory: {small} KiB with 1,000 runners, {big} KiB with 10,000");
    assert!(big <= small + 512, "{small} KiB, then {big} KiB");
    if std::env::var("ACCEPTANCE_PROFILE").is_ok_and(|profile| profile == "release") {
        assert!(big <= 6 * 1024, "{big} KiB");
    }
}

/// Peak memory in KiB of a run that is held at its last deletion.
fn peak(runners: usize) -> u64 {
    let world = World::new();
    let dead = fill(&world, runners).len();
    let last = u32::try_from(dead - 1).unwrap();
    world
        .gitlab
        .fault(Fault::on("DELETE /runners/*").after(last).hang());
    let mut sweep = world.start(&["--yes", "--most=1000"]);
    let deletes = |count: usize| {
        world
            .gitlab
            .wait_until(LIMIT, |state| state.count("DELETE *") == count)
    };
    assert!(deletes(dead), "{runners}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", sweep.id())).unwrap();
    sweep.kill().unwrap();
    sweep.wait().unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.unwrap().trim().split(' ').next().unwrap();
    number.parse().unwrap()
}
