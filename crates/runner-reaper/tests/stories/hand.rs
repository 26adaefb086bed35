//! `unregister`, by hand and as the article's hook line.

use gitlab_simulator::Settings;

use crate::pod::{Kind, Pod};
use crate::versions::{ENDS, each};

fn resting(kinds: &[Kind]) -> Pod {
    Pod::new(
        Settings::default(),
        kinds,
        "concurrent = 1 # ours",
        "  # theirs",
    )
}

#[test]
fn without_a_runner_manager_the_entries_go_from_the_file_too() {
    let pod = resting(&[Kind::Shared, Kind::Owned]);
    let ended = pod.run(&["unregister", "--all-runners"]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.gitlab.calls("DELETE *").len(), 2);
    assert_eq!(pod.gitlab.runners().len(), 1);
    let text = pod.text("config.toml");
    assert!(
        !text.contains("runners]]") && text.contains("# ours"),
        "{text}"
    );
    assert!(!pod.text(".runner-lifecycle.toml").contains("[[entry]]"));
}

#[test]
fn one_entry_by_name_leaves_the_other() {
    let pod = resting(&[Kind::Owned, Kind::Owned]);
    let ids: Vec<i64> = pod
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    let name = format!("runner-{}", ids[0]);
    let ended = pod.run(&["unregister", "--name", &name]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    let left: Vec<i64> = pod
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    assert_eq!(left, [ids[1]]);
    let text = pod.text("config.toml");
    assert!(!text.contains(&name) && text.contains("# theirs"), "{text}");
    let again = pod.run(&["unregister", "--name", &name]);
    assert_eq!(again.code, 78, "{}", again.words);
}

#[test]
fn kept_entry_stays_in_the_file() {
    let pod = resting(&[Kind::Shared]);
    let original = pod.original();
    let ended = pod.run(&["unregister", "--all-runners", "--keep-entry"]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.original(), original);
    assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
}

#[test]
fn live_runner_manager_makes_it_the_hook() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 1);
        let original = pod.original();
        let ended = pod.run(&["unregister", "--all-runners"]);
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert_eq!(pod.original(), original);
        assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
        pod.no_poll_after_the_end();
    });
}

#[test]
fn missing_file_is_nothing_to_do_and_a_broken_one_is_refused() {
    let pod = resting(&[Kind::Owned]);
    let missing = pod.file("elsewhere/config.toml").display().to_string();
    let ended = pod.run(&["unregister", "--all-runners", "--config", &missing]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    for (file, text) in [
        ("config.toml", "concurrent = = 1"),
        (".runner-lifecycle.toml", "[[entry"),
    ] {
        let before = pod.text(file);
        pod.put(file, text);
        for arguments in [["pre-stop"].as_slice(), &["unregister", "--all-runners"]] {
            let ended = pod.run(arguments);
            assert_eq!(ended.code, 78, "{}", ended.words);
            assert!(ended.words.contains("line 1"), "{}", ended.words);
        }
        pod.put(file, &before);
    }
    assert!(pod.gitlab.calls("DELETE *").is_empty());
}

#[test]
fn foreign_file_is_judged_by_its_tokens() {
    let pod = resting(&[Kind::Owned]);
    std::fs::remove_file(pod.file(".runner-lifecycle.toml")).unwrap();
    let ended = pod.run(&["unregister", "--all-runners"]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
    assert_eq!(pod.gitlab.runners().len(), 1);
    assert!(
        !pod.file(".runner-lifecycle.toml").exists(),
        "a state file would make the rest shared"
    );
}
