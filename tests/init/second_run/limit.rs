//! `limit`: ours only where somebody told `concurrent`, following it, and nobody's brake.

use acceptance::pod::{Plan, Pod, Source};

use super::{REGISTRATION, STATE, Volume};

const NAMED: [&str; 2] = [REGISTRATION, "--name=n"];

const MARKED: &str = "  # Written by runner-init: with a limit runner-reaper can pause a busy runner manager.\n  # It has no effect while it equals \"concurrent\": raise both together. To turn it off: --drain-ready=false.\n";

fn limit(volume: &Volume) -> Option<i64> {
    let entry = volume.entry("n");
    entry.get("limit").and_then(toml_edit::Item::as_integer)
}

/// The file with one port for all that is free: the usual one is taken while another test looks whether it is.
fn with_any_port(volume: &Volume) -> String {
    let line = |line: &str| match line.split_once("listen_address = \"127.0.0.1:") {
        Some((before, _)) => format!("{before}listen_address = \"127.0.0.1:PORT\"\n"),
        None => format!("{line}\n"),
    };
    volume.config().lines().map(line).collect()
}

/// As `sed -i` does.
pub(super) fn sed(volume: &Volume, from: &str, to: &str) {
    let text = volume.config();
    assert!(text.contains(from), "{from}: {text}");
    volume.stage.put("config.toml", &text.replace(from, to));
}

pub(super) fn warnings(said: &str) -> Vec<&str> {
    said.lines()
        .filter(|line| line.contains(" WARN "))
        .collect()
}

#[test]
fn concurrent_that_a_script_raises_afterwards_is_held_back_by_nothing() {
    let volume = Volume::new();
    volume.run(&NAMED);
    assert_eq!(limit(&volume), None, "{}", volume.config());
    sed(&volume, "concurrent = 1\n", "concurrent = 10\n");
    let second = volume.run(&NAMED);
    assert_eq!(limit(&volume), Some(10), "{}", second.output());
    assert_eq!(warnings(&second.stderr), [""; 0]);
    let before = volume.bytes();
    (0..3).for_each(|_| drop(volume.run(&NAMED)));
    assert_eq!(volume.bytes(), before, "same bytes");
    sed(&volume, "concurrent = 10\n", "concurrent = 20\n");
    volume.run(&NAMED);
    assert_eq!(limit(&volume), Some(20));
    sed(&volume, "concurrent = 20\n", "concurrent = 1\n");
    volume.run(&NAMED);
    assert_eq!(limit(&volume), None, "nobody's word any more");
}

#[test]
fn three_jobs_run_at_once_when_a_script_has_raised_concurrent() {
    let mut pod = Pod::of(Plan {
        limit: false,
        ..Plan::of(Source::RegistrationToken)
    });
    std::fs::remove_file(pod.config()).unwrap();
    let mut init = pod.stage.init(&["--non-interactive", "--executor=shell"]);
    let token = pod
        .gitlab
        .look(|state| state.settings.registration_token.clone());
    init.args(["--url", &pod.gitlab.url(), "--registration-token", &token])
        .args(["--name=acceptance", "--listen-address", &pod.address])
        .env("RUNNER_INIT_POD_UID", "u-0");
    let ended = acceptance::stage::run(&mut init);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let text = pod.stage.text("config.toml").unwrap();
    let raised = text.replace("concurrent = 1\n", "concurrent = 10\n");
    assert_ne!(raised, text);
    pod.stage.put("config.toml", &raised);
    pod.start(&[]);
    pod.busy_with(3);
}

#[test]
fn limit_follows_concurrent_wherever_that_is_told() {
    let volume = Volume::new();
    volume.stage.put("base.toml", "concurrent = 3\n");
    let base = format!("--config-base={}", volume.stage.file("base.toml").display());
    let words = [&NAMED[..], &[&base]].concat();
    volume.run(&words);
    assert_eq!(limit(&volume), Some(3));
    volume.stage.put("base.toml", "concurrent = 6\n");
    volume.run(&words);
    assert_eq!(limit(&volume), Some(6), "{}", volume.config());
    let mut command = volume.command(&words);
    let ended = acceptance::stage::run(command.env("RUNNER_INIT_CONCURRENT", "1"));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    assert_eq!(limit(&volume), Some(1), "told, though it is the default");
    volume.run(&NAMED);
    assert_eq!(limit(&volume), None);
    let text = volume.config();
    assert!(
        text.contains("concurrent = 1\n") && !text.contains("with a limit"),
        "{text}"
    );
}

