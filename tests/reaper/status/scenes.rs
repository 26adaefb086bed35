//! What the looks of a test begin with: pods, changes of their files, and the look itself.

use std::process::Command;

use acceptance::pod::{Plan, Pod, Source, wait_for};
use gitlab_simulator::NewRunner;
use serde_json::Value;

use super::check;

pub(super) use acceptance::known::STATE;

/// A look at the pod as it is.
#[track_caller]
pub(super) fn plain(name: &str, pod: &Pod, code: i32) -> Value {
    check(name, pod, code, |more| with(pod, &[], more))
}

pub(super) fn with(pod: &Pod, some: &[&str], more: &[&str]) -> Command {
    pod.reaper(&[&["status"], some, more].concat())
}

/// A pod whose runner manager has polled, with the answer on its page.
pub(super) fn working(plan: Plan) -> Pod {
    let port = plan.port;
    let pod = Pod::working(plan);
    if port {
        polled_with(&pod, 1);
    }
    pod
}

/// Waits until the page shows answers to the polls of so many entries.
pub(super) fn polled_with(pod: &Pod, entries: usize) {
    wait_for("all entries to be polled", || {
        let page = pod.metrics()?;
        let is_poll = |row: &&str| {
            row.starts_with("gitlab_runner_api_request_statuses_total")
                && row.contains("request_job")
        };
        (page.lines().filter(is_poll).count() == entries).then_some(())
    });
}

pub(super) fn shared() -> Plan {
    Plan::of(Source::AuthenticationToken)
}

/// Changes a file of the volume.
pub(super) fn edit(pod: &Pod, name: &str, change: impl Fn(String) -> String) {
    let text = pod.stage.text(name).unwrap();
    pod.stage.put(name, &change(text));
}

/// An entry of somebody else, for a runner that there is.
pub(super) fn foreign_entry(pod: &Pod) -> String {
    let runner = pod.gitlab.add_runner(NewRunner::default());
    format!(
        "\n[[runners]]\n  name = \"theirs\"\n  url = \"{}\"\n  id = {}\n  token = \"{}\"\n  executor = \"shell\"\n",
        pod.gitlab.url(),
        runner.id,
        runner.token
    )
}
