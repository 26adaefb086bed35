//! `runner-init` at the edges of its story: an entry that changes hands, one that others wrote, two runs at once.

use acceptance::pod::Pod;
use gitlab_simulator::{Fault, NewRunner, Runner, Settings, Simulator};

const TOKEN: &str = "--registration-token=gitlabtoken";

/// A state whose last run received this runner and could not finish.
fn received(pod: &Pod, url: &str, runner: &Runner) {
    let (id, token) = (runner.id, &runner.token);
    let pending = format!(
        "version = 1\n\n[pending]\nstep = \"received\"\nurl = \"{url}\"\nsource = \"registration-token\"\nid = {id}\ntoken = \"{token}\"\nobtained_at = \"2026-01-31T10:10:10Z\"\n"
    );
    pod.stage.put(".runner-lifecycle.toml", &pending);
}

#[test]
fn entry_that_changes_hands_costs_the_old_runner_only_once_the_new_one_is_written() {
    let pod = Pod::fresh();
    pod.registers(&[TOKEN]);
    let old = pod.gitlab.runners()[0].clone();
    let shared = pod.gitlab.add_runner(NewRunner::default());
    let token = format!("--token={}", shared.token);
    // GitLab cannot hear of the old one now: it is kept in mind, and the next run gives it back.
    pod.gitlab
        .fault(Fault::on("DELETE /runners").forever().status(500));
    let second = pod.registers(&[&token, "--timeout=2s"]);
    let text = pod.stage.text("config.toml").unwrap();
    assert!(
        text.contains(&shared.token) && !text.contains(&old.token),
        "{text}"
    );
    assert_eq!(pod.stage.entries(), 1);
    assert!(second.stderr.contains("left behind"), "{}", second.output());
    pod.gitlab.clear_faults();
    let third = pod.registers(&[&token]);
    let left: Vec<i64> = pod
        .gitlab
        .runners()
        .iter()
        .map(|runner| runner.id)
        .collect();
    assert_eq!(left, [shared.id], "{}", third.output());
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert!(
        !state.contains(&old.token),
        "a token that is gone is nowhere: {state}"
    );
}

#[test]
fn respelt_url_is_the_same_gitlab() {
    let pod = Pod::fresh();
    pod.registers(&[TOKEN]);
    let respelt = pod.gitlab.url().replace("http://", "HTTP://");
    let text = pod.stage.text("config.toml").unwrap();
    let text = text.replace(&pod.gitlab.url(), &format!("{respelt}/ci/"));
    pod.stage.put("config.toml", &text);
    let second = pod.registers(&[TOKEN]);
    assert!(
        second.stderr.contains("from a registration token"),
        "{}",
        second.output()
    );
    assert_eq!((pod.gitlab.runners().len(), pod.stage.entries()), (1, 1));
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert_eq!(state.matches("[[entry]]").count(), 1, "{state}");
}

#[test]
fn many_at_once_on_one_volume_make_one_runner() {
    let pod = Pod::fresh();
    let runs: Vec<_> = (0..8).map(|_| pod.begin(&mut pod.init(&[TOKEN]))).collect();
    for run in runs {
        run.ended().is(0, "");
    }
    assert_eq!((pod.gitlab.runners().len(), pod.stage.entries()), (1, 1));
}

#[test]
fn known_entry_survives_whoever_stands_between_it_and_gitlab() {
    let pod = Pod::fresh();
    let arguments = [TOKEN, "--timeout=3s"];
    pod.registers(&arguments);
    let before = pod.stage.snapshot();
    let answer = |status: u16| Fault::on("POST /runners/verify").status(status);
    let weather = [
        answer(200).html(),
        answer(302).header("Location", "https://sso.example/"),
        answer(401).body("{\"message\":\"401 Unauthorized\"}"),
        answer(403).body("{\"error\":\"access_denied\"}"),
        answer(403).body("{\"message\":\"403 Forbidden - Your IP is blocked\"}"),
    ];
    for fault in weather {
        pod.gitlab.fault(fault);
        let again = pod.registers(&arguments);
        assert!(
            again.stderr.contains("keeps runner 1 and its token"),
            "{}",
            again.output()
        );
        assert_eq!(pod.stage.snapshot(), before);
        pod.gitlab.clear_faults();
    }
    assert_eq!(pod.gitlab.runners().len(), 1);
}

