//! The files of the volume: broken, lost, of others, or not there.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use acceptance::namespaces::{is_root, skipped};
use acceptance::pod::{Plan, Pod, Source};
use acceptance::programs::copied;

use super::check;
use super::scenes::{STATE, edit, plain, shared, with, working};
use acceptance::namespaces::mount_namespace;

#[test]
fn broken_file() {
    let pod = working(shared());
    edit(&pod, "config.toml", |text| {
        text.replace("concurrent = 1", "concurrent = = 1")
    });
    let document = plain("broken", &pod, 78);
    assert_eq!(document["volume"]["config_file"]["status"], "broken");
    // Its runner manager goes on with what it has loaded.
    let address = format!("--metrics-address={}", pod.address);
    let document = check("broken-but-polling", &pod, 78, |more| {
        with(&pod, &[&address], more)
    });
    assert_eq!(document["runner_manager"]["status"], "polling");
}

#[test]
fn lost_state() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    fs::remove_file(pod.stage.file(STATE)).unwrap();
    let document = plain("lost-state", &pod, 78);
    assert_eq!(document["volume"]["state_file"]["status"], "lost");
}

#[test]
fn volume_of_gitlab_runner_alone() {
    let pod = working(Plan::of(Source::RegistrationToken));
    for name in [STATE, ".runner-lifecycle.lock"] {
        fs::remove_file(pod.stage.file(name)).unwrap();
    }
    let document = plain("stock", &pod, 0);
    assert_eq!(document["volume"]["state_file"]["status"], "none");
}

#[test]
fn damaged_and_newer_state() {
    let pod = Pod::of(shared());
    edit(&pod, STATE, |text| {
        format!("{text}\nversion = 2\n[[entry\n")
    });
    plain("damaged-state", &pod, 78);
    pod.stage.put(STATE, "version = 9\n");
    let document = plain("newer-state", &pod, 78);
    assert_eq!(document["volume"]["state_file"]["status"], "unusable");
}

#[test]
fn volume_of_another_pod() {
    let pod = Pod::of(shared());
    let document = check("other-pod", &pod, 78, |more| {
        let mut command = with(&pod, &[], more);
        command.env("RUNNER_REAPER_POD_NAME", "runner-1");
        command.env("RUNNER_REAPER_POD_NAMESPACE", "ci");
        command
    });
    assert_eq!(document["volume"]["is_this_pod"], false);
}

#[test]
fn known_runner_without_an_entry() {
    for (source, name) in [
        (Source::RegistrationToken, "no-entry-owned"),
        (Source::AuthenticationToken, "no-entry-shared"),
    ] {
        let pod = Pod::of(Plan::of(source));
        pod.stage.put("config.toml", "concurrent = 1\n");
        let document = plain(name, &pod, 78);
        assert_eq!(document["without_entry"][0]["status"], "known");
    }
}

