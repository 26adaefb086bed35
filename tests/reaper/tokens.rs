//! Tokens that this program cannot read, that have expired, and that belong to no entry any more.

use acceptance::known::STATE;
use acceptance::pod::{Plan, Pod, Source};
use gitlab_simulator::NewRunner;

fn config(pod: &Pod) -> String {
    pod.stage.text("config.toml").unwrap()
}

#[test]
fn entry_whose_token_is_a_variable_of_others_is_named_and_stays() {
    let pod = Pod::of(Plan::of(Source::AccessToken));
    pod.knows_no_token();
    let token = pod.gitlab.runners().pop().unwrap().token;
    let before = config(&pod).replace(&token, "$ONLY_THERE");
    pod.put_config(&before);
    for arguments in [&["pre-stop"][..], &["unregister", "--all-runners"]] {
        let ended = pod.reap(arguments);
        ended.is(78, "$ONLY_THERE");
        ended.is(78, "1 left behind");
        assert_eq!(config(&pod), before, "{}", ended.words);
        assert!(!ended.words.contains("done:"), "{}", ended.words);
    }
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    let told = &mut pod.reaper(&["pre-stop"]);
    let ended = pod.begin(told.env("ONLY_THERE", &token)).ended();
    ended.is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
}

#[test]
fn runner_whose_token_has_expired_is_not_taken_for_gone() {
    // GitLab answers an expired token as one that it never knew.
    let ends = |pod: &Pod, end: &str| pod.token_lives("2026-01-01T10:10:10Z", end);
    let past = "2026-01-31T10:10:10Z";
    let mut pod = Pod::of(Plan::of(Source::AccessToken));
    pod.order.may_be_asked_again();
    pod.knows_no_token();
    let token = pod.gitlab.runners().pop().unwrap().token;
    pod.put_config(&config(&pod).replace(&token, "expired"));
    ends(&pod, past);
    let ended = pod.reap(&["pre-stop"]);
    ended.is(77, &format!("expired at {past}"));
    ended.is(77, "1 left behind");
    // GitLab knows the token if it says that there is no such runner manager.
    let shared = Pod::of(Plan::of(Source::AuthenticationToken));
    ends(&shared, past);
    shared.gitlab.update(|state| {
        let runner = state.runners.last_mut().unwrap();
        runner.managers.clear();
    });
    shared.reap(&["pre-stop"]).is(0, "was already gone");
    // One that has time left and is unknown is gone.
    ends(&pod, "2999-01-31T10:10:10Z");
    pod.reap(&["pre-stop"]).is(0, "was already gone");
}

#[test]
fn runner_that_lost_its_entry_goes_with_the_others() {
    let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
    let lost = pod.gitlab.add_runner(NewRunner::default());
    pod.order.entry(&lost, true);
    let leaving = format!(
        "{}\n[[leaving]]\nurl = \"{}\"\nid = {}\nsource = \"registration-token\"\ntoken = \"{}\"\n",
        pod.stage.text(STATE).unwrap(),
        pod.gitlab.url(),
        lost.id,
        lost.token
    );
    pod.stage.put(STATE, &leaving);
    pod.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
    assert_eq!(pod.gitlab.calls("DELETE /runners").len(), 1);
}
