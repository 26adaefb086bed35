//! Somebody wrote over `config.toml`, and the state file has the token of an owned runner: it is unregistered as if its entry
//! were there, by every command, and its token is nowhere afterwards.

use std::fs;

use gitlab_simulator::{Fault, JobStatus, NewRunner, Runner, Settings, Simulator};
use nix::sys::signal::Signal;

use acceptance::known::STATE;
use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::process::Ended;
use acceptance::versions::{ENDS, each};

mod selected;

const BASE: &str = "concurrent = 10\n";

/// What may become of the entry: the text of the file without it, or nothing where the file is gone.
const LOSSES: [fn(&str, &Runner) -> Option<String>; 7] = [
    |_, _| Some(BASE.into()),
    |_, _| Some(String::new()),
    |_, _| None,
    |text, runner| Some(text.replace(&runner.token, "")),
    |text, runner| Some(text.replace(&runner.token, "$NOWHERE")),
    // The runner is known by its token too.
    |text, runner| Some(text.replace(&format!("id = {}", runner.id), "")),
    |text, runner| Some(text.replace(&format!("id = {}", runner.id), "id = 0")),
];

fn lose(pod: &Pod, runner: &Runner, loss: fn(&str, &Runner) -> Option<String>) {
    let text = pod.stage.text("config.toml").unwrap();
    match loss(&text, runner) {
        Some(text) => pod.stage.put("config.toml", &text),
        None => fs::remove_file(pod.config()).unwrap(),
    }
}

fn owned(source: Source) -> (Pod, Runner) {
    let mut pod = Pod::of(Plan::of(source));
    let runner = pod.with_runners(&[("build", source)]).remove(0);
    (pod, runner)
}

/// Runs it with the words `URL` and `TOKEN` replaced; a sidecar is stopped.
fn reap(pod: &Pod, runner: &Runner, arguments: &[&str]) -> Ended {
    let of = |word: &&str| {
        let word = word.replace("URL", &pod.gitlab.url());
        word.replace("TOKEN", &runner.token)
    };
    let words: Vec<String> = arguments.iter().map(of).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut running = pod.begin(&mut pod.reaper(&words));
    if words[0] == "sidecar" {
        running.says("waiting for the end of the pod");
        running.signal(Signal::SIGTERM);
    }
    running.ended()
}

#[test]
fn owned_runner_that_config_toml_has_lost_is_unregistered_by_every_command() {
    let commands = [
        &["pre-stop"][..],
        &["sidecar"],
        &["unregister", "--all-runners"],
        &["unregister", "--all-runners", "--keep-entry"],
        &["unregister", "--name", "build"],
        &["unregister", "--url", "URL/", "--name", "build"],
        &["unregister", "--token", "TOKEN"],
    ];
    for source in [Source::AccessToken, Source::RegistrationToken] {
        for (number, loss) in LOSSES.into_iter().enumerate() {
            for arguments in commands {
                let (mut pod, runner) = owned(source);
                lose(&pod, &runner, loss);
                let ended = reap(&pod, &runner, arguments);
                let at = format!("{source:?} {number} {arguments:?}: {}", ended.words);
                ended.is(0, "1 unregistered, nothing is left at GitLab");
                assert!(pod.is_gone(), "{at}");
                assert_eq!(pod.gitlab.calls("DELETE *").len(), 1, "{at}");
                assert!(
                    ended.words.contains(&format!("runner {} ", runner.id)),
                    "{at}"
                );
                pod.only_the_config_has(&[&runner.token], &at);
                let by_hand = arguments[0] == "unregister" && !arguments.contains(&"--keep-entry");
                if by_hand {
                    assert_eq!((pod.stage.entries(), pod.known().len()), (0, 0), "{at}");
                }
                pod.order.may_be_asked_again();
                let again = reap(&pod, &runner, &["pre-stop"]);
                assert_eq!(again.code, 0, "{at}\n{}", again.words);
            }
        }
    }
}

