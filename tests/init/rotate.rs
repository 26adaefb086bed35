//! `runner-init rotate`: one entry gets another token, nobody loses one without having been told, and no token is said.

use acceptance::known::RESET;
use std::process::Command;

use acceptance::canary::form;
use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{NewRunner, Settings, Simulator};

mod answers;
mod files;
#[cfg(target_arch = "x86_64")]
mod killed;
mod output;

/// A volume after a registration, and its GitLab.
pub(crate) struct Scene {
    pub(crate) gitlab: Simulator,
    pub(crate) stage: Stage,
    /// What is no part of the volume.
    pub(crate) outside: Stage,
    pub(crate) shared: bool,
    /// The token before.
    pub(crate) old: String,
}

impl Scene {
    fn of(shared: bool, settings: Settings) -> Self {
        let gitlab = Simulator::start(settings).unwrap();
        let mut scene = Self {
            gitlab,
            stage: Stage::new(),
            outside: Stage::new(),
            shared,
            old: String::new(),
        };
        let born = run(&mut scene.register());
        assert_eq!(born.code(), 0, "{}", born.output());
        scene.old = scene.token();
        scene
    }

    fn new(shared: bool) -> Self {
        Self::of(shared, Settings::default())
    }

    /// The registration that made the volume; run again it changes nothing.
    fn register(&self) -> Command {
        let mut command = self
            .stage
            .init(&["register", "--non-interactive", "--executor=shell"]);
        command.args(["--url", &self.gitlab.url(), "--name=one"]);
        let token = match (self.shared, self.gitlab.runners().first()) {
            (true, Some(runner)) => format!("--token={}", runner.token),
            (true, None) => {
                let runner = self.gitlab.add_runner(NewRunner::default());
                format!("--token={}", runner.token)
            }
            (false, _) => "--registration-token=gitlabtoken".to_owned(),
        };
        command
            .arg(token)
            .env("RUNNER_INIT_POD_NAME", "runner-0")
            .env("RUNNER_INIT_POD_NAMESPACE", "ci");
        command
    }

    fn command(&self, more: &[&str]) -> Command {
        let mut command = self.stage.init(&["rotate"]);
        if self.shared {
            command.arg("--shared");
        }
        command.args(more);
        command
    }

    fn rotate(&self, more: &[&str]) -> Ended {
        run(&mut self.command(more))
    }

    /// The token that GitLab takes now.
    fn token(&self) -> String {
        self.gitlab.runners()[0].token.clone()
    }

    fn resets(&self) -> usize {
        self.gitlab.calls(RESET).len()
    }

    fn config_text(&self) -> String {
        self.stage.text("config.toml").unwrap()
    }

    fn state(&self) -> String {
        self.stage.text(".runner-lifecycle.toml").unwrap()
    }

    /// Whether the volume holds the token of now where it belongs, and that of before nowhere.
    #[track_caller]
    fn is_rotated(&self, at: &str) {
        let (new, text) = (self.token(), self.config_text());
        assert_ne!(new, self.old, "{at}");
        assert!(text.contains(&format!("token = \"{new}\"")), "{at}: {text}");
        assert!(
            !self.state().contains("[rotation]"),
            "{at}: {}",
            self.state()
        );
        for (name, (_, bytes)) in self.stage.snapshot() {
            assert_eq!(form(&bytes, &self.old), None, "{at}: {name}");
            let may = name == "config.toml" || name == ".runner-lifecycle.toml" && !self.shared;
            assert!(may || form(&bytes, &new).is_none(), "{at}: {name}");
        }
    }

    /// Whether nothing was sent and nothing was written.
    #[track_caller]
    fn is_refused(&self, ended: &Ended, code: i32, words: &str) {
        assert_eq!(ended.code(), code, "{}", ended.output());
        let error = ended.one_error(words);
        assert!(error.contains(words), "{error}");
        assert_eq!(self.resets(), 0, "{}", ended.output());
        assert_eq!(self.token(), self.old);
        self.says_no_token(ended);
    }

    #[track_caller]
    fn says_no_token(&self, ended: &Ended) {
        for token in [&self.old, &self.token()] {
            assert_eq!(form(ended.output(), token), None, "{}", ended.output());
        }
    }
}

