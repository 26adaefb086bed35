//! The token of a shared runner that somebody has put into the entry of an owned one: whatever runs in between, the shared runner is
//! never deleted nor given another token, for it serves every replica, and the owned one goes or is named.

use acceptance::known::STATE;
use acceptance::pod::put;
use acceptance::stage::{Ended, run};
use gitlab_simulator::{Effect, Fault, NewRunner, Role, Runner};

use super::{REGISTRATION, Volume};

/// What happens between the edit and the end of the pod.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Step {
    /// The init container runs again.
    Register,
    /// The same while GitLab cannot be reached.
    RegisterAlone,
    /// A new runner for the entry.
    ReRegister,
    /// The token is to be reset, which must be refused.
    Rotate,
    /// A command of `runner-reaper` by hand that ends with this code.
    Reaper(&'static str, i32),
    /// The end, while GitLab cannot be reached.
    EndAlone,
    /// A script writes over `config.toml`.
    Lose,
    /// The state is one of version 1, which knew no tokens.
    Old,
    /// The file with the system ID is lost.
    Nameless,
}

/// Which tokens meet.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// Whether the owned runner comes from an access token, so that its token looks like that of a shared one.
    access: bool,
    /// The token of the shared runner; GitLab's own where it is empty.
    shared: &'static str,
}

const CASES: [Case; 4] = [
    Case {
        access: true,
        shared: "",
    },
    Case {
        access: true,
        shared: "shared-by-replicas",
    },
    Case {
        access: false,
        shared: "",
    },
    Case {
        access: false,
        shared: "shared-by-replicas",
    },
];

struct Scene {
    volume: Volume,
    _secret: tempfile::NamedTempFile,
    words: Vec<String>,
    owned: Runner,
    shared: Runner,
}

impl Scene {
    fn of(case: Case) -> Self {
        let volume = Volume::new();
        let secret = tempfile::NamedTempFile::new().unwrap();
        let access = volume
            .gitlab
            .add_access_token(&["create_runner"], Role::admin());
        put(secret.path(), &access);
        let file = format!("--access-token-file={}", secret.path().display());
        let source = match case.access {
            true => vec![file, "--runner-type=instance".to_owned()],
            false => vec![REGISTRATION.to_owned()],
        };
        let words = [source, vec!["--name=n".to_owned()]].concat();
        let all: Vec<&str> = words.iter().map(String::as_str).collect();
        volume.run(&all);
        let owned = volume.gitlab.runners().pop().unwrap();
        let shared = volume.gitlab.add_runner(NewRunner {
            token: Some(case.shared.to_owned()).filter(|token| !token.is_empty()),
            ..NewRunner::default()
        });
        Self {
            volume,
            _secret: secret,
            words,
            owned,
            shared,
        }
    }

    fn words(&self) -> Vec<&str> {
        self.words.iter().map(String::as_str).collect()
    }

    /// Puts a token into the entry. Its ID stays as it was: a rotated token would look the same.
    fn paste(&self, token: &str) {
        let text = self.volume.config().replace(&self.owned.token, token);
        let id = format!("id = {}\n", self.owned.id);
        assert!(text.contains(&id) && text.contains(token), "{text}");
        self.volume.stage.put("config.toml", &text);
    }

    fn away(&self) {
        let fault = Fault::on("*").effect(Effect::DropBefore).forever();
        self.volume.gitlab.fault(fault);
    }

    fn reaper(&self, words: &[&str]) -> Ended {
        run(self.volume.stage.command("runner-reaper").args(words))
    }

    fn re_register(&self) -> Ended {
        let stage = &self.volume.stage;
        let mut command = stage.init(&["re-register", "--non-interactive", "--executor=shell"]);
        command.args(["--url", &self.volume.gitlab.url()]);
        run(command.args(self.words()))
    }

    fn play(&self, step: Step) -> Option<Ended> {
        let Volume { stage, .. } = &self.volume;
        let (ended, code) = match step {
            Step::Register => (run(&mut self.volume.command(&self.words())), 0),
            Step::RegisterAlone => {
                self.away();
                let words = [&self.words()[..], &["--timeout=1s"]].concat();
                (run(&mut self.volume.command(&words)), 0)
            }
            Step::ReRegister => (self.re_register(), 0),
            Step::Rotate => (run(&mut stage.init(&["rotate"])), 78),
            Step::Reaper(word, code) => (self.reaper(&[word]), code),
            Step::EndAlone => {
                self.away();
                let words = ["unregister", "--all-runners", "--unregister-timeout=1s"];
                let ended = self.reaper(&words);
                // A runner whose token is nowhere is the graver thing.
                let code = if ended
                    .stderr
                    .contains("no entry of config.toml contains its token")
                {
                    78
                } else {
                    69
                };
                (ended, code)
            }
            Step::Lose => {
                stage.put("config.toml", "concurrent = 1\n");
                return None;
            }
            Step::Old => {
                let text = self.volume.state();
                let kept = text.lines().filter(|line| !line.starts_with("token"));
                stage.put(
                    STATE,
                    &kept.map(|line| format!("{line}\n")).collect::<String>(),
                );
                return None;
            }
            Step::Nameless => {
                std::fs::remove_file(stage.file(".runner_system_id")).unwrap();
                return None;
            }
        };
        self.volume.gitlab.clear_faults();
        assert_eq!(ended.code(), code, "{step:?}: {}", ended.output());
        Some(ended)
    }
}

