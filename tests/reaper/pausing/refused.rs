//! What `pause` and `resume` refuse, in one line, and then change nothing.

use std::time::Duration;

use acceptance::namespaces::mount_namespace;
use acceptance::pod::{Plan, Pod, Source};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};
use nix::sys::signal::Signal;

use super::super::others::on_read_only_volume;
use super::Pausing as _;

#[track_caller]
fn one_line(ended: &Ended, code: i32, words: &str) {
    ended.is(code, words);
    assert_eq!(ended.words.lines().count(), 1, "{}", ended.words);
}

#[test]
fn read_only_volume_is_refused() {
    let pod = Pod::working(Plan::of(Source::AuthenticationToken));
    let before = (pod.stage.snapshot(), pod.original());
    let Some(mut pause) = on_read_only_volume(&pod, &["pause"]) else {
        return;
    };
    let ended = pod.begin(&mut pause).ended();
    one_line(&ended, 78, "config.toml was not paused: ");
    assert!(ended.words.contains("without readOnly"), "{}", ended.words);
    assert_eq!((pod.stage.snapshot(), pod.original()), before);
    pod.polls_on();
}

#[test]
fn file_that_is_a_mount_of_its_own_is_refused() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let before = (pod.stage.snapshot(), pod.original());
    let Some(mut pause) = mount_namespace() else {
        return;
    };
    let script = "mount --bind \"$0\" \"$0\" && exec \"$@\"";
    pause.args(["sh", "-c", script]).arg(pod.config());
    let reaper = pod.reaper(&["pause"]);
    pause.arg(reaper.get_program()).args(reaper.get_args());
    pause.env("CONFIG_FILE", pod.config());
    let ended = pod.begin(&mut pause).ended();
    one_line(&ended, 78, "config.toml was not paused: ");
    assert!(
        ended.words.contains("mount the whole directory"),
        "{}",
        ended.words
    );
    assert_eq!((pod.stage.snapshot(), pod.original()), before);
}

#[test]
fn file_that_is_missing_or_broken_is_refused() {
    for command in ["pause", "resume"] {
        for more in [&[][..], &["--dry-run"]] {
            let pod = Pod::of(Plan::of(Source::AuthenticationToken));
            let arguments = [&[command], more].concat();
            pod.stage.put("config.toml", "concurrent = 1\n[[runners]\n");
            let before = pod.stage.snapshot();
            one_line(&pod.reap(&arguments), 78, "line 2");
            assert_eq!(pod.stage.snapshot(), before);
            std::fs::remove_file(pod.config()).unwrap();
            let before = pod.stage.snapshot();
            one_line(&pod.reap(&arguments), 78, "config.toml does not exist");
            assert_eq!(pod.stage.snapshot(), before);
        }
    }
}

/// `concurrent = 0` ends a runner manager with all of its jobs, and what it does not load leaves it without entries.
#[test]
fn file_that_gitlab_runner_does_not_load_is_neither_paused_nor_resumed() {
    let pod = Pod::working(Plan::of(Source::AuthenticationToken));
    let original = pod.original();
    let text = pod.stage.text("config.toml").unwrap();
    let deadly = text.replace("concurrent = 1", "concurrent = 0");
    pod.reap(&["pause"]).is(0, "polling is off");
    for (broken, words) in [
        (
            deadly.clone(),
            "line 1: concurrent: gitlab-runner exits if it is less than 1",
        ),
        (
            text.replace("limit = 1", "limit = \"1\""),
            "runners.limit: expected a whole number",
        ),
        (
            text.replace("concurrent = 1", "concurrent = = 1"),
            "line 1, column 14",
        ),
    ] {
        pod.stage.put("config.toml.original", &broken);
        let before = pod.stage.snapshot();
        for arguments in [&["resume"][..], &["resume", "--dry-run"]] {
            let ended = pod.reap(arguments);
            one_line(&ended, 78, words);
            assert!(
                ended.words.contains("config.toml.original"),
                "{}",
                ended.words
            );
            assert!(!ended.words.contains("unregistered"), "{}", ended.words);
        }
        assert_eq!(pod.stage.snapshot(), before);
    }
    pod.is_paused();
    pod.stage.put("config.toml.original", &text);
    pod.reap(&["resume"]).is(0, "takes jobs again");
    pod.is_resumed(&original);
    drop(pod);

    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    pod.stage.put("config.toml", &deadly);
    let before = pod.stage.snapshot();
    for arguments in [&["pause"][..], &["pause", "--dry-run"]] {
        one_line(
            &pod.reap(arguments),
            78,
            "config.toml, line 1: concurrent: ",
        );
    }
    assert_eq!(pod.stage.snapshot(), before);
}

#[test]
fn paused_file_whose_original_is_gone_is_called_neither_resumed_nor_paused() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    pod.reap(&["pause"]).is(0, "no runner manager uses");
    std::fs::remove_file(pod.stage.file("config.toml.original")).unwrap();
    let before = pod.stage.snapshot();
    one_line(
        &pod.reap(&["resume"]),
        78,
        "config.toml.original is missing",
    );
    assert_eq!(pod.stage.snapshot(), before);
}

#[test]
fn other_pods_volume_is_left_alone_unless_that_is_meant() {
    let pod = Pod::working(Plan::of(Source::AuthenticationToken));
    let original = pod.original();
    let volume = pod.stage.snapshot();
    let by = |arguments: &[&str]| {
        let mut other = pod.reaper(arguments);
        other.env("RUNNER_REAPER_POD_UID", "u-1");
        pod.begin(&mut other).ended()
    };
    for arguments in [&["pause"][..], &["pause", "--dry-run"], &["resume"]] {
        one_line(
            &by(arguments),
            78,
            "belongs to another pod, ci/runner-0 (uid u-0)",
        );
    }
    assert_eq!(
        (pod.stage.snapshot(), pod.original()),
        (volume, original.clone())
    );
    by(&["pause", "--other-pod"]).is(0, "polling is off");
    pod.is_paused();
    by(&["resume", "--other-pod"]).is(0, "takes jobs again");
    pod.is_resumed(&original);
}

#[test]
fn pause_of_a_hook_under_way_is_its_own_and_that_of_a_killed_one_is_resumed() {
    each(&ENDS, || {
        let plan = Plan::of(Source::RegistrationToken).held_for(Duration::from_secs(20));
        let pod = Pod::working(plan);
        let original = pod.original();
        pod.polled(2);
        let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
        hook.says("waiting for polling to stop");
        let during = pod.stage.snapshot();
        for arguments in [&["resume"][..], &["resume", "--dry-run"], &["pause"]] {
            one_line(&pod.reap(arguments), 78, "it restores the file by itself");
        }
        assert_eq!(pod.stage.snapshot(), during);
        hook.signal(Signal::SIGKILL);
        assert_eq!(hook.ended().code, -1);
        let resumed = pod.reap(&["resume"]);
        resumed.is(0, "an earlier run was killed during its pause");
        assert!(
            resumed.words.contains("takes jobs again"),
            "{}",
            resumed.words
        );
        pod.is_resumed(&original);
        pod.polls_on();
        assert!(pod.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let before = pod.stage.snapshot();
    for (arguments, words) in [
        (&["pause", "--timeout=soon"][..], "--timeout"),
        (&["pause", "--output=xml"], "xml"),
        (&["resume", "stray"], "stray"),
        (&["pause", "--yes"], "--yes"),
    ] {
        one_line(&pod.reap(arguments), 2, words);
    }
    assert_eq!(pod.stage.snapshot(), before);
}
