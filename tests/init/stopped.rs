//! `runner-init` stopped while GitLab is slow, silent or asked again and again: nothing more is asked for, what was made is
//! taken back inside the grace period, and what may be left is named.

use std::time::Duration;

use acceptance::at_once::at_once;
use acceptance::known::RESET;
use acceptance::pod::{Plan, Pod, Source};
use acceptance::process::{Ended, Running};
use gitlab_simulator::Fault;
use nix::sys::signal::Signal;

const RETRY: &str = "next attempt in";

/// The call that asks for a runner.
fn call(source: Source) -> &'static str {
    match source {
        Source::RegistrationToken => "POST /runners",
        Source::AccessToken => "POST /user/runners",
        Source::AuthenticationToken => "POST /runners/verify",
    }
}

fn start(pod: &Pod, source: Source, more: &[&str]) -> Running {
    let mut words = pod.flags(source);
    words.extend(more.iter().map(|word| (*word).to_owned()));
    pod.begin(&mut pod.init(&words))
}

/// Starts it, signals once GitLab was asked, and waits for the end.
fn stopped_when_asked(pod: &Pod, source: Source, more: &[&str]) -> Ended {
    let run = start(pod, source, more);
    pod.is_asked(call(source), 1);
    run.stopped()
}

/// Nothing is left: no runner that was made, no runner manager, no entry, nothing pending.
fn nothing_is_left(pod: &Pod, source: Source, at: &str) {
    let runners = pod.gitlab.runners();
    assert_eq!(runners.len(), usize::from(!source.owned()), "{at}");
    assert!(
        runners.iter().all(|runner| runner.managers.is_empty()),
        "{at}"
    );
    assert_eq!(pod.stage.entries(), 0, "{at}");
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap_or_default();
    assert!(!state.contains("pending"), "{at}: {state}");
}

fn for_each_source(story: impl Fn(&Pod, Source) + Sync) {
    at_once(3, Source::ALL, |source| story(&Pod::fresh(), source));
}

#[test]
fn answer_that_takes_seconds_is_waited_for_and_what_it_made_is_taken_back() {
    for_each_source(|pod, source| {
        let slow = Fault::on(call(source)).delay(Duration::from_secs(7));
        pod.gitlab.fault(slow);
        let ended = stopped_when_asked(pod, source, &[]);
        let at = format!("{source:?}: {}", ended.words);
        assert_eq!(ended.code, 143, "{at}");
        assert_eq!(pod.gitlab.calls(call(source)).len(), 1, "{at}");
        nothing_is_left(pod, source, &at);
        assert!(ended.words.contains("unregistered again"), "{at}");
    });
}

#[test]
fn answer_that_never_comes_is_named_before_the_grace_period_is_over() {
    for_each_source(|pod, source| {
        pod.gitlab.fault(Fault::on(call(source)).hang_after());
        let ended = stopped_when_asked(pod, source, &["--grace-period=3s"]);
        let at = format!("{source:?}: {}", ended.words);
        assert_eq!(ended.code, 143, "{at}");
        assert_eq!(pod.gitlab.calls(call(source)).len(), 1, "{at}");
        if source.owned() {
            assert_eq!(pod.gitlab.runners().len(), 1, "{at}");
            let named = "may have created a runner: look for the description \"acceptance\"";
            assert!(ended.words.contains(named), "{at}");
            assert_eq!(pod.stage.entries(), 0, "{at}");
        } else {
            // Whose token it is, is known: the runner manager that may have been made goes without its answer.
            nothing_is_left(pod, source, &at);
        }
    });
}

#[test]
fn no_attempt_is_made_after_a_signal() {
    for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT] {
        for_each_source(|pod, source| {
            let later = Fault::on(call(source)).forever().status(503);
            pod.gitlab.fault(later.header("Retry-After", "4"));
            let mut run = start(pod, source, &[]);
            run.says(RETRY);
            run.signal(signal);
            let ended = run.ended();
            let at = format!("{signal}, {source:?}: {}", ended.words);
            assert_eq!(ended.code, 128 + signal as i32, "{at}");
            assert_eq!(pod.gitlab.calls("POST *").len(), 1, "{at}");
            nothing_is_left(pod, source, &at);
        });
    }
}

#[test]
fn new_runner_whose_verification_is_repeated_is_taken_back_at_once() {
    let pod = Pod::fresh();
    let later = Fault::on("POST /runners/verify").forever().status(503);
    pod.gitlab.fault(later.header("Retry-After", "4"));
    let mut run = start(&pod, Source::AccessToken, &[]);
    run.says(RETRY);
    let ended = run.stopped();
    let at = &ended.words;
    assert_eq!(ended.code, 143, "{at}");
    assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), 1, "{at}");
    assert_eq!(pod.gitlab.calls("DELETE /runners").len(), 1, "{at}");
    nothing_is_left(&pod, Source::AccessToken, at);
}

#[test]
fn rotation_that_asks_first_whose_the_token_is_stops_there() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let runner = pod.gitlab.runners().pop().unwrap();
    let rotated = pod.gitlab.rotate_token(runner.id).unwrap();
    let text = pod.stage.text("config.toml").unwrap();
    pod.put_config(&text.replace(&runner.token, &rotated));
    let later = Fault::on("POST /runners/verify").forever().status(503);
    pod.gitlab.fault(later.header("Retry-After", "4"));
    let mut run = pod.begin(&mut pod.stage.init(&["rotate"]));
    run.says(RETRY);
    let ended = run.stopped();
    assert_eq!(ended.code, 143, "{}", ended.words);
    assert!(pod.gitlab.calls(RESET).is_empty(), "{}", ended.words);
    assert!(pod.stage.text("config.toml").unwrap().contains(&rotated));
}

#[test]
fn second_signal_waits_for_no_answer() {
    let pod = Pod::fresh();
    pod.gitlab.fault(Fault::on("POST /runners").hang_after());
    let mut run = start(&pod, Source::RegistrationToken, &["--grace-period=1h"]);
    pod.is_asked("POST /runners", 1);
    run.stop();
    run.says("SIGTERM received");
    run.stopped()
        .is(143, "look for the description \"acceptance\"");
}

#[test]
fn signal_during_one_call_stops_the_story_before_the_next() {
    let pod = Pod::fresh();
    let slow = Fault::on("POST /user/runners").delay(Duration::from_secs(1));
    pod.gitlab.fault(slow);
    let never = Fault::on("POST /runners/verify").forever().status(503);
    pod.gitlab.fault(never);
    let ended = stopped_when_asked(&pod, Source::AccessToken, &[]);
    let at = &ended.words;
    assert_eq!(ended.code, 143, "{at}");
    assert!(pod.gitlab.calls("POST /runners/verify").is_empty(), "{at}");
    nothing_is_left(&pod, Source::AccessToken, at);
}
