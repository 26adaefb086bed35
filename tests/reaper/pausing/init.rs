//! `runner-init` on a volume that somebody has paused by hand: it works on the file that is kept aside, and nothing is polled.

use std::process::Command;

use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::run;
use acceptance::versions::{ENDS, each};
use gitlab_simulator::JobStatus;

use super::Pausing as _;

/// The pod's init container once more, or that of the next one with this uid.
pub(super) fn init(pod: &Pod, uid: &str, more: &[&str]) -> Command {
    let mut init = pod.stage.init(&["register", "--executor=shell"]);
    init.args(["--url", &pod.gitlab.url(), "--description=acceptance"])
        .args(["--concurrent=1", "--limit=1", "--check-interval=1"])
        .args(["--drain-ready=false", "--listen-address", &pod.address])
        .args(more);
    match pod.source {
        Source::AuthenticationToken => {
            let token = pod.stage.text("config.toml.original").unwrap();
            let token = token.split("token = \"").nth(1).unwrap();
            let token = token.split('"').next().unwrap().to_owned();
            init.arg(format!("--token={token}"));
        }
        _ => {
            let token = pod
                .gitlab
                .look(|state| state.settings.registration_token.clone());
            init.arg(format!("--registration-token={token}"));
        }
    }
    init.env("RUNNER_INIT_POD_NAME", "runner-0")
        .env("RUNNER_INIT_POD_NAMESPACE", "ci")
        .env("RUNNER_INIT_POD_UID", uid);
    init
}

#[test]
fn pause_outlasts_the_init_container_of_this_pod_and_of_the_next() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            for uid in ["u-0", "u-1"] {
                let mut pod = Pod::working(Plan::of(source));
                let original = pod.original();
                let runners = pod.gitlab.runners().len();
                pod.reap(&["pause"]).is(0, "polling is off");
                pod.stopped_by_kubelet();
                let again = run(&mut init(&pod, uid, &[]));
                assert_eq!(again.code(), 0, "{}", again.output());
                let said = again
                    .stderr
                    .lines()
                    .find(|line| line.contains("stays paused"));
                let said = said.unwrap_or_else(|| panic!("{}", again.output()));
                assert!(said.contains(" WARN ") && said.contains(" on "), "{said}");
                assert!(said.contains("\"runner-reaper resume\""), "{said}");
                pod.is_paused();
                assert_eq!(pod.gitlab.runners().len(), runners, "one was made");
                let job = pod.held_job();
                pod.start(&[]);
                pod.is_up();
                pod.takes_nothing();
                let mut resume = pod.reaper(&["resume"]);
                resume.env("RUNNER_REAPER_POD_UID", uid);
                pod.begin(&mut resume).ended().is(0, "takes jobs again");
                pod.is_resumed(&original);
                pod.job_is(job, JobStatus::Running);
                pod.release();
            }
        }
    });
}

#[test]
fn what_is_changed_meanwhile_is_in_the_file_that_is_resumed() {
    let pod = Pod::of(Plan::of(Source::RegistrationToken));
    pod.reap(&["pause"]).is(0, "no runner manager uses");
    let changed = run(&mut init(
        &pod,
        "u-0",
        &["--output-limit=8192", "--file-mode=0640"],
    ));
    assert_eq!(changed.code(), 0, "{}", changed.output());
    pod.is_paused();
    pod.reap(&["resume"]).is(0, "resumed");
    let text = pod.stage.text("config.toml").unwrap();
    assert!(text.contains("output_limit = 8192"), "{text}");
    let (mode, _) = pod.stage.snapshot()["config.toml"];
    assert_eq!(mode, 0o640);
    pod.is_as_before(&pod.original());
}

#[test]
fn runner_that_is_gone_at_gitlab_is_replaced_in_the_file_that_is_kept_aside() {
    let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
    let before = pod.gitlab.runners().pop().unwrap();
    pod.reap(&["pause"]).is(0, "no runner manager uses");
    pod.gitlab
        .update(|state| state.runners.retain(|runner| runner.id != before.id));
    let again = run(&mut init(&pod, "u-0", &[]));
    assert_eq!(again.code(), 0, "{}", again.output());
    pod.is_paused();
    let after = pod.gitlab.runners().pop().unwrap();
    assert_ne!(after.id, before.id);
    pod.order = acceptance::order::Order::default();
    pod.order.entry(&after, true);
    pod.reap(&["resume"]).is(0, "resumed");
    let text = pod.stage.text("config.toml").unwrap();
    assert!(
        text.contains(&after.token) && !text.contains(&before.token),
        "{text}"
    );
}