#[test]
fn shared_token_in_a_file_of_others_stays_shared() {
    let pod = Pod::fresh();
    let shared = NewRunner {
        token: Some("bare-and-shared".into()),
        ..NewRunner::default()
    };
    let shared = pod.gitlab.add_runner(shared);
    let config = format!(
        "[[runners]]\n  name = \"stock\"\n  url = \"{}\"\n  id = {}\n  token = \"bare-and-shared\"\n  executor = \"shell\"\n",
        pod.gitlab.url(),
        shared.id
    );
    pod.stage.put("config.toml", &config);
    let token = "--token=bare-and-shared";
    pod.registers(&[token]);
    let ended = pod.reap(&["unregister", "--all-runners"]);
    ended.is(0, "nothing is left at GitLab");
    let deleted = pod.gitlab.calls("DELETE /runners");
    assert!(deleted.is_empty(), "{}", ended.words);
    assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
    assert_eq!(pod.gitlab.runners().len(), 1);
}

#[test]
fn entry_of_others_is_waited_for_as_long_as_the_run_may_take() {
    let pod = Pod::fresh();
    let runner = pod.gitlab.add_runner(NewRunner::default());
    let config = format!(
        "[[runners]]\n  name = \"acceptance\"\n  url = \"{}\"\n  token = \"{}\"\n  executor = \"shell\"\n",
        pod.gitlab.url(),
        runner.token
    );
    pod.stage.put("config.toml", &config);
    let later = Fault::on("POST /runners/verify").status(429);
    // Longer than GitLab gets where an entry was verified before.
    pod.gitlab.fault(later.header("Retry-After", "11"));
    let token = format!("--token={}", runner.token);
    pod.registers(&[&token]);
    assert_eq!(
        pod.stage.config()["runners"][0]["id"].as_integer(),
        Some(runner.id)
    );
}

#[test]
fn dead_entry_is_replaced_by_one_even_if_the_first_attempt_fails() {
    let pod = Pod::fresh();
    pod.registers(&[TOKEN, "--pod-name=first"]);
    let dead = pod.gitlab.runners()[0].id;
    pod.gitlab
        .update(|state| assert!(state.remove_runner(dead)));
    pod.gitlab.fault(Fault::on("POST /runners").status(410));
    pod.init_ends(&[TOKEN, "--pod-name=first"], 77);
    // A Deployment's next pod has another name.
    let again = pod.registers(&[TOKEN, "--description=another", "--pod-name=another"]);
    assert_eq!(
        (pod.gitlab.runners().len(), pod.stage.entries()),
        (1, 1),
        "{}",
        again.output()
    );
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert_eq!(state.matches("[[entry]]").count(), 1, "{state}");
}

#[test]
fn received_token_is_kept_until_gitlab_itself_says_that_it_is_gone() {
    let pod = Pod::fresh();
    let lost = pod.gitlab.add_runner(NewRunner::default());
    received(&pod, &pod.gitlab.url(), &lost);
    let refused = Fault::on("POST /runners/verify").status(401);
    pod.gitlab
        .fault(refused.body("{\"message\":\"401 Unauthorized\"}"));
    pod.init_ends(&[TOKEN], 77);
    let state = pod.stage.text(".runner-lifecycle.toml").unwrap();
    assert!(state.contains(&lost.token), "{state}");
    pod.registers(&[TOKEN]);
    assert_eq!((pod.gitlab.runners().len(), pod.stage.entries()), (1, 1));
}

#[test]
fn same_number_at_another_gitlab_is_another_runner() {
    let pod = Pod::fresh();
    let there = Simulator::start(Settings::default()).unwrap();
    let lost = there.add_runner(NewRunner::default());
    received(&pod, &there.url(), &lost);
    let ended = pod.registers(&[TOKEN]);
    assert_eq!(pod.gitlab.runners()[0].id, lost.id);
    assert!(there.runners().is_empty(), "given back: {}", ended.output());
}

#[test]
fn entry_of_the_base_is_ours_as_that_of_a_file_is() {
    for token in [false, true] {
        let pod = Pod::fresh();
        let runner = pod.gitlab.add_runner(NewRunner::default());
        let token = match token {
            true => format!("  token = \"{}\"\n", runner.token),
            false => String::new(),
        };
        let base = format!(
            "concurrent = 2\n\n[[runners]]\n  name = \"acceptance\"\n  url = \"{}\"\n{token}  executor = \"shell\"\n",
            pod.gitlab.url()
        );
        pod.stage.put("base.toml", &base);
        let given = format!("--token={}", runner.token);
        let base = format!("--config-base={}", pod.stage.file("base.toml").display());
        let once = || {
            let ended = pod.registers(&[&given, &base]);
            assert_eq!(pod.stage.entries(), 1, "{}", ended.output());
            pod.stage.snapshot()
        };
        let first = once();
        let entry = &pod.stage.config()["runners"][0];
        assert_eq!(entry["token"].as_str(), Some(runner.token.as_str()));
        assert_eq!(entry["limit"].as_integer(), Some(2));
        assert_eq!(once(), first, "same bytes");
    }
}