#[test]
fn base_that_is_copied_over_each_time_tells_concurrent() {
    let volume = Volume::new();
    for jobs in [10, 1, 4, 4] {
        volume
            .stage
            .put("config.toml", &format!("concurrent = {jobs}\n"));
        let ended = volume.run(&NAMED);
        let want = Some(jobs).filter(|jobs| *jobs != 1);
        assert_eq!(limit(&volume), want, "{}", ended.output());
        assert!(
            volume
                .config()
                .starts_with(&format!("concurrent = {jobs}\n"))
        );
        assert!(
            !ended.stderr.contains("somebody else"),
            "{}",
            ended.output()
        );
    }
    // And a flag is applied to it at each start as at the first.
    for _ in 0..3 {
        volume.stage.put("config.toml", "concurrent = 2\n");
        volume.run(&[&NAMED[..], &["--concurrent=7"]].concat());
        assert!(
            volume.config().starts_with("concurrent = 7\n"),
            "{}",
            volume.config()
        );
        assert_eq!(limit(&volume), Some(7));
    }
    assert_eq!(volume.gitlab.runners().len(), 1);
}

#[test]
fn limit_of_an_operator_stays_and_is_named_where_it_holds_jobs_back() {
    let words = [&NAMED[..], &["--concurrent=4"]].concat();
    for to in ["  limit = 2 # enough\n", ""] {
        let volume = Volume::new();
        volume.run(&words);
        sed(&volume, "  limit = 4\n", to);
        for _ in 0..3 {
            let ended = volume.run(&words);
            let lines = warnings(&ended.stderr);
            assert_eq!(limit(&volume), (!to.is_empty()).then_some(2));
            assert_eq!(
                lines.len(),
                usize::from(!to.is_empty()),
                "{}",
                ended.output()
            );
            for line in lines {
                assert!(line.contains("limit = 2 is below concurrent = 4"), "{line}");
            }
        }
    }
}

#[test]
fn limit_that_is_told_is_the_operators() {
    let volume = Volume::new();
    volume.run(&[&NAMED[..], &["--concurrent=4"]].concat());
    assert!(volume.config().contains(MARKED));
    volume.run(&[&NAMED[..], &["--concurrent=4", "--limit=4"]].concat());
    assert!(!volume.config().contains(MARKED), "{}", volume.config());
    volume.run(&[&NAMED[..], &["--concurrent=8", "--limit=4"]].concat());
    assert_eq!(limit(&volume), Some(4));
    volume.run(&[&NAMED[..], &["--concurrent=8", "--limit=0"]].concat());
    assert_eq!(limit(&volume).unwrap_or(0), 0, "none, as somebody says");
    volume.run(&[&NAMED[..], &["--concurrent=8"]].concat());
    assert_eq!(limit(&volume), Some(8));
}

