//! The hook in its container: a PID namespace of its own, `dumb-init` as PID 1, the kubelet's order.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use acceptance::programs::program;
use acceptance::stage::{Ended, run};
use gitlab_simulator::JobStatus;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use acceptance::pod::{Plan, Pod, Source, wait_for};

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A command in namespaces of its own, where this machine allows that; in CI it must. Who is not root becomes it inside.
fn unshare(namespaces: &[&str], needed: &[&str]) -> Option<Command> {
    let new = || {
        let mut command = Command::new("unshare");
        command.args(namespaces).stdin(Stdio::null());
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command
    };
    let tried = run(new().args(needed).arg("true"));
    allowed(&tried, &format!("{namespaces:?} with {needed:?}")).then(new)
}

/// Whether that went well. In CI it must; elsewhere what is left out is said.
fn allowed(tried: &Ended, what: &str) -> bool {
    if tried.code() == 0 {
        return true;
    }
    let words = format!("no unshare {what} here: {}\n", tried.output());
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "CI needs it: {words}");
    // Past the test harness, which keeps the words of a test that passes to itself.
    let words = format!("SKIPPED, NOT TESTED: {words}");
    std::io::stderr().write_all(words.as_bytes()).unwrap();
    false
}

/// A command with a file system of its own to mount in.
pub(crate) fn mount_namespace() -> Option<Command> {
    unshare(&["--mount"], &[])
}

/// A command without capabilities, as one of whoever is not root is.
pub(crate) fn user_namespace() -> Option<Command> {
    let mut command = Command::new("unshare");
    command.arg("--user").stdin(Stdio::null());
    let tried = run(Command::new("unshare").args(["--user", "true"]));
    allowed(&tried, "--user").then_some(command)
}

/// A new container: PID 1 is what comes next.
fn container() -> Option<Command> {
    unshare(
        &["--pid", "--fork", "--mount-proc", "--kill-child"],
        &["dumb-init"],
    )
}

/// The container's PID 1, as this machine numbers it.
fn pid_1(unshare: Pid) -> Pid {
    wait_for("PID 1 of the container", || {
        let children =
            fs::read_to_string(format!("/proc/{unshare}/task/{unshare}/children")).ok()?;
        let pid = children.split_whitespace().next()?.parse().ok()?;
        Some(Pid::from_raw(pid))
    })
}

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
        let first = pid_1(pod.pid());
        let job = busy.then(|| pod.busy_with(1)[0]);
        let mut hook = Command::new("nsenter");
        hook.args(["--target", &first.to_string(), "--pid", "--mount"]);
        if !is_root() {
            hook.args(["--user", "--preserve-credentials"]);
        }
        let reaper = pod.reaper(&["pre-stop", "--grace-period=1h"]);
        hook.arg(reaper.get_program())
            .args(reaper.get_args())
            .env("CONFIG_FILE", pod.config());
        let mut hook = pod.begin(&mut hook);
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
