//! A runner that is known and whose entry is gone: somebody has written over the file. It is not made a second time.

use gitlab_simulator::{Fault, NewRunner, Role};

use super::{REGISTRATION, STATE, Volume};

const NAMED: [&str; 2] = [REGISTRATION, "--name=n"];

#[test]
fn base_that_is_copied_over_the_file_at_each_start_costs_no_second_runner() {
    let bases = [
        "concurrent = 10\n",
        "",
        "concurrent = 10\n[[runners]]\nname = \"n\"\nurl = \"{URL}\"\nexecutor = \"shell\"\n",
        "concurrent = 10\n[[runners]]\nname = \"n\"\nurl = \"{URL}\"\ntoken = \"stale\"\nexecutor = \"shell\"\n",
        "[[runners]]\nname = \"of others\"\nurl = \"{URL}\"\ntoken = \"glrt-of-others\"\nexecutor = \"shell\"\n",
    ];
    for base in bases {
        for words in [&NAMED[..], &[REGISTRATION]] {
            let volume = Volume::new();
            volume.gitlab.add_runner(NewRunner {
                token: Some("glrt-of-others".into()),
                ..NewRunner::default()
            });
            let base = base.replace("{URL}", &volume.gitlab.url());
            let mut ids = Vec::new();
            let mut said = String::new();
            let mut texts = std::collections::BTreeSet::new();
            for _ in 0..10 {
                volume.stage.put("config.toml", &base);
                said = volume.run(words).output();
                let config = volume.stage.config();
                let last = config["runners"]
                    .as_array_of_tables()
                    .unwrap()
                    .iter()
                    .last();
                // A free port may be another one each time.
                let text = volume.config();
                let lines = text
                    .lines()
                    .filter(|line| !line.starts_with("listen_address"));
                texts.insert(lines.collect::<Vec<_>>().join("\n"));
                ids.push(last.unwrap()["id"].as_integer());
            }
            let at = format!("{base} {words:?}: {said}");
            assert_eq!(texts.len(), 1, "the same bytes at every start: {texts:?}");
            assert_eq!(volume.gitlab.calls("POST /runners").len(), 1, "{at}");
            assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?} {at}");
            for line in base.lines().filter(|line| !line.contains("stale")) {
                assert!(volume.config().contains(line), "{line}: {at}");
            }
            let ended = volume.unregister();
            // Nobody polls for the others here, so of theirs nothing is known to be gone.
            let code = if base.contains("of others") { 78 } else { 0 };
            assert_eq!(ended.code(), code, "{at}{}", ended.output());
            assert_eq!(volume.gitlab.runners().len(), 1, "{at}{}", ended.output());
        }
    }
}

/// What becomes of the file's text; `None`: the file goes.
type Change<'a> = &'a dyn Fn(&str) -> Option<String>;

