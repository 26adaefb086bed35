//! What became of the files since the pod began: a right unregistration or a refusal that says why, never a wrong one.

use acceptance::known::STATE;
use acceptance::order::Order;
use acceptance::pod::{LIMIT, Plan, Pod, Source, wait_for};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::Call;
use nix::sys::signal::Signal;

#[test]
fn token_that_the_runner_manager_rotated_is_the_one_that_unregisters() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let old = pod.gitlab.runners().pop().unwrap().token;
            pod.signal(Signal::SIGUSR1);
            let polled_anew =
                |call: &Call| call.is("POST /jobs/request") && call.body["token"] != old.as_str();
            assert!(
                pod.gitlab
                    .wait_until(LIMIT, |state| state.journal.iter().any(polled_anew)),
                "{}",
                pod.log()
            );
            pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            let said = pod.gitlab.calls(source.farewell());
            assert_eq!(said.len(), 1);
            assert_ne!(said[0].body["token"], old.as_str());
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn entry_that_was_removed_by_hand_is_not_guessed_at_but_named_where_nothing_has_its_token() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let pod = Pod::of(Plan::of(source));
            pod.knows_no_token();
            let mut pod = pod.started(&[]);
            pod.polled(1);
            let id = pod.gitlab.runners().pop().unwrap().id;
            let text = pod.stage.text("config.toml").unwrap();
            let head = text.split("[[runners]]").next().unwrap();
            pod.stage.put("config.toml", head);
            pod.signal(Signal::SIGHUP);
            wait_for("the reload", || {
                (pod.metric("gitlab_runner_configuration_loaded_total") > 1).then_some(())
            });
            let hook = pod.reap(&["pre-stop"]);
            let named = format!(
                "1 not known to be gone (runner {id} of {}",
                pod.gitlab.url()
            );
            hook.is(78, &named);
            assert!(!hook.words.contains("nothing"), "{}", hook.words);
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            assert_eq!(pod.stage.text("config.toml").unwrap(), head);
            pod.stopped_by_kubelet();
        }
    });
}

/// Refuses with 78 and these words, and touches nothing, with and without a live runner manager.
fn check_refused(name: &str, text: &str, words: &str) {
    for live in [false, true] {
        let pod = Pod::of(Plan::of(Source::RegistrationToken));
        let pod = if live { pod.started(&[]) } else { pod };
        if live {
            pod.polled(1);
        }
        pod.stage.put(name, text);
        let volume = pod.stage.snapshot();
        for arguments in [&["pre-stop"][..], &["unregister", "--all-runners"]] {
            let hook = pod.reap(arguments);
            hook.is(78, words);
            assert!(hook.words.contains(name), "which file: {}", hook.words);
        }
        assert!(pod.gitlab.calls("DELETE *").is_empty());
        let now = pod.stage.snapshot();
        assert_eq!(now.get(name), volume.get(name));
        assert_eq!(now.get("config.toml"), volume.get("config.toml"));
    }
}

#[test]
fn broken_config_and_unreadable_state_are_refused_with_the_reason() {
    check_refused("config.toml", "concurrent = 1\n[[runners]\n", "line 2");
    check_refused("config.toml", "concurrent = = 1", "line 1");
    check_refused(
        "config.toml",
        "concurrent = 1\n[[runners]]\n  token = \"open\n",
        "nothing was unregistered: ",
    );
    check_refused(
        "config.toml",
        "concurrent = 1\n[[runners]]\nname = n1\n",
        "config.toml: line 3, column 8: the value of name has no quotes: write name = \"n1\"",
    );
    check_refused(STATE, "version = \n", "line 1");
    check_refused(STATE, "[[entry", "line 1");
    check_refused(STATE, "version = 99\n", "newer");
    check_refused(STATE, "[[entry]]\nurl = 5\n", "line");
}

/// A `config.toml` that no helper wrote, with a runner of this token: what is asked of GitLab at the end.
fn check_foreign(token: &str, state: Option<&str>, farewell: &str) {
    let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
    pod.order = Order::default();
    let address = &pod.address;
    let head = format!("concurrent = 1\ncheck_interval = 1\nlisten_address = \"{address}\"\n");
    pod.stage.put("config.toml", &head);
    pod.with_entry("by hand", Some(token), farewell == "DELETE /runners", 1);
    match state {
        Some(text) => pod.stage.put(STATE, text),
        None => std::fs::remove_file(pod.stage.file(STATE)).unwrap(),
    }
    pod.start(&[]);
    pod.polled(1);
    let hook = pod.reap(&["pre-stop"]);
    assert!(!hook.words.contains(token), "{}", hook.words);
    hook.is(0, "nothing is left at GitLab");
    assert!(pod.is_gone(), "{token}: {}", hook.words);
    let asked: Vec<String> = pod
        .gitlab
        .calls("DELETE *")
        .iter()
        .map(|call| format!("DELETE {}", call.endpoint))
        .collect();
    assert_eq!(asked, [farewell], "{token}");
    pod.stopped_by_kubelet();
}

#[test]
fn foreign_config_is_judged_by_its_tokens() {
    let (shared, owned) = ("DELETE /runners/managers", "DELETE /runners");
    check_foreign("glrt-aAbBcCdDeEfFgGhHiIjJ", None, shared);
    check_foreign("glrt-t1_aAbBcCdDeEfFgGhHiIjJ", None, shared);
    check_foreign("acme-glrt-aAbBcCdDeEfFgGhHiIjJ", None, shared);
    check_foreign("glrtr-aAbBcCdDeEfFgGhHiIjJ", None, owned);
    check_foreign("aAbBcCdDeEfFgGhHiIjJ", None, owned);
}

#[test]
fn entry_that_an_existing_state_does_not_know_is_judged_by_its_token_too() {
    let (shared, owned) = ("DELETE /runners/managers", "DELETE /runners");
    let state = Some("version = 1\n");
    check_foreign("aAbBcCdDeEfFgGhHiIjJ", state, owned);
    check_foreign("glrtr-aAbBcCdDeEfFgGhHiIjJ", state, owned);
    check_foreign("glrt-aAbBcCdDeEfFgGhHiIjJ", state, shared);
    check_foreign("acme-glrt-aAbBcCdDeEfFgGhHiIjJ", state, shared);
}
