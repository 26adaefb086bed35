//! Some of what is known is selected: the rest stays, and is counted.

use gitlab_simulator::{JobStatus, Runner};

use super::{BASE, reap};
use acceptance::pod::{Plan, Pod, Source, wait_for};

#[test]
fn what_is_not_selected_is_not_touched_and_said_to_stay() {
    for (arguments, first_goes) in [
        (&["unregister", "--name", "one"][..], true),
        (&["unregister", "--token", "TOKEN"], true),
        (&["unregister", "--name", "two"], false),
    ] {
        // Whatever of the two has an entry.
        for lost in [&[0][..], &[1], &[0, 1]] {
            let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
            let both = pod.with_runners(&[
                ("one", Source::RegistrationToken),
                ("two", Source::AccessToken),
            ]);
            pod.stage.put("config.toml", BASE);
            for at in [0, 1].into_iter().filter(|at| !lost.contains(at)) {
                pod.add_entry(["one", "two"][at], &both[at]);
            }
            let ended = reap(&pod, &both[0], arguments);
            let at = format!("{arguments:?} {lost:?}: {}", ended.words);
            ended.is(
                0,
                "done: 1 unregistered, 1 runner that was not selected stays",
            );
            let (gone, stays) = (usize::from(!first_goes), usize::from(first_goes));
            let is_there = |one: &Runner| pod.gitlab.look(|state| state.runner(one.id).is_some());
            assert!(!is_there(&both[gone]) && is_there(&both[stays]), "{at}");
            let token = Some(both[stays].token.clone());
            assert_eq!(pod.known(), [(both[stays].id, token)], "{at}");
            pod.only_the_config_has(&[&both[gone].token], &at);
        }
    }
}

#[test]
fn nothing_is_said_to_be_left_only_where_what_was_not_selected_is_gone_too() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let both = pod.with_runners(&[
        ("one", Source::RegistrationToken),
        ("two", Source::RegistrationToken),
    ]);
    pod.knows_no_token();
    pod.stage.put("config.toml", BASE);
    pod.add_entry("one", &both[0]);
    let ended = pod.reap(&["unregister", "--name", "one"]);
    ended.is(0, "1 runner that was not selected stays");
    assert!(!ended.words.contains("nothing is left"), "{}", ended.words);
    // Without a token of it nobody can select it.
    pod.reap(&["unregister", "--name", "two"])
        .is(78, "no such runner entry");
    let named = format!("1 not known to be gone (runner {} of", both[1].id);
    pod.reap(&["pre-stop"]).is(78, &named);
}

#[test]
fn by_hand_it_goes_beside_a_runner_manager_that_works_for_others_once_no_job_runs() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let both = pod.with_runners(&[
        ("one", Source::RegistrationToken),
        ("two", Source::RegistrationToken),
    ]);
    // As the refusal says: the entry is removed from the file, and its jobs are waited for.
    let text = pod.stage.text("config.toml").unwrap();
    let second = text.rfind("\n[[runners]]").unwrap();
    pod.stage.put("config.toml", &text[..second]);
    pod.start(&[]);
    pod.polled(1);
    pod.is_up();
    let job = pod.busy_with(1)[0];
    let arguments = ["unregister", "--name", "two"];
    pod.reap(&arguments)
        .is(78, "wait for its jobs, and run again");
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    pod.release();
    pod.job_is(job, JobStatus::Success);
    let ended = wait_for("the end of the job", || {
        let ended = pod.reap(&arguments);
        (ended.code == 0).then_some(ended)
    });
    ended.is(0, "1 runner that was not selected stays");
    let is_there = |one: &Runner| pod.gitlab.look(|state| state.runner(one.id).is_some());
    assert!(is_there(&both[0]) && !is_there(&both[1]), "{}", ended.words);
    let polls = pod.polls();
    pod.polled(polls + 1);
}