#[test]
fn what_an_older_version_wrote_is_known_by_its_comment() {
    for (concurrent, was, mark, words, want) in [
        (1, 1, MARKED, &[][..], None),
        (10, 10, MARKED, &[], Some(10)),
        (4, 4, MARKED, &["--concurrent=9"], Some(9)),
        // Edited since: theirs.
        (4, 2, MARKED, &["--concurrent=9"], Some(2)),
        (10, 1, MARKED, &[], Some(1)),
        // Made by stock.
        (1, 1, "", &[], Some(1)),
        (5, 5, "", &["--concurrent=9"], Some(5)),
        (
            4,
            4,
            MARKED,
            &["--concurrent=4", "--drain-ready=false"],
            None,
        ),
    ] {
        let volume = Volume::new();
        volume.run(&[&NAMED[..], &["--concurrent=3"]].concat());
        let runner = volume.runner("n").id;
        let text = volume
            .config()
            .replace("concurrent = 3\n", &format!("concurrent = {concurrent}\n"))
            .replace("  limit = 3\n", &format!("  limit = {was}\n"))
            .replace(MARKED, mark);
        volume.stage.put("config.toml", &text);
        let url = volume.gitlab.url();
        let state = format!(
            "version = 1\n\n[[entry]]\nurl = \"{url}\"\nid = {runner}\nsource = \"registration-token\"\n"
        );
        volume.stage.put(STATE, &state);
        let words = [&NAMED[..], words].concat();
        let at = volume.run(&words).output();
        assert_eq!(
            limit(&volume),
            want,
            "{concurrent} {was} {mark:?} {words:?}: {at}"
        );
        let before = volume.bytes();
        volume.run(&words);
        assert_eq!(volume.bytes(), before, "same bytes: {words:?}");
    }
}

#[test]
fn both_keys_go_where_they_are_not_wanted_any_more_and_come_back() {
    let words = [&NAMED[..], &["--concurrent=4"]].concat();
    let off = [&words[..], &["--drain-ready=false"]].concat();
    let volume = Volume::new();
    volume.run(&words);
    let with = with_any_port(&volume);
    volume.run(&off);
    let without = volume.config();
    assert!(!without.contains("Written by runner-init"), "{without}");
    assert!(
        !without.contains("listen_address") && limit(&volume).is_none(),
        "{without}"
    );
    volume.run(&words);
    assert_eq!(with_any_port(&volume), with);
    // The address is needed, whoever has taken it away; one of theirs is not ours to take.
    let cut: String = with
        .lines()
        .filter(|line| !line.contains("listen_address ="))
        .map(|line| format!("{line}\n"))
        .collect();
    volume.stage.put("config.toml", &cut);
    volume.run(&words);
    assert!(
        volume.config().contains("\nlisten_address = \"127.0.0.1:"),
        "{}",
        volume.config()
    );
    sed(
        &volume,
        "listen_address = \"127.0.0.1:",
        "listen_address = \"0.0.0.0:",
    );
    volume.run(&off);
    assert!(
        volume.config().contains("listen_address = \"0.0.0.0:"),
        "{}",
        volume.config()
    );
}

#[test]
fn script_that_deletes_one_of_both_keys_at_each_start_leaves_no_comments_behind() {
    fn without(volume: &Volume, key: &str) {
        let text = volume.config();
        let kept = text
            .lines()
            .filter(|line| !line.trim_start().starts_with(key));
        let kept: String = kept.map(|line| format!("{line}\n")).collect();
        assert_ne!(kept, text);
        volume.stage.put("config.toml", &kept);
    }
    let words = [&NAMED[..], &["--concurrent=4"]].concat();
    let volume = Volume::new();
    volume.run(&words);
    let first = with_any_port(&volume);
    for _ in 0..2 {
        without(&volume, "listen_address =");
        volume.run(&words);
        assert_eq!(with_any_port(&volume), first);
    }
    // Somebody else's word stands, and ours above it would be untrue.
    let comment = "# Written by runner-init: with a limit";
    assert!(first.contains(comment), "{first}");
    without(&volume, "limit =");
    volume.run(&words);
    let text = volume.config();
    assert!(
        limit(&volume).is_none() && !text.contains(comment),
        "{text}"
    );
    assert!(
        text.contains("# Written by runner-init: runner-reaper"),
        "{text}"
    );
    volume.run(&words);
    assert_eq!(volume.config(), text);
    // At the end of a file the comment has no key below it.
    let only = "concurrent = 4\n";
    let off = ["--drain-ready=false"];
    for comments in [
        "# Written by runner-init: runner-reaper watches the runner manager here. To turn it off: --drain-ready=false.\n",
        "",
    ] {
        volume
            .stage
            .put("config.toml", &format!("{only}{comments}# mine\n"));
        volume.run(&[&words[..], &off].concat());
        let text = volume.config();
        assert!(text.starts_with("concurrent = 4\n# mine\n"), "{text}");
    }
}
