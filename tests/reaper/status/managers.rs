//! Runner managers: what they are doing, and what of it is seen.

use std::fs;
use std::process::Command;

use acceptance::pod::{Plan, Pod, Source, put, wait_for};
use acceptance::stage::run;
use acceptance::versions::play;
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;
use serde_json::Value;

use super::check;
use super::scenes::{plain, shared, with, working};
use acceptance::namespaces::mount_namespace;

#[test]
fn healthy_shared() {
    let pod = working(shared());
    let document = plain("healthy", &pod, 0);
    assert_eq!(document["runner_manager"]["status"], "polling");
    assert_eq!(document["entries"][0]["gitlab"]["status"], "valid");
    assert_eq!(document["entries"][0]["owner"], "shared");
    assert_eq!(
        pod.gitlab.calls("POST /runners/verify").len(),
        3,
        "init's, and one a look"
    );
}

#[test]
fn healthy_owned() {
    let pod = working(Plan::of(Source::RegistrationToken));
    let document = plain("healthy-owned", &pod, 0);
    assert_eq!(document["entries"][0]["owner"], "owned");
}

#[test]
fn offline_asks_nobody() {
    let pod = working(shared());
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    let document = check("offline", &pod, 0, |more| with(&pod, &["--offline"], more));
    assert_eq!(document["entries"][0]["gitlab"]["status"], "not-asked");
    assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), asked);
}

#[test]
fn failure_is_no_reason_why_the_container_ended() {
    let pod = Pod::of(shared());
    let message = pod.aside.path().join("termination-log");
    put(&message, "before");
    let path = format!("--termination-message-path={}", message.display());
    for (line, code) in [(&["status"][..], 78), (&["status", "--bogus"], 2)] {
        let ended = pod.begin(pod.reaper(line).arg(&path)).ended();
        assert_eq!(ended.code, code, "{}", ended.words);
        assert_eq!(fs::read_to_string(&message).unwrap(), "before");
    }
    // The same flag does what it should where something ends.
    let ended = pod
        .begin(pod.reaper(&["unregister", "--bogus"]).arg(&path))
        .ended();
    assert_eq!(ended.code, 2, "{}", ended.words);
    assert_ne!(fs::read_to_string(&message).unwrap(), "before");
}

#[test]
fn no_runner_manager() {
    let pod = Pod::of(shared());
    let asked = pod.gitlab.journal().len();
    plain("no-runner-manager", &pod, 78);
    assert_eq!(pod.gitlab.journal().len(), asked, "GitLab was asked");
}

#[test]
fn runner_manager_that_starts() {
    let pod = Pod::of(shared()).started(&["--signals-delay", "10m"]);
    wait_for("its page", || pod.metrics());
    let asked = pod.gitlab.journal().len();
    plain("starting", &pod, 78);
    assert_eq!(pod.gitlab.journal().len(), asked, "GitLab was asked");
}

#[test]
fn runner_manager_without_a_page() {
    let pod = working(Plan {
        port: false,
        ..shared()
    });
    let asked = pod.gitlab.calls("POST /runners/verify").len();
    let document = plain("no-metrics", &pod, 78);
    assert_eq!(document["runner_manager"]["status"], "unknown");
    assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), asked);
}

#[test]
fn runner_manager_in_another_container() {
    let pod = working(shared());
    let Some(_) = mount_namespace() else {
        return;
    };
    let document = check("other-container", &pod, 0, |more| {
        let mut hidden = hidden(&with(&pod, &[], more));
        hidden.env("CONFIG_FILE", pod.config());
        hidden
    });
    assert_eq!(document["runner_manager"]["pid"], Value::Null);
    assert_eq!(document["entries"][0]["gitlab"]["status"], "valid");
}

/// A page shows the system ID with its entries only.
#[test]
fn runner_manager_in_another_container_that_was_started_on_a_paused_file() {
    let pod = Pod::of(shared());
    pod.reap(&["pause"]).is(0, "one that starts takes no jobs");
    let pod = pod.started(&[]);
    pod.is_up();
    let Some(_) = mount_namespace() else {
        return;
    };
    let ended = run(hidden(&with(&pod, &[], &["--output=json"])).env("CONFIG_FILE", pod.config()));
    assert_eq!(ended.code(), 78, "{}", ended.output());
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(document["runner_manager"]["status"], "paused");
    assert_eq!(document["runner_manager"]["pid"], Value::Null);
    assert_eq!(
        document["problems"].as_array().unwrap().len(),
        1,
        "{document:#}"
    );
}

/// The same program where no process is in sight.
fn hidden(reaper: &Command) -> Command {
    let mut hidden = mount_namespace().unwrap();
    hidden.args([
        "sh",
        "-c",
        "mount -t tmpfs none /proc && exec \"$0\" \"$@\"",
    ]);
    hidden.arg(reaper.get_program()).args(reaper.get_args());
    hidden
}

#[test]
fn busy_with_jobs() {
    let pod = Pod::of(Plan {
        concurrent: 3,
        ..shared()
    })
    .started(&[]);
    pod.busy_with(2);
    let document = plain("busy", &pod, 0);
    assert_eq!(document["runner_manager"]["jobs"], 2);
    assert_eq!(document["runner_manager"]["free_slots"], 1);
    let urls = document["runner_manager"]["job_urls"].as_array().unwrap();
    assert!(
        urls.iter()
            .all(|url| url.as_str().unwrap().contains("/-/jobs/"))
    );
    pod.release();
}

#[test]
fn older_runner_manager() {
    play("17.11");
    let pod = working(shared());
    let document = plain("older", &pod, 0);
    assert_eq!(document["runner_manager"]["version"], "17.11");
}

#[test]
fn shutting_down() {
    for version in ["17.11", "19.4"] {
        play(version);
        let mut pod = Pod::of(Plan {
            concurrent: 2,
            ..shared()
        })
        .started(&[]);
        let job = pod.busy_with(1);
        pod.signal(Signal::SIGQUIT);
        pod.drains();
        wait_for("the idle worker to go", || {
            let workers = pod.metric("gitlab_runner_worker_slots_number");
            (workers == 1).then_some(())
        });
        let asked = pod.gitlab.calls("POST /runners/verify").len();
        let document = plain(&format!("shutting-down-{version}"), &pod, 78);
        assert_eq!(document["runner_manager"]["status"], "shutting-down");
        assert_eq!(pod.gitlab.calls("POST /runners/verify").len(), asked);
        pod.release();
        pod.job_is(job[0], JobStatus::Success);
        assert!(pod.exited().success());
    }
}

#[test]
fn two_runner_managers() {
    let mut pod = working(shared());
    let other = own(&mut pod);
    let document = plain("two-runner-managers", &pod, 78);
    assert_eq!(document["runner_manager"]["has_others"], true);
    drop(other);
}

/// A second runner manager on the same file; it ends with the value.
fn own(pod: &mut Pod) -> Other {
    let mut command = pod.run_command();
    command.args([
        "--listen-address",
        &gitlab_simulator::own_address().to_string(),
    ]);
    let polls = pod.polls();
    let other = Other(command.stderr(std::process::Stdio::null()).spawn().unwrap());
    pod.polled(polls + 4);
    other
}

struct Other(std::process::Child);

impl Drop for Other {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
