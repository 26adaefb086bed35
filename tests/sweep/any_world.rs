//! Whatever the world looks like: a runner without our mark, with another fleet's, contacted within the limit, or with a job is
//! never deleted, nor asked to go; and the dead of the fleet go all the same.

use std::collections::BTreeSet;
use std::time::Duration;

use gitlab_simulator::{Fault, JobStatus, Settings, State};
use proptest::prelude::*;

use super::world::{World, end};

const MINUTE: u64 = 60;

/// One runner of the world.
#[derive(Clone, Debug)]
struct Kind {
    note: Option<String>,
    /// Minutes ago.
    made: u64,
    heard: Option<u64>,
    job: Option<JobStatus>,
    paused: bool,
    /// What happens to it while the sweep is under way.
    later: Later,
}

/// What happens to a runner after the list was read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Later {
    Nothing,
    Contact,
    Job,
    Note,
    Gone,
}

/// All of them, and the world around.
#[derive(Clone, Debug)]
struct Case {
    runners: Vec<Kind>,
    before_18: bool,
    /// Calls that fail, and how.
    weather: Vec<(&'static str, u32, u16)>,
    older_than: u64,
}

fn notes() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        4 => Just(Some("runner-lifecycle pod=a-0 namespace=ci uid=1 fleet=ci".to_owned())),
        1 => Just(Some("runner-lifecycle host=node-1 fleet=ci".to_owned())),
        1 => Just(Some("runner-lifecycle pod=a-0 fleet=ci2".to_owned())),
        1 => Just(Some("runner-lifecycle pod=a-0 namespace=ci".to_owned())),
        1 => Just(Some("keep! runner-lifecycle pod=a-0 fleet=ci".to_owned())),
        1 => Just(Some("runner-lifecycle pod=a-0 fleet=ci and more".to_owned())),
        1 => "[a-z =]{0,30}".prop_map(Some),
        1 => Just(None),
    ]
}

fn kinds() -> impl Strategy<Value = Kind> {
    // Around the limits: two hours of GitLab's `online`, and what is asked for.
    let minutes = || prop_oneof![0..100_u64, 100..260_u64, 260..30_000_u64];
    let job = prop_oneof![
        5 => Just(None),
        1 => Just(Some(JobStatus::Running)),
        1 => Just(Some(JobStatus::Canceling)),
        1 => Just(Some(JobStatus::Success)),
    ];
    let later = prop_oneof![
        6 => Just(Later::Nothing),
        1 => Just(Later::Contact),
        1 => Just(Later::Job),
        1 => Just(Later::Note),
        1 => Just(Later::Gone),
    ];
    let heard = proptest::option::weighted(0.8, minutes());
    (notes(), minutes(), heard, job, any::<bool>(), later).prop_map(
        |(note, made, heard, job, paused, later)| Kind {
            note,
            made,
            heard,
            job,
            paused,
            later,
        },
    )
}

fn cases() -> impl Strategy<Value = Case> {
    let call = prop_oneof![
        Just("GET /runners/all"),
        Just("GET /runners/*"),
        Just("GET /runners/*/jobs"),
        Just("DELETE /runners/*"),
        Just("*"),
    ];
    let status = prop_oneof![Just(500_u16), Just(502), Just(503), Just(429)];
    let weather = proptest::collection::vec((call, 0..30_u32, status), 0..3);
    let runners = proptest::collection::vec(kinds(), 0..160);
    (runners, any::<bool>(), weather, 120..240_u64).prop_map(
        |(runners, before_18, weather, older_than)| Case {
            runners,
            before_18,
            weather,
            older_than,
        },
    )
}

impl Case {
    /// Whether it may go, from the first look on.
    fn is_dead(&self, kind: &Kind) -> bool {
        let ours = kind.note.as_deref().is_some_and(|note| {
            note.starts_with("runner-lifecycle ") && note.ends_with(" fleet=ci")
        });
        let old = |minutes: u64| minutes >= self.older_than;
        let silent = match kind.heard {
            Some(minutes) => old(minutes),
            None => !self.before_18,
        };
        let made = self.before_18 || old(kind.made);
        let idle = !matches!(kind.job, Some(JobStatus::Running | JobStatus::Canceling));
        ours && silent && made && idle
    }

    fn play(&self) {
        let world = World::with(Settings {
            before_18: self.before_18,
            ..Settings::default()
        });
        let ids: Vec<i64> = self.runners.iter().map(|kind| add(&world, kind)).collect();
        for (call, after, status) in &self.weather {
            let fault = Fault::on(call).after(*after).status(*status);
            world.gitlab.fault(fault);
        }
        // The list is held until it was asked for, then changes happen, and everything after it sees them.
        let held = Fault::on("GET /runners/*").after(1).forever().status(503);
        world.gitlab.fault(held);
        let older_than = format!("--older-than={}m", self.older_than);
        let arguments = ["--yes", "--most=1000", &older_than];
        let sweep = world.start(&arguments);
        let listed = |state: &State| state.count("GET /runners/*") > 1 || self.runners.is_empty();
        world.gitlab.wait_until(Duration::from_secs(5), listed);
        for (kind, id) in self.runners.iter().zip(&ids) {
            change(&world, kind, *id);
        }
        world.gitlab.clear_faults();
        let ended = end(sweep);
        assert_eq!(ended.code(), 0, "{}", ended.stderr);
        let may_go = |(kind, _): &(&Kind, &i64)| self.is_dead(kind) && kind.later == Later::Nothing;
        let all = self.runners.iter().zip(&ids);
        let may_go: BTreeSet<i64> = all.filter(may_go).map(|(_, id)| *id).collect();
        let asked = world.asked_to_go();
        assert!(asked.is_subset(&may_go), "{asked:?} of {may_go:?}");
        // What moved up in the list while it was read, because another had gone, was left to the next run.
        world.ends(&arguments, 0);
        assert_eq!(world.asked_to_go(), may_go);
        let gone = |kind: &&Kind| kind.later == Later::Gone;
        let gone = self.runners.iter().filter(gone).count();
        assert_eq!(world.there().len(), ids.len() - gone - may_go.len());
    }
}

fn add(world: &World, kind: &Kind) -> i64 {
    let id = world.runner(kind.note.clone(), None);
    world.gitlab.update(|state| {
        let now = state.now();
        let ago = |minutes: u64| now - Duration::from_secs(minutes * MINUTE);
        let runner = state.runners.last_mut().unwrap();
        runner.paused = kind.paused;
        runner.created_at = ago(kind.made);
        runner.updated_at = ago(kind.made);
        runner.contacted_at = kind.heard.map(ago);
    });
    if let Some(status) = kind.job {
        world.give_job(id, status);
    }
    id
}

fn change(world: &World, kind: &Kind, id: i64) {
    match kind.later {
        Later::Nothing => {}
        Later::Contact => world.contact(id),
        Later::Job => world.give_job(id, JobStatus::Running),
        Later::Note => world.gitlab.update(|state| {
            let runner = state.runners.iter_mut().find(|runner| runner.id == id);
            runner.unwrap().maintenance_note = Some("mine".to_owned());
        }),
        Later::Gone => assert!(world.gitlab.update(|state| state.remove_runner(id))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_dead_of_the_fleet_is_ever_asked_to_go(case in cases()) {
        case.play();
    }
}
