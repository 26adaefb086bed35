//! `--output json` and `--dry-run`: the one object of the schema and nothing beside it, and nothing done.

use std::fs::File;
use std::process::Stdio;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::schema;
use acceptance::stage::run;
use serde_json::Value;

use super::Pausing as _;

const SCHEMA: &str = include_str!("../../../crates/runner-reaper/pause.schema.json");

/// What a run prints; everything it says is searched for tokens.
#[track_caller]
fn printed(pod: &Pod, arguments: &[&str]) -> (i32, Value) {
    let ended = run(&mut pod.reaper(&[arguments, &["--output=json"]].concat()));
    for secret in pod.secrets() {
        let said = acceptance::canary::form(ended.output(), secret);
        assert_eq!(said, None, "{}", ended.output());
    }
    let value: Value = serde_json::from_str(&ended.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", ended.output()));
    let schema = serde_json::from_str(SCHEMA).unwrap();
    assert_eq!(schema::check(&schema, &value), Vec::<String>::new());
    assert_eq!(value["command"], arguments[0]);
    assert_eq!(value["exit_code"], ended.code());
    (ended.code(), value)
}

/// Command, whether it is a dry run, changed, paused, how polling stands, the number of jobs.
fn short(value: &Value) -> String {
    let jobs = value["jobs"].as_array().map(Vec::len);
    let polling = value["polling"].as_str().unwrap_or("-");
    format!(
        "{} {} {} {} {polling} {jobs:?}",
        value["command"].as_str().unwrap(),
        value["dry_run"],
        value["changed"],
        value["paused"]
    )
}

#[test]
fn each_run_prints_one_object_of_the_schema() {
    let pod = Pod::working(Plan::of(Source::AuthenticationToken));
    pod.busy_with(1);
    let check = |arguments: &[&str], want: &str| {
        let (code, value) = printed(&pod, arguments);
        assert_eq!(code, 0, "{value}");
        assert_eq!(short(&value), want, "{value}");
        value
    };
    check(&["resume"], "resume false false false - None");
    check(&["pause", "--dry-run"], "pause true true true - None");
    let paused = check(&["pause"], "pause false true true off Some(1)");
    let again = check(&["pause"], "pause false false true off Some(1)");
    for key in ["paused_by", "paused_at"] {
        assert!(paused[key].is_string(), "{paused}");
        assert_eq!(paused[key], again[key]);
    }
    check(&["pause", "--dry-run"], "pause true false true - None");
    check(&["resume", "--dry-run"], "resume true true false - None");
    let resumed = check(&["resume"], "resume false true false on None");
    assert_eq!(resumed["paused_by"], paused["paused_by"]);
    check(&["resume", "--dry-run"], "resume true false false - None");
    pod.release();
}

#[test]
fn nobody_to_wait_for_and_a_deadline_that_passed_are_told_too() {
    let mut pod = Pod::of(Plan {
        limit: false,
        ..Plan::of(Source::AuthenticationToken)
    });
    let (_, value) = printed(&pod, &["pause"]);
    assert_eq!(
        short(&value),
        "pause false true true no-runner-manager None"
    );
    let (_, value) = printed(&pod, &["resume"]);
    assert_eq!(
        short(&value),
        "resume false true false no-runner-manager None"
    );
    pod.start(&[]);
    pod.polled(1);
    pod.busy_with(1);
    let (code, value) = printed(&pod, &["pause", "--timeout=6s"]);
    assert_eq!(code, 75, "{value}");
    assert_eq!(short(&value), "pause false true true on Some(1)");
    pod.release();
}

#[test]
fn refusal_prints_nothing_on_stdout() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    pod.stage.put("config.toml", "[[runners]\n");
    let ended = run(&mut pod.reaper(&["pause", "--output=json"]));
    assert_eq!((ended.code(), ended.stdout.as_str()), (78, ""));
}

#[test]
fn dry_run_tells_what_would_be_done_and_does_nothing() {
    let pod = Pod::working(Plan::of(Source::RegistrationToken));
    let check = |command: &str, lines: &[&str]| {
        let before = (pod.stage.snapshot(), pod.original());
        let ended = run(&mut pod.reaper(&[command, "--dry-run"]));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        let directory = format!("{}/", pod.stage.path().display());
        let found = ended.stdout.replace(&directory, "");
        let found: Vec<&str> = found.lines().collect();
        assert_eq!(found.len(), lines.len() + 1, "{found:?}");
        assert_eq!(found[0], "Dry run: nothing was written.");
        for (found, want) in found[1..].iter().zip(lines) {
            assert!(found.starts_with(want), "{found}");
        }
        assert_eq!((pod.stage.snapshot(), pod.original()), before);
    };
    check("resume", &["nothing would be changed"]);
    check(
        "pause",
        &[
            "would record in .runner-lifecycle.toml: paused by ",
            "would keep config.toml as config.toml.original",
            "would write config.toml without its runner entry, with concurrent = 2 instead of 1",
        ],
    );
    pod.polls_on();
    pod.reap(&["pause"]).is(0, "polling is off");
    check("pause", &["nothing would be changed"]);
    check(
        "resume",
        &[
            "would restore config.toml from config.toml.original, with 1 runner entry",
            "would remove from .runner-lifecycle.toml: paused by ",
        ],
    );
    pod.takes_nothing();
    let paused = pod.stage.text("config.toml").unwrap();
    pod.stage.put("config.toml", "concurrent = 1\n");
    check(
        "resume",
        &[
            "would restore config.toml from config.toml.original, over a file without runner entries",
            "would remove from .runner-lifecycle.toml: paused by ",
        ],
    );
    pod.stage.put(
        "config.toml",
        &pod.stage.text("config.toml.original").unwrap(),
    );
    check(
        "resume",
        &[
            "would remove config.toml.original: config.toml is not the paused file",
            "would remove from .runner-lifecycle.toml: paused by ",
        ],
    );
    check(
        "pause",
        &[
            "would remove config.toml.original: config.toml is not the paused file",
            "would record in .runner-lifecycle.toml: paused by ",
            "would keep config.toml as config.toml.original",
            "would write config.toml without its runner entry",
        ],
    );
    pod.stage.put("config.toml", &paused);
}

#[test]
fn answer_that_cannot_be_written_is_no_success() {
    let pod = Pod::working(Plan::of(Source::AuthenticationToken));
    for words in [
        &["status", "--output=json"][..],
        &["status"],
        &["pause", "--dry-run"],
        &["pause", "--output=json"],
        &["resume", "--output=json"],
        &["--help"],
    ] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ended = pod
            .reaper(words)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(78), "{words:?}: {said}");
        assert!(said.contains("writing to stdout: "), "{words:?}: {said}");
    }
}
