//! Wrong manifests: GitLab is not asked, no file changes, and one line says what to change.

mod tokens;

use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{Settings, Simulator};

/// A GitLab that would make a runner of every mistake, and a volume that would keep it.
struct Scene {
    gitlab: Simulator,
    stage: Stage,
}

impl Scene {
    fn new() -> Self {
        let gitlab = Simulator::start(Settings::default()).unwrap();
        let stage = Stage::new();
        Self { gitlab, stage }
    }

    /// `{url}` is GitLab's, `{dir}` the volume.
    fn fill(&self, text: &str) -> String {
        text.replace("{url}", &self.gitlab.url())
            .replace("{dir}", &self.stage.path().display().to_string())
    }

    /// Runs with words and variables parted by blanks, and looks at what must hold for every mistake.
    fn refuse(&self, words: &[&str], variables: &[(&str, &str)], code: i32, named: &str) -> Ended {
        let before = self.stage.snapshot();
        let words: Vec<String> = words.iter().map(|word| self.fill(word)).collect();
        let mut command = self.stage.init(&["register"]);
        command.args(&words);
        for (name, value) in variables {
            command.env(name, self.fill(value));
        }
        let ended = run(&mut command);
        let at = format!("{words:?} {variables:?}: {}", ended.output());
        assert_eq!(ended.code(), code, "{at}");
        assert!(ended.stdout.is_empty(), "{at}");
        let error = ended.one_error(&at);
        assert!(error.contains(&self.fill(named)), "{named} in {at}");
        assert!(self.gitlab.journal().is_empty(), "GitLab was asked: {at}");
        let mut after = self.stage.snapshot();
        // It stays, empty: removed it would part two who wait for it.
        after.remove(".runner-lifecycle.lock");
        let mut before = before;
        before.remove(".runner-lifecycle.lock");
        assert_eq!(after, before, "{at}");
        ended
    }
}

/// The words of a manifest that is right, but for what is added or overridden.
fn right<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let mut words = vec![
        "--non-interactive",
        "--url={url}",
        "--executor=shell",
        "--description=wrong",
    ];
    words.extend(more);
    words
}

const TOKEN: &str = "--registration-token=gitlabtoken";

#[test]
fn right_words_are_right() {
    let scene = Scene::new();
    let words: Vec<String> = right(&[TOKEN]).iter().map(|w| scene.fill(w)).collect();
    let ended = run(scene.stage.init(&["register"]).args(words));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(scene.gitlab.runners().len(), 1);
}

#[test]
fn missing_field_of_an_executor_is_named_with_its_flag() {
    let scene = Scene::new();
    for (words, named) in [
        ("docker", "--docker-image"),
        ("docker+machine", "--docker-image"),
        ("docker-autoscaler", "--docker-image"),
        ("docker-windows", "--docker-image"),
        ("parallels", "--parallels-base-name"),
        ("parallels --parallels-base-name=b", "--ssh-host"),
        ("ssh", "--ssh-host"),
        ("ssh --ssh-host=h", "--ssh-user"),
        ("ssh --ssh-user=u", "--ssh-host"),
        ("virtualbox", "--virtualbox-base-name"),
        ("virtualbox --virtualbox-base-name=b", "--ssh-user"),
        ("doker", "--executor"),
        ("Shell", "--executor"),
    ] {
        let executor = format!("--executor={words}");
        let mut all = right(&[TOKEN]);
        all.extend(executor.split(' '));
        scene.refuse(&all, &[], 2, named);
    }
    let words = ["--non-interactive", "--url={url}", TOKEN];
    scene.refuse(&words, &[], 2, "--executor");
    let blank = [("DOCKER_IMAGE", "  ")];
    let words = right(&[TOKEN, "--executor=docker"]);
    scene.refuse(&words, &blank, 2, "--docker-image");
}

