//! Killed before every file operation and request and after every answer, and run again: the entry has a runner all the time, and
//! in the end there is one.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use acceptance::at_once::at_once;
use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::run;
use acceptance::tracer::{Step, killed_at};
use gitlab_simulator::JobStatus;

use super::{in_file, is_off, polls};

/// More steps than any run has.
const MOST_STEPS: usize = 2000;

/// Kills it at a step. What it had reached then; nothing where it ended before.
fn kill_at(pod: &Pod, words: &[String], number: usize) -> Option<Step> {
    killed_at(&mut pod.init_as("re-register", words), number, |_| true).0
}

/// Whether the end is one runner for this pod, and says which. One whose answer the killed run never saw is named instead.
#[track_caller]
fn one_is_left(pod: &Pod, old: &[i64], at: &str) {
    let new = in_file(pod);
    assert!(!old.contains(&new.id), "{at}");
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert!(!state.contains("[pending]"), "{at}: {state}");
    assert!(!state.contains("[[leaving]]"), "{at}: {state}");
    let lost = state.matches("[[unanswered]]").count();
    let listed = pod.gitlab.look(|state| {
        let ours = state.runners.iter();
        ours.filter(|runner| !runner.managers.is_empty()).count()
    });
    // A creation makes no runner manager, and the old one had none in these pods, or one that worked.
    assert!(listed <= 1, "{at}: {listed} runners have a runner manager");
    if pod.source.owned() {
        let made = pod.gitlab.runners().len() - 1;
        assert!(
            (1..=1 + lost).contains(&made),
            "{at}: {made} runners, {lost} lost"
        );
    }
}

#[test]
fn killed_anywhere_and_run_again_there_is_one_runner_and_never_none() {
    for source in Source::ALL {
        for word in ["re-register", "register"] {
            let mut steps = 0;
            for number in 0..MOST_STEPS {
                let mut pod = Pod::of(Plan::of(source));
                pod.order = acceptance::order::Order::default();
                let old = in_file(&pod);
                let words = pod.words(&Plan::of(source));
                let Some(step) = kill_at(&pod, &words, number) else {
                    break;
                };
                assert!(pod.gitlab.settle(Duration::from_secs(5)));
                steps += 1;
                let at = format!("{source:?}, step {number} ({step:?}), then {word}");
                // What stands in the file is a runner that GitLab has.
                let between = in_file(&pod);
                let again = run(&mut pod.init_as(word, &words));
                let at = format!("{at}: {}", again.output());
                assert_eq!(again.code(), 0, "{at}");
                if word == "re-register" {
                    one_is_left(&pod, &[old.id], &at);
                    let made = pod.gitlab.calls("POST /*runners").len();
                    assert!(made <= 3, "{at}: one for the pod, one or two anew");
                    continue;
                }
                // It finishes what was begun, and begins nothing.
                let now = in_file(&pod);
                let given = source == Source::AuthenticationToken;
                if now.id == old.id {
                    assert_eq!(between.id, old.id, "{at}");
                    assert!(!given, "{at}");
                    assert!(!is_off(&pod, &old), "{at}");
                    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
                    assert!(!state.contains("[[leaving]]"), "{at}: {state}");
                } else {
                    one_is_left(&pod, &[old.id], &at);
                    assert!(is_off(&pod, &old), "{at}");
                }
            }
            assert!(steps > 20, "only {steps} steps were seen");
        }
    }
}

#[test]
fn killed_anywhere_the_end_of_the_pod_leaves_nothing_at_gitlab() {
    for source in Source::ALL {
        let mut steps = 0;
        for number in 0..MOST_STEPS {
            let mut pod = Pod::of(Plan::of(source));
            pod.order = acceptance::order::Order::default();
            let words = pod.words(&Plan::of(source));
            let others = pod.gitlab.runners().len() - usize::from(source.owned());
            let Some(step) = kill_at(&pod, &words, number) else {
                break;
            };
            assert!(pod.gitlab.settle(Duration::from_secs(5)));
            steps += 1;
            let at = format!("{source:?}, step {number} ({step:?})");
            let ended = pod.reap(&["unregister", "--all-runners"]);
            let left = pod.gitlab.runners();
            let ours = left.iter().filter(|runner| !runner.managers.is_empty());
            assert_eq!(ours.count(), 0, "{at}: {}", ended.words);
            // One whose answer nobody saw is named.
            let lost = usize::from(ended.words.contains("got no answer"));
            assert!(
                (others..=others + lost).contains(&left.len()),
                "{at}: {}",
                ended.words
            );
            assert_eq!(
                ended.code,
                if lost > 0 { 78 } else { 0 },
                "{at}: {}",
                ended.words
            );
        }
        assert!(steps > 20, "only {steps} steps were seen");
    }
}

#[test]
fn killed_beside_a_busy_runner_manager_no_job_is_lost() {
    let all = Source::SHARED_AND_OWNED.into_iter();
    let all = all.flat_map(|source| (0..MOST_STEPS).step_by(13).map(move |step| (source, step)));
    let (ended, tried) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    at_once(4, all, |(source, number)| {
        if ended.lock().unwrap().contains(&source) {
            return;
        }
        let plan = || Plan {
            concurrent: 2,
            ..Plan::of(source)
        };
        let mut pod = Pod::working(plan());
        pod.order = acceptance::order::Order::default();
        let old = in_file(&pod);
        let job = pod.busy_with(1)[0];
        let words = pod.words(&plan());
        let Some(step) = kill_at(&pod, &words, number) else {
            ended.lock().unwrap().push(source);
            return;
        };
        tried.fetch_add(1, Ordering::Relaxed);
        // What it had sent is met; the runner manager's own connections stay open.
        pod.gitlab.settle(Duration::ZERO);
        in_file(&pod);
        let again = run(&mut pod.init_as("re-register", &words));
        let at = format!("{source:?}, step {number} ({step:?}): {}", again.output());
        assert_eq!(again.code(), 0, "{at}");
        assert!(
            !(source.owned() && is_off(&pod, &old)),
            "deleted under its job: {at}"
        );
        let new = in_file(&pod);
        pod.release();
        pod.job_is(job, JobStatus::Success);
        polls(&pod, &new);
        let last = run(&mut pod.init_as("register", &words));
        assert_eq!(last.code(), 0, "{at}: {}", last.output());
        one_is_left(&pod, &[old.id], &format!("{at}: {}", last.output()));
        pod.stopped_by_kubelet();
    });
    let ended = ended.into_inner().unwrap();
    let all = Source::SHARED_AND_OWNED.iter();
    assert!(all.clone().all(|source| ended.contains(source)));
    let tried = tried.into_inner();
    assert!(tried > 8, "only {tried} steps were seen");
}

#[test]
fn runner_that_a_killed_run_received_is_not_used_where_other_tags_are_asked_for_now() {
    for number in 0..MOST_STEPS {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.order = acceptance::order::Order::default();
        let mut words = pod.words(&Plan::of(pod.source));
        kill_at(&pod, &words, number).expect("a run that has received a token");
        assert!(pod.gitlab.settle(Duration::from_secs(5)));
        let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
        if !state.contains("step = \"received\"") {
            continue;
        }
        words.push("--tag-list=other".to_owned());
        let again = run(&mut pod.init_as("re-register", &words));
        assert_eq!(again.code(), 0, "{}", again.output());
        assert_eq!(in_file(&pod).tags, ["other"], "{}", again.output());
        // Beside the bystander.
        assert_eq!(pod.gitlab.runners().len(), 2, "{}", again.output());
        return;
    }
    panic!("no step at which it has");
}
