//! Series of looks and what they mean.

use proptest::prelude::*;

use super::*;
use crate::runner_manager::ProcessState;

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

/// The pass over two entries that takes so long; over one it takes no time.
fn over_two(pass: u64) -> Pass {
    Pass::over(2, ms(2 * pass))
}

/// A look as a test writes it: time, loaded, concurrent, limit rows, requests, jobs, activity.
type Look = (u64, f64, f64, usize, f64, f64, f64);

fn sample(look: Look) -> Sample {
    let (_, loaded, concurrent, limit_rows, requests, jobs, activity) = look;
    let state = Some(ProcessState::Running);
    Sample {
        loaded,
        concurrent,
        limit_rows,
        requests,
        jobs,
        activity,
        state,
        says_state: true,
        ..Sample::default()
    }
}

fn last(watch: &mut Watch, looks: &[Look]) -> Polling {
    looks.iter().fold(Polling::NotLoaded, |_, look| {
        watch.see(ms(look.0), &sample(*look))
    })
}

const IDLE: Polling = Polling::Off(Quiet {
    idle: true,
    held: false,
});
const BUSY: Polling = Polling::Off(Quiet {
    idle: false,
    held: false,
});
const HELD: Polling = Polling::Off(Quiet {
    idle: false,
    held: true,
});

#[test]
fn series_of_looks_has_one_meaning() {
    /// Paused from `concurrent` 4 to 5, one load before.
    fn check(what: &str, pass: u64, looks: &[Look], want: Polling) {
        let mut watch = Watch::new(Some(1.0), 5.0, over_two(pass));
        assert_eq!(last(&mut watch, looks), want, "{what}");
    }
    let old = (0, 1.0, 4.0, 1, 0.0, 0.0, 9.0);
    check(
        "nothing loaded",
        0,
        &[old, old, old, old],
        Polling::NotLoaded,
    );
    check(
        "a rotation's own load",
        0,
        &[(0, 2.0, 4.0, 1, 0.0, 0.0, 9.0)],
        Polling::NotLoaded,
    );
    check(
        "the old file has the same concurrent",
        0,
        &[
            (0, 2.0, 5.0, 1, 0.0, 0.0, 9.0),
            (500, 2.0, 5.0, 1, 0.0, 0.0, 9.0),
        ],
        Polling::NotLoaded,
    );
    let idle = |at| (at, 2.0, 5.0, 0, 0.0, 0.0, 9.0);
    check("loaded", 0, &[idle(10)], Polling::On);
    check(
        "two looks are not enough",
        0,
        &[idle(10), idle(110)],
        Polling::On,
    );
    check("three are", 0, &[idle(10), idle(110), idle(210)], IDLE);
    check(
        "looks too close do not count",
        0,
        &[idle(10), idle(20), idle(30), idle(40)],
        Polling::On,
    );
    let busy = |at| (at, 2.0, 5.0, 0, 0.0, 4.0, 9.0);
    check("jobs go on", 0, &[busy(0), busy(100), busy(200)], BUSY);
    let full = |at| (at, 2.0, 5.0, 0, 0.0, 5.0, 9.0);
    check(
        "every worker is busy",
        0,
        &[full(0), full(100), full(200)],
        HELD,
    );
    check(
        "one job ended just now: the held entry is polled next",
        0,
        &[full(0), full(100), busy(200), busy(300)],
        Polling::On,
    );
    check(
        "it was polled",
        0,
        &[full(0), full(100), busy(200), busy(300), busy(400)],
        BUSY,
    );
    check(
        "with a worker free again the pass goes on",
        1000,
        &[
            busy(0),
            full(900),
            full(1000),
            busy(1100),
            busy(1900),
            busy(2799),
        ],
        Polling::On,
    );
    check(
        "and is over",
        1000,
        &[
            busy(0),
            full(900),
            full(1000),
            busy(1100),
            busy(1900),
            busy(2800),
        ],
        BUSY,
    );
    check(
        "full for longer than the pass",
        1000,
        &[full(0), full(1000), full(2000)],
        HELD,
    );
    check(
        "a job ended, the other began before",
        0,
        &[busy(0), idle(100), idle(200)],
        BUSY,
    );
    let open = |at| (at, 2.0, 5.0, 0, 1.0, 0.0, 9.0);
    check(
        "a long poll is open",
        0,
        &[idle(0), idle(100), open(200)],
        Polling::On,
    );
    check(
        "it ended",
        0,
        &[open(0), idle(100), idle(200), idle(300)],
        IDLE,
    );
    check(
        "it ended just now",
        0,
        &[idle(0), open(100), idle(200), idle(300)],
        Polling::On,
    );
    let fed = |at, activity| (at, 2.0, 5.0, 0, 0.0, 4.0, activity);
    check(
        "slots fill",
        0,
        &[fed(0, 9.0), fed(100, 9.0), fed(200, 10.0), fed(300, 10.0)],
        Polling::On,
    );
    check(
        "slots are full",
        0,
        &[fed(0, 9.0), fed(100, 10.0), fed(200, 10.0), fed(300, 10.0)],
        BUSY,
    );
    check(
        "the pass goes on",
        1000,
        &[idle(0), idle(400), idle(800), idle(1699)],
        Polling::On,
    );
    check(
        "the pass is over",
        1000,
        &[idle(0), idle(400), idle(800), idle(1700)],
        IDLE,
    );
    check(
        "an entry was polled late, and the next one may be",
        1000,
        &[
            idle(0),
            idle(900),
            (1600, 2.0, 5.0, 0, 0.0, 0.0, 10.0),
            (2500, 2.0, 5.0, 0, 0.0, 0.0, 10.0),
            (3299, 2.0, 5.0, 0, 0.0, 0.0, 10.0),
        ],
        Polling::On,
    );
    check(
        "the process stood still, and what was due comes now",
        1000,
        &[idle(0), idle(100), idle(2000), idle(2100), idle(2200)],
        Polling::On,
    );
    check(
        "another file took its place",
        0,
        &[idle(0), idle(100), (200, 3.0, 4.0, 1, 0.0, 0.0, 9.0)],
        Polling::NotLoaded,
    );
    check(
        "started anew on the paused file",
        0,
        &[(0, 0.0, 5.0, 0, 0.0, 0.0, 0.0)],
        Polling::On,
    );
}

