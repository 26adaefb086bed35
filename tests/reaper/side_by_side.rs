//! Several entries in one file: what one of them needs holds up no other, and the pass over the old list goes on when a worker
//! becomes free, however long after the pause.

use std::time::{Duration, Instant};

use acceptance::pod::{LIMIT, Plan, Pod, Source, wait_for, within};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::{Fault, Job, JobStatus, NewRunner, Runner, Settings, Simulator, State};
use nix::sys::signal::Signal;

fn of(source: Source, concurrent: usize, check_interval: u32) -> Pod {
    Pod::of(Plan {
        concurrent,
        check_interval,
        ..Plan::of(source)
    })
}

fn is_listed(state: &State, runner: &Runner) -> bool {
    let known = state.runner(runner.id);
    known.is_some_and(|runner| !runner.managers.is_empty())
}

#[test]
fn shared_entry_goes_at_once_and_the_owned_one_beside_it_after_its_job() {
    each(&ENDS, || {
        let mut pod = of(Source::RegistrationToken, 3, 1);
        let owned = pod.gitlab.runners().pop().unwrap().id;
        let shared = pod.with_entry("shared", None, false, 2);
        let original = pod.original();
        let until = pod.aside.path().join("go").display().to_string();
        let job = pod.gitlab.queue_job(Job {
            variables: vec![("STAND_IN_UNTIL_FILE".into(), until)],
            runner_id: Some(owned),
            ..Job::default()
        });
        pod.start(&[]);
        pod.job_is(job, JobStatus::Running);
        let polled = |state: &State| is_listed(state, &shared);
        assert!(pod.gitlab.wait_until(LIMIT, polled));
        let mut hook = pod.hook(&["--grace-period=1h"]);
        let gone = |state: &State| !is_listed(state, &shared);
        assert!(pod.gitlab.wait_until(LIMIT, gone));
        hook.says("waiting for 1 job");
        let kept = pod.gitlab.look(|state| state.runner(owned).is_some());
        assert!(kept, "deleted under its job");
        pod.is_as_before(&original);
        pod.release();
        let hook = hook.ended();
        hook.is(0, "2 unregistered, nothing is left at GitLab");
        assert!(pod.is_gone());
        pod.job_is(job, JobStatus::Success);
        pod.stopped_by_kubelet();
    });
}

#[test]
fn several_idle_entries_of_both_kinds_go_together() {
    each(&ENDS, || {
        within(Duration::from_secs(3), || {
            let mut pod = of(Source::AuthenticationToken, 4, 1);
            pod.with_entry("owned", None, true, 4);
            pod.with_entry("shared", None, false, 4);
            let pod = pod.started(&[]);
            pod.polled(4);
            let hook = pod.reap(&["pre-stop"]);
            hook.is(0, "3 unregistered, nothing is left at GitLab");
            assert!(pod.is_gone());
            hook.took
        });
    });
}

#[test]
fn pass_over_several_entries_is_waited_for() {
    each(&ENDS, || {
        let mut pod = of(Source::AuthenticationToken, 1, 3);
        for name in ["two", "three"] {
            pod.with_entry(name, None, false, 1);
        }
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

/// Every worker is busy when the hook comes, so the feeder stands with an entry in its hand; the first job ends long before
/// the second.
fn pass_goes_on_under_the_hook(source: Source, entries: usize, limit: usize) {
    let mut pod = Pod::of(Plan {
        concurrent: 2,
        check_interval: 3,
        limit: limit > 0,
        ..Plan::of(source)
    });
    for number in 1..entries {
        pod.with_entry(&format!("entry {number}"), None, source.owned(), limit);
    }
    let jobs = [pod.job_of(3000), pod.job_of(8000)];
    let pod = pod.started(&[]);
    for job in jobs {
        pod.job_is(job, JobStatus::Running);
    }
    let hook = pod.reap(&["pre-stop", "--grace-period=60"]);
    hook.is(0, &format!("{entries} unregistered, nothing is left"));
    for job in jobs {
        pod.job_is(job, JobStatus::Success);
    }
    let first = pod.gitlab.calls("DELETE *").remove(0);
    let polls = pod.gitlab.calls("POST /jobs/request");
    assert!(
        polls.iter().all(|poll| poll.at < first.at),
        "polled after the first unregistration: {}",
        hook.words
    );
    assert!(pod.is_gone(), "{}", hook.words);
}

#[test]
fn shared_entries_wait_for_the_rest_of_the_pass() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(Source::AuthenticationToken, 3, 0);
    });
}

#[test]
fn limits_that_add_up_to_more_than_the_slots_change_nothing_about_that() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(Source::AuthenticationToken, 3, 2);
    });
}

#[test]
fn owned_entries_wait_for_the_rest_of_the_pass_and_not_only_for_their_jobs() {
    each(&ENDS, || {
        pass_goes_on_under_the_hook(Source::RegistrationToken, 4, 0);
    });
}

#[test]
fn owned_runner_goes_after_its_job_while_another_gitlab_does_not_answer() {
    each(&ENDS, || {
        let mut pod = of(Source::AuthenticationToken, 2, 1);
        let second = Simulator::start(Settings::default()).unwrap();
        let token = "glrtr-aAbBcCdDeEfFgGhHiIjJ";
        let owned = second.add_runner(NewRunner {
            token: Some(token.to_owned()),
            ..NewRunner::default()
        });
        let (text, url, id) = (pod.stage.text("config.toml"), second.url(), owned.id);
        pod.put_config(&format!(
            "{}\n[[runners]]\n  name = \"second\"\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  limit = 2\n  executor = \"shell\"\n",
            text.unwrap()
        ));
        second.queue_job(Job {
            script: vec!["sleep 3".into()],
            variables: vec![("STAND_IN_DURATION".into(), "3s".into())],
            ..Job::default()
        });
        pod.start(&[]);
        // Its first word about the job: the answer has arrived.
        let works = |state: &State| state.journal.iter().any(|call| call.method == "PUT");
        assert!(second.wait_until(LIMIT, works), "{}", pod.log());
        pod.polled(1);
        let silent = Fault::on("DELETE /runners/managers").hang();
        pod.gitlab.fault(silent.forever());
        let mut sidecar = pod.sidecar(&["--grace-period=12"]);
        pod.signal(Signal::SIGQUIT);
        sidecar.stop();
        pod.exited();
        let gone = second.wait_until(LIMIT, |state| state.runners.is_empty());
        let ended = sidecar.ended();
        assert!(gone, "{}", ended.words);
        ended.is(69, "1 left behind at GitLab, 1 unregistered");
    });
}
