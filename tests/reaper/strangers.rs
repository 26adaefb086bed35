//! Runner managers that are not the one of this pod, or not the only one.

use std::time::Duration;

use acceptance::pod::{Plan, Pod, Source, within};
use acceptance::versions::{ENDS, each, played};
use gitlab_simulator::Fault;

const MANAGER: &str = "DELETE /runners/managers";

/// Of a runner manager in another pod.
const OTHER_ID: &str = "r_otherotherot";

fn shared(port: bool) -> Pod {
    Pod::of(Plan {
        port,
        ..Plan::of(Source::AuthenticationToken)
    })
}

/// A pod beside the one that a test is about.
fn other() -> Pod {
    let pod = shared(true);
    pod.stage.put(".runner_system_id", OTHER_ID);
    let pod = pod.started(&[]);
    pod.polled(1);
    pod
}

/// Unregistered once, under the system ID that its volume had first.
fn is_gone(pod: &Pod, own_id: &str) {
    let calls = pod.gitlab.calls(MANAGER);
    assert_eq!(calls.len(), 1, "{calls:?}");
    assert_eq!(calls[0].body["system_id"], *own_id);
    assert!(pod.is_gone());
}

fn own_id(pod: &Pod) -> String {
    pod.stage.text(".runner_system_id").unwrap()
}

#[test]
fn metrics_of_another_runner_manager_are_not_believed() {
    each(&ENDS, || {
        let other = other();
        let pod = shared(false).started(&[]);
        pod.polled(1);
        let hook = pod.reap(&["pre-stop", "--metrics-address", &other.address]);
        hook.is(0, "are ignored");
        // As without a port: the reload, the interval and a margin.
        assert!(hook.took > Duration::from_secs(5), "{}", hook.words);
        is_gone(&pod, &own_id(&pod));
        assert!(other.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn metrics_of_another_pod_tell_the_sidecar_nothing() {
    each(&ENDS, || {
        let other = other();
        let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
        let sidecar = pod.sidecar(&["--metrics-address", &other.address]);
        pod.stopped_by_kubelet();
        let ended = sidecar.stopped();
        ended.is(0, "to another runner manager");
        is_gone(&pod, &own_id(&pod));
        assert!(other.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn own_metrics_count_whatever_the_file_says() {
    each(&ENDS, || {
        // Where they do not count it takes longer.
        within(Duration::from_secs(5), || {
            let pod = Pod::working(Plan::of(Source::AuthenticationToken));
            let id = own_id(&pod);
            pod.stage.put(".runner_system_id", OTHER_ID);
            let hook = pod.reap(&["pre-stop"]);
            hook.is(0, "nothing is left at GitLab");
            is_gone(&pod, &id);
            hook.took
        });
    });
}

#[test]
fn second_runner_manager_on_the_file_is_given_the_time_to_stop_polling() {
    each(&ENDS, || {
        let pod = shared(false);
        let address = pod.address.clone();
        let pod = pod.started(&["--listen-address", &address]);
        pod.polled(1);
        let second = pod.begin(pod.run_command().env("STAND_IN_AS", played()));
        // Two of them ask more often than one whose interval is a second.
        pod.polled(pod.polls() + 4);
        let hook = pod.reap(&["pre-stop"]);
        drop(second);
        hook.is(0, "other runner managers");
        is_gone(&pod, &own_id(&pod));
    });
}

#[test]
fn runner_manager_that_begins_under_the_hook_is_paused_too() {
    each(&ENDS, || {
        let mut pod = shared(true);
        pod.order.polling_resumes();
        let slow = Fault::on(MANAGER).delay_before(Duration::from_secs(2));
        pod.gitlab.fault(slow);
        let hook = pod.hook(&[]);
        pod.is_asked(MANAGER, 1);
        pod.start(&[]);
        let ended = hook.ended();
        ended.is(0, "nothing polls");
        ended.is(0, "polling stopped after");
        assert!(pod.is_gone(), "{}", ended.words);
    });
}