fn check(case: Case, steps: &[Step]) {
    let scene = Scene::of(case);
    scene.paste(&scene.shared.token);
    let mut said = format!("{case:?} {steps:?}");
    for step in steps {
        let output = scene.play(*step).map(|ended| ended.output());
        said += &format!("\n--- {step:?}\n{}", output.unwrap_or_default());
    }
    let ended = scene.volume.unregister();
    said += &format!("\n--- end: {}\n{}", ended.code(), ended.output());
    let mut left = scene.volume.gitlab.runners();
    let shared = left.iter().position(|runner| runner.id == scene.shared.id);
    let shared = left.remove(shared.unwrap_or_else(|| panic!("it was deleted: {said}")));
    assert_eq!(shared.token, scene.shared.token, "{said}");
    // What only a token told that nobody has any more cannot go.
    let may_stay = steps
        .iter()
        .any(|step| [Step::Old, Step::Nameless].contains(step));
    assert!(left.is_empty() || may_stay, "{said}");
    for runner in left {
        let named = format!("runner {}", runner.id);
        assert!(ended.code() != 0 && ended.stderr.contains(&named), "{said}");
    }
    let lost = steps.contains(&Step::Lose) && ended.code() == 78;
    assert!(shared.managers.is_empty() || may_stay || lost, "{said}");
}

#[test]
fn shared_runner_outlives_whatever_runs_between_the_edit_and_the_end() {
    use Step::{
        EndAlone, Lose, Nameless, Old, ReRegister, Reaper, Register, RegisterAlone, Rotate,
    };
    let stories: &[&[Step]] = &[
        &[],
        &[Register],
        &[RegisterAlone],
        &[RegisterAlone, Register],
        &[RegisterAlone, RegisterAlone],
        &[ReRegister],
        &[RegisterAlone, ReRegister],
        &[ReRegister, Register],
        &[Rotate],
        &[RegisterAlone, Rotate],
        &[Register, Rotate],
        &[Nameless],
        &[Nameless, Rotate],
        &[Nameless, Register],
        &[Reaper("status", 78)],
        &[Reaper("pause", 0)],
        &[EndAlone],
        &[EndAlone, EndAlone],
        &[EndAlone, Register],
        &[Lose],
        &[Register, Lose],
        &[RegisterAlone, Lose],
        &[RegisterAlone, Lose, Register],
        &[Register, Lose, Register],
        &[Old],
        &[Old, Register],
        &[Old, RegisterAlone],
        &[Old, RegisterAlone, Register],
        &[Old, Rotate],
        &[Old, ReRegister],
        &[Old, EndAlone],
    ];
    for case in CASES {
        std::thread::scope(|scope| {
            for steps in stories {
                scope.spawn(move || check(case, steps));
            }
        });
    }
}

#[test]
fn old_token_that_somebody_put_back_does_not_cost_the_runner_its_entry() {
    for case in [CASES[0], CASES[2]] {
        let scene = Scene::of(case);
        scene.paste("glrtr-of-a-runner-long-gone");
        scene.play(Step::Register);
        let now = scene.volume.runner("n");
        assert_eq!((now.id, &now.token), (scene.owned.id, &scene.owned.token));
        scene.paste("glrtr-of-a-runner-long-gone");
        let ended = scene.play(Step::ReRegister).unwrap();
        let ids = |scene: &Scene| {
            let runners = scene.volume.gitlab.runners().into_iter();
            runners.map(|runner| runner.id).collect::<Vec<_>>()
        };
        let new = scene.volume.runner("n").id;
        assert_eq!(ids(&scene), [scene.shared.id, new], "{}", ended.output());
        let ended = scene.volume.unregister();
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert_eq!(ids(&scene), [scene.shared.id], "{}", ended.output());
    }
}

#[test]
fn runner_that_was_deleted_after_its_token_was_rotated_is_replaced_and_forgotten() {
    for case in [CASES[0], CASES[2]] {
        let scene = Scene::of(case);
        let gitlab = &scene.volume.gitlab;
        let rotated = gitlab.rotate_token(scene.owned.id).unwrap();
        scene.paste(&rotated);
        gitlab.update(|state| assert!(state.remove_runner(scene.owned.id)));
        scene.play(Step::Register);
        assert_ne!(scene.volume.runner("n").id, scene.owned.id);
        let ended = scene.volume.unregister();
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let words = "done: 1 unregistered, nothing is left at GitLab";
        assert!(ended.stderr.contains(words), "{}", ended.output());
        assert_eq!(gitlab.runners().len(), 1, "{}", ended.output());
    }
}
