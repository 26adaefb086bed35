//! What GitLab took at the creation and cannot be told again: a line for each that is asked for differently now.

use acceptance::stage::run;
use gitlab_simulator::{Fault, NewRunner};

use super::{REGISTRATION, STATE, Volume};

/// The lines that name the way to another registration.
fn lines(said: &str) -> Vec<&str> {
    let all = said.lines().filter(|line| line.contains("re-register"));
    all.collect()
}

#[test]
fn attribute_that_is_asked_for_differently_is_named_and_the_runner_stays() {
    let volume = Volume::new();
    let before = [
        REGISTRATION,
        "--name=n",
        "--tag-list=backend,go",
        "--locked=false",
    ];
    let first = volume.run(&before);
    assert_eq!(lines(&first.stderr), [""; 0]);
    let snapshot = volume.bytes();
    let again = volume.run(&before);
    assert_eq!(lines(&again.stderr), [""; 0], "nothing differs");
    let reordered = [
        REGISTRATION,
        "--name=n",
        "--tag-list= go,backend",
        "--locked=false",
    ];
    assert_eq!(lines(&volume.run(&reordered).stderr), [""; 0]);
    for (word, named) in [
        (
            "--tag-list=frontend",
            ["tag list", "backend,go", "frontend"],
        ),
        ("--locked=true", ["locked", "no", "yes"]),
        ("--paused", ["paused", "no", "yes"]),
        ("--run-untagged", ["run untagged", "no", "yes"]),
        (
            "--maximum-timeout=600",
            ["maximum timeout", "none", "600 s"],
        ),
        (
            "--access-level=ref_protected",
            ["access level", "not_protected", "ref_protected"],
        ),
        (
            "--maintenance-note=mine",
            ["maintenance note", "none", "\"mine\""],
        ),
    ] {
        let mut words = before.to_vec();
        let flag = word.split('=').next().unwrap();
        words.retain(|before| !before.starts_with(flag));
        words.push(word);
        let ended = volume.run(&words);
        let lines = lines(&ended.stderr);
        assert_eq!(lines.len(), 1, "{word}: {}", ended.output());
        for part in named {
            assert!(lines[0].contains(part), "{part}: {}", lines[0]);
        }
        assert!(lines[0].contains(" WARN "), "{}", lines[0]);
        // What was sent then is remembered, not what is asked for now.
        assert_eq!(volume.bytes(), snapshot, "{word}");
    }
    assert_eq!(volume.gitlab.runners().len(), 1);
}

#[test]
fn of_a_runner_that_nobody_knows_the_attributes_of_nothing_is_said() {
    let volume = Volume::new();
    volume.run(&[REGISTRATION, "--name=n"]);
    let runner = volume.runner("n");
    let version_1 = format!(
        "version = 1\n\n[[entry]]\nurl = \"{}\"\nid = {}\nsource = \"registration-token\"\n",
        volume.gitlab.url(),
        runner.id
    );
    volume.stage.put(STATE, &version_1);
    let ended = volume.run(&[REGISTRATION, "--name=n", "--tag-list=a", "--paused"]);
    assert_eq!(lines(&ended.stderr), [""; 0], "{}", ended.output());
    // And an authentication token asks for nothing of the kind.
    let shared = volume.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    let ended = run(&mut volume.command(&[&token, "--name=other"]));
    assert_eq!(lines(&ended.stderr), [""; 0], "{}", ended.output());
}

#[test]
fn attributes_of_a_lost_runner_are_remembered_with_it() {
    let volume = Volume::new();
    let words = [REGISTRATION, "--name=n", "--tag-list=a"];
    volume.run(&words);
    volume.stage.put("config.toml", "");
    assert_eq!(lines(&volume.run(&words).stderr), [""; 0]);
    volume.stage.put("config.toml", "");
    let ended = volume.run(&[REGISTRATION, "--name=n", "--tag-list=b"]);
    // Without tags it would take untagged jobs, but both have some.
    assert_eq!(lines(&ended.stderr).len(), 1, "{}", ended.output());
    assert_eq!(volume.runner("n").tags, ["a"]);
}

#[test]
fn run_that_gitlab_does_not_answer_follows_the_flags_and_says_what_it_keeps() {
    let volume = Volume::new();
    let words = |image| [REGISTRATION, "--name=n", "--executor=docker", image];
    volume.run(&words("--docker-image=a"));
    let runner = volume.runner("n");
    volume
        .gitlab
        .fault(Fault::on("POST /runners/verify").forever().status(503));
    let ended = volume.run(&words("--docker-image=b"));
    let keeps = format!(
        "runner entry \"n\" keeps runner {} and its token",
        runner.id
    );
    assert!(ended.stderr.contains(&keeps), "{}", ended.stderr);
    assert!(!ended.stderr.contains("unchanged"), "{}", ended.stderr);
    let text = volume.config();
    assert!(
        text.contains("image = \"b\"") && text.contains(&runner.token),
        "{text}"
    );
}

#[test]
fn second_token_without_a_name_takes_the_entry_and_the_way_to_have_both_is_said() {
    for (name, hint) in [(None, true), (Some("--name=n"), false)] {
        let volume = Volume::new();
        let tokens = [(); 2].map(|()| volume.gitlab.add_runner(NewRunner::default()).token);
        let [first, second] = tokens.map(|token| format!("--token={token}"));
        let run = |token: &str| {
            let words: Vec<&str> = [token].into_iter().chain(name).collect();
            volume.run(&words).stderr
        };
        run(&first);
        let said = run(&second);
        assert!(said.contains("in place of runner"), "{said}");
        assert_eq!(
            said.contains("give each a different --name"),
            hint,
            "{said}"
        );
        assert_eq!(volume.config().matches("[[runners]]").count(), 1);
    }
}
