//! `runner-init` stopped while GitLab is slow, silent or asked again and again: nothing more is asked for, what was made is
//! taken back inside the grace period, and what may be left is named.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use acceptance::stage::Stage;
use gitlab_simulator::{Fault, NewRunner, Role, Settings, Simulator};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

const LIMIT: Duration = Duration::from_secs(30);

/// Where a runner comes from, and the call that asks for it.
const SOURCES: [(&str, &str); 3] = [
    ("registration token", "POST /runners"),
    ("access token", "POST /user/runners"),
    ("authentication token", "POST /runners/verify"),
];

struct Scene {
    gitlab: Simulator,
    stage: Stage,
    secret: tempfile::NamedTempFile,
}

/// How a stopped run ended.
struct Stopped {
    code: Option<i32>,
    words: String,
}

impl Scene {
    fn new() -> Self {
        Self {
            gitlab: Simulator::start(Settings::default()).unwrap(),
            stage: Stage::new(),
            secret: tempfile::NamedTempFile::new().unwrap(),
        }
    }

    fn start(&self, source: &str, more: &[&str]) -> Child {
        let mut command = self
            .stage
            .init(&["register", "--executor=shell", "--name=stopped"]);
        command.args(["--url", &self.gitlab.url()]).args(more);
        let file = |kind: &str, text: &str| {
            #[expect(clippy::disallowed_methods, reason = "a Secret's file")]
            std::fs::write(self.secret.path(), text).unwrap();
            format!("--{kind}={}", self.secret.path().display())
        };
        match source {
            "registration token" => command.arg("--registration-token=gitlabtoken"),
            "access token" => {
                let token = self
                    .gitlab
                    .add_access_token(&["create_runner"], Role::admin());
                command.args([
                    file("access-token-file", &token),
                    "--runner-type=instance".into(),
                ])
            }
            _ => {
                let token = self.gitlab.add_runner(NewRunner::default()).token;
                command.arg(file("token-file", &token))
            }
        };
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Signals once GitLab was asked, or once the words hold `until`, and waits for the end.
    fn stop(&self, mut child: Child, until: &str, signal: Signal) -> Stopped {
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        let mut words = String::new();
        if until.contains(" /") {
            let asked = self
                .gitlab
                .wait_until(LIMIT, |state| state.count(until) >= 1);
            assert!(asked, "{until} was never asked");
        } else {
            while !words.contains(until) {
                let read = stderr.read_line(&mut words).unwrap();
                assert!(read > 0, "no {until:?}: {words}");
            }
        }
        kill(Pid::from_raw(child.id().cast_signed()), signal).unwrap();
        stderr.read_to_string(&mut words).unwrap();
        let code = child.wait().unwrap().code();
        Stopped { code, words }
    }

    fn managers(&self) -> usize {
        let runners = self.gitlab.runners();
        runners.iter().map(|runner| runner.managers.len()).sum()
    }

    /// Nothing is left: no runner that was made, no runner manager, no entry, nothing pending.
    fn nothing_is_left(&self, source: &str, at: &str) {
        let mine = usize::from(source == "authentication token");
        assert_eq!(self.gitlab.runners().len(), mine, "{at}");
        assert_eq!((self.managers(), self.stage.entries()), (0, 0), "{at}");
        let state = self
            .stage
            .text(".runner-lifecycle.toml")
            .unwrap_or_default();
        assert!(!state.contains("pending"), "{at}: {state}");
    }
}

/// Runs a story for each source, all at once: they wait more than they work.
fn for_each_source(story: impl Fn(&Scene, &str, &str) + Sync) {
    std::thread::scope(|scope| {
        for (source, call) in SOURCES {
            let story = &story;
            scope.spawn(move || story(&Scene::new(), source, call));
        }
    });
}

#[test]
fn answer_that_takes_seconds_is_waited_for_and_what_it_made_is_taken_back() {
    for_each_source(|scene, source, call| {
        scene
            .gitlab
            .fault(Fault::on(call).delay(Duration::from_secs(7)));
        let child = scene.start(source, &[]);
        let stopped = scene.stop(child, call, Signal::SIGTERM);
        let at = format!("{source}: {}", stopped.words);
        assert_eq!(stopped.code, Some(143), "{at}");
        assert_eq!(scene.gitlab.calls(call).len(), 1, "{at}");
        scene.nothing_is_left(source, &at);
        assert!(stopped.words.contains("unregistered again"), "{at}");
    });
}

#[test]
fn answer_that_never_comes_is_named_before_the_grace_period_is_over() {
    for_each_source(|scene, source, call| {
        scene.gitlab.fault(Fault::on(call).hang_after());
        let child = scene.start(source, &["--grace-period=3s"]);
        let stopped = scene.stop(child, call, Signal::SIGTERM);
        let at = format!("{source}: {}", stopped.words);
        assert_eq!(stopped.code, Some(143), "{at}");
        assert_eq!(scene.gitlab.calls(call).len(), 1, "{at}");
        if source == "authentication token" {
            // Whose token it is, is known: the runner manager that may have been made goes without its answer.
            scene.nothing_is_left(source, &at);
        } else {
            assert_eq!(scene.gitlab.runners().len(), 1, "{at}");
            let named = "may have created a runner: look for the description \"stopped\"";
            assert!(stopped.words.contains(named), "{at}");
            assert_eq!(scene.stage.entries(), 0, "{at}");
        }
    });
}

#[test]
fn no_attempt_is_made_after_a_signal() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        for_each_source(|scene, source, call| {
            let later = Fault::on(call).forever().status(503);
            scene.gitlab.fault(later.header("Retry-After", "4"));
            let child = scene.start(source, &[]);
            let stopped = scene.stop(child, "next attempt in", signal);
            let at = format!("{signal}, {source}: {}", stopped.words);
            assert_eq!(stopped.code, Some(128 + signal as i32), "{at}");
            assert_eq!(
                scene
                    .gitlab
                    .journal()
                    .iter()
                    .filter(|c| c.method == "POST")
                    .count(),
                1,
                "{at}"
            );
            scene.nothing_is_left(source, &at);
        });
    }
}