#[test]
fn value_that_cannot_be_read_is_named_with_its_flag() {
    let scene = Scene::new();
    for (word, named) in [
        ("--limit=many", "--limit"),
        ("--limit=1.5", "--limit"),
        ("--request-concurrency=", "--request-concurrency"),
        ("--output-limit=9223372036854775808", "--output-limit"),
        ("--concurrent=0", "--concurrent"),
        ("--concurrent=-1", "--concurrent"),
        ("--debug=perhaps", "--debug"),
        ("--docker-privileged=ja", "--docker-privileged"),
        ("--drain-ready=2", "--drain-ready"),
        ("--locked=maybe", "--locked"),
        ("--run-untagged=maybe", "--run-untagged"),
        ("--paused=maybe", "--paused"),
        ("--maximum-timeout=1h", "--maximum-timeout"),
        ("--access-level=secret", "--access-level"),
        ("--timeout=soon", "--timeout"),
        ("--timeout=", "--timeout"),
        ("--check-interval=-3", "--check-interval"),
        ("--shutdown-timeout=soon", "--shutdown-timeout"),
        ("--file-mode=0999", "--file-mode"),
        ("--file-mode=0444", "--file-mode"),
        ("--file-mode=4755", "--file-mode"),
        ("--log-level=loud", "--log-level"),
        ("--log-format=xml", "--log-format"),
        ("--runner-type=planet", "--runner-type"),
        ("--runner-type=group", "--group-id"),
        ("--runner-type=project", "--project-id"),
        ("--group-id=0", "--group-id"),
        (
            "--kubernetes-node-selector=disk=ssd",
            "--kubernetes-node-selector",
        ),
        ("--kubernetes-pod-labels=team", "--kubernetes-pod-labels"),
        ("--description=   ", "--description"),
    ] {
        scene.refuse(&right(&[TOKEN, word]), &[], 2, named);
    }
    for (name, value) in [
        ("RUNNER_LIMIT", "many"),
        ("RUNNER_INIT_TIMEOUT", "soon"),
        ("RUNNER_INIT_CONCURRENT", "0"),
        ("RUNNER_INIT_DRAIN_READY", "ja"),
        ("RUNNER_INIT_FILE_MODE", "rw"),
    ] {
        scene.refuse(&right(&[TOKEN]), &[(name, value)], 2, name);
    }
}

#[test]
fn url_that_is_none_is_refused() {
    let scene = Scene::new();
    for url in [
        "gitlab.example",
        "127.0.0.1:8080",
        "ftp://gitlab.example",
        "file:///etc",
        "http://",
        "http://user:pw@gitlab.example",
        "https://gitlab example",
    ] {
        let word = format!("--url={url}");
        let ended = scene.refuse(&right(&[TOKEN, &word]), &[], 2, "--url");
        assert!(!ended.stderr.contains(":pw@"), "{}", ended.output());
    }
    let words = ["--non-interactive", "--executor=shell", TOKEN];
    scene.refuse(&words, &[], 2, "--url");
    scene.refuse(&words, &[("CI_SERVER_URL", "")], 2, "--url");
}

#[test]
fn token_that_cannot_be_used_is_refused_without_being_shown() {
    let scene = Scene::new();
    let secrets = Stage::new();
    secrets.put("empty", "  \n");
    secrets.put("inner", "glrt-canary\nglrt-second");
    secrets.put("good", "glrt-canary");
    let file = |name: &str| secrets.file(name).display().to_string();
    let flag = |flag: &str, name: &str| format!("--{flag}={}", file(name));
    for (words, code, named) in [
        (
            vec!["--token=glrt-canary\nx".to_owned()],
            2,
            "--token".to_owned(),
        ),
        (
            vec!["--registration-token=glrt-canary\u{e9}".into()],
            2,
            "--registration-token".into(),
        ),
        (vec![flag("token-file", "missing")], 78, file("missing")),
        (vec![flag("token-file", "empty")], 78, file("empty")),
        (vec![flag("token-file", "inner")], 78, file("inner")),
        (
            vec![flag("registration-token-file", "missing")],
            78,
            file("missing"),
        ),
        (
            vec![
                flag("access-token-file", "missing"),
                "--runner-type=instance".into(),
            ],
            78,
            file("missing"),
        ),
        (
            vec![
                flag("access-token-file", "empty"),
                "--runner-type=instance".into(),
            ],
            78,
            file("empty"),
        ),
        (
            vec![flag("access-token-file", "good")],
            2,
            "--runner-type".into(),
        ),
        (
            vec![flag("token-file", "good"), "--token=glrt-canary".into()],
            2,
            "--token-file".into(),
        ),
        (
            vec![flag("token-file", "good"), "--tag-list=a".into()],
            2,
            "--tag-list".into(),
        ),
        (vec![], 2, "--token-file".into()),
        (vec!["--token=".into()], 2, "--token-file".into()),
    ] {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let ended = scene.refuse(&right(&words), &[], code, &named);
        assert!(!ended.output().contains("canary"), "{}", ended.output());
    }
    let variable = [("CI_SERVER_TOKEN", "glrt-canary x")];
    let ended = scene.refuse(&right(&[]), &variable, 2, "CI_SERVER_TOKEN");
    assert!(!ended.output().contains("canary"), "{}", ended.output());
}

