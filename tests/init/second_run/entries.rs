//! Which entry a run means: by name, by token, by pod; and that no other entry is touched.

use acceptance::stage::run;
use gitlab_simulator::{NewRunner, Role};

use super::{REGISTRATION, STATE, Volume};

#[test]
fn two_names_are_two_entries_with_runners_and_tags_of_their_own() {
    let ways: [fn(&str) -> Vec<String>; 2] = [
        |name| vec![format!("--name={name}")],
        |name| vec!["--description".into(), name.into()],
    ];
    for way in ways {
        let volume = Volume::new();
        let both = || {
            for name in ["backend", "frontend"] {
                let tags = format!("--tag-list={name}");
                let words = [way(name), vec![REGISTRATION.into(), tags]].concat();
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                volume.run(&words);
            }
        };
        both();
        let first = volume.bytes();
        assert_eq!(volume.stage.entries(), 2);
        for name in ["backend", "frontend"] {
            assert_eq!(volume.runner(name).tags, [name]);
        }
        (0..3).for_each(|_| both());
        assert_eq!(volume.bytes(), first, "same bytes");
        assert_eq!(volume.gitlab.runners().len(), 2);
        volume.ends_clean();
    }
}

#[test]
fn name_of_a_variable_is_as_one_of_a_flag() {
    let volume = Volume::new();
    for _ in 0..2 {
        for name in ["one", "two", "three"] {
            let mut command = volume.command(&[REGISTRATION]);
            let ended = run(command.env("RUNNER_NAME", name));
            assert_eq!(ended.code(), 0, "{}", ended.output());
        }
    }
    assert_eq!(
        (volume.stage.entries(), volume.gitlab.runners().len()),
        (3, 3)
    );
    volume.ends_clean();
}

#[test]
fn entries_made_with_an_access_token_are_told_apart_too() {
    let volume = Volume::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    let token = volume
        .gitlab
        .add_access_token(&["create_runner"], Role::admin());
    #[expect(clippy::disallowed_methods, reason = "a Secret's file")]
    std::fs::write(secret.path(), token).unwrap();
    let file = format!("--access-token-file={}", secret.path().display());
    for _ in 0..2 {
        for name in ["--name=a", "--name=b"] {
            volume.run(&[&file, "--runner-type=instance", name]);
        }
    }
    assert_eq!(
        (volume.stage.entries(), volume.gitlab.runners().len()),
        (2, 2)
    );
    assert_ne!(volume.runner("a").id, volume.runner("b").id);
    volume.ends_clean();
}

#[test]
fn one_shared_token_under_two_names_is_one_runner_with_two_entries() {
    let volume = Volume::new();
    let shared = volume.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    let both = || {
        volume.run(&[&token, "--name=small", "--limit=1"]);
        volume.run(&[&token, "--name=large", "--limit=5"]);
    };
    both();
    let first = volume.bytes();
    assert_eq!(volume.stage.entries(), 2);
    for (name, limit) in [("small", 1), ("large", 5)] {
        assert_eq!(volume.runner(name).id, shared.id);
        assert_eq!(volume.entry(name)["limit"].as_integer(), Some(limit));
    }
    (0..2).for_each(|_| both());
    assert_eq!(volume.bytes(), first, "same bytes");
    assert_eq!(volume.state().matches("[[entry]]").count(), 2);
    assert!(!volume.state().contains(&shared.token), "it is not ours");
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(volume.gitlab.calls("DELETE /runners").is_empty());
    let left = volume.gitlab.runners();
    assert_eq!(left.len(), 1);
    assert!(left[0].managers.is_empty(), "{}", ended.output());
}

#[test]
fn second_entry_that_fails_does_not_take_the_runner_manager_of_the_first() {
    use std::os::unix::fs::PermissionsExt as _;
    let volume = Volume::new();
    let shared = volume.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    volume.run(&[&token, "--name=first"]);
    let before = volume.config();
    // A signal between the answer and the file.
    let slow = gitlab_simulator::Fault::on("POST /runners/verify");
    volume
        .gitlab
        .fault(slow.delay(std::time::Duration::from_secs(1)));
    let mut command = volume.command(&[&token, "--name=second"]);
    let child = command
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let limit = std::time::Duration::from_secs(20);
    assert!(
        volume
            .gitlab
            .wait_until(limit, |state| state.count("POST /runners/verify") == 2)
    );
    let process = nix::unistd::Pid::from_raw(child.id().cast_signed());
    nix::sys::signal::kill(process, nix::sys::signal::Signal::SIGTERM).unwrap();
    let output = child.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(143), "{words}");
    assert_eq!(volume.config(), before);
    let runner = &volume.gitlab.runners()[0];
    assert_eq!(runner.managers.len(), 1, "the first works on: {words}");
    let mode = std::fs::metadata(volume.stage.file(STATE)).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
}

