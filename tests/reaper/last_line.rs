//! The last line counts everything the volume knows: whatever is not known to be gone is named, and the run does not end
//! as if nothing were left.

use std::fs;

use acceptance::known::STATE;
use acceptance::pod::{POD, Plan, Pod, Source};
use acceptance::process::Ended;
use gitlab_simulator::{Fault, NewRunner};

/// Fails unless these runners are named with what to do about them, and nothing is said to be over.
#[track_caller]
fn names(ended: &Ended, pod: &Pod, runners: &[i64]) {
    let count = format!("{} not known to be gone (", runners.len());
    ended.is(78, &count);
    for id in runners {
        let (url, words) = (pod.gitlab.url(), &ended.words);
        assert!(words.contains(&format!("runner {id} at {url}")), "{words}");
        let last = words.lines().last().unwrap_or_default();
        assert!(last.contains(&format!("runner {id} of {url}")), "{words}");
    }
    for words in ["nothing is left", "nothing to unregister", "done:"] {
        assert!(!ended.words.contains(words), "{}", ended.words);
    }
}

/// Runs `runner-init` once more in this pod, with a registration token.
fn registers(pod: &Pod, name: &str) {
    let mut words = pod.flags(Source::RegistrationToken);
    words.push(format!("--description={name}"));
    words.extend(POD.map(str::to_owned));
    pod.registers(&words);
}

#[test]
fn runner_that_stock_registered_beside_ours_goes_as_stock_deletes_it() {
    for token in ["aAbBcCdDeEfFgGhHiIjJ", "glrtr-aAbBcCdDeEfFgGhHiIjJ"] {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        let old = pod.with_entry("old", Some(token), true, 0);
        let ended = pod.reap(&["unregister", "--all-runners"]);
        ended.is(0, "2 unregistered, nothing is left at GitLab");
        assert!(pod.is_gone(), "{}", ended.words);
        assert!(pod.gitlab.look(|state| state.runner(old.id).is_none()));
        assert!(pod.gitlab.calls("DELETE /runners/managers").is_empty());
        assert_eq!(pod.stage.entries(), 0);
        let state = pod.stage.text(STATE).unwrap();
        assert!(!state.contains("[[entry]]"), "{state}");
    }
}

#[test]
fn missing_runner_manager_of_an_unknown_entry_says_nothing_about_its_runner() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let other = pod.with_entry("other", Some("glrt-aAbBcCdDeEfFgGhHiIjJ"), false, 0);
    let ended = pod.reap(&["unregister", "--all-runners"]);
    ended.is(78, "1 left behind at GitLab, 1 unregistered");
    let named = format!("runner {} \"other\" is left behind at", other.id);
    assert!(ended.words.contains(&named), "{}", ended.words);
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    assert!(
        pod.stage
            .text("config.toml")
            .unwrap()
            .contains(&other.token)
    );
    // Once it is listed it goes, and the hook may be run again within one life.
    let system_id = pod.stage.text(".runner_system_id").unwrap();
    pod.knows_manager(&other, &system_id);
    pod.order.may_be_asked_again();
    let again = pod.reap(&["unregister", "--all-runners"]);
    again.is(0, "nothing is left at GitLab");
}

#[test]
fn shared_runner_with_a_bare_token_is_never_deleted_whatever_the_id_of_its_entry() {
    for id in ["id = 0", "id = 4711", ""] {
        let pod = Pod::of(Plan::of(Source::AuthenticationToken));
        let runner = pod.gitlab.runners().pop().unwrap();
        // Replicas may share the token of an old registration too.
        let bare = "aAbBcCdDeEfFgGhHiIjJ";
        pod.gitlab.update(|state| {
            if let Some(shared) = state.runners.iter_mut().find(|known| known.id == runner.id) {
                bare.clone_into(&mut shared.token);
            }
        });
        let text = pod.stage.text("config.toml").unwrap();
        let text = text.replace(&runner.token, bare);
        pod.stage.put(
            "config.toml",
            &text.replace(&format!("id = {}", runner.id), id),
        );
        let ended = pod.reap(&["pre-stop"]);
        names(&ended, &pod, &[runner.id]);
        assert!(pod.gitlab.calls("DELETE /runners").is_empty());
        let listed = pod.gitlab.look(|state| state.runner(runner.id).is_some());
        assert!(listed, "{}", ended.words);
    }
}

