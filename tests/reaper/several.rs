//! Several entries in one file, each with its own source and its own way to go: whatever is killed where, the next run leaves
//! nothing at GitLab, nothing of a shared runner of others is deleted, and no token stays behind.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use acceptance::tracer;
use gitlab_simulator::Runner;

use acceptance::pod::{Plan, Pod, Source};

/// More steps than any run has; one that goes on for ever fails here.
const MOST_STEPS: usize = 400;

/// Runs that are killed at once.
const AT_ONCE: usize = 2;

const SHARED: Source = Source::AuthenticationToken;
const OWNED: Source = Source::RegistrationToken;
const MADE: Source = Source::AccessToken;

/// What a volume has: entries, of which the last `lost` are not in the file any more.
#[derive(Clone, Copy, Debug)]
struct Volume {
    entries: &'static [(&'static str, Source)],
    lost: usize,
    /// Whether a second entry works for the first runner.
    twin: bool,
}

const VOLUMES: [Volume; 4] = [
    Volume {
        entries: &[("one", OWNED), ("two", MADE)],
        lost: 0,
        twin: false,
    },
    Volume {
        entries: &[("one", SHARED), ("two", OWNED)],
        lost: 0,
        twin: false,
    },
    Volume {
        entries: &[("one", SHARED), ("two", MADE), ("three", OWNED)],
        lost: 1,
        twin: true,
    },
    Volume {
        entries: &[("one", OWNED), ("two", OWNED)],
        lost: 2,
        twin: false,
    },
];

fn pod_of(volume: Volume) -> (Pod, Vec<Runner>) {
    let mut pod = Pod::of(Plan::of(SHARED));
    let runners = pod.with_runners(volume.entries);
    let text = pod.stage.text("config.toml").unwrap();
    let kept = volume.entries.len() - volume.lost;
    let heads: Vec<&str> = text.split("\n[[runners]]").collect();
    pod.stage
        .put("config.toml", &heads[..=kept].join("\n[[runners]]"));
    if volume.twin {
        pod.add_entry("twin", &runners[0]);
        pod.add_to_state("twin", &runners[0], volume.entries[0].1);
    }
    pod.age_config();
    (pod, runners)
}

/// Fails unless nothing of the pod is left, at GitLab and on the volume.
#[track_caller]
fn nothing_is_left(pod: &Pod, volume: Volume, runners: &[Runner], by_hand: bool, at: &str) {
    assert!(pod.is_gone(), "{at}");
    let owned = volume.entries.iter().map(|(_, source)| source.owned());
    let gone: Vec<&str> = runners
        .iter()
        .zip(owned)
        .filter(|(_, owned)| *owned)
        .map(|(runner, _)| runner.token.as_str())
        .collect();
    pod.only_the_config_has(&gone, at);
    let files: Vec<String> = pod.stage.snapshot().into_keys().collect();
    assert!(
        files.iter().all(|name| !name.ends_with(".new")),
        "{files:?}: {at}"
    );
    if by_hand {
        assert_eq!((pod.stage.entries(), pod.known()), (0, Vec::new()), "{at}");
    }
}

#[test]
fn each_entry_goes_by_its_own_source() {
    for volume in VOLUMES {
        for (arguments, by_hand) in [
            (&["pre-stop"][..], false),
            (&["unregister", "--all-runners"], true),
        ] {
            let (pod, runners) = pod_of(volume);
            let original = pod.original();
            let ended = pod.reap(arguments);
            let at = format!("{volume:?} {arguments:?}: {}", ended.words);
            let words = format!("{} unregistered, nothing is left at GitLab", runners.len());
            ended.is(0, &words);
            nothing_is_left(&pod, volume, &runners, by_hand, &at);
            let asked = pod.gitlab.calls("DELETE *").len();
            assert_eq!(asked, runners.len(), "one runner, one request: {at}");
            if !by_hand {
                pod.is_as_before(&original);
            }
        }
    }
}

#[test]
fn one_of_two_entries_with_one_shared_token_is_forgotten_alone() {
    let mut pod = Pod::of(Plan::of(SHARED));
    let runner = pod.with_runners(&[("one", SHARED)]).remove(0);
    pod.add_entry("twin", &runner);
    pod.add_to_state("twin", &runner, SHARED);
    let ended = pod.reap(&["unregister", "--name", "one"]);
    ended.is(0, "1 runner that was not selected stays");
    assert_eq!(pod.stage.entries(), 1);
    assert!(pod.stage.text("config.toml").unwrap().contains("\"twin\""));
    let state = pod.stage.text(acceptance::known::STATE).unwrap();
    assert!(
        state.contains("\"twin\"") && !state.contains("\"one\""),
        "{state}"
    );
    // What it is, is still known: a runner of others is not deleted.
    pod.order.may_be_asked_again();
    pod.reap(&["unregister", "--all-runners"])
        .is(0, "nothing is left at GitLab");
    assert!(pod.gitlab.calls("DELETE /runners").is_empty());
    assert!(pod.known().is_empty());
}

/// Kills the run at this step and runs it again. Says whether there was such a step.
fn killed_at(number: usize, volume: Volume, arguments: &[&str], by_hand: bool) -> bool {
    let (mut pod, runners) = pod_of(volume);
    pod.order.may_be_asked_again();
    let original = pod.original();
    let (reached, killed) = tracer::killed_at(&mut pod.reaper(arguments), number, |_| true);
    let Some(step) = reached else {
        assert_eq!(killed.code(), 0, "an undisturbed run: {}", killed.output());
        return false;
    };
    let at = format!(
        "{volume:?} {arguments:?}, step {number} ({step:?}) after:\n{}",
        killed.output()
    );
    assert_eq!(killed.code(), -1, "{at}");
    let again = pod.reap(arguments);
    let at = format!("{at}\nand again:\n{}", again.words);
    assert_eq!(again.code, 0, "{at}");
    assert!(!again.words.contains("left behind"), "{at}");
    nothing_is_left(&pod, volume, &runners, by_hand, &at);
    if !by_hand {
        assert_eq!(pod.original(), original, "{at}");
    }
    true
}

fn killed_anywhere(arguments: &[&str], by_hand: bool) {
    for volume in VOLUMES {
        let next = AtomicUsize::new(0);
        let steps: usize = thread::scope(|scope| {
            let work = || {
                let mut steps = 0;
                while killed_at(
                    next.fetch_add(1, Ordering::Relaxed),
                    volume,
                    arguments,
                    by_hand,
                ) {
                    steps += 1;
                    assert!(steps < MOST_STEPS);
                }
                steps
            };
            let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
            let steps = workers.into_iter().map(|worker| worker.join().unwrap());
            steps.sum()
        });
        assert!(steps > 15, "{volume:?}: only {steps} steps were seen");
        #[expect(
            clippy::print_stderr,
            reason = "a figure for who reads the test's output"
        )]
        {
            eprintln!("{arguments:?} {volume:?}: killed at {steps} steps");
        }
    }
}

#[test]
fn hook_killed_anywhere_leaves_nothing_of_any_entry() {
    killed_anywhere(&["pre-stop"], false);
}

#[test]
fn unregistering_by_hand_killed_anywhere_leaves_nothing_of_any_entry() {
    killed_anywhere(&["unregister", "--all-runners"], true);
}
