//! Canary tokens: they are in no word that `runner-init` says and in no file but those that are made for them.

use std::fs;

use acceptance::canary::form;
use acceptance::pod::Pod;
use acceptance::stage::{Ended, Stage, run};
#[cfg(target_arch = "x86_64")]
use acceptance::tracer::{Fate, trace};
use gitlab_simulator::{AccessToken, Fault, NewRunner, Role, Settings, Validity};

/// How a token is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Flag,
    Variable,
    File,
}

/// Which token is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Authentication,
    Access,
    Registration,
}

const GIVEN: [(Kind, Way); 7] = [
    (Kind::Authentication, Way::Flag),
    (Kind::Authentication, Way::Variable),
    (Kind::Authentication, Way::File),
    (Kind::Access, Way::File),
    (Kind::Registration, Way::Flag),
    (Kind::Registration, Way::Variable),
    (Kind::Registration, Way::File),
];

/// One run's surroundings, with tokens that occur nowhere else.
struct Scene {
    kind: Kind,
    way: Way,
    pod: Pod,
    /// Secrets and the termination message, outside the volume.
    outside: Stage,
    canary: String,
}

impl Scene {
    fn new(kind: Kind, way: Way) -> Self {
        let canary = match kind {
            Kind::Authentication => format!("glrt-canaryAuthentication{way:?}"),
            Kind::Access => format!("glpat-canaryAccess{way:?}"),
            // Its form is free: nothing but its place says that it is a token.
            Kind::Registration => format!("canaryRegistration{way:?}"),
        };
        let access = AccessToken {
            token: canary.clone(),
            username: "root".into(),
            scopes: vec!["create_runner".into()],
            role: Role::admin(),
            validity: Validity::Valid,
        };
        let pod = Pod::empty(Settings {
            registration_token: canary.clone(),
            access_tokens: vec![access],
            ..Settings::default()
        });
        if kind == Kind::Authentication {
            let token = Some(canary.clone());
            pod.gitlab.add_runner(NewRunner {
                token,
                ..NewRunner::default()
            });
        }
        let outside = Stage::new();
        outside.put("token", &format!("{canary}\n"));
        outside.put("termination-log", "");
        Self {
            kind,
            way,
            pod,
            outside,
            canary,
        }
    }

    fn command(&self, more: &[&str]) -> std::process::Command {
        let mut command = self.pod.init(&[""; 0]);
        let message = self.outside.file("termination-log");
        command.env("RUNNER_INIT_TERMINATION_MESSAGE_PATH", message);
        let flag = match self.kind {
            Kind::Authentication => "token",
            Kind::Access => "access-token",
            Kind::Registration => "registration-token",
        };
        match self.way {
            Way::Flag => command.arg(format!("--{flag}={}", self.canary)),
            Way::File => {
                let path = self.outside.file("token");
                command.arg(format!("--{flag}-file={}", path.display()))
            }
            Way::Variable if self.kind == Kind::Authentication => {
                command.env("CI_SERVER_TOKEN", &self.canary)
            }
            Way::Variable => command.env("REGISTRATION_TOKEN", &self.canary),
        };
        if self.kind == Kind::Access {
            command.arg("--runner-type=instance");
        }
        command.args(more);
        command
    }

    /// Looks at all that was said and written.
    fn look(&self, ended: &Ended, at: &str) {
        let at = format!(
            "{:?} by {:?}, {at}: {}",
            self.kind,
            self.way,
            ended.output()
        );
        let message = self.outside.text("termination-log").unwrap();
        let state = self
            .pod
            .stage
            .text(".runner-lifecycle.toml")
            .unwrap_or_default();
        // The token of an owned runner, so that it is not lost with config.toml; never that of a shared one.
        let owned = self.kind != Kind::Authentication;
        for secret in self.pod.secrets() {
            assert_eq!(form(ended.output(), &secret), None, "said: {at}");
            let shown = form(&message, &secret);
            assert_eq!(shown, None, "termination message: {at}{message}");
            let given = secret == self.canary && self.kind != Kind::Authentication;
            for (name, (mode, bytes)) in self.pod.stage.snapshot() {
                let Some(found) = form(&bytes, &secret) else {
                    continue;
                };
                assert_eq!(found, "as text", "{name}: {at}");
                assert!(!given, "{name} holds the given token: {at}");
                assert_eq!(mode & 0o077, 0, "{name} is for its owner alone: {at}");
                // A new file that a kill left behind is one of these under another name.
                let meant = name.contains("config.toml")
                    || name.contains(".runner-lifecycle.toml") && owned;
                assert!(meant, "{name} holds a token: {at}{state}");
            }
        }
    }
}

/// Every run that ends in some way, for every way to give a token.
fn check(what: &str, code: i32, more: &[&str], before: impl Fn(&Scene)) {
    for (kind, way) in GIVEN {
        let scene = Scene::new(kind, way);
        before(&scene);
        for extra in [&[][..], &["--log-format=json", "--log-level=debug"]] {
            let words = [more, extra].concat();
            let ended = run(&mut scene.command(&words));
            let at = format!("{what} {extra:?}");
            assert_eq!(
                ended.code(),
                code,
                "{at} {kind:?} {way:?}: {}",
                ended.output()
            );
            scene.look(&ended, &at);
        }
    }
}

