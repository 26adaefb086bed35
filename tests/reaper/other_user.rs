//! A runner manager of another user: the hook sees its words and no more.

use std::fs;
use std::os::unix::fs::chown;
use std::process::Command;

use acceptance::namespaces::{is_root, skipped};
use acceptance::pod::{Plan, Pod, Source};
use acceptance::programs::copied;
use acceptance::stage::behind;
use gitlab_simulator::JobStatus;

const USER: u32 = 1000;

/// An entry point that gives up root leaves such a process, and a hook without CAP_SYS_PTRACE, as Kubernetes starts it,
/// cannot tell which file it reads.
#[test]
fn runner_manager_that_gave_up_root_is_waited_for_and_not_signalled() {
    if !is_root() {
        skipped("only root can start a process of another user");
        return;
    }
    let mut pod = Pod::of(Plan {
        port: false,
        ..Plan::of(Source::RegistrationToken)
    });
    // The directory of the programs may be root's alone.
    let here = pod.stage.file("gitlab-runner");
    copied("runner-manager-stand-in", &here);
    for entry in fs::read_dir(pod.stage.path()).unwrap() {
        chown(entry.unwrap().path(), Some(USER), Some(USER)).unwrap();
    }
    chown(pod.stage.path(), Some(USER), Some(USER)).unwrap();
    let mut other = Command::new("setpriv");
    let user = USER.to_string();
    other.args(["--reuid", &user, "--regid", &user, "--clear-groups", "--"]);
    other.args(["sh", "-c", "shift; exec ./gitlab-runner \"$@\"", "sh"]);
    pod.start_as(&mut behind(other, &pod.run_command()));
    pod.polled(1);
    let job = pod.job_of(3000);
    pod.job_is(job, JobStatus::Running);
    let reaper = pod.reaper(&["pre-stop", "--grace-period=9"]);
    let mut hook = Command::new("setpriv");
    hook.args(["--inh-caps=-all", "--bounding-set=-sys_ptrace", "--"]);
    let hook = pod.begin(&mut behind(hook, &reaper)).ended();
    hook.is(0, "belongs to another user: it is not signalled");
    assert!(hook.words.contains("1 unregistered"), "{}", hook.words);
    pod.job_is(job, JobStatus::Success);
    let deleted = pod.gitlab.calls("DELETE /runners").remove(0);
    let journal = pod.gitlab.journal();
    let ended = journal.iter().rfind(|call| call.body["state"] == "success");
    assert!(ended.unwrap().at < deleted.at, "{}", hook.words);
    assert!(pod.runs(), "{}", hook.words);
}
