//! A token that is replaced while the end comes: the old one is worth nothing, the new one is not written yet.

use acceptance::known::RESET;
use std::thread::sleep;
use std::time::Duration;

use acceptance::pod::{LIMIT, Plan, Pod, Source};
use acceptance::process::Ended;
use acceptance::versions::{ALL, MUTE, each, played};
use gitlab_simulator::{Fault, JobStatus, State};
use nix::sys::signal::Signal;

fn token(pod: &Pod) -> String {
    pod.gitlab.runners().pop().unwrap().token
}

/// GitLab was asked for the new token.
fn asked(state: &State, _old: &str) -> bool {
    state.count(RESET) == 1
}

/// GitLab does not know the old token any more.
fn worthless(state: &State, old: &str) -> bool {
    state
        .runners
        .last()
        .is_some_and(|runner| runner.token != old)
}

/// The hook comes so long after GitLab got to this point with a token that is due in so many seconds; this happens to its
/// answer.
fn hook_meets(
    due_in: i64,
    source: Source,
    answer: Fault,
    point: fn(&State, &str) -> bool,
    later: Duration,
    arguments: &[&str],
) -> Ended {
    let mut pod = Pod::of(Plan::of(source));
    pod.due_in(due_in);
    pod.gitlab.fault(answer);
    // Read before the start, which may take longer than the second that is left to the token.
    let old = token(&pod);
    pod.start(&[]);
    pod.polled(1);
    let reached = pod.gitlab.wait_until(LIMIT, |state| point(state, &old));
    assert!(reached, "{}", pod.log());
    // The moment is chosen; nothing is waited for.
    sleep(later);
    let hook = pod.hook(arguments).ended();
    hook.is(0, "nothing is left at GitLab");
    assert!(pod.is_gone(), "{later:?}: {}", hook.words);
    let calls = pod.gitlab.journal();
    let deleted = calls.iter().position(|call| call.method == "DELETE");
    assert!(deleted > calls.iter().position(|call| call.is(RESET)));
    let last = pod.gitlab.calls(source.farewell()).pop().unwrap();
    assert_ne!(last.body["token"], *old, "{later:?}: the old token");
    assert_eq!(last.status, Some(204), "{later:?}");
    assert_eq!(pod.stage.entries(), 1, "{later:?}: {}", hook.words);
    assert!(pod.stage.text("config.toml.original").is_none());
    hook
}

#[test]
fn rotation_in_flight_is_paused_again_and_the_new_token_counts() {
    each(&ALL, || {
        for moment in 0..8 {
            let late = Fault::on(RESET).delay(Duration::from_millis(400));
            let later = Duration::from_millis(moment * 60);
            hook_meets(1, Source::AccessToken, late, asked, later, &[]);
        }
    });
}

#[test]
fn hook_that_finds_a_rotation_under_way_does_not_lose_the_new_token() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let late = Fault::on(RESET).delay(Duration::from_secs(3));
            hook_meets(
                1,
                source,
                late,
                worthless,
                Duration::ZERO,
                &["--grace-period=60"],
            );
        }
    });
}

#[test]
fn rotation_that_gitlab_answers_late_is_waited_out() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            // Later than polling could be taken as off by time alone: 3 s for the reload, an interval of 1 s and 1 s on top.
            let late = Fault::on(RESET).delay_before(Duration::from_secs(8));
            let told = &["--grace-period=60"];
            // Not before it has polled on a slow machine too: nothing polls during a rotation.
            let hook = hook_meets(6, source, late, asked, Duration::ZERO, told);
            let waits = match played() {
                // Nothing shows it before 18.1, but for the time that it is due.
                "15.11" | "17.11" => "is due to be rotated",
                _ => "a token rotation may be waiting",
            };
            assert!(hook.words.contains(waits), "{}", hook.words);
        }
    });
}

#[test]
fn refusal_during_a_rotation_is_asked_again_with_the_new_token() {
    each(&MUTE, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::of(Plan::of(source));
            pod.due_in(4);
            // Once the old token is worth nothing.
            let late = Fault::on(RESET).delay(Duration::from_secs(4));
            pod.gitlab.fault(late);
            pod.order.may_be_asked_again();
            let old = token(&pod);
            pod.start(&[]);
            let job = pod.job_of(14_000);
            pod.works_on(job);
            let sidecar = pod.sidecar(&["--grace-period=1h"]);
            pod.signal(Signal::SIGQUIT);
            let rotated = pod.gitlab.wait_until(LIMIT, |state| worthless(state, &old));
            assert!(rotated, "{}", pod.log());
            let ended = sidecar.stopped();
            ended.is(0, "unregistered from");
            pod.job_is(job, JobStatus::Success);
            assert!(pod.is_gone(), "{}", ended.words);
        }
    });
}

#[test]
fn refused_token_whose_successor_is_nowhere_is_not_called_gone() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.knows_no_token();
    pod.due_in(-1);
    let text = pod.stage.text("config.toml").unwrap();
    pod.put_config(&text.replace(&token(&pod), "glrtr-worthless"));
    let ended = pod.reap(&["unregister", "--all-runners"]);
    ended.is(77, "due to be rotated");
    assert!(ended.words.contains("1 left behind"), "{}", ended.words);
}
