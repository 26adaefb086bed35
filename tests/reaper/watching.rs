//! Where and when the runner manager can be seen: its port however it was told, while it starts, with several entries.

use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::versions::{ALL, ENDS, each};

/// The hook of a pod whose file names no port sees the runner manager all the same.
fn check_seen(start: impl Fn(&mut Pod), more: impl Fn(&Pod) -> Vec<String>) {
    let mut pod = Pod::of(Plan {
        port: false,
        ..Plan::of(Source::RegistrationToken)
    });
    start(&mut pod);
    pod.is_up();
    pod.polled(1);
    let more = more(&pod);
    let arguments: Vec<&str> = std::iter::once("pre-stop")
        .chain(more.iter().map(String::as_str))
        .collect();
    let hook = pod.reap(&arguments);
    hook.is(0, "polling stopped after");
    assert!(
        !hook.words.contains("assuming polling has stopped"),
        "{}",
        hook.words
    );
    assert!(pod.is_gone());
    pod.stopped_by_kubelet();
}

#[test]
fn metrics_port_is_found_wherever_it_was_told() {
    each(&ENDS, || {
        let by_flag = |pod: &mut Pod| {
            let address = pod.address.clone();
            pod.start(&["--listen-address", &address]);
        };
        let by_variable = |pod: &mut Pod| {
            let mut command = pod.run_command();
            command.env("LISTEN_ADDRESS", &pod.address);
            pod.start_as(&mut command);
        };
        check_seen(by_flag, |_| Vec::new());
        check_seen(by_variable, |_| Vec::new());
        check_seen(by_variable, |pod| {
            vec![format!("--metrics-address={}", pod.address)]
        });
    });
}

#[test]
fn runner_manager_that_is_still_starting_is_not_signalled_and_polls_nothing() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::of(Plan::of(source));
            let original = pod.original();
            // A SIGHUP in this time would kill it.
            pod.start(&["--start-delay=2s"]);
            let hook = pod.reap(&["pre-stop", "--grace-period=1h"]);
            hook.is(0, "nothing is left at GitLab");
            assert!(pod.runs(), "it was killed: {}", hook.words);
            assert!(pod.is_gone());
            pod.is_as_before(&original);
            pod.is_up();
            assert_eq!(pod.polls(), 0, "it began with the paused file");
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn page_that_answers_is_no_leave_to_send_a_hangup() {
    each(&ALL, || {
        let mut pod = Pod::of(Plan::of(Source::AuthenticationToken));
        pod.start(&["--signals-delay=2s"]);
        wait_for("the page", || pod.metrics());
        let hook = pod.reap(&["pre-stop", "--grace-period=60"]);
        hook.is(0, "nothing is left at GitLab");
        assert!(pod.runs(), "it was killed: {}", hook.words);
        assert!(pod.is_gone());
        pod.is_up();
    });
}
