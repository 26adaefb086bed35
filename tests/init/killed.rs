//! `runner-init` killed or stopped at every step, and run again: one runner at GitLab, one entry, whatever happened.

use std::time::Duration;

use acceptance::stage::{Ended, Stage, run};
use acceptance::tracer::{Fate, Step, trace};
use gitlab_simulator::{NewRunner, Role, Settings, Simulator};
use nix::sys::signal::Signal;

/// More steps than any run has; a run that goes on for ever fails here.
const MOST_STEPS: usize = 400;

/// One way to get a runner.
struct Source {
    name: &'static str,
    /// Whether the runner is made by the run, and so goes when the run is undone.
    owned: bool,
    arguments: fn(&Simulator) -> Vec<String>,
}

const SOURCES: [Source; 4] = [
    Source {
        name: "authentication token",
        owned: false,
        arguments: authentication_token,
    },
    Source {
        name: "authentication token without a prefix",
        owned: false,
        arguments: bare_authentication_token,
    },
    Source {
        name: "access token",
        owned: true,
        arguments: access_token,
    },
    Source {
        name: "registration token",
        owned: true,
        arguments: registration_token,
    },
];

fn authentication_token(gitlab: &Simulator) -> Vec<String> {
    let token = gitlab.add_runner(NewRunner::default()).token;
    vec![format!("--token={token}")]
}

/// It looks like what a registration gives back, and is shared all the same.
fn bare_authentication_token(gitlab: &Simulator) -> Vec<String> {
    let shared = NewRunner {
        token: Some("glrtr-shared-by-replicas".into()),
        ..NewRunner::default()
    };
    let token = gitlab.add_runner(shared).token;
    vec![format!("--token={token}")]
}

fn access_token(gitlab: &Simulator) -> Vec<String> {
    // On the command line only here: the flag for manifests reads a file.
    let token = gitlab.add_access_token(&["create_runner"], Role::admin());
    vec![
        format!("--access-token-file={token}"),
        "--runner-type=instance".into(),
    ]
}

fn registration_token(_: &Simulator) -> Vec<String> {
    vec!["--registration-token=gitlabtoken".into()]
}

struct Scene {
    gitlab: Simulator,
    stage: Stage,
    secrets: tempfile::TempDir,
    arguments: Vec<String>,
}

impl Scene {
    fn of(source: &Source) -> Self {
        let gitlab = Simulator::start(Settings::default()).unwrap();
        let secrets = tempfile::tempdir().unwrap();
        let arguments = (source.arguments)(&gitlab)
            .into_iter()
            .map(
                |argument| match argument.strip_prefix("--access-token-file=") {
                    Some(token) => {
                        let path = secrets.path().join("access-token");
                        #[expect(clippy::disallowed_methods, reason = "a Secret's file")]
                        std::fs::write(&path, format!("{token}\n")).unwrap();
                        format!("--access-token-file={}", path.display())
                    }
                    None => argument,
                },
            )
            .collect();
        Self {
            gitlab,
            stage: Stage::new(),
            secrets,
            arguments,
        }
    }

    fn command(&self) -> std::process::Command {
        let mut command = self
            .stage
            .init(&["register", "--non-interactive", "--executor=shell"]);
        command
            .args(["--url", &self.gitlab.url(), "--description=killed"])
            .args(&self.arguments);
        command.env("RUNNER_INIT_POD_NAME", "runner-0");
        command.env("RUNNER_INIT_POD_NAMESPACE", "ci");
        command
    }

    fn runners_made(&self, source: &Source) -> usize {
        let all = self.gitlab.runners().len();
        if source.owned { all } else { all - 1 }
    }

    fn managers(&self) -> usize {
        self.gitlab
            .runners()
            .iter()
            .map(|runner| runner.managers.len())
            .sum()
    }
}

/// Runs the program once for every step, with this fate at it, and looks at each end.
fn at_every_step(source: &Source, fate: Fate, look: impl Fn(&Scene, &Ended, Step, usize)) -> usize {
    for number in 0..MOST_STEPS {
        let scene = Scene::of(source);
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
        assert!(scene.secrets.path().exists());
    }
    panic!("more than {MOST_STEPS} steps");
}

