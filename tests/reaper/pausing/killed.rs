//! Killed before any file operation, and run again: never paused by nobody, and in the end as asked.

use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::run;
use acceptance::tracer::{self, Step};

use super::super::again::starts_anew;
use super::init::init;
use super::{Pausing as _, STATE};

/// More steps than any run has; one that goes on for ever fails here.
const MOST_STEPS: usize = 200;

/// Runs that are killed at once: they wait more than they work.
const AT_ONCE: usize = 4;

/// Kills a run of `runner-reaper` at this file operation. Nothing, if it had so many not.
fn killed(pod: &Pod, command: &str, number: usize) -> Option<String> {
    killed_at(&mut pod.reaper(&[command]), command, number)
}

fn killed_at(run: &mut Command, command: &str, number: usize) -> Option<String> {
    let (reached, ended) = tracer::killed_at(run, number, |step| matches!(step, Step::File(_)));
    let Some(step) = reached else {
        assert_eq!(ended.code(), 0, "an undisturbed run: {}", ended.output());
        return None;
    };
    assert_eq!(ended.code(), -1);
    Some(format!(
        "{command} killed at file operation {number} ({step:?}) after:\n{}",
        ended.output()
    ))
}

/// What is paused is explained.
#[track_caller]
fn is_explained(pod: &Pod, at: &str) {
    let text = pod.stage.text("config.toml").unwrap();
    if text.starts_with("# Paused by runner-reaper") {
        let state = pod.stage.text(STATE).unwrap();
        assert!(state.contains("[pause]"), "{at}: {state}");
        let original = pod.stage.text("config.toml.original");
        assert!(
            original.is_some_and(|text| text.contains("[[runners]]")),
            "{at}"
        );
    } else {
        assert!(text.contains("[[runners]]"), "{at}: {text}");
    }
}

/// Tries `at` with every number until it says that there is no such step.
fn at_every_step(at: impl Fn(usize) -> bool + Sync) {
    let next = AtomicUsize::new(0);
    let steps: usize = thread::scope(|scope| {
        let work = || {
            let mut steps = 0;
            while at(next.fetch_add(1, Ordering::Relaxed)) {
                steps += 1;
                assert!(steps < MOST_STEPS);
            }
            steps
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .sum()
    });
    assert!(steps > 10, "only {steps} steps were seen");
}

#[test]
fn killed_pause_is_no_pause_or_an_explained_one_and_whatever_comes_next_heals_it() {
    at_every_step(|number| {
        // By turns, and every one of them at every step once.
        let mut more = false;
        for next in ["pause", "resume", "pre-stop"] {
            let source = Source::SHARED_AND_OWNED[number % 2];
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let Some(at) = killed(&pod, "pause", number) else {
                return more;
            };
            more = true;
            is_explained(&pod, &at);
            let again = pod.reap(&[next]);
            assert_eq!(again.code, 0, "{at}\n{}", again.words);
            match next {
                "pause" => {
                    pod.is_paused();
                    let polls = pod.polls();
                    pod.reap(&["resume"]).is(0, "takes jobs again");
                    pod.is_resumed(&original);
                    pod.polled(polls + 1);
                }
                "resume" => {
                    assert_eq!(pod.original().0, original.0, "{at}\n{}", again.words);
                    pod.is_as_before(&pod.original());
                    let state = pod.stage.text(STATE).unwrap();
                    assert!(!state.contains("[pause]"), "{at}: {state}");
                    pod.polls_on();
                }
                _ => {
                    assert!(pod.is_gone(), "{at}\n{}", again.words);
                    pod.is_as_before(&original);
                    let state = pod.stage.text(STATE).unwrap();
                    assert!(!state.contains("[pause]"), "{at}: {state}");
                    pod.stopped_by_kubelet();
                    starts_anew(&mut pod);
                }
            }
        }
        more
    });
}

#[test]
fn killed_resume_leaves_a_pause_that_is_known_or_none_and_whatever_comes_next_heals_it() {
    at_every_step(|number| {
        let mut more = false;
        for next in ["resume", "pre-stop"] {
            let source = Source::SHARED_AND_OWNED[number % 2];
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            pod.reap(&["pause"]).is(0, "polling is off");
            let Some(at) = killed(&pod, "resume", number) else {
                return more;
            };
            more = true;
            is_explained(&pod, &at);
            let again = pod.reap(&[next]);
            assert_eq!(again.code, 0, "{at}\n{}", again.words);
            assert_eq!(pod.original().0, original.0, "{at}\n{}", again.words);
            pod.is_as_before(&pod.original());
            let state = pod.stage.text(STATE).unwrap();
            assert!(!state.contains("[pause]"), "{at}: {state}");
            if next == "resume" {
                pod.polls_on();
            } else {
                assert!(pod.is_gone(), "{at}\n{}", again.words);
                pod.stopped_by_kubelet();
                starts_anew(&mut pod);
            }
        }
        more
    });
}

#[test]
fn hook_killed_over_a_pause_by_hand_and_run_again_leaves_nothing() {
    at_every_step(|number| {
        let source = Source::SHARED_AND_OWNED[number % 2];
        let mut pod = Pod::working(Plan::of(source));
        pod.order.may_be_asked_again();
        let original = pod.original();
        pod.reap(&["pause"]).is(0, "polling is off");
        let Some(at) = killed(&pod, "pre-stop", number) else {
            return false;
        };
        let again = pod.reap(&["pre-stop"]);
        assert_eq!(again.code, 0, "{at}\n{}", again.words);
        assert!(pod.is_gone(), "{at}\n{}", again.words);
        pod.is_as_before(&original);
        let state = pod.stage.text(STATE).unwrap();
        assert!(!state.contains("[pause]"), "{at}: {state}");
        pod.stopped_by_kubelet();
        starts_anew(&mut pod);
        true
    });
}

#[test]
fn init_killed_over_a_pause_by_hand_and_run_again_keeps_it_and_the_runner() {
    at_every_step(|number| {
        let source = Source::SHARED_AND_OWNED[number % 2];
        let mut pod = Pod::of(Plan::of(source));
        let runners = pod.gitlab.runners().len();
        pod.reap(&["pause"]).is(0, "no runner manager uses");
        let changed = &["--output-limit=8192", "--timeout=5s"];
        let Some(at) = killed_at(&mut init(&pod, "u-0", changed), "runner-init", number) else {
            return false;
        };
        is_explained(&pod, &at);
        let again = run(&mut init(&pod, "u-0", changed));
        assert_eq!(again.code(), 0, "{at}\n{}", again.output());
        pod.is_paused();
        pod.reap(&["resume"]).is(0, "resumed");
        let text = pod.stage.text("config.toml").unwrap();
        assert!(text.contains("output_limit = 8192"), "{at}: {text}");
        assert_eq!(pod.gitlab.runners().len(), runners, "{at}");
        pod.start(&[]);
        pod.polled(1);
        true
    });
}