#[test]
fn runners_that_lost_their_entry_to_a_copied_base_are_named() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    for _ in 0..2 {
        pod.stage.put("config.toml", "concurrent = 10\n");
        registers(&pod, "acceptance");
    }
    let ids: Vec<i64> = pod.gitlab.runners().iter().map(|one| one.id).collect();
    // The first is the bystander's.
    let lost: Vec<i64> = ids[1..]
        .iter()
        .copied()
        .filter(|id| {
            !pod.stage
                .text("config.toml")
                .unwrap()
                .contains(&format!("id = {id}\n"))
        })
        .collect();
    assert_eq!(lost.len() + 2, ids.len(), "one has its entry: {ids:?}");
    let ended = pod.reap(&["unregister", "--all-runners"]);
    if lost.is_empty() {
        ended.is(0, "nothing is left at GitLab");
    } else {
        names(&ended, &pod, &lost);
        // It stays so until somebody has looked.
        let again = pod.reap(&["unregister", "--all-runners"]);
        names(&again, &pod, &lost);
    }
    let left: Vec<i64> = pod.gitlab.runners().iter().map(|one| one.id).collect();
    assert_eq!(left[1..], lost[..], "what is named is what is left");
}

#[test]
fn owned_runner_whose_token_was_taken_out_of_its_entry_is_named_and_not_forgotten() {
    for arguments in [&["pre-stop"][..], &["unregister", "--all-runners"]] {
        let pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.knows_no_token();
        let runner = pod.gitlab.runners().pop().unwrap();
        let text = pod.stage.text("config.toml").unwrap();
        pod.stage
            .put("config.toml", &text.replace(&runner.token, ""));
        for _ in 0..2 {
            let ended = pod.reap(arguments);
            names(&ended, &pod, &[runner.id]);
        }
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        let state = pod.stage.text(STATE).unwrap();
        assert!(state.contains(&format!("id = {}", runner.id)), "{state}");
    }
}

#[test]
fn new_runner_in_an_entry_without_a_token_does_not_make_its_holder_forgotten() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let first = pod.gitlab.runners().pop().unwrap();
    let text = pod.stage.text("config.toml").unwrap();
    pod.stage
        .put("config.toml", &text.replace(&first.token, ""));
    registers(&pod, "acceptance");
    let ended = pod.reap(&["unregister", "--all-runners"]);
    let left = pod.gitlab.runners().iter().any(|one| one.id == first.id);
    if left {
        names(&ended, &pod, &[first.id]);
    } else {
        ended.is(0, "nothing is left at GitLab");
    }
}

#[test]
fn what_the_state_file_holds_goes_without_a_config_toml_too() {
    let commands = [&["pre-stop"][..], &["unregister", "--all-runners"]];
    for arguments in commands {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.knows_no_token();
        let made = pod.gitlab.runners().pop().unwrap();
        let received = pod.gitlab.add_runner(NewRunner::default());
        pod.order.entry(&received, true);
        let state = pod.stage.text(STATE).unwrap();
        let url = pod.gitlab.url();
        let pending = format!(
            "{state}\n[pending]\nstep = \"received\"\nurl = \"{url}\"\nsource = \"registration-token\"\nid = {}\ntoken = \"{}\"\nobtained_at = \"2026-01-02T03:04:05Z\"\n",
            received.id, received.token
        );
        pod.stage.put(STATE, &pending);
        fs::remove_file(pod.config()).unwrap();
        let ended = pod.reap(arguments);
        names(&ended, &pod, &[made.id]);
        assert!(ended.words.contains("1 unregistered"), "{}", ended.words);
        assert!(pod.gitlab.look(|state| state.runner(received.id).is_none()));
        assert!(!pod.config().exists(), "nobody asked for a file");
    }
}

