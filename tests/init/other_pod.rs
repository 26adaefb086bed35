//! The commands by hand on the volume of another pod: they change nothing, unless that is asked for, and then for that pod.

use std::process::Command;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::run;

use super::re_register::{ends_well, in_file, polls};

/// What another pod's shell runs on this pod's volume.
fn elsewhere(pod: &Pod, command: &str, more: &[&str]) -> Command {
    let mut there = match command {
        "rotate" => pod.stage.init(&["rotate"]),
        _ => {
            let words = pod.words(&Plan::of(pod.source));
            let words = words.iter().filter(|word| !word.starts_with("--pod-"));
            pod.init_as(command, &words.collect::<Vec<_>>())
        }
    };
    there
        .args(more)
        .env("RUNNER_INIT_POD_NAME", "runner-1")
        .env("RUNNER_INIT_POD_NAMESPACE", "ci")
        .env("RUNNER_INIT_POD_UID", "u-1");
    there
}

#[test]
fn volume_of_another_pod_is_left_alone_and_nothing_is_sent() {
    let pod = Pod::working(Plan::of(Source::RegistrationToken));
    let before = pod.stage.snapshot();
    for command in ["rotate", "re-register"] {
        for more in [&[][..], &["--dry-run"], &["--output=json"]] {
            let ended = run(&mut elsewhere(&pod, command, more));
            assert_eq!(ended.code(), 78, "{command}: {}", ended.output());
            assert!(ended.stdout.is_empty(), "{}", ended.stdout);
            let error = ended.one_error(command);
            for part in [
                "belongs to another pod, ci/runner-0 (uid u-0)",
                "--other-pod",
            ] {
                assert!(error.contains(part), "{error}");
            }
        }
    }
    assert_eq!(pod.stage.snapshot(), before);
    let calls = pod.gitlab.calls("POST /runners*").len() + pod.gitlab.calls("DELETE *").len();
    assert_eq!(calls, 1, "its own registration");
}

#[test]
fn where_it_is_meant_the_token_is_rotated_and_the_volume_stays_that_pods() {
    let mut pod = Pod::working(Plan::of(Source::RegistrationToken));
    let old = in_file(&pod).token;
    let dry = run(&mut elsewhere(
        &pod,
        "rotate",
        &["--other-pod", "--dry-run"],
    ));
    assert_eq!(dry.code(), 0, "{}", dry.output());
    let ended = run(&mut elsewhere(&pod, "rotate", &["--other-pod"]));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let runner = in_file(&pod);
    assert_ne!(runner.token, old);
    polls(&pod, &runner);
    ends_well(&mut pod, &[]);
}

#[test]
fn where_it_is_meant_the_new_runner_is_that_pods_and_its_hook_takes_it_along() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        let old = in_file(&pod);
        let ended = run(&mut elsewhere(&pod, "re-register", &["--other-pod"]));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        assert!(!ended.stderr.contains("taken over"), "{}", ended.output());
        let new = in_file(&pod);
        assert_ne!(new.id, old.id);
        pod.order.entry(&new, source.owned());
        if source.owned() {
            let note = new.maintenance_note.as_deref().unwrap_or_default();
            let mark = "runner-lifecycle pod=runner-0 namespace=ci uid=u-0";
            assert_eq!(note, mark);
        }
        let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
        assert!(state.contains("u-0") && !state.contains("u-1"), "{state}");
        polls(&pod, &new);
        ends_well(&mut pod, &[]);
    }
}

#[test]
fn registration_takes_a_volume_over_and_has_no_such_flag() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let ended = run(&mut elsewhere(&pod, "register", &["--other-pod"]));
    assert_eq!(ended.code(), 2, "{}", ended.output());
    let ended = run(&mut elsewhere(&pod, "register", &[]));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert!(ended.stderr.contains("taken over"), "{}", ended.output());
}
