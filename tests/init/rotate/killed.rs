//! `rotate` killed at every step, and whoever comes next: the token that GitLab takes is the one that works here, or, where the kill
//! came between GitLab's answer and its first write, somebody is told that it is lost.

use std::time::Duration;

use acceptance::canary::form;
use acceptance::stage::run;
use acceptance::tracer::killed_at;

use super::Scene;

/// More steps than any run has.
const MOST_STEPS: usize = 400;

/// Kills one run at every step and says how many there were; `look` sees each volume that is left.
fn at_every_step(shared: bool, mut look: impl FnMut(&Scene, &str)) -> usize {
    for number in 0..MOST_STEPS {
        let scene = Scene::new(shared);
        let out = scene.outside.file("token").display().to_string();
        let mut rotate = scene.command(&["--token-out", &out]);
        let (reached, ended) = killed_at(&mut rotate, number, |_| true);
        scene.says_no_token(&ended);
        let Some(step) = reached else {
            assert_eq!(ended.code(), 0, "undisturbed: {}", ended.output());
            return number;
        };
        assert!(scene.gitlab.settle(Duration::from_secs(5)));
        look(
            &scene,
            &format!("shared {shared}, step {number} ({step:?})"),
        );
    }
    panic!("more than {MOST_STEPS} steps");
}

/// Whether GitLab has reset the token and no file of the volume has the new one.
fn is_lost(scene: &Scene) -> bool {
    let new = scene.token();
    let files = scene.stage.snapshot();
    let holds = |name: &str| {
        files
            .get(name)
            .is_some_and(|(_, bytes)| form(bytes, &new).is_some())
    };
    new != scene.old && !holds(".runner-lifecycle.toml") && !holds("config.toml")
}

#[test]
fn killed_anywhere_and_run_again_the_token_that_gitlab_takes_is_in_the_file() {
    for shared in [false, true] {
        let (mut lost, mut resumed) = (0, 0);
        let steps = at_every_step(shared, |scene, at| {
            let gone = is_lost(scene);
            let before = scene.resets();
            let out = scene.outside.file("token").display().to_string();
            let again = scene.rotate(&["--token-out", &out]);
            scene.says_no_token(&again);
            if gone {
                lost += 1;
                assert_eq!(again.code(), 77, "{at}: {}", again.output());
                assert!(
                    again.stderr.contains("got no answer"),
                    "{at}: {}",
                    again.output()
                );
                assert!(!scene.state().contains("[rotation]"), "{at}");
                return;
            }
            assert_eq!(again.code(), 0, "{at}: {}", again.output());
            scene.is_rotated(at);
            assert_eq!(scene.outside.text("token").unwrap(), scene.token(), "{at}");
            let files = scene.stage.snapshot();
            assert!(!files.keys().any(|name| name.ends_with(".new")), "{at}");
            resumed += usize::from(again.stderr.contains("received by an earlier run"));
            assert!(scene.resets() <= before + 1, "{at}");
        });
        assert!(steps > 20, "only {steps} steps were seen");
        assert!(resumed > 5, "{resumed} of {steps} were resumed");
        // From the answer's arrival to the rename of the state file.
        assert!(lost <= 7, "{lost} of {steps} steps lose the token");
    }
}

#[test]
fn killed_anywhere_the_next_registration_finishes_it() {
    let steps = at_every_step(false, |scene, at| {
        let gone = is_lost(scene);
        let again = run(&mut scene.register());
        assert_eq!(again.code(), 0, "{at}: {}", again.output());
        scene.says_no_token(&again);
        assert_eq!(scene.stage.entries(), 1, "{at}");
        assert!(!scene.state().contains("[rotation]"), "{at}");
        // The runner whose token nobody knows is replaced, as any that GitLab refuses, and named.
        assert_eq!(scene.gitlab.runners().len(), 1 + usize::from(gone), "{at}");
        if gone {
            assert!(
                again.stderr.contains("got no answer"),
                "{at}: {}",
                again.output()
            );
        } else if scene.token() != scene.old {
            scene.is_rotated(at);
        }
    });
    assert!(steps > 20, "only {steps} steps were seen");
}

#[test]
fn killed_anywhere_the_end_of_the_pod_leaves_nothing_at_gitlab() {
    let steps = at_every_step(false, |scene, at| {
        let is_lost = is_lost(scene);
        let mut hook = scene.stage.command("runner-reaper");
        hook.args(["unregister", "--all-runners"])
            .env("RUNNER_REAPER_POD_NAME", "runner-0")
            .env("RUNNER_REAPER_POD_NAMESPACE", "ci");
        let ended = run(&mut hook);
        // One whose token nobody knows stays, and the last line does not say otherwise.
        let code = if is_lost { 77 } else { 0 };
        assert_eq!(ended.code(), code, "{at}: {}", ended.output());
        assert_eq!(
            scene.gitlab.runners().is_empty(),
            !is_lost,
            "{at}: {}",
            ended.output()
        );
        assert_eq!(ended.stderr.contains("nothing is left"), !is_lost, "{at}");
    });
    assert!(steps > 20, "only {steps} steps were seen");
}