#[test]
fn word_that_is_no_flag_is_refused_with_the_way_on() {
    let scene = Scene::new();
    for (word, named) in [
        ("--docker-imgae=alpine", "--docker-image"),
        ("--regstration-token=x", "--registration-token"),
        ("--zzzzzzzzzzzz", "--help"),
        ("stray", "\"stray\" (argument 7) does not belong to a flag"),
        ("---url", "not a flag"),
        ("--pre-clone-script=x", "--pre-get-sources-script"),
        ("--docker-services=mysql", "--template-config"),
        ("--url", "--url needs a value"),
        ("-n=x", "-n"),
    ] {
        scene.refuse(&right(&[TOKEN, word]), &[], 2, named);
    }
    let spelt = ["--name=a", "--description=b"];
    let words = ["--url={url}", "--executor=shell", TOKEN, spelt[0], spelt[1]];
    scene.refuse(&words, &[], 2, "--name");
    let words = right(&[TOKEN, "--paused", "false"]);
    scene.refuse(&words, &[], 2, "--paused=false");
}

#[test]
fn file_that_cannot_be_used_is_named_by_its_path() {
    let scene = Scene::new();
    scene.stage.put("broken.toml", "concurrent = = 1\n");
    scene.stage.put("plain", "no certificate");
    for (word, named) in [
        ("--tls-ca-file={dir}/missing.crt", "{dir}/missing.crt"),
        ("--tls-ca-file={dir}/plain", "{dir}/plain"),
        ("--tls-cert-file={dir}/missing.crt", "tls-key-file"),
        ("--template-config={dir}/missing.toml", "{dir}/missing.toml"),
        ("--template-config={dir}/broken.toml", "{dir}/broken.toml"),
        ("--config-base={dir}/missing.toml", "{dir}/missing.toml"),
        ("--config-base={dir}/broken.toml", "{dir}/broken.toml"),
        ("--config={dir}/plain/config.toml", "{dir}/plain"),
        ("--config={dir}/broken.toml", "broken.toml"),
    ] {
        // A CA file counts for https alone, but a missing one is a mistake in any manifest.
        scene.refuse(&right(&[TOKEN, word]), &[], 78, named);
    }
    let https = [
        "--url=https://127.0.0.1:1",
        "--tls-ca-file={dir}/missing.crt",
        TOKEN,
    ];
    scene.refuse(&right(&https), &[], 78, "{dir}/missing.crt");
}

#[test]
fn config_that_is_a_directory_or_broken_is_left_alone() {
    let scene = Scene::new();
    std::fs::create_dir(scene.stage.file("config.toml")).unwrap();
    scene.refuse(&right(&[TOKEN]), &[], 78, "config.toml");
    let scene = Scene::new();
    scene.stage.put("config.toml", "[[runners]]\nname = = 1\n");
    let ended = scene.refuse(&right(&[TOKEN]), &[], 78, "config.toml");
    assert!(ended.stderr.contains("line 2"), "{}", ended.output());
    let scene = Scene::new();
    scene.stage.put("config.toml", "runners = 3\n");
    scene.refuse(&right(&[TOKEN]), &[], 78, "config.toml");
    let scene = Scene::new();
    scene.stage.put(".runner-lifecycle.toml", "pending = \"x\n");
    scene.refuse(&right(&[TOKEN]), &[], 78, ".runner-lifecycle.toml");
}
