//! Entries: whose they are, and what GitLab says of their tokens.

use std::collections::BTreeSet;

use acceptance::pod::{Plan, Pod, Source, wait_for};
use gitlab_simulator::Fault;
use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::check;
use super::scenes::{STATE, edit, foreign_entry, plain, polled_with, shared, with, working};

#[test]
fn foreign_entry_beside_ours() {
    let pod = Pod::of(shared());
    let entry = foreign_entry(&pod);
    edit(&pod, "config.toml", |text| text + &entry);
    let pod = pod.started(&[]);
    polled_with(&pod, 2);
    let document = plain("foreign-entry", &pod, 0);
    assert_eq!(document["entries"][1]["written_by"]["program"], "other");
    assert_eq!(document["entries"][1]["gitlab"]["status"], "valid");
}

#[test]
fn two_entries_of_ours() {
    let pod = Pod::of(shared());
    let entry = foreign_entry(&pod);
    edit(&pod, "config.toml", |text| text + &entry);
    let (url, id) = (pod.gitlab.url(), pod.gitlab.runners().last().unwrap().id);
    edit(&pod, STATE, |text| {
        format!(
            "{text}\n[[entry]]\nurl = \"{url}\"\nid = {id}\nsource = \"authentication-token\"\n"
        )
    });
    let pod = pod.started(&[]);
    polled_with(&pod, 2);
    let document = plain("two-entries", &pod, 0);
    assert_eq!(
        document["entries"][1]["written_by"]["program"],
        "runner-init"
    );
}

#[test]
fn entry_that_was_not_polled_yet() {
    let pod = Pod::of(shared());
    pod.gitlab
        .fault(Fault::on("POST /jobs/request").forever().hang());
    let pod = pod.started(&[]);
    pod.polled(1);
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    plain("not-polled-yet", &pod, 78);
    assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), asked);
}

#[test]
fn refused_token() {
    let pod = working(shared());
    let id = pod.gitlab.runners().last().unwrap().id;
    pod.gitlab.update(|state| state.remove_runner(id));
    let document = plain("refused", &pod, 77);
    assert_eq!(document["entries"][0]["gitlab"]["status"], "refused");
}

#[test]
fn gitlab_does_not_answer() {
    let pod = working(shared());
    pod.gitlab.fault(Fault::on("*").forever().reset_before());
    let document = check("gitlab-down", &pod, 69, |more| {
        with(&pod, &["--timeout=2s"], more)
    });
    assert_eq!(document["entries"][0]["gitlab"]["status"], "not-reachable");
}

#[test]
fn gitlab_answers_with_502() {
    let pod = working(shared());
    pod.gitlab.fault(Fault::on("*").forever().status(502));
    let document = check("gitlab-502", &pod, 69, |more| {
        with(&pod, &["--timeout=2s"], more)
    });
    assert_eq!(document["entries"][0]["gitlab"]["status"], "not-reachable");
}

#[test]
fn token_in_a_variable() {
    let pod = Pod::of(shared());
    let token = pod.gitlab.runners().last().unwrap().token.clone();
    edit(&pod, "config.toml", |text| {
        text.replace(&token, "$RUNNER_TOKEN")
    });
    let document = plain("variable-not-set", &pod, 78);
    assert_eq!(document["entries"][0]["token"]["short"], Value::Null);
    let document = check("variable-set", &pod, 78, |more| {
        let mut command = with(&pod, &[], more);
        command.env("RUNNER_TOKEN", &token);
        command
    });
    assert_eq!(document["entries"][0]["token"]["is_variable"], true);
    let problems = document["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1, "only that nobody polls: {problems:?}");
}

#[test]
fn expired_token() {
    let pod = Pod::of(shared());
    edit(&pod, "config.toml", |text| {
        text.replace("token_expires_at = 0001-01-01T00:00:00Z", "")
            .replace(
                "  executor",
                "  token_expires_at = 2001-01-01T00:00:00Z\n  executor",
            )
    });
    let document = plain("expired", &pod, 78);
    assert_eq!(document["entries"][0]["expires_at"], "2001-01-01T00:00:00Z");
    let problems = document["problems"].as_array().unwrap();
    assert!(
        problems.iter().any(|problem| problem["exit_code"] == 77),
        "{problems:?}"
    );
}

#[test]
fn key_that_an_operator_has_changed() {
    let pod = working(shared());
    edit(&pod, STATE, |text| {
        // What another runner-init has written.
        let before = text.split("[entry.written]").next().unwrap();
        format!("{before}\n[entry.written]\nexecutor = \"00\"\n")
    });
    let document = plain("edited-key", &pod, 0);
    assert_eq!(document["entries"][0]["changed_keys"], json!(["executor"]));
}

#[test]
fn all_entries_are_asked_about_at_once() {
    let pod = Pod::of(shared());
    let more = [foreign_entry(&pod), foreign_entry(&pod)].concat();
    edit(&pod, "config.toml", |text| text + &more);
    let pod = pod.started(&[]);
    polled_with(&pod, 3);
    pod.gitlab
        .fault(Fault::on("POST /runners/verify").forever().hang());
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    let mut status = with(&pod, &["--timeout=1h"], &[]);
    let mut status = pod.begin(&mut status);
    wait_for("all three questions", || {
        let calls = pod.gitlab.calls("POST /runners/verify");
        let tokens = calls[asked..]
            .iter()
            .map(|call| call.body["token"].to_string());
        (tokens.collect::<BTreeSet<_>>().len() == 3).then_some(())
    });
    let calls = pod.gitlab.calls("POST /runners/verify");
    assert!(
        calls[asked..].iter().all(|call| call.ended_at.is_none()),
        "one after the other"
    );
    assert!(status.runs());
}

#[test]
fn told_to_stop_it_does_not_wait_for_gitlab() {
    let pod = working(shared());
    pod.gitlab
        .fault(Fault::on("POST /runners/verify").forever().hang());
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    let mut status = with(&pod, &["--timeout=1h"], &["--output=json"]);
    let status = pod.begin(&mut status);
    wait_for("the question", || {
        (pod.gitlab.calls("POST /runners/verify").len() > asked).then_some(())
    });
    status.signal(Signal::SIGINT);
    let ended = status.ended();
    ended.is(69, "stopped by a signal");
    assert!(!ended.words.contains("\"version\""), "{}", ended.words);
}

#[test]
fn runner_that_was_unregistered_here_and_kept_its_entry() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let ended = pod.reap(&["unregister", "--all-runners", "--keep-entry"]);
    ended.is(0, "nothing is left at GitLab");
    let document = plain("unregistered-here", &pod, 78);
    assert_eq!(document["entries"][0]["was_refused"], true);
    let problems = document["problems"].as_array().unwrap();
    assert!(problems.iter().any(|problem| problem["exit_code"] == 77));
}
