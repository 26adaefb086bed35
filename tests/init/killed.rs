//! `runner-init` killed or stopped at every step, and run again: one runner at GitLab, one entry, whatever happened.

use std::time::Duration;

use acceptance::pod::{Pod, Source};
use acceptance::stage::{Ended, run};
use acceptance::tracer::{Fate, Step, trace};
use gitlab_simulator::NewRunner;
use nix::sys::signal::Signal;

/// More steps than any run has; a run that goes on for ever fails here.
const MOST_STEPS: usize = 400;

/// One way to get a runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    From(Source),
    /// By a token that looks like what a registration gives back, and is shared all the same.
    BareToken,
}

const WAYS: [Way; 4] = [
    Way::From(Source::AuthenticationToken),
    Way::BareToken,
    Way::From(Source::AccessToken),
    Way::From(Source::RegistrationToken),
];

impl Way {
    /// Whether the runner is made by the run, and so goes when the run is undone.
    fn owned(self) -> bool {
        matches!(self, Self::From(source) if source.owned())
    }

    fn words(self, pod: &Pod) -> Vec<String> {
        let mut words = match self {
            Self::From(source) => pod.flags(source),
            Self::BareToken => {
                let token = "glrtr-shared-by-replicas";
                pod.gitlab.add_runner(NewRunner {
                    token: Some(token.to_owned()),
                    ..NewRunner::default()
                });
                vec![format!("--token={token}")]
            }
        };
        words.extend(["--pod-name=runner-0", "--pod-namespace=ci"].map(str::to_owned));
        words
    }
}

/// A pod, and what its `runner-init` is told each time.
struct Scene {
    pod: Pod,
    words: Vec<String>,
    owned: bool,
}

impl Scene {
    fn of(way: Way) -> Self {
        let pod = Pod::fresh();
        let words = way.words(&pod);
        Self {
            pod,
            words,
            owned: way.owned(),
        }
    }

    fn command(&self) -> std::process::Command {
        self.pod.init(&self.words)
    }

    fn runners_made(&self) -> usize {
        let all = self.pod.gitlab.runners().len();
        if self.owned { all } else { all - 1 }
    }

    fn managers(&self) -> usize {
        let runners = self.pod.gitlab.runners();
        runners.iter().map(|runner| runner.managers.len()).sum()
    }

    fn state(&self) -> String {
        let state = self.pod.stage.text(".runner-lifecycle.toml");
        state.unwrap_or_default()
    }
}

/// Runs the program once for every step, with this fate at it, and looks at each end.
fn at_every_step(way: Way, fate: Fate, look: impl Fn(&Scene, &Ended, Step, usize)) -> usize {
    for number in 0..MOST_STEPS {
        let scene = Scene::of(way);
        let mut reached = None;
        let ended = trace(&mut scene.command(), |step, what| {
            if step == number {
                reached = Some(what);
                fate
            } else {
                Fate::GoOn
            }
        });
        let Some(step) = reached else {
            assert_eq!(ended.code(), 0, "an undisturbed run: {}", ended.output());
            return number;
        };
        look(&scene, &ended, step, number);
    }
    panic!("more than {MOST_STEPS} steps");
}

#[test]
fn killed_anywhere_and_run_again_there_is_one_runner_and_one_entry() {
    for way in WAYS {
        let lost = std::cell::Cell::new(0);
        let steps = at_every_step(way, Fate::Kill, |scene, killed, step, number| {
            let at = format!("{way:?}, step {number} ({step:?})");
            assert_eq!(killed.code(), -1, "{at}: {}", killed.output());
            // Before the second run the simulator has to have seen what the first one sent.
            assert!(scene.pod.gitlab.settle(Duration::from_secs(5)), "{at}");
            let state = scene.state();
            let in_the_gap =
                way.owned() && scene.runners_made() == 1 && state.contains("step = \"creation\"");
            let again = run(&mut scene.command());
            assert_eq!(again.code(), 0, "{at}: {}", again.output());
            assert_eq!(scene.pod.stage.entries(), 1, "{at}: {}", again.output());
            let made = scene.runners_made();
            if in_the_gap {
                lost.set(lost.get() + 1);
                assert_eq!(made, 2, "{at}");
                assert!(
                    again.stderr.contains("\"acceptance\""),
                    "{at}: {}",
                    again.output()
                );
                assert!(
                    again.stderr.contains("delete it"),
                    "{at}: {}",
                    again.output()
                );
            } else {
                assert_eq!(made, usize::from(way.owned()), "{at}: {}", again.output());
            }
            let state = scene.state();
            let shared = state.contains("source = \"authentication-token\"");
            assert_eq!(
                shared,
                !way.owned(),
                "{at}: whose it is, is no guess: {state}"
            );
            let before = scene.pod.stage.snapshot();
            // The killed run was the first, the one above the second. Each step is followed by a third, some by a tenth.
            let last = if number.is_multiple_of(8) { 10 } else { 3 };
            for _ in 3..=last {
                let once_more = run(&mut scene.command());
                assert_eq!(once_more.code(), 0, "{at}: {}", once_more.output());
            }
            assert_eq!(scene.pod.stage.snapshot(), before, "{at}: same bytes");
            assert_eq!(scene.runners_made(), made, "{at}: no second runner");
            assert!(scene.managers() <= 1, "{at}: one system ID");
            assert!(
                !before.keys().any(|name| name.ends_with(".new")),
                "{at}: {:?}",
                before.keys()
            );
        });
        assert!(steps > 20, "{way:?}: only {steps} steps were seen");
        assert!(
            way.owned() || lost.get() == 0,
            "nothing can be lost of a runner that exists"
        );
        eprintln_steps(way, steps, lost.get());
    }
}

#[test]
fn stopped_anywhere_everything_is_undone_or_everything_is_done() {
    for (signal, code) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGINT, 130),
        (Signal::SIGQUIT, 131),
    ] {
        for way in WAYS {
            at_every_step(way, Fate::Signal(signal), |scene, ended, step, number| {
                let at = format!("{signal}, {way:?}, step {number} ({step:?})");
                let done = ended.code() == 0;
                // Before the handlers are there the signal has its default action; nothing was begun then.
                let by_default = ended.code() == -1;
                assert!(
                    done || by_default || ended.code() == code,
                    "{at}: {}",
                    ended.output()
                );
                assert_eq!(
                    scene.pod.stage.entries(),
                    usize::from(done),
                    "{at}: {}",
                    ended.output()
                );
                let made = scene.runners_made();
                let want = usize::from(way.owned() && done);
                assert_eq!(made, want, "{at}: {}", ended.output());
                if by_default {
                    assert!(scene.pod.gitlab.journal().is_empty(), "{at}");
                }
                if !done {
                    assert_eq!(scene.managers(), 0, "{at}: {}", ended.output());
                    let state = scene.state();
                    assert!(!state.contains("pending"), "{at}: {state}");
                }
            });
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a figure for who reads the test's output"
)]
fn eprintln_steps(way: Way, steps: usize, lost: usize) {
    eprintln!(
        "{way:?}: {steps} steps, {lost} of them between a creation's answer and its first write"
    );
}