#[test]
fn killed_anywhere_and_run_again_there_is_one_runner_and_one_entry() {
    for source in &SOURCES {
        let lost = std::cell::Cell::new(0);
        let steps = at_every_step(source, Fate::Kill, |scene, killed, step, number| {
            let at = format!("{}, step {number} ({step:?})", source.name);
            assert_eq!(killed.code(), -1, "{at}: {}", killed.output());
            // Before the second run the simulator has to have seen what the first one sent.
            assert!(scene.gitlab.settle(Duration::from_secs(5)), "{at}");
            let state = scene
                .stage
                .text(".runner-lifecycle.toml")
                .unwrap_or_default();
            let in_the_gap = source.owned
                && scene.runners_made(source) == 1
                && state.contains("step = \"creation\"");
            let again = run(&mut scene.command());
            assert_eq!(again.code(), 0, "{at}: {}", again.output());
            assert_eq!(scene.stage.entries(), 1, "{at}: {}", again.output());
            let made = scene.runners_made(source);
            if in_the_gap {
                lost.set(lost.get() + 1);
                assert_eq!(made, 2, "{at}");
                assert!(
                    again.stderr.contains("\"killed\""),
                    "{at}: {}",
                    again.output()
                );
                assert!(
                    again.stderr.contains("delete it"),
                    "{at}: {}",
                    again.output()
                );
            } else {
                assert_eq!(made, usize::from(source.owned), "{at}: {}", again.output());
            }
            let state = scene.stage.text(".runner-lifecycle.toml").unwrap();
            let shared = state.contains("source = \"authentication-token\"");
            assert_eq!(
                shared, !source.owned,
                "{at}: whose it is, is no guess: {state}"
            );
            let before = scene.stage.snapshot();
            // The killed run was the first, the one above the second. Each step is followed by a third, some by a tenth.
            let last = if number.is_multiple_of(8) { 10 } else { 3 };
            for _ in 3..=last {
                let once_more = run(&mut scene.command());
                assert_eq!(once_more.code(), 0, "{at}: {}", once_more.output());
            }
            assert_eq!(scene.stage.snapshot(), before, "{at}: same bytes");
            assert_eq!(scene.runners_made(source), made, "{at}: no second runner");
            assert!(scene.managers() <= 1, "{at}: one system ID");
            assert!(
                !before.keys().any(|name| name.ends_with(".new")),
                "{at}: {:?}",
                before.keys()
            );
        });
        assert!(steps > 20, "{}: only {steps} steps were seen", source.name);
        assert!(
            source.owned || lost.get() == 0,
            "nothing can be lost of a runner that exists"
        );
        eprintln_steps(source, steps, lost.get());
    }
}

#[test]
fn stopped_anywhere_everything_is_undone_or_everything_is_done() {
    for (signal, code) in [
        (Signal::SIGTERM, 143),
        (Signal::SIGINT, 130),
        (Signal::SIGQUIT, 131),
    ] {
        for source in &SOURCES {
            at_every_step(
                source,
                Fate::Signal(signal),
                |scene, ended, step, number| {
                    let at = format!("{signal}, {}, step {number} ({step:?})", source.name);
                    let done = ended.code() == 0;
                    // Before the handlers are there the signal has its default action; nothing was begun then.
                    let by_default = ended.code() == -1;
                    assert!(
                        done || by_default || ended.code() == code,
                        "{at}: {}",
                        ended.output()
                    );
                    assert_eq!(
                        scene.stage.entries(),
                        usize::from(done),
                        "{at}: {}",
                        ended.output()
                    );
                    let made = scene.runners_made(source);
                    let want = usize::from(source.owned && done);
                    assert_eq!(made, want, "{at}: {}", ended.output());
                    if by_default {
                        assert!(scene.gitlab.journal().is_empty(), "{at}");
                    }
                    if !done {
                        assert_eq!(scene.managers(), 0, "{at}: {}", ended.output());
                        let state = scene
                            .stage
                            .text(".runner-lifecycle.toml")
                            .unwrap_or_default();
                        assert!(!state.contains("pending"), "{at}: {state}");
                    }
                },
            );
        }
    }
}

#[expect(
    clippy::print_stderr,
    reason = "a figure for who reads the test's output"
)]
fn eprintln_steps(source: &Source, steps: usize, lost: usize) {
    eprintln!(
        "{}: {steps} steps, {lost} of them between a creation's answer and its first write",
        source.name
    );
}
