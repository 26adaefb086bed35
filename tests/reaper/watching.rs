//! Where and when the runner manager can be seen: its port however it was told, while it starts, with several entries.

use std::time::{Duration, Instant};

use gitlab_simulator::{Job, JobStatus, NewRunner};

use acceptance::order::Order;
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
fn shared_entry_goes_at_once_and_the_owned_one_beside_it_after_its_job() {
    each(&ENDS, || {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.order = Order::default();
        let shared = pod.gitlab.add_runner(NewRunner::default());
        let owned = pod
            .gitlab
            .runners()
            .into_iter()
            .find(|runner| runner.token.starts_with("glrtr-"))
            .unwrap();
        pod.order.entry(&owned, true);
        pod.order.entry(&shared, false);
        let text = pod
            .stage
            .text("config.toml")
            .unwrap()
            .replace("concurrent = 1", "concurrent = 3");
        let (url, token, id) = (pod.gitlab.url(), &shared.token, shared.id);
        let entry = format!(
            "\n[[runners]]\n  name = \"shared\"\n  limit = 2\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  executor = \"shell\"\n"
        );
        pod.stage.put("config.toml", &(text + &entry));
        pod.age_config();
        let original = pod.original();
        let until = pod.aside.path().join("go").display().to_string();
        let job = pod.gitlab.queue_job(Job {
            variables: vec![("STAND_IN_UNTIL_FILE".into(), until)],
            runner_id: Some(owned.id),
            ..Job::default()
        });
        pod.start(&[]);
        pod.job_is(job, JobStatus::Running);
        let shared_polled = |state: &gitlab_simulator::State| {
            state
                .runner(shared.id)
                .is_some_and(|runner| !runner.managers.is_empty())
        };
        wait_for("the shared runner's manager", || {
            pod.gitlab.look(shared_polled).then_some(())
        });
        let mut hook = pod.begin(&mut pod.reaper(&["pre-stop", "--grace-period=1h"]));
        wait_for("the end of the shared one", || {
            (!pod.gitlab.look(shared_polled)).then_some(())
        });
        hook.says("waiting for 1 job");
        assert!(
            pod.gitlab.look(|state| state.runner(owned.id).is_some()),
            "deleted under its job"
        );
        pod.is_as_before(&original);
        pod.release();
        hook.ended()
            .is(0, "2 unregistered, nothing is left at GitLab");
        assert!(pod.is_gone());
        pod.job_is(job, JobStatus::Success);
        pod.stopped_by_kubelet();
    });
}

#[test]
fn pass_over_several_entries_is_waited_for() {
    each(&ENDS, || {
        let mut pod = Pod::of(Plan {
            check_interval: 3,
            ..Plan::of(Source::AuthenticationToken)
        });
        let mut text = pod.stage.text("config.toml").unwrap();
        for name in ["two", "three"] {
            let runner = pod.gitlab.add_runner(NewRunner::default());
            pod.order.entry(&runner, false);
            let (url, token, id) = (pod.gitlab.url(), &runner.token, runner.id);
            text += &format!(
                "\n[[runners]]\n  name = \"{name}\"\n  limit = 1\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  executor = \"shell\"\n"
            );
        }
        pod.stage.put("config.toml", &text);
        pod.age_config();
        pod.start(&[]);
        // The second pass has just begun; its other two entries are polled one and two seconds from now.
        pod.polled(4);
        let hook = pod.reap(&["pre-stop"]);
        hook.is(0, "3 unregistered, nothing is left at GitLab");
        assert!(pod.is_gone());
        // What might be left of the pass would be polled by then; the journal is judged when the pod goes.
        let ended = Instant::now();
        wait_for("the rest of a pass", || {
            (ended.elapsed() > Duration::from_secs(3)).then_some(())
        });
        pod.stopped_by_kubelet();
    });
}