#[test]
fn without_limits_a_full_runner_manager_may_hold_an_entry() {
    let mut watch = Watch::new(Some(1.0), 2.0, Pass::default());
    let full = |at| (at, 2.0, 2.0, 0, 0.0, 2.0, 9.0);
    assert_eq!(last(&mut watch, &[full(0), full(100), full(200)]), HELD);
    // The first job ends; the held entry is polled, without a job.
    let polled = |at, requests, activity| (at, 2.0, 2.0, 0, requests, 1.0, activity);
    assert_eq!(last(&mut watch, &[polled(300, 1.0, 9.0)]), Polling::On);
    assert_eq!(
        last(
            &mut watch,
            &[polled(400, 0.0, 10.0), polled(500, 0.0, 10.0)]
        ),
        Polling::On
    );
    assert_eq!(last(&mut watch, &[polled(600, 0.0, 10.0)]), BUSY);
}

#[test]
fn stop_signal_ends_polling_whatever_is_loaded() {
    for state in [ProcessState::Graceful, ProcessState::Forceful] {
        let mut watch = Watch::new(Some(1.0), 5.0, Pass::default());
        let seen = Sample {
            state: Some(state),
            requests: 1.0,
            ..Sample::default()
        };
        assert_eq!(watch.see(ms(0), &seen), Polling::Ending);
    }
}

#[test]
fn unseen_start_is_judged_by_what_is_loaded_alone() {
    let mut watch = Watch::new(None, 5.0, Pass::default());
    assert_eq!(
        last(&mut watch, &[(0, 1.0, 4.0, 1, 0.0, 0.0, 0.0)]),
        Polling::NotLoaded
    );
    assert!(!watch.acknowledged());
    assert_eq!(
        last(&mut watch, &[(10, 1.0, 5.0, 0, 0.0, 0.0, 0.0)]),
        Polling::On
    );
    assert!(watch.acknowledged());
}

#[test]
fn pass_is_all_but_one_of_the_shares() {
    fn check(interval: u64, entries: usize, want: u64) {
        let pass = Pass::over(entries, ms(interval));
        assert_eq!(pass.whole, ms(want), "{interval} {entries}");
        assert_eq!(pass.goes_over_several(), entries > 1);
    }
    check(3000, 0, 0);
    check(3000, 1, 0);
    check(3000, 2, 1500);
    check(3000, 3, 2000);
    check(60_000, 100, 59_400);
    assert_eq!(blind(ms(3000)), ms(7000));
}

proptest! {
    /// Whatever is seen: off is said only after three quiet looks of the paused file in a row, 200 ms apart or more.
    #[test]
    fn off_is_never_said_early(
        steps in proptest::collection::vec((0_u64..300, 0_u8..3, 0_u8..2, 0_u8..2, 3_u8..6), 1..60),
        pass in 0_u64..1000,
    ) {
        let mut watch = Watch::new(Some(1.0), 5.0, over_two(pass));
        let (mut at, mut quiet_since, mut activity): (u64, Option<u64>, f64) = (0, None, 0.0);
        let (mut free_since, mut was_full): (Option<u64>, bool) = (None, false);
        for (step, load, request, move_on, jobs) in steps {
            at += step;
            let paused = load > 0;
            if move_on == 1 {
                activity += 1.0;
            }
            let requests = f64::from(request);
            let look = (at, if paused { 2.0 } else { 1.0 }, if paused { 5.0 } else { 4.0 }, usize::from(!paused), requests, f64::from(jobs), activity);
            let full = jobs + request >= 5;
            if !paused {
                (free_since, quiet_since, was_full) = (None, None, false);
            } else {
                free_since = if full { None } else { free_since.or(Some(at)) };
                let freed = was_full && !full;
                was_full = full && request == 0;
                if request > 0 {
                    quiet_since = None;
                } else if move_on == 1 || freed {
                    quiet_since = Some(at);
                } else {
                    quiet_since.get_or_insert(at);
                }
            }
            if let Polling::Off(quiet) = watch.see(ms(at), &sample(look)) {
                prop_assert!(quiet_since.is_some_and(|since| at >= since + 200));
                prop_assert_eq!(quiet.held, full);
                let late = if pass > 0 { 200 } else { 0 };
                prop_assert!(full || free_since.is_some_and(|since| at >= since + pass + late));
                let rest = pass * 3 / 2 + late;
                prop_assert!(full || quiet_since.is_some_and(|since| at >= since + rest));
            }
        }
    }
}
