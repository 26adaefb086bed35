//! The exit codes of the contract, one run for each; and that no token is ever said or left where it does not belong.

use std::fs;

use acceptance::canary::form;
use acceptance::known::STATE;
use acceptance::pod::{Plan, Pod, Source, put};
use gitlab_simulator::Fault;

#[test]
fn every_exit_code_of_the_contract_has_its_run() {
    fn check(code: i32, arguments: &[&str], prepare: impl Fn(&mut Pod)) {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        prepare(&mut pod);
        let ended = pod.reap(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.words);
        assert!(!ended.words.is_empty(), "silence is not success");
    }
    let answers = |status: u16| {
        move |pod: &mut Pod| {
            pod.gitlab
                .fault(Fault::on("DELETE *").forever().status(status));
        }
    };
    let hook = &["pre-stop", "--grace-period=2"][..];
    check(0, hook, |_| {});
    check(0, &["--version"], |_| {});
    check(0, &["sidecar", "--help"], |_| {});
    check(2, &["pre-stop", "--grace-period=soon"], |_| {});
    check(2, &["pre-stop", "--grace"], |_| {});
    check(2, &["afterwards"], |_| {});
    check(69, hook, answers(503));
    check(75, hook, |pod| {
        pod.order.deadline_passes();
        pod.start(&[]);
        pod.busy_with(1);
    });
    check(77, hook, answers(401));
    check(78, hook, answers(422));
    check(78, hook, |pod| pod.stage.put("config.toml", "[[runners]"));
    // 69 outranks 75.
    check(69, hook, |pod| {
        pod.start(&[]);
        pod.busy_with(1);
        pod.gitlab
            .fault(Fault::on("DELETE *").forever().status(503));
    });
}

#[test]
fn no_token_is_in_anything_that_is_said_or_left() {
    for source in Source::ALL {
        for more in [&["--log-format=json"][..], &["--log-format=text"]] {
            for fault in [None, Some(403), Some(500), Some(401)] {
                let mut pod = Pod::of(Plan::of(source));
                let text = pod.stage.text("config.toml").unwrap();
                pod.stage.put(
                    "config.toml",
                    &text.replace("name = \"acceptance\"", "name = \"a\\nb\""),
                );
                pod.start(&[]);
                pod.polled(1);
                if let Some(status) = fault {
                    pod.gitlab
                        .fault(Fault::on("DELETE *").forever().status(status));
                }
                let message = pod.aside.path().join("message");
                let message_flag = format!("--termination-message-path={}", message.display());
                let secrets = pod.secrets();
                let arguments = [
                    "pre-stop",
                    "--log-level=debug",
                    "--grace-period=2",
                    &message_flag,
                ];
                // What was said is searched where the run ends.
                let ended = pod.reap(&[&arguments[..], more].concat());
                assert!(!ended.words.is_empty());
                let left = fs::read_to_string(&message).unwrap_or_default();
                let access: Vec<&String> = secrets
                    .iter()
                    .filter(|secret| secret.starts_with("glpat-"))
                    .collect();
                for (name, (_, bytes)) in pod.stage.snapshot() {
                    let everywhere = access.iter().any(|secret| form(&bytes, secret).is_some());
                    assert!(!everywhere, "an access token in {name}");
                    // The state file has the token of a runner that is left behind.
                    let left = name == STATE && source.owned() && ended.code != 0;
                    if name != "config.toml" && !left {
                        assert!(
                            !secrets.iter().any(|secret| form(&bytes, secret).is_some()),
                            "a token in {name}"
                        );
                    }
                }
                assert!(
                    !secrets.iter().any(|secret| form(&left, secret).is_some()),
                    "{left}"
                );
            }
        }
    }
}

#[test]
fn broken_file_is_named_without_the_token_in_its_broken_line() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let token = "glrt-canarycanarycanary0";
    pod.stage.put(
        "config.toml",
        &format!("[[runners]]\n  token = \"{token}\n"),
    );
    let ended = pod.reap(&["pre-stop"]);
    ended.is(78, "line 2");
    assert!(!ended.words.contains("canary"), "{}", ended.words);
    put(
        &pod.stage.file(".runner-lifecycle.toml"),
        &format!("token = \"{token}\n"),
    );
    let ended = pod.reap(&["pre-stop"]);
    assert_eq!(ended.code, 78);
    assert!(!ended.words.contains("canary"), "{}", ended.words);
}
