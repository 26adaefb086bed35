//! The hook in its container: a PID namespace of its own, `dumb-init` as PID 1, the kubelet's order.

use std::process::Command;

use acceptance::namespaces::{container, is_root};
use acceptance::pod::{Plan, Pod, Source};
use acceptance::process::first_child;
use acceptance::programs::program;
use acceptance::stage::behind;
use gitlab_simulator::JobStatus;
use nix::sys::signal::{Signal, kill};

#[test]
fn hook_ends_with_0_before_pid_1_and_its_words_are_in_the_containers_log() {
    for (source, busy) in [
        (Source::AuthenticationToken, false),
        (Source::AuthenticationToken, true),
        (Source::RegistrationToken, true),
    ] {
        let mut pod = Pod::of(Plan::of(source));
        let Some(mut container) = container() else {
            return;
        };
        container
            .args(["dumb-init", "--"])
            .arg(program("runner-manager-stand-in"));
        container
            .args(["run", "--user=gitlab-runner", "--config"])
            .arg(pod.config());
        pod.start_as(&mut container);
        pod.is_up();
        pod.polled(1);
        let first = first_child(pod.pid());
        let job = busy.then(|| pod.busy_with(1)[0]);
        let mut hook = Command::new("nsenter");
        hook.args(["--target", &first.to_string(), "--pid", "--mount"]);
        if !is_root() {
            hook.args(["--user", "--preserve-credentials"]);
        }
        let reaper = pod.reaper(&["pre-stop", "--grace-period=1h"]);
        let mut hook = pod.begin(&mut behind(hook, &reaper));
        if busy {
            hook.says("waiting for 1 job");
            pod.release();
        }
        hook.ended().is(0, "nothing is left at GitLab");
        assert!(pod.runs(), "PID 1 outlives the hook: {}", pod.log());
        assert!(pod.is_gone());
        let log = pod.log();
        assert!(
            log.contains("polling stopped after") && log.contains("unregistered from"),
            "the container's log: {log}"
        );
        kill(first, Signal::SIGQUIT).unwrap();
        let ended = pod.exited();
        assert!(ended.success(), "{ended}: {}", pod.log());
        if let Some(job) = job {
            pod.job_is(job, JobStatus::Success);
        }
    }
}
