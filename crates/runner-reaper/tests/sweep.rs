//! Whatever the world looks like: a runner without our mark, with another fleet's, contacted within the limit, or with a job is
//! never deleted, nor asked to go; and the dead of the fleet go all the same.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gitlab_simulator::{Fault, Job, JobStatus, NewRunner, Role, Settings, Simulator, State};
use proptest::prelude::*;

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

/// The world around it.
#[derive(Clone, Debug)]
struct World {
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

fn worlds() -> impl Strategy<Value = World> {
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
        |(runners, before_18, weather, older_than)| World {
            runners,
            before_18,
            weather,
            older_than,
        },
    )
}

impl World {
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
        let gitlab = Simulator::start(Settings {
            before_18: self.before_18,
            ..Settings::default()
        })
        .unwrap();
        let ids: Vec<i64> = self.runners.iter().map(|kind| add(&gitlab, kind)).collect();
        let token = gitlab.add_access_token(&["api"], Role::admin());
        for (call, after, status) in &self.weather {
            gitlab.fault(Fault::on(call).after(*after).status(*status));
        }
        // The list is held until it was asked for, then changes happen, and everything after it sees them.
        gitlab.fault(Fault::on("GET /runners/*").after(1).forever().status(503));
        let child = self.sweep(&gitlab, &token);
        let listed = |state: &State| state.count("GET /runners/*") > 1 || self.runners.is_empty();
        gitlab.wait_until(Duration::from_secs(5), listed);
        for (kind, id) in self.runners.iter().zip(&ids) {
            change(&gitlab, kind, *id);
        }
        gitlab.clear_faults();
        ends_well(child);
        let may_go: BTreeSet<i64> = self
            .runners
            .iter()
            .zip(&ids)
            .filter(|(kind, _)| self.is_dead(kind) && kind.later == Later::Nothing)
            .map(|(_, id)| *id)
            .collect();
        let asked = asked_to_go(&gitlab);
        assert!(asked.is_subset(&may_go), "{asked:?} of {may_go:?}");
        // What moved up in the list while it was read, because another had gone, was left to the next run.
        ends_well(self.sweep(&gitlab, &token));
        assert_eq!(asked_to_go(&gitlab), may_go);
        let there = gitlab.runners().len();
        let gone = self
            .runners
            .iter()
            .filter(|kind| kind.later == Later::Gone)
            .count();
        assert_eq!(there, self.runners.len() - gone - may_go.len());
    }

    fn sweep(&self, gitlab: &Simulator, token: &str) -> Child {
        Command::new(env!("CARGO_BIN_EXE_runner-reaper"))
            .args(["sweep", "--yes", "--fleet=ci", "--most=1000", "--url"])
            .arg(gitlab.url())
            .arg(format!("--older-than={}m", self.older_than))
            .env_clear()
            .env("RUNNER_REAPER_ACCESS_TOKEN", token)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }
}

fn ends_well(sweep: Child) {
    let output = sweep.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{words}");
}

fn asked_to_go(gitlab: &Simulator) -> BTreeSet<i64> {
    let deletions = gitlab.calls("DELETE *").into_iter();
    let id = |endpoint: &str| endpoint.strip_prefix("/runners/")?.parse().ok();
    deletions.map(|call| id(&call.endpoint).unwrap()).collect()
}

fn add(gitlab: &Simulator, kind: &Kind) -> i64 {
    let job = kind
        .job
        .map(|status| (gitlab.queue_job(Job::default()), status));
    gitlab.update(|state| {
        let id = state.add_runner(NewRunner::default()).id;
        let now = state.now();
        let ago = |minutes: u64| now - Duration::from_secs(minutes * MINUTE);
        let runner = state.runners.last_mut().unwrap();
        runner.maintenance_note.clone_from(&kind.note);
        runner.paused = kind.paused;
        runner.created_at = ago(kind.made);
        runner.updated_at = ago(kind.made);
        runner.contacted_at = kind.heard.map(ago);
        if let Some((number, status)) = job {
            let job = state.jobs.iter_mut().find(|job| job.id == number).unwrap();
            job.status = status;
            job.runner_id = Some(id);
        }
        id
    })
}

fn change(gitlab: &Simulator, kind: &Kind, id: i64) {
    let job = (kind.later == Later::Job).then(|| gitlab.queue_job(Job::default()));
    gitlab.update(|state| {
        let now = state.now();
        if let Some(job) = job {
            let job = state.jobs.iter_mut().find(|own| own.id == job).unwrap();
            job.status = JobStatus::Running;
            job.runner_id = Some(id);
        }
        let Some(runner) = state.runners.iter_mut().find(|runner| runner.id == id) else {
            return;
        };
        match kind.later {
            Later::Contact => runner.contacted_at = Some(now),
            Later::Note => runner.maintenance_note = Some("mine".to_owned()),
            Later::Gone => drop(state.remove_runner(id)),
            Later::Nothing | Later::Job => {}
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn nothing_but_the_dead_of_the_fleet_is_ever_asked_to_go(world in worlds()) {
        world.play();
    }
}