#[test]
fn creation_without_an_answer_is_named() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let state = pod.stage.text(STATE).unwrap();
    let url = pod.gitlab.url();
    let pending = format!(
        "{state}\n[pending]\nstep = \"creation\"\nurl = \"{url}\"\nsource = \"registration-token\"\ndescription = \"builds\"\nasked_at = \"2026-01-02T03:04:05Z\"\n"
    );
    pod.stage.put(STATE, &pending);
    let ended = pod.reap(&["pre-stop"]);
    ended.is(78, "1 not known to be gone (a runner \"builds\" of ");
    assert!(
        ended.words.contains("2026-01-02T03:04:05Z"),
        "{}",
        ended.words
    );
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    assert!(pod.is_gone(), "{}", ended.words);
}

#[test]
fn creation_without_an_answer_is_named_at_the_end_too_although_a_later_run_got_its_runner() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    let state = pod.stage.text(STATE).unwrap();
    let url = pod.gitlab.url();
    let pending = format!(
        "{state}\n[pending]\nstep = \"creation\"\nurl = \"{url}\"\nsource = \"registration-token\"\ndescription = \"builds\"\nasked_at = \"2026-01-02T03:04:05Z\"\n"
    );
    pod.stage.put(STATE, &pending);
    registers(&pod, "acceptance");
    let ended = pod.reap(&["unregister", "--all-runners"]);
    ended.is(78, "1 not known to be gone (a runner \"builds\" of ");
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    assert!(pod.is_gone(), "{}", ended.words);
    // What the line says to do ends it.
    let state = pod.stage.text(STATE).unwrap();
    let start = state.find("[[unanswered]]").unwrap();
    let end = state[start + 2..].find('[').map(|at| start + 2 + at);
    let without = format!(
        "{}{}",
        &state[..start],
        &state[end.unwrap_or(state.len())..]
    );
    pod.stage.put(STATE, &without);
    pod.reap(&["pre-stop"]).is(0, "done: nothing to unregister");
}

#[test]
fn creation_whose_answer_was_lost_is_named_although_the_next_attempt_got_its_runner() {
    let begin = |fault: Fault| {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
        fs::remove_file(pod.config()).unwrap();
        fs::remove_file(pod.stage.file(STATE)).unwrap();
        let others = pod.gitlab.runners().len();
        pod.gitlab.fault(fault.times(1));
        registers(&pod, "twice");
        pod.order.entry(&pod.gitlab.runners().pop().unwrap(), true);
        (pod, others)
    };
    let (lost, others) = begin(Fault::on("POST /runners").drop_after());
    assert_eq!(lost.gitlab.runners().len(), others + 2);
    let ended = lost.reap(&["unregister", "--all-runners"]);
    ended.is(78, "1 not known to be gone (a runner \"twice\" of ");
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    assert_eq!(lost.gitlab.runners().len(), others + 1);
    // An error of GitLab's own is an answer: it made nothing.
    let (refused, others) = begin(Fault::on("POST /runners").status(503));
    refused
        .reap(&["unregister", "--all-runners"])
        .is(0, "nothing is left at GitLab");
    assert_eq!(refused.gitlab.runners().len(), others);
}

#[test]
fn empty_directory_and_a_state_of_nothing_are_nothing_to_do() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    fs::remove_file(pod.config()).unwrap();
    pod.stage.put(STATE, "version = 1\n");
    pod.reap(&["pre-stop"]).is(0, "nothing to unregister");
    let elsewhere = [
        "unregister",
        "--all-runners",
        "--config=/nowhere/config.toml",
    ];
    pod.reap(&elsewhere).is(0, "nothing to unregister");
}

#[test]
fn runner_manager_that_another_hook_deleted_in_between_is_gone() {
    let pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let answer = |status: u16, body: serde_json::Value| {
        pod.gitlab.clear_faults();
        let fault = Fault::on("DELETE *").forever().status(status);
        pod.gitlab.fault(fault.json(body));
        pod.reap(&["pre-stop", "--grace-period=4"])
    };
    let gone = answer(404, serde_json::json!({"message": "404 Not found"}));
    gone.is(0, "was already gone");
    let route = answer(404, serde_json::json!({"error": "404 Not Found"}));
    route.is(78, "1 left behind at GitLab");
    pod.gitlab.clear_faults();
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
}
