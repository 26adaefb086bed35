//! Runner managers that are not the one of this pod, or not the only one.

use std::time::Duration;

use gitlab_simulator::{Fault, Settings};

use crate::pod::{Kind, LIMIT, OTHER_ID, Pod, SYSTEM_ID};
use crate::running::Running;
use crate::versions::{ENDS, each};

const MANAGER: &str = "DELETE /runners/managers";

#[test]
fn metrics_of_another_runner_manager_are_not_believed() {
    each(&ENDS, || {
        let other = Pod::working_as(OTHER_ID);
        let head = "concurrent = 1\ncheck_interval = 1";
        let pod = Pod::new(Settings::default(), &[Kind::Shared], head, "  limit = 1").started();
        let hook = pod.run(&["--metrics-address", &other.address()]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(hook.words.contains("are ignored"), "{}", hook.words);
        // As without a port: the reload, the interval and a margin.
        assert!(hook.took > Duration::from_secs(5), "{}", hook.words);
        let calls = pod.gitlab.calls(MANAGER);
        assert_eq!(calls.len(), 1, "{}", hook.words);
        assert_eq!(calls[0].body["system_id"], SYSTEM_ID);
        pod.no_poll_after_the_end();
        assert!(other.gitlab.calls("DELETE *").is_empty());
    });
}

#[test]
fn own_metrics_count_whatever_the_file_says() {
    each(&ENDS, || {
        let pod = Pod::working(Kind::Shared, 1);
        pod.put(".runner_system_id", OTHER_ID);
        let hook = pod.run(&[]);
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(hook.took < Duration::from_secs(5), "{}", hook.words);
        let calls = pod.gitlab.calls(MANAGER);
        assert_eq!(calls[0].body["system_id"], SYSTEM_ID);
        assert_eq!(pod.managers(), 0, "{}", hook.words);
    });
}

#[test]
fn second_runner_manager_on_the_file_is_given_the_time_to_stop_polling() {
    each(&ENDS, || {
        let head = "concurrent = 1\ncheck_interval = 1";
        let pod = Pod::new(Settings::default(), &[Kind::Shared], head, "  limit = 1");
        let address = pod.address();
        let pod = pod.started_by(&["run", "--listen-address", &address]);
        let before = pod.gitlab.calls("POST /jobs/request").len();
        let mut second = pod.another(&["run"]);
        // Two of them ask more often than one whose interval is a second.
        let polled = pod.gitlab.wait_until(LIMIT, |state| {
            state.count("POST /jobs/request") >= before + 4
        });
        assert!(polled, "{}", pod.text("log"));
        let hook = pod.run(&[]);
        second.kill().unwrap();
        second.wait().unwrap();
        assert_eq!(hook.code, 0, "{}", hook.words);
        assert!(
            hook.words.contains("other runner managers"),
            "{}",
            hook.words
        );
        assert_eq!(pod.deleted(MANAGER), 1);
        assert_eq!(pod.managers(), 0, "{}", hook.words);
        pod.no_poll_after_the_end();
    });
}

#[test]
fn runner_manager_that_begins_under_the_hook_is_paused_too() {
    each(&ENDS, || {
        let head = "concurrent = 1\ncheck_interval = 1";
        let mut pod =
            Pod::new(Settings::default(), &[Kind::Shared], head, "  limit = 1").with_port();
        let first = Fault::on(MANAGER).delay_before(Duration::from_secs(2));
        pod.gitlab.fault(first);
        let hook = Running::of(&pod, &[]);
        let asked = pod
            .gitlab
            .wait_until(LIMIT, |state| state.count(MANAGER) == 1);
        assert!(asked);
        pod.start(&["run"]);
        let ended = hook.ended();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(
            ended.words.contains("nothing polls") && ended.words.contains("polling stopped after"),
            "{}",
            ended.words
        );
        assert_eq!(pod.managers(), 0, "{}", ended.words);
        pod.no_poll_after_the_end();
    });
}
