//! Others meanwhile: a hook, a second shell, a pause by hand.

use acceptance::pod::{Plan, Pod, Source};
use acceptance::versions::{ENDS, each};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

use super::{ends_well, in_file, is_off, polls, re_registers};

#[test]
fn hook_in_the_middle_waits_and_takes_both_runners_with_it() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        pod.order.may_be_asked_again();
        let old = in_file(&pod);
        let jobs = pod.busy_with(1);
        let words = pod.words(&Plan::of(source));
        let mut shell = pod.begin(&mut pod.init_as("re-register", &words));
        shell.says("in place of runner");
        // Not from the file, which the hook pauses as soon as the shell has ended.
        let new = pod.gitlab.runners().pop().unwrap();
        let mut hook = pod.hook(&["--grace-period=1h"]);
        shell.ended().is(0, "runner-reaper unregisters it");
        pod.order.entry(&new, source.owned());
        hook.says("waiting for 1 job");
        assert!(
            !(source.owned() && is_off(&pod, &old)),
            "deleted under its job"
        );
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        assert!(is_off(&pod, &old) && is_off(&pod, &new));
        pod.job_is(jobs[0], JobStatus::Success);
        pod.stopped_by_kubelet();
    }
}

#[test]
fn two_shells_at_once_end_with_one_runner() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        pod.order.may_be_asked_again();
        let old = in_file(&pod);
        let known = pod.gitlab.runners().len();
        let words = pod.words(&Plan::of(source));
        let mut shells: Vec<_> = (0..2)
            .map(|_| pod.begin(&mut pod.init_as("re-register", &words)))
            .collect();
        for shell in shells.drain(..) {
            shell.ended().is(0, "runner manager");
        }
        let new = in_file(&pod);
        // The one that came second had the given token in its entry already, or made another runner.
        pod.order.entry(&new, source.owned());
        let listed = pod.gitlab.runners().len();
        assert_eq!(
            listed,
            known + usize::from(!source.owned()),
            "one runner is left"
        );
        assert!(is_off(&pod, &old));
        polls(&pod, &new);
        if source.owned() {
            // The one in between came and went.
            let gone = pod.gitlab.calls("DELETE /runners");
            assert_eq!(gone.len(), 2);
            pod.stopped_by_kubelet();
            pod.order = acceptance::order::Order::default();
            continue;
        }
        ends_well(&mut pod, &[]);
    }
}

#[test]
fn pause_by_hand_stands_and_the_new_runner_polls_after_it() {
    for source in Source::SHARED_AND_OWNED {
        let mut pod = Pod::working(Plan::of(source));
        pod.order.may_be_asked_again();
        let old = in_file(&pod);
        pod.reap(&["pause"]).is(0, "");
        let paused = pod.stage.text("config.toml").unwrap();
        let words = pod.words(&Plan::of(source));
        let ended = pod.begin(&mut pod.init_as("re-register", &words)).ended();
        ended.is(0, "in place of runner");
        assert!(ended.words.contains("stays paused"), "{}", ended.words);
        assert_eq!(pod.stage.text("config.toml").unwrap(), paused);
        assert!(is_off(&pod, &old), "{}", ended.words);
        let before = pod.polls();
        let text = pod.stage.text("config.toml.original").unwrap();
        assert!(!text.contains(&old.token));
        pod.reap(&["resume"]).is(0, "");
        let new = in_file(&pod);
        assert_ne!(new.id, old.id);
        pod.order.entry(&new, source.owned());
        polls(&pod, &new);
        assert!(pod.polls() > before);
        ends_well(&mut pod, &[]);
    }
}

#[test]
fn without_a_metrics_port_a_shared_runner_goes_when_it_cannot_be_polled_and_an_owned_one_stays() {
    for source in Source::SHARED_AND_OWNED {
        let plan = || Plan {
            port: false,
            ..Plan::of(source)
        };
        let mut pod = Pod::working(plan());
        pod.order.may_be_asked_again();
        let old = in_file(&pod);
        let words = pod.words(&plan());
        let (new, ended) = re_registers(&mut pod, &words);
        assert_eq!(is_off(&pod, &old), !source.owned(), "{}", ended.words);
        let says = ended
            .words
            .contains("cannot be observed without a metrics port");
        assert_eq!(says, source.owned(), "{}", ended.words);
        polls(&pod, &new);
        pod.stopped_by_kubelet();
        pod.registers(&words);
        assert!(is_off(&pod, &old), "nobody is there to have jobs");
    }
}

#[test]
fn runner_manager_loads_the_new_runner_at_once_and_not_at_its_next_look() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::of(Plan::of(source));
            pod.order.may_be_asked_again();
            // It never looks twice at a file that is older than what it has loaded: only the signal has it load this one.
            let file = std::fs::File::options().write(true).open(pod.config());
            let ahead = std::time::SystemTime::now() + std::time::Duration::from_secs(3600);
            file.unwrap().set_modified(ahead).unwrap();
            pod.start(&[]);
            pod.is_up();
            pod.polled(1);
            let words = pod.words(&Plan::of(source));
            let (new, _) = re_registers(&mut pod, &words);
            // From here it is the runner manager's own pace: the first request comes in its next pass, check_interval at most.
            polls(&pod, &new);
            ends_well(&mut pod, &[]);
        }
    });
}

#[test]
fn owned_runner_whose_token_was_rotated_meanwhile_is_not_deleted_under_its_job() {
    each(&ENDS, || {
        for drains in [false, true] {
            let mut pod = Pod::working(Plan {
                concurrent: 2,
                ..Plan::of(Source::RegistrationToken)
            });
            pod.order.may_be_asked_again();
            let old = in_file(&pod);
            let jobs = pod.busy_with(1);
            pod.works_on(jobs[0]);
            if drains {
                // It loads neither the rotated token nor the new runner.
                pod.signal(Signal::SIGQUIT);
                pod.drains();
            }
            let rotated = acceptance::stage::run(&mut pod.stage.init(&["rotate"]));
            assert_eq!(rotated.code(), 0, "{}", rotated.output());
            let words = pod.words(&Plan::of(pod.source));
            let (_, ended) = re_registers(&mut pod, &words);
            assert!(!is_off(&pod, &old), "drains {drains}: {}", ended.words);
            assert!(ended.words.contains("is kept for now"), "{}", ended.words);
            pod.release();
            pod.job_is(jobs[0], JobStatus::Success);
            if drains {
                assert!(pod.exited().success());
            }
            pod.reap(&["unregister", "--all-runners"])
                .is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
        }
    });
}

#[test]
fn nobody_waits_where_no_runner_manager_lives() {
    for source in Source::ALL {
        let mut pod = Pod::of(Plan::of(source));
        let old = in_file(&pod);
        let words = pod.words(&Plan::of(source));
        let (new, ended) = re_registers(&mut pod, &words);
        assert!(is_off(&pod, &old), "{}", ended.words);
        pod.start(&[]);
        polls(&pod, &new);
        ends_well(&mut pod, &[]);
    }
}
