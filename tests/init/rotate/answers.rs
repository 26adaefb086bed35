//! What GitLab may answer to a reset, and what is said where it does not: the token before may be void.

use gitlab_simulator::{Fault, NewRunner};

use super::{RESET, Scene};

/// One fault, how the run ends, and what its last line says.
#[track_caller]
fn check(shared: bool, fault: Fault, code: i32, words: &[&str]) -> Scene {
    let scene = Scene::new(shared);
    let before = scene.config_text();
    scene.gitlab.fault(fault);
    let ended = scene.rotate(&["--timeout=2s"]);
    assert_eq!(ended.code(), code, "{}", ended.output());
    let error = ended.one_error("lost");
    for part in words {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(scene.config_text(), before, "{}", ended.output());
    assert!(!scene.state().contains("[rotation]"), "{}", scene.state());
    scene.says_no_token(&ended);
    scene
}

#[test]
fn token_that_was_reset_without_an_answer_is_told_with_what_to_do() {
    let lost = || Fault::on(RESET).drop_after();
    let owned = check(
        false,
        lost(),
        77,
        &[
            "the new one was lost",
            "runner-init register",
            "delete runner",
        ],
    );
    assert_ne!(owned.token(), owned.old);
    let shared = check(
        true,
        lost(),
        77,
        &["the new one was lost", "access token", "--token-file"],
    );
    assert_ne!(shared.token(), shared.old);
    // As it says: the next registration replaces the entry.
    let again = acceptance::stage::run(&mut owned.register());
    assert_eq!(again.code(), 0, "{}", again.output());
    assert_eq!(owned.stage.entries(), 1);
    let made = owned.gitlab.runners();
    let new = made.iter().max_by_key(|runner| runner.id).unwrap();
    assert!(owned.config_text().contains(&new.token));
}

/// The end of the pod.
fn reap(scene: &Scene) -> acceptance::stage::Ended {
    let mut hook = scene.stage.command("runner-reaper");
    hook.args(["unregister", "--all-runners"])
        .env("RUNNER_REAPER_POD_NAME", "runner-0")
        .env("RUNNER_REAPER_POD_NAMESPACE", "ci");
    acceptance::stage::run(&mut hook)
}

#[test]
fn runner_whose_new_token_is_lost_is_named_at_the_end_of_the_pod() {
    for (shared, replaced, code) in [
        (false, false, 77),
        (false, true, 78),
        (true, false, 77),
        // The token that GitLab takes now was given, as the last line of the rotation says.
        (true, true, 0),
    ] {
        let at = format!("shared {shared}, replaced {replaced}");
        let fault = Fault::on(RESET).drop_after();
        let scene = check(shared, fault, 77, &["the new one was lost"]);
        let id = scene.gitlab.runners()[0].id;
        let again = scene.rotate(&[]);
        assert_eq!(again.code(), 77, "{at}: {}", again.output());
        let error = again.one_error("lost");
        assert!(error.contains("the new one was lost"), "{at}: {error}");
        if replaced {
            let again = acceptance::stage::run(&mut scene.register());
            assert_eq!(again.code(), 0, "{at}: {}", again.output());
        }
        let status = acceptance::stage::run(scene.stage.command("runner-reaper").arg("status"));
        let told = format!("the token of runner {id} at");
        let is_told = status.stdout.contains(&told);
        assert_eq!(is_told, !shared && replaced, "{at}: {}", status.output());
        let ended = reap(&scene);
        assert_eq!(ended.code(), code, "{at}: {}", ended.output());
        let left = scene.gitlab.runners();
        let is_left = left.iter().find(|one| one.id == id);
        let is_left = is_left.is_some_and(|one| !shared || !one.managers.is_empty());
        assert_eq!(is_left, code != 0, "{at}");
        let says_nothing_is_left = ended.stderr.contains("nothing is left");
        assert_eq!(says_nothing_is_left, !is_left, "{at}: {}", ended.output());
        if is_left {
            assert!(ended.stderr.contains(&format!("runner {id}")), "{at}");
        }
        scene.says_no_token(&ended);
    }
}

#[test]
fn token_that_was_not_reset_after_all_is_told_to_be_valid() {
    let scene = check(
        false,
        Fault::on(RESET).forever().drop_before(),
        69,
        &["still valid", "run this again"],
    );
    assert_eq!(scene.token(), scene.old);
    scene.gitlab.clear_faults();
    let again = scene.rotate(&[]);
    assert_eq!(again.code(), 0, "{}", again.output());
    scene.is_rotated("again");
}

#[test]
fn gitlab_that_is_away_or_says_no_has_reset_nothing() {
    let away = check(true, Fault::on(RESET).forever().status(503), 69, &["503"]);
    assert_eq!(away.token(), away.old);
    let deadline = serde_json::json!({"error": "rotation deadline has passed"});
    let no = Fault::on(RESET).status(403).json(deadline);
    check(true, no, 77, &["rotation deadline", "run this again"]);
}

#[test]
fn gitlab_that_goes_away_with_the_answer_leaves_a_word_for_the_next_run() {
    let scene = Scene::new(true);
    scene.gitlab.fault(Fault::on(RESET).drop_after());
    scene.gitlab.fault(Fault::on(RESET).forever().status(503));
    scene
        .gitlab
        .fault(Fault::on("POST /runners/verify").forever().status(503));
    let ended = scene.rotate(&["--timeout=1s"]);
    assert_eq!(ended.code(), 69, "{}", ended.output());
    assert!(ended.one_error("away").contains("probably invalid"));
    assert!(scene.state().contains("[rotation]"), "{}", scene.state());
    scene.gitlab.clear_faults();
    let again = scene.rotate(&[]);
    assert_eq!(again.code(), 77, "{}", again.output());
    assert!(again.stderr.contains("got no answer"), "{}", again.output());
    assert!(!scene.state().contains("[rotation]"), "{}", scene.state());
    for ended in [&ended, &again] {
        scene.says_no_token(ended);
    }
}

#[test]
fn refused_token_is_told_and_no_other_runner_is_touched() {
    let scene = Scene::new(false);
    let other = scene.gitlab.add_runner(NewRunner::default());
    let id = scene.gitlab.runners()[0].id;
    scene.gitlab.update(|state| state.remove_runner(id));
    let before = scene.config_text();
    let ended = scene.rotate(&[]);
    assert_eq!(ended.code(), 77, "{}", ended.output());
    assert!(ended.one_error("gone").contains("was reset"));
    assert_eq!(scene.config_text(), before);
    assert_eq!(scene.gitlab.runners()[0].token, other.token);
}