#[test]
fn runner_of_another_gitlab_is_unregistered_there() {
    let (pod, runner) = owned(Source::RegistrationToken);
    let elsewhere = Simulator::start(Settings::default()).unwrap();
    let other = elsewhere.add_runner(NewRunner::default());
    // The same id, so that only the address tells them apart.
    pod.add_to_state("other", &other, Source::AccessToken);
    pod.change_state(|document| {
        document["entry"][1]["url"] = toml_edit::value(elsewhere.url());
        document["entry"][1]["id"] = toml_edit::value(runner.id);
    });
    for arguments in [&["unregister", "--name", "build"][..], &["pre-stop"]] {
        let ended = pod.reap(arguments);
        ended.is(0, "1 unregistered");
        assert!(pod.is_gone(), "{}", ended.words);
        let asked = usize::from(arguments[0] == "pre-stop");
        assert_eq!(
            elsewhere.calls("DELETE /runners").len(),
            asked,
            "{}",
            ended.words
        );
    }
    assert!(elsewhere.runners().is_empty());
    assert!(pod.known().is_empty());
}

#[test]
fn runner_manager_that_still_works_for_it_is_waited_for() {
    each(&ENDS, || {
        // Overwritten, it drops the runner; removed, it goes on with what it has loaded.
        for text in [Some(BASE), None] {
            let (mut pod, runner) = owned(Source::RegistrationToken);
            pod.start(&[]);
            pod.polled(1);
            pod.is_up();
            let job = pod.busy_with(1)[0];
            match text {
                Some(text) => {
                    pod.stage.put("config.toml", text);
                    pod.signal(Signal::SIGHUP);
                    wait_for("the reload", || {
                        (pod.metric("gitlab_runner_configuration_loaded_total") > 1).then_some(())
                    });
                }
                None => {
                    fs::remove_file(pod.config()).unwrap();
                    pod.order.polling_goes_on();
                }
            }
            let address = format!("--metrics-address={}", pod.address);
            let arguments = ["pre-stop", "--grace-period=1h", &address];
            let mut hook = pod.begin(&mut pod.reaper(&arguments));
            hook.says("waiting for 1 job");
            assert!(
                pod.gitlab.calls("DELETE *").is_empty(),
                "deleted under its job"
            );
            pod.release();
            let hook = hook.ended();
            hook.is(0, "nothing is left at GitLab");
            assert!(pod.is_gone(), "{}", hook.words);
            assert_eq!(pod.stage.text("config.toml").as_deref(), text);
            pod.only_the_config_has(&[&runner.token], &hook.words);
            pod.job_is(job, JobStatus::Success);
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn refused_token_means_gone_only_where_it_cannot_have_been_rotated() {
    fn check(obtained: Option<&str>, expires: Option<&str>, code: i32) {
        let (pod, runner) = owned(Source::RegistrationToken);
        pod.change_state(|document| {
            let entry = &mut document["entry"][0];
            for (key, at) in [("obtained", obtained), ("expires", expires)] {
                if let Some(at) = at {
                    entry[&format!("token_{key}_at")] = toml_edit::value(at);
                }
            }
        });
        pod.stage.put("config.toml", BASE);
        // A runner manager had the entry, rotated the token and lost it.
        pod.gitlab.rotate_token(runner.id).unwrap();
        let ended = pod.reap(&["pre-stop"]);
        let at = format!("{obtained:?} {expires:?}: {}", ended.words);
        assert_eq!(ended.code, code, "{at}");
        assert_eq!(ended.words.contains("nothing is left"), code == 0, "{at}");
        if code == 0 {
            assert!(pod.known().is_empty(), "{at}");
            return;
        }
        for words in [
            "1 left behind at GitLab",
            &format!("runner {} \"build\" is left behind at", runner.id),
            "may have rotated it",
            "delete it there",
        ] {
            assert!(ended.words.contains(words), "{words}: {at}");
        }
        assert_eq!(pod.known(), [(runner.id, Some(runner.token))], "{at}");
    }
    let (past, future) = ("2020-01-02T03:04:05Z", "2999-01-02T03:04:05Z");
    check(None, None, 0);
    check(Some(past), None, 0);
    check(Some(past), Some(future), 0);
    check(Some(past), Some(past), 77);
    check(None, Some(future), 77);
}

#[test]
fn old_copy_of_the_file_does_not_hide_the_token_of_the_state() {
    let (mut pod, runner) = owned(Source::AccessToken);
    pod.order.may_be_asked_again();
    let now = pod.gitlab.rotate_token(runner.id).unwrap();
    // Some run has seen the new token; then a backup was put in place.
    pod.change_state(|document| document["entry"][0]["token"] = toml_edit::value(&now));
    let ended = pod.reap(&["pre-stop"]);
    ended.is(0, "1 unregistered, nothing is left at GitLab");
    assert!(
        pod.gitlab.look(|state| state.runner(runner.id).is_none()),
        "{}",
        ended.words
    );
    pod.only_the_config_has(&[&runner.token, &now], &ended.words);
}

#[test]
fn state_follows_the_token_of_the_file_when_it_is_written_anyway() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let both = pod.with_runners(&[("one", Source::AccessToken), ("two", Source::AccessToken)]);
    let rotated: Vec<String> = both
        .iter()
        .map(|one| pod.gitlab.rotate_token(one.id).unwrap())
        .collect();
    let mut text = pod.stage.text("config.toml").unwrap();
    for (one, now) in both.iter().zip(&rotated) {
        text = text.replace(&one.token, now);
    }
    pod.stage.put("config.toml", &text);
    pod.gitlab.fault(Fault::on("DELETE *").times(1).status(422));
    let ended = pod.reap(&["pre-stop"]);
    ended.is(78, "1 left behind at GitLab, 1 unregistered");
    let left = pod.gitlab.look(|state| {
        let left = both.iter().position(|one| state.runner(one.id).is_some());
        left.unwrap()
    });
    let state = pod.stage.text(STATE).unwrap();
    assert!(state.contains(&rotated[left]), "{}", ended.words);
    pod.only_the_config_has(
        &[&both[0].token, &both[1].token, &rotated[1 - left]],
        &ended.words,
    );
    // It is lost now, and still found.
    pod.stage.put("config.toml", BASE);
    pod.order.may_be_asked_again();
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    assert!(pod.known().is_empty());
}

#[test]
fn token_stays_in_the_state_while_its_runner_is_not_known_to_be_gone() {
    for (status, code) in [(503, 69), (401, 77), (422, 78), (404, 78)] {
        let (pod, runner) = owned(Source::AccessToken);
        pod.stage.put("config.toml", BASE);
        let before = pod.stage.text(STATE);
        let answer = Fault::on("DELETE *").forever().status(status);
        pod.gitlab.fault(answer);
        let ended = pod.reap(&["pre-stop", "--grace-period=2"]);
        let named = format!("runner {} \"build\"", runner.id);
        ended.is(code, &named);
        assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
        assert_eq!(pod.stage.text(STATE), before, "{status}");
        pod.gitlab.clear_faults();
        pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    }
}

#[test]
fn runner_that_was_unregistered_is_not_looked_for_when_the_file_is_written_over() {
    for source in [Source::AccessToken, Source::RegistrationToken] {
        let (pod, runner) = owned(source);
        pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
        // Its entry is known as what it was, for whoever registers on this volume next.
        assert_eq!(pod.known(), [(runner.id, None)]);
        pod.stage.put("config.toml", BASE);
        pod.reap(&["pre-stop"]).is(0, "done: nothing to unregister");
        assert_eq!(pod.gitlab.calls("DELETE *").len(), 1);
    }
}