#[test]
fn volume_that_moves_on_is_taken_over_whatever_the_next_pod_is_called() {
    let volume = Volume::new();
    volume.run(&[REGISTRATION, "--name=pod-1", "--pod-name=pod-1"]);
    let runner = volume.runner("pod-1");
    volume.run(&[REGISTRATION, "--name=pod-2", "--pod-name=pod-2"]);
    assert_eq!(volume.runner("pod-2").id, runner.id);
    volume.run(&[REGISTRATION, "--pod-name=pod-3"]);
    assert_eq!(volume.runner("pod-2").id, runner.id, "the name stays");
    // A StatefulSet's pod comes back under its name and with another uid.
    for uid in ["u1", "u2"] {
        volume.run(&[
            REGISTRATION,
            "--name=set-0",
            "--pod-name=set-0",
            "--pod-uid",
            uid,
        ]);
    }
    assert_eq!(volume.runner("set-0").id, runner.id);
    assert_eq!(
        (volume.stage.entries(), volume.gitlab.runners().len()),
        (1, 1)
    );
    // And two entries are taken over one by one.
    volume.run(&[
        REGISTRATION,
        "--name=more",
        "--pod-name=set-0",
        "--pod-uid=u2",
    ]);
    let two: Vec<i64> = ["set-0", "more"].map(|name| volume.runner(name).id).into();
    for name in ["a", "b", "a", "b"] {
        volume.run(&[REGISTRATION, "--name", name, "--pod-name=last"]);
    }
    let ids: Vec<i64> = ["a", "b"].map(|name| volume.runner(name).id).into();
    assert_eq!(ids, two);
    volume.ends_clean();
}

#[test]
fn entry_of_others_is_never_given_another_runner() {
    for alive in [true, false] {
        let volume = Volume::new();
        let others = volume.gitlab.add_runner(NewRunner {
            token: Some("made-by-stock".into()),
            ..NewRunner::default()
        });
        let text = format!(
            "[[runners]]\n  name = \"old\" # theirs\n  url = \"{}\"\n  id = {}\n  token = \"made-by-stock\"\n  executor = \"shell\"\n",
            volume.gitlab.url(),
            others.id
        );
        volume.stage.put("config.toml", &text);
        if !alive {
            volume
                .gitlab
                .update(|state| assert!(state.remove_runner(others.id)));
        }
        for _ in 0..3 {
            let ended = volume.run(&[REGISTRATION, "--name=new"]);
            assert!(
                volume.config().contains(text.trim_end()),
                "{}",
                ended.output()
            );
        }
        assert_eq!(volume.stage.entries(), 2);
        assert_eq!(volume.gitlab.runners().len(), 1 + usize::from(alive));
        assert_eq!(volume.gitlab.calls("POST /runners").len(), 1);
        // At the end each goes by its own token.
        volume.ends_clean();
    }
}

#[test]
fn entry_that_was_renamed_in_the_file_is_still_meant_by_the_name_that_was_given() {
    let volume = Volume::new();
    volume.run(&[REGISTRATION, "--name=mine"]);
    let renamed = volume.config().replace("\"mine\"", "\"renamed\"");
    volume.stage.put("config.toml", &renamed);
    volume.run(&[REGISTRATION, "--name=mine"]);
    assert_eq!(
        (volume.stage.entries(), volume.gitlab.runners().len()),
        (1, 1)
    );
    volume.runner("mine");
}

#[test]
fn version_1_state_is_carried_over_to_the_pod_and_entry_that_it_meant() {
    for (pod, name, entries) in [
        ("same", "first", 1),
        ("same", "second", 2),
        ("other", "second", 1),
    ] {
        let volume = Volume::new();
        volume.run(&[REGISTRATION, "--name=first", "--pod-name=same"]);
        let runner = volume.runner("first");
        let state = format!(
            "version = 1\n\n[pod]\nname = \"same\"\n\n[[entry]]\nurl = \"{}\"\nid = {}\nsource = \"registration-token\"\n",
            volume.gitlab.url(),
            runner.id
        );
        volume.stage.put(STATE, &state);
        volume.run(&[REGISTRATION, "--name", name, "--pod-name", pod]);
        let state = volume.state();
        assert_eq!(volume.stage.entries(), entries, "{pod} {name}: {state}");
        assert!(state.contains("version = 2\n"), "{state}");
        let known = state.matches("[[entry]]").count();
        assert_eq!(known, entries, "{state}");
        // It has been told to be ours where the run was for its entry; the token of another entry is not asked about.
        assert_eq!(state.contains(&runner.token), entries == 1, "{state}");
        volume.ends_clean();
    }
}