#[test]
fn new_runner_whose_verification_is_repeated_is_taken_back_at_once() {
    let scene = Scene::new();
    let later = Fault::on("POST /runners/verify").forever().status(503);
    scene.gitlab.fault(later.header("Retry-After", "4"));
    let child = scene.start("access token", &[]);
    let stopped = scene.stop(child, "next attempt in", Signal::SIGTERM);
    let at = &stopped.words;
    assert_eq!(stopped.code, Some(143), "{at}");
    assert_eq!(scene.gitlab.calls("POST /runners/verify").len(), 1, "{at}");
    assert_eq!(scene.gitlab.calls("DELETE /runners").len(), 1, "{at}");
    scene.nothing_is_left("access token", at);
}

#[test]
fn second_signal_waits_for_no_answer() {
    let scene = Scene::new();
    scene.gitlab.fault(Fault::on("POST /runners").hang_after());
    let mut child = scene.start("registration token", &["--grace-period=1h"]);
    let asked = scene
        .gitlab
        .wait_until(LIMIT, |state| state.count("POST /runners") == 1);
    assert!(asked);
    let pid = Pid::from_raw(child.id().cast_signed());
    kill(pid, Signal::SIGTERM).unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut words = String::new();
    while !words.contains("SIGTERM received") {
        assert!(stderr.read_line(&mut words).unwrap() > 0, "{words}");
    }
    kill(pid, Signal::SIGTERM).unwrap();
    stderr.read_to_string(&mut words).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143), "{words}");
    assert!(
        words.contains("look for the description \"stopped\""),
        "{words}"
    );
}