#[test]
fn token_is_not_said_by_a_run_that_succeeds() {
    check("success", 0, &[], |_| {});
    check("dry run", 0, &["--dry-run"], |_| {});
}

#[test]
fn token_is_not_said_by_a_run_that_fails() {
    check("usage", 2, &["--limit=many"], |_| {});
    check("unknown flag", 2, &["--no-such-flag"], |_| {});
    check("broken file", 78, &[], |scene| {
        scene.pod.stage.put("config.toml", "concurrent = = 1\n");
    });
    for (status, code) in [(400, 78), (401, 77), (403, 77), (410, 77), (422, 78)] {
        check("refusal", code, &[], |scene| {
            let words = format!("{{\"message\":\"{status} no {} here\"}}", scene.canary);
            let fault = Fault::on("POST *").forever().status(status);
            scene
                .pod
                .gitlab
                .fault(fault.json(serde_json::from_str(&words).unwrap()));
        });
    }
    check("silence", 69, &["--timeout=1s"], |scene| {
        let words = format!("busy with {}", scene.canary);
        scene
            .pod
            .gitlab
            .fault(Fault::on("POST *").forever().status(503).body(&words));
    });
    check("redirect", 78, &[], |scene| {
        let target = format!(
            "http://other.invalid/{}?token={}",
            scene.canary, scene.canary
        );
        let fault = Fault::on("POST *").forever().status(302);
        scene.pod.gitlab.fault(fault.header("Location", &target));
    });
}

#[test]
fn token_at_a_wrong_place_is_neither_said_nor_in_the_termination_message() {
    let canary = "glrt-canaryAtAWrongPlace";
    for words in [
        "CANARY",
        "--CANARY",
        "--CANARY=x",
        "--url=CANARY",
        "--url=https://CANARY --timeout=1s",
        "--url=http://CANARY@gitlab.example",
        "--executor=CANARY",
        "--limit=CANARY",
        "--paused=CANARY",
        "--runner-type=CANARY",
        "--token-file CANARY",
        "--template-config CANARY",
        "--config-base CANARY",
        "--tls-ca-file CANARY",
        "--config CANARY/..",
        "--token CANARY\nCANARY",
    ] {
        let pod = Pod::fresh();
        pod.stage.put("end", "");
        let words: Vec<String> = words
            .split(' ')
            .map(|word| word.replace("CANARY", canary))
            .collect();
        let mut command = pod.init(&["--registration-token=x", "--termination-message-path=end"]);
        let ended = run(command.args(&words));
        let at = format!("{words:?}: {}", ended.output());
        assert!([2, 69, 78].contains(&ended.code()), "{at}");
        assert_eq!(form(ended.output(), canary), None, "{at}");
        assert!(!ended.output().to_lowercase().contains("canary"), "{at}");
        let told = pod.stage.text("end").unwrap();
        assert!(!told.is_empty(), "{at}");
        assert!(!told.to_lowercase().contains("canary"), "{at}{told}");
        assert!(pod.gitlab.journal().is_empty(), "{at}");
    }
}

#[cfg(target_arch = "x86_64")]
#[test]
fn token_is_in_no_wrong_file_wherever_the_run_is_killed() {
    for (kind, way) in [
        (Kind::Authentication, Way::File),
        (Kind::Access, Way::File),
        (Kind::Registration, Way::Variable),
    ] {
        let mut steps = 0;
        loop {
            let scene = Scene::new(kind, way);
            let mut reached = false;
            let killed = trace(&mut scene.command(&[]), |number, _| {
                if number < steps {
                    return Fate::GoOn;
                }
                reached = true;
                Fate::Kill
            });
            scene.look(&killed, &format!("killed at step {steps}"));
            if !reached {
                assert_eq!(killed.code(), 0, "{}", killed.output());
                break;
            }
            // Every other step: what happens between two writes is the same on the disk.
            steps += 2;
        }
        assert!(steps > 20, "{kind:?}: {steps}");
    }
}

#[test]
fn process_leaves_no_core_and_starts_nothing_that_holds_a_token() {
    let scene = Scene::new(Kind::Access, Way::File);
    scene
        .pod
        .gitlab
        .fault(Fault::on("POST /user/runners").forever().hang());
    let run = scene.pod.begin(&mut scene.command(&[]));
    scene.pod.is_asked("POST /user/runners", 1);
    let look = |name: &str| fs::read(format!("/proc/{}/{name}", run.child.id())).unwrap();
    let limits = String::from_utf8(look("limits")).unwrap();
    let (argv, environment) = (look("cmdline"), look("environ"));
    let children = look(&format!("task/{}/children", run.child.id()));
    drop(run);
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"))
        .unwrap();
    let words: Vec<&str> = core.split_whitespace().collect();
    assert_eq!(words[4..6], ["0", "0"], "{core}");
    for text in [argv, environment] {
        assert_eq!(form(&text, &scene.canary), None);
    }
    assert!(children.is_empty(), "{children:?}");
}