#[test]
fn every_way_to_lose_an_entry_gives_the_same_runner_back() {
    let cut = |text: &str, key: &str| -> String {
        let lines = text.lines().filter(|line| !line.trim().starts_with(key));
        lines.map(|line| format!("{line}\n")).collect()
    };
    let ways: [(&str, Change<'_>); 5] = [
        ("no file", &|_| None),
        ("empty file", &|_| Some(String::new())),
        ("no token", &|text| Some(cut(text, "token ="))),
        ("no id", &|text| Some(cut(text, "id ="))),
        ("empty token", &|text| {
            Some(cut(text, "token =").replace("executor", "token = \"\"\n  executor"))
        }),
    ];
    for (way, change) in ways {
        let volume = Volume::new();
        volume.run(&NAMED);
        let runner = volume.runner("n");
        match change(&volume.config()) {
            Some(text) => volume.stage.put("config.toml", &text),
            None => std::fs::remove_file(volume.stage.file("config.toml")).unwrap(),
        }
        let ended = volume.run(&NAMED);
        assert_eq!(
            volume.runner("n").id,
            runner.id,
            "{way}: {}",
            ended.output()
        );
        assert_eq!(volume.gitlab.calls("POST /runners").len(), 1, "{way}");
        let before = volume.bytes();
        volume.run(&NAMED);
        assert_eq!(volume.bytes(), before, "{way}");
        volume.ends_clean();
    }
}

#[test]
fn token_that_was_rotated_since_is_the_one_that_comes_back() {
    let volume = Volume::new();
    volume.run(&NAMED);
    let runner = volume.runner("n");
    let rotated = volume.gitlab.rotate_token(runner.id).unwrap();
    let text = volume.config().replace(&runner.token, &rotated);
    volume.stage.put("config.toml", &text);
    volume.run(&NAMED);
    assert!(volume.state().contains(&rotated), "{}", volume.state());
    assert!(!volume.state().contains(&runner.token));
    volume.stage.put("config.toml", "");
    volume.run(&NAMED);
    assert_eq!(volume.runner("n").token, rotated);
    volume.ends_clean();
}

#[test]
fn only_gitlabs_own_refusal_makes_another_runner() {
    let volume = Volume::new();
    volume.run(&NAMED);
    let runner = volume.runner("n");
    let silence = [
        Fault::on("POST /runners/verify").status(401),
        Fault::on("POST /runners/verify").status(403).html(),
        Fault::on("POST /runners/verify").forever().status(503),
    ];
    for fault in silence {
        volume.stage.put("config.toml", "concurrent = 3\n");
        volume.gitlab.fault(fault);
        let ended = volume.run(&NAMED);
        assert_eq!(volume.runner("n").id, runner.id, "{}", ended.output());
        volume.gitlab.clear_faults();
    }
    volume
        .gitlab
        .update(|state| assert!(state.remove_runner(runner.id)));
    volume.stage.put("config.toml", "");
    let ended = volume.run(&NAMED);
    let new = volume.runner("n");
    assert_ne!(new.id, runner.id, "{}", ended.output());
    assert!(!volume.state().contains(&runner.token), "forgotten");
    assert_eq!(volume.state().matches("[[entry]]").count(), 1);
    volume.ends_clean();
}

#[test]
fn of_two_lost_entries_each_gets_its_own_runner_back() {
    let volume = Volume::new();
    let both = || {
        for name in ["backend", "frontend"] {
            let tags = format!("--tag-list={name}");
            volume.run(&[REGISTRATION, "--name", name, &tags]);
        }
    };
    both();
    for _ in 0..3 {
        volume.stage.put("config.toml", "concurrent = 4\n");
        both();
        for name in ["backend", "frontend"] {
            assert_eq!(volume.runner(name).tags, [name]);
        }
    }
    assert_eq!(volume.gitlab.runners().len(), 2);
    // In another order, in another pod, each still by its name.
    volume.stage.put("config.toml", "concurrent = 4\n");
    for name in ["frontend", "backend"] {
        volume.run(&[REGISTRATION, "--name", name, "--pod-name=next"]);
        assert_eq!(volume.runner(name).tags, [name]);
    }
    assert_eq!(volume.gitlab.runners().len(), 2);
    volume.ends_clean();
}

#[test]
fn shared_runner_comes_back_by_its_token_with_one_word_in_the_state() {
    let volume = Volume::new();
    let shared = volume.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    for _ in 0..5 {
        volume.stage.put("config.toml", "concurrent = 2\n");
        volume.run(&[&token, "--name=n"]);
        assert_eq!(volume.runner("n").id, shared.id);
    }
    assert_eq!(volume.state().matches("[[entry]]").count(), 1);
    assert!(!volume.state().contains(&shared.token));
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(volume.gitlab.calls("DELETE /runners").is_empty());
}

#[test]
fn token_of_an_owned_runner_is_in_the_state_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let volume = Volume::new();
    volume.run(&NAMED);
    let runner = volume.runner("n");
    assert!(volume.state().contains(&runner.token));
    let mode = std::fs::metadata(volume.stage.file(STATE)).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    volume.stage.put("config.toml", "");
    for words in [&NAMED[..], &[REGISTRATION, "--dry-run"]] {
        let said = volume.run(words).output();
        assert!(!said.contains(&runner.token), "{said}");
    }
    volume.ends_clean();
    let state = volume.stage.text(STATE).unwrap_or_default();
    assert!(!state.contains(&runner.token), "{state}");
}