#[test]
fn entry_gets_another_token_and_nothing_else_of_the_file_changes() {
    for shared in [false, true] {
        let year = std::time::Duration::from_secs(365 * 24 * 3600);
        let mut settings = Settings::default();
        settings.token_expiry.instance = Some(year);
        let scene = Scene::of(shared, settings);
        let text = "# the operator's\n".to_owned() + &scene.config_text();
        scene.stage.put("config.toml", &text);
        let ended = scene.rotate(&[]);
        assert_eq!(ended.code(), 0, "{}", ended.output());
        scene.is_rotated("rotated");
        scene.says_no_token(&ended);
        assert_eq!(scene.resets(), 1);
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
        let now = scene.config_text();
        let kept = |text: &str| -> Vec<String> {
            let lines = text.lines().filter(|line| !line.contains("token"));
            lines.map(str::to_owned).collect()
        };
        assert_eq!(kept(&now), kept(&text));
        let entry = &scene.stage.config()["runners"][0];
        let expires = entry["token_expires_at"].to_string();
        assert!(!expires.contains("0001-01-01"), "{now}");
        // The runner manager of this volume, and no `<legacy>` beside it.
        let system_id = scene.stage.text(".runner_system_id").unwrap();
        let runner = &scene.gitlab.runners()[0];
        let managers: Vec<&str> = runner
            .managers
            .iter()
            .map(|m| m.system_id.as_str())
            .collect();
        assert_eq!(managers, [system_id.as_str()]);
        assert_eq!(scene.state().contains(&scene.token()), !shared);
        // What comes after finds nothing to do.
        let again = run(&mut scene.register());
        assert_eq!(again.code(), 0, "{}", again.output());
        assert_eq!(scene.config_text(), now);
        assert_eq!(scene.gitlab.runners().len(), 1);
    }
}

#[test]
fn shared_token_is_reset_only_when_told_so() {
    let scene = Scene::new(true);
    let before = scene.stage.snapshot();
    for more in [&[][..], &["--dry-run"], &["--output=json"]] {
        let ended = run(scene.stage.init(&["rotate"]).args(more));
        scene.is_refused(&ended, 78, "in all other pods");
        assert!(ended.stdout.is_empty(), "{}", ended.stdout);
        assert!(ended.stderr.contains("--shared"), "{}", ended.stderr);
        assert_eq!(scene.stage.snapshot(), before, "{more:?}");
    }
}

#[test]
fn several_entries_need_a_choice_and_the_others_stay_to_the_byte() {
    let scene = Scene::new(false);
    let other = scene.gitlab.add_runner(NewRunner::default());
    let entry = format!(
        "[[runners]]\n  name = \"two\"\n  url = \"{}\" # mine\n  id = {}\n  token = \"{}\"\n  executor = \"shell\"\n",
        scene.gitlab.url(),
        other.id,
        other.token
    );
    let text = scene.config_text() + &entry;
    scene.stage.put("config.toml", &text);
    scene.is_refused(&scene.rotate(&[]), 2, "2 runner entries to choose from");
    scene.is_refused(&scene.rotate(&["--name=none"]), 78, "no such runner entry");
    assert_eq!(scene.config_text(), text);
    let ended = scene.rotate(&["--name", "one", "--url", &scene.gitlab.url()]);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    scene.is_rotated("chosen");
    assert!(scene.config_text().ends_with(&entry));
    let runners = scene.gitlab.runners();
    assert!(runners.iter().any(|runner| runner.token == other.token));
}

#[test]
fn wrong_words_are_told_with_the_flags_of_the_command() {
    fn check(words: &[&str], want: &str) {
        let stage = Stage::new();
        let ended = run(stage.init(&["rotate"]).args(words));
        assert_eq!(ended.code(), 2, "{words:?}: {}", ended.output());
        let error = ended.one_error(want);
        assert!(error.contains(want), "{words:?}: {error}");
        assert!(stage.snapshot().is_empty(), "{words:?}");
    }
    check(&["--token-oot=f"], "did you mean --token-out?");
    check(&["--docker-image=a"], "unknown flag --docker-image");
    check(&["--output=xml"], "text or json");
    check(&["--url=nowhere"], "--url");
    check(&["rotate"], "\"rotate\" (argument 2)");
    check(&["--id=many"], "--id");
    check(&["--token-out"], "--token-out needs a value");
}

#[test]
fn help_of_the_command_shows_its_flags_and_not_those_of_a_registration() {
    let stage = Stage::new();
    for words in [
        &["rotate", "--help"][..],
        &["rotate", "-h"],
        &["--debug", "rotate", "--help"],
    ] {
        let ended = run(&mut stage.init(words));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert!(ended.stdout.contains("--token-out"), "{}", ended.stdout);
        assert!(!ended.stdout.contains("--executor"), "{}", ended.stdout);
        assert_eq!(ended.stdout.matches("Options:").count(), 1);
        // What a flag does to a registration is not what it does here.
        for of_register in ["to write", "default 5m", "registration", "manifest needs"] {
            let all = &ended.stdout;
            assert!(!all.contains(of_register), "{of_register}: {all}");
        }
    }
    let all = run(&mut stage.init(&["--help"]));
    for word in ["rotate", "completions", "--executor"] {
        assert!(all.stdout.contains(word), "{word}: {}", all.stdout);
    }
}

#[test]
fn two_shells_at_once_wait_for_each_other_and_the_last_token_is_the_files() {
    let scene = Scene::new(false);
    let shells = [0, 1].map(|_| {
        let mut command = scene.command(&["--timeout=60s"]);
        command
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        command.spawn().unwrap()
    });
    for shell in shells {
        let ended = shell.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(0), "{said}");
    }
    assert_eq!(scene.resets(), 2);
    scene.is_rotated("two at once");
}
