//! Wrong manifests: GitLab is not asked, no file changes, and one line says what to change.

mod tokens;

use acceptance::pod::Pod;
use acceptance::stage::{Ended, Stage, run};

/// Runs with these words and variables, and looks at what must hold for every mistake. `{url}` is GitLab's, `{dir}` the volume.
fn refuse(pod: &Pod, words: &[&str], variables: &[(&str, &str)], code: i32, named: &str) -> Ended {
    let snapshot = || {
        let mut files = pod.stage.snapshot();
        // It stays, empty: removed it would part two who wait for it.
        files.remove(".runner-lifecycle.lock");
        files
    };
    let before = snapshot();
    let words: Vec<String> = words.iter().map(|word| fill(pod, word)).collect();
    let mut command = pod.stage.init(&["register"]);
    command.args(&words);
    for (name, value) in variables {
        command.env(name, fill(pod, value));
    }
    let ended = run(&mut command);
    let at = format!("{words:?} {variables:?}: {}", ended.output());
    assert_eq!(ended.code(), code, "{at}");
    assert!(ended.stdout.is_empty(), "{at}");
    let error = ended.one_error(&at);
    assert!(error.contains(&fill(pod, named)), "{named} in {at}");
    assert!(pod.gitlab.journal().is_empty(), "GitLab was asked: {at}");
    assert_eq!(snapshot(), before, "{at}");
    ended
}

fn fill(pod: &Pod, text: &str) -> String {
    text.replace("{url}", &pod.gitlab.url())
        .replace("{dir}", &pod.stage.path().display().to_string())
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
    let pod = Pod::fresh();
    let words: Vec<String> = right(&[TOKEN]).iter().map(|w| fill(&pod, w)).collect();
    let ended = run(pod.stage.init(&["register"]).args(words));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(pod.gitlab.runners().len(), 1);
}

#[test]
fn missing_field_of_an_executor_is_named_with_its_flag() {
    let pod = Pod::fresh();
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
        refuse(&pod, &all, &[], 2, named);
    }
    let words = ["--non-interactive", "--url={url}", TOKEN];
    refuse(&pod, &words, &[], 2, "--executor");
    let blank = [("DOCKER_IMAGE", "  ")];
    let words = right(&[TOKEN, "--executor=docker"]);
    refuse(&pod, &words, &blank, 2, "--docker-image");
}

#[test]
fn value_that_cannot_be_read_is_named_with_its_flag() {
    let pod = Pod::fresh();
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
        refuse(&pod, &right(&[TOKEN, word]), &[], 2, named);
    }
    for (name, value) in [
        ("RUNNER_LIMIT", "many"),
        ("RUNNER_INIT_TIMEOUT", "soon"),
        ("RUNNER_INIT_CONCURRENT", "0"),
        ("RUNNER_INIT_DRAIN_READY", "ja"),
        ("RUNNER_INIT_FILE_MODE", "rw"),
    ] {
        refuse(&pod, &right(&[TOKEN]), &[(name, value)], 2, name);
    }
}

#[test]
fn url_that_is_none_is_refused() {
    let pod = Pod::fresh();
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
        let ended = refuse(&pod, &right(&[TOKEN, &word]), &[], 2, "--url");
        assert!(!ended.stderr.contains(":pw@"), "{}", ended.output());
    }
    let words = ["--non-interactive", "--executor=shell", TOKEN];
    refuse(&pod, &words, &[], 2, "--url");
    refuse(&pod, &words, &[("CI_SERVER_URL", "")], 2, "--url");
}

#[test]
fn token_that_cannot_be_used_is_refused_without_being_shown() {
    let pod = Pod::fresh();
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
        let ended = refuse(&pod, &right(&words), &[], code, &named);
        assert!(!ended.output().contains("canary"), "{}", ended.output());
    }
    let variable = [("CI_SERVER_TOKEN", "glrt-canary x")];
    let ended = refuse(&pod, &right(&[]), &variable, 2, "CI_SERVER_TOKEN");
    assert!(!ended.output().contains("canary"), "{}", ended.output());
}

#[test]
fn word_that_is_no_flag_is_refused_with_the_way_on() {
    let pod = Pod::fresh();
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
        refuse(&pod, &right(&[TOKEN, word]), &[], 2, named);
    }
    let spelt = ["--name=a", "--description=b"];
    let words = ["--url={url}", "--executor=shell", TOKEN, spelt[0], spelt[1]];
    refuse(&pod, &words, &[], 2, "--name");
    let words = right(&[TOKEN, "--paused", "false"]);
    refuse(&pod, &words, &[], 2, "--paused=false");
}

#[test]
fn file_that_cannot_be_used_is_named_by_its_path() {
    let pod = Pod::fresh();
    pod.stage.put("broken.toml", "concurrent = = 1\n");
    pod.stage.put("plain", "no certificate");
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
        refuse(&pod, &right(&[TOKEN, word]), &[], 78, named);
    }
    let https = [
        "--url=https://127.0.0.1:1",
        "--tls-ca-file={dir}/missing.crt",
        TOKEN,
    ];
    refuse(&pod, &right(&https), &[], 78, "{dir}/missing.crt");
}

#[test]
fn config_that_is_a_directory_or_broken_is_left_alone() {
    let pod = Pod::fresh();
    std::fs::create_dir(pod.stage.file("config.toml")).unwrap();
    refuse(&pod, &right(&[TOKEN]), &[], 78, "config.toml");
    let pod = Pod::fresh();
    pod.stage.put("config.toml", "[[runners]]\nname = = 1\n");
    let ended = refuse(&pod, &right(&[TOKEN]), &[], 78, "config.toml");
    assert!(ended.stderr.contains("line 2"), "{}", ended.output());
    let pod = Pod::fresh();
    pod.stage.put("config.toml", "runners = 3\n");
    refuse(&pod, &right(&[TOKEN]), &[], 78, "config.toml");
    let pod = Pod::fresh();
    pod.stage.put(".runner-lifecycle.toml", "pending = \"x\n");
    refuse(&pod, &right(&[TOKEN]), &[], 78, ".runner-lifecycle.toml");
}
