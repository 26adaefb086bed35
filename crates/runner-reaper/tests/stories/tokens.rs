//! Tokens that this program cannot read, that have expired, and that belong to no entry any more.

use gitlab_simulator::{NewRunner, Settings};

use crate::pod::{Kind, Pod};

const RUNNER: &str = "DELETE /runners";

fn idle(kind: Kind) -> Pod {
    Pod::new(
        Settings::default(),
        &[kind],
        "concurrent = 1",
        "  limit = 1",
    )
}

#[test]
fn entry_whose_token_is_a_variable_of_others_is_named_and_stays() {
    let pod = idle(Kind::Owned);
    let token = pod.gitlab.runners()[0].token.clone();
    pod.put_config(&pod.text("config.toml").replace(&token, "$ONLY_THERE"));
    let before = pod.text("config.toml");
    for arguments in [&["pre-stop"][..], &["unregister", "--all-runners"]] {
        let ended = pod.run(arguments);
        assert_eq!(ended.code, 78, "{arguments:?}: {}", ended.words);
        assert!(ended.words.contains("$ONLY_THERE"), "{}", ended.words);
        assert_eq!(pod.text("config.toml"), before, "{}", ended.words);
        assert!(!ended.words.contains("done:"), "{}", ended.words);
        assert!(ended.words.contains("1 left behind"), "{}", ended.words);
    }
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    let mut told = pod.reaper(&["pre-stop"]);
    let output = told.env("ONLY_THERE", &token).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(pod.deleted(RUNNER), 1);
}

#[test]
fn runner_whose_token_has_expired_is_not_taken_for_gone() {
    let pod = idle(Kind::Owned);
    // GitLab answers an expired token as one that it never knew.
    let token = pod.gitlab.runners()[0].token.clone();
    let expired = pod.text("config.toml").replace(&token, "expired").replace(
        "  executor",
        "  token_expires_at = 2026-01-31T10:10:10Z\n  executor",
    );
    pod.put_config(&expired);
    let ended = pod.run(&["pre-stop"]);
    assert_eq!(ended.code, 77, "{}", ended.words);
    assert!(
        ended.words.contains("expired at 2026-01-31T10:10:10Z"),
        "{}",
        ended.words
    );
    assert!(ended.words.contains("1 left behind"), "{}", ended.words);
    // GitLab knows the token if it says that there is no such runner manager.
    let shared = idle(Kind::Shared);
    let late = "  token_expires_at = 2026-01-31T10:10:10Z\n  executor";
    shared.put_config(&shared.text("config.toml").replace("  executor", late));
    let none = shared.run(&["pre-stop"]);
    assert_eq!(none.code, 0, "{}", none.words);
    // One that has time left and is unknown is gone.
    pod.put_config(&expired.replace("2026-01-31", "2999-01-31"));
    let ended = pod.run(&["pre-stop"]);
    assert_eq!(ended.code, 0, "{}", ended.words);
}

#[test]
fn runner_that_lost_its_entry_goes_with_the_others() {
    let pod = idle(Kind::Shared);
    let lost = pod.gitlab.add_runner(NewRunner::default());
    let leaving = format!(
        "{}\n[[leaving]]\nurl = \"{}\"\nid = {}\nsource = \"registration-token\"\ntoken = \"{}\"\n",
        pod.text(".runner-lifecycle.toml"),
        pod.gitlab.url(),
        lost.id,
        lost.token
    );
    pod.put(".runner-lifecycle.toml", &leaving);
    let ended = pod.run(&["pre-stop"]);
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.deleted(RUNNER), 1, "{}", ended.words);
    let left: Vec<i64> = pod
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    assert_eq!(left.len(), 1, "the shared runner is not ours: {left:?}");
}