#[test]
fn what_is_under_way() {
    let pod = Pod::of(shared());
    let url = pod.gitlab.url();
    edit(&pod, STATE, |text| {
        format!(
            "{text}\n[[leaving]]\nurl = \"{url}\"\nid = 71\nsource = \"registration-token\"\ntoken = \"glrtr-canaryLeavingcanary00\"\n\n[[unanswered]]\nurl = \"{url}\"\ndescription = \"builds\"\nasked_at = \"2026-01-31T10:10:10Z\"\n\n[pending]\nstep = \"received\"\nurl = \"{url}\"\nsource = \"access-token\"\nid = 72\ntoken = \"glrt-canaryReceivedcanary00\"\nobtained_at = \"2026-01-31T10:11:10Z\"\n"
        )
    });
    let document = plain("under-way", &pod, 78);
    let all = document["without_entry"].as_array().unwrap();
    let kinds: Vec<&str> = all
        .iter()
        .map(|one| one["status"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["received", "leaving", "unanswered"]);
}

#[test]
fn read_only_volume_and_a_file_that_is_a_mount() {
    let pod = working(shared());
    for (name, mounted) in [("read-only", "."), ("file-mount", "config.toml")] {
        if mount_namespace().is_none() {
            return;
        }
        let mounted = pod.stage.file(mounted);
        let document = check(name, &pod, 78, |more| {
            let reaper = with(&pod, &[], more);
            let mut inside = mount_namespace().unwrap();
            let script =
                "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
            inside.args(["sh", "-c", script]).arg(&mounted);
            inside.arg(reaper.get_program()).args(reaper.get_args());
            inside.env("CONFIG_FILE", pod.config());
            inside
        });
        assert_eq!(document["volume"]["replaceable"], false, "{name}");
    }
}

#[test]
fn file_without_entries_that_nobody_has_paused() {
    let pod = Pod::of(shared());
    edit(&pod, "config.toml", |text| {
        text.split("[[runners]]").next().unwrap().to_owned()
    });
    pod.stage.put(STATE, "version = 2\n");
    let pod = pod.started(&[]);
    pod.is_up();
    let document = plain("nothing-to-poll", &pod, 78);
    assert_eq!(document["runner_manager"]["status"], "nothing-to-poll");
}

#[test]
fn empty_volume_and_no_directory() {
    let pod = Pod::of(shared());
    for name in pod.stage.snapshot().keys() {
        fs::remove_file(pod.stage.file(name)).unwrap();
    }
    plain("empty", &pod, 78);
    let elsewhere = pod.stage.file("nowhere/config.toml");
    let document = check("no-directory", &pod, 78, |more| {
        let mut command = with(&pod, &[], more);
        command.arg("--config").arg(&elsewhere);
        command
    });
    assert_eq!(document["volume"]["config_file"]["status"], "no-directory");
    assert!(!pod.stage.file("nowhere").exists());
}

#[test]
fn addresses_and_names_of_others_are_shown_without_secrets() {
    let pod = Pod::of(shared());
    pod.stage.put(
        "config.toml",
        "[[runners]]\n  name = \"a\\u001b[31m glrt-canaryName\"\n  url = \"https://me:canaryPassword@gitlab.example/\"\n  token = \"canaryShort\"\n",
    );
    let document = plain("strange", &pod, 78);
    let shown = document.to_string();
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn reset_of_a_token_that_was_stopped_half_way() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let url = pod.gitlab.url();
    let token = pod.gitlab.runners().pop().unwrap().token;
    let of = runner_lifecycle::token::Token::new(token.clone()).unwrap();
    let of = of.fingerprint();
    let state = pod.stage.text(STATE).unwrap();
    let check = |name: &str, more: &str, want: &str| {
        pod.stage.put(
            STATE,
            &format!("{state}\n[rotation]\nurl = \"{url}\"\nid = 2\nof = \"{of}\"\nat = \"2026-01-31T10:10:10Z\"\n{more}"),
        );
        let document = plain(name, &pod, 78);
        assert_eq!(document["volume"]["rotation"]["status"], want);
    };
    let received = "token = \"glrtr-canaryNewcanary00000\"\n";
    check("reset-unanswered", "", "unanswered");
    check("reset-received", received, "received");
    edit(&pod, "config.toml", |text| {
        text.replace(&token, "glrtr-canaryOther00000000")
    });
    check("reset-without-entry", received, "no-entry");
    edit(&pod, "config.toml", |text| {
        text.replace("glrtr-canaryOther00000000", "glrtr-canaryNewcanary00000")
    });
    check("reset-written", received, "written");
}

#[test]
fn file_that_gitlab_runner_does_not_load() {
    let pod = working(shared());
    edit(&pod, "config.toml", |text| {
        text.replace("limit = 1", "limit = \"1\"")
    });
    let document = plain("unloadable", &pod, 78);
    assert_eq!(document["volume"]["config_file"]["status"], "unloadable");
    assert_eq!(document["entries"][0]["gitlab"]["status"], "valid");
    drop(pod);
    // Beside a runner manager it would be read: that ends it.
    let pod = Pod::of(shared());
    edit(&pod, "config.toml", |text| {
        text.replace("concurrent = 1", "concurrent = 0")
    });
    let document = plain("deadly", &pod, 78);
    assert_eq!(document["volume"]["config_file"]["status"], "unloadable");
}

#[test]
fn state_that_somebody_emptied_is_lost() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.stage.put(STATE, "");
    let document = plain("empty-state", &pod, 78);
    assert_eq!(document["volume"]["state_file"]["status"], "lost");
}

#[test]
fn files_of_another_user_are_no_proof_that_nobody_polls() {
    if !is_root() {
        skipped("only root can be another user");
        return;
    }
    let pod = working(shared());
    let here = pod.aside.path().join("runner-reaper");
    copied("runner-reaper", &here);
    for directory in [pod.aside.path(), pod.stage.path()] {
        fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let document = check("another-user", &pod, 78, |more| {
        let reaper = with(&pod, &[], more);
        let mut other = Command::new("setpriv");
        other.args(["--reuid=65534", "--regid=65534", "--clear-groups", "--"]);
        other.arg(&here).args(reaper.get_args());
        other.env("CONFIG_FILE", pod.config());
        other
    });
    assert_eq!(document["runner_manager"]["status"], "unknown");
}