#[test]
fn given_authentication_token_takes_the_entry_of_a_lost_runner_which_then_leaves() {
    let volume = Volume::new();
    volume.run(&NAMED);
    let owned = volume.runner("n");
    let shared = volume.gitlab.add_runner(NewRunner::default());
    volume.stage.put("config.toml", "");
    let token = format!("--token={}", shared.token);
    let ended = volume.run(&[&token, "--name=n"]);
    assert_eq!(volume.runner("n").id, shared.id, "{}", ended.output());
    let left: Vec<i64> = volume
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    assert_eq!(left, [shared.id], "{}", ended.output());
    assert!(!volume.state().contains(&owned.token));
}

#[test]
fn shared_entry_without_its_id_is_known_by_its_token() {
    for (from, to) in [
        ("", ""),
        ("  id = {ID}\n", ""),
        ("id = {ID}\n", "id = 0\n"),
        ("id = {ID}\n", "id = 77\n"),
    ] {
        for token in ["glrt-shared-by-replicas", "shared-by-replicas"] {
            let volume = Volume::new();
            let shared = volume.gitlab.add_runner(NewRunner {
                token: Some(token.into()),
                ..NewRunner::default()
            });
            let word = format!("--token={token}");
            let lose = || {
                let from = from.replace("{ID}", &shared.id.to_string());
                let text = volume.config();
                assert!(text.contains(&from), "{text}");
                volume.stage.put("config.toml", &text.replace(&from, to));
            };
            volume.run(&[&word, "--name=n"]);
            lose();
            let ended = volume.run(&[&word, "--name=n"]);
            assert_eq!(volume.runner("n").id, shared.id, "{}", ended.output());
            assert_eq!(volume.stage.entries(), 1);
            assert!(!volume.state().contains(token), "{}", volume.state());
            lose();
            let ended = volume.unregister();
            let at = format!("{to}: {}", ended.output());
            assert_eq!(ended.code(), 0, "{at}");
            assert!(at.contains("nothing is left at GitLab"), "{at}");
            assert!(volume.gitlab.calls("DELETE /runners").is_empty(), "{at}");
            assert!(volume.gitlab.runners()[0].managers.is_empty(), "{at}");
        }
    }
}

#[test]
fn entry_with_the_token_of_another_shared_runner_is_not_taken_for_the_known_one() {
    let volume = Volume::new();
    let [known, pasted] = [(); 2].map(|()| volume.gitlab.add_runner(NewRunner::default()));
    volume.run(&[&format!("--token={}", known.token), "--name=n"]);
    let text = volume.config().replace(&known.token, &pasted.token);
    let id = format!("  id = {}\n", known.id);
    volume.stage.put("config.toml", &text.replace(&id, ""));
    let ended = volume.unregister();
    assert_eq!(ended.code(), 78, "{}", ended.output());
    let named = format!("runner {} at {}: no entry", known.id, volume.gitlab.url());
    assert!(ended.stderr.contains(&named), "{}", ended.output());
}

#[test]
fn pasted_token_of_a_shared_runner_does_not_delete_it_with_the_owned_one() {
    let volume = Volume::new();
    let secret = tempfile::NamedTempFile::new().unwrap();
    let access = volume
        .gitlab
        .add_access_token(&["create_runner"], Role::admin());
    acceptance::pod::put(secret.path(), &access);
    let file = format!("--access-token-file={}", secret.path().display());
    volume.run(&[&file, "--runner-type=instance", "--name=n"]);
    let owned = volume.gitlab.runners().pop().unwrap();
    let shared = volume.gitlab.add_runner(NewRunner::default());
    // The id stays as it was: a rotated token would look the same.
    let text = volume.config().replace(&owned.token, &shared.token);
    assert!(text.contains(&format!("id = {}\n", owned.id)), "{text}");
    volume.stage.put("config.toml", &text);
    let ended = volume.unregister();
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(
        ended.stderr.contains("which others may use"),
        "{}",
        ended.output()
    );
    let left = volume.gitlab.runners();
    let ids: Vec<i64> = left.iter().map(|runner| runner.id).collect();
    assert_eq!(ids, [shared.id], "{}", ended.output());
    assert!(left[0].managers.is_empty(), "{}", ended.output());
}
