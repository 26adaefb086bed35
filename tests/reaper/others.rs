//! Pods and runner managers that are not ours, and a `config.toml` that cannot be written.

use std::process::Command;

use acceptance::known::STATE;
use acceptance::namespaces::mount_namespace;
use acceptance::pod::{Plan, Pod, Source};
use acceptance::stage::behind;
use acceptance::versions::{ENDS, each};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

#[test]
fn hook_of_another_pod_touches_nothing_and_says_why() {
    each(&ENDS, || {
        for arguments in [
            &["pre-stop"][..],
            &["unregister", "--all-runners"],
            &["sidecar"],
        ] {
            let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
            pod.start(&[]);
            pod.is_up();
            let original = pod.original();
            let volume = pod.stage.snapshot();
            let mut other = pod.reaper(arguments);
            other
                .env("RUNNER_REAPER_POD_NAME", "runner-1")
                .env("RUNNER_REAPER_POD_NAMESPACE", "ci");
            other.env("RUNNER_REAPER_POD_UID", "u-1");
            let mut other = pod.begin(&mut other);
            if arguments[0] == "sidecar" {
                other.says("waiting for the end of the pod");
                other.signal(Signal::SIGTERM);
            }
            // By hand it is a mistake of whoever typed it; in a pod there is nothing to do.
            let code = if arguments[0] == "unregister" { 78 } else { 0 };
            other
                .ended()
                .is(code, "belongs to another pod, ci/runner-0 (uid u-0)");
            assert_eq!(pod.stage.snapshot(), volume);
            assert_eq!(pod.original(), original);
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            assert_eq!(
                pod.metric("gitlab_runner_configuration_loaded_total"),
                1,
                "nothing was reloaded"
            );
            let before = pod.polls();
            pod.polled(before + 1);
            assert!(pod.runs());
        }
    });
}

#[test]
fn hook_of_the_same_pod_is_not_kept_from_its_work() {
    each(&ENDS, || {
        let mut pod = Pod::of(Plan::of(Source::RegistrationToken));
        pod.start(&[]);
        pod.is_up();
        // Whether by flags or by variables, as above.
        let hook = pod.hook(&["--pod-name=runner-1", "--pod-uid=u-2"]).ended();
        hook.is(0, "belongs to another pod, ci/runner-0 (uid u-0)");
        let hook = pod.hook(&["--pod-name=runner-0", "--pod-uid=u-0"]).ended();
        hook.is(0, "nothing is left at GitLab");
        assert!(pod.is_gone());
    });
}

/// As if a container of another host name had registered there and had known nothing else of itself.
fn registered_on_another_host(pod: &Pod) {
    let text = pod.stage.text(STATE).unwrap();
    let told = [
        "namespace = ",
        "name = \"runner-0\"",
        "uid = ",
        "hostname = ",
    ];
    let kept = text
        .lines()
        .filter(|line| !told.iter().any(|part| line.starts_with(part)));
    let kept: Vec<&str> = kept.collect();
    let text = kept
        .join("\n")
        .replace("[pod]", "[pod]\nhostname = \"0f3a9c\"");
    pod.stage.put(STATE, &text);
}

#[test]
fn container_beside_on_the_same_volume_is_no_other_pod_without_kubernetes() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::of(Plan::of(source));
            registered_on_another_host(&pod);
            pod.start(&[]);
            pod.is_up();
            let command = |arguments: &[&str]| {
                let mut command = pod.reaper(arguments);
                command.env("KUBERNETES_SERVICE_HOST", "10.96.0.1");
                pod.begin(&mut command).ended()
            };
            command(&["pause"]).is(78, "belongs to another pod, 0f3a9c");
            command(&["pre-stop"]).is(0, "belongs to another pod, 0f3a9c");
            command(&["status"]).is(78, "belongs to another pod, 0f3a9c");
            assert!(pod.gitlab.calls("DELETE *").is_empty());
            pod.reap(&["pause", "--dry-run"]).is(0, "");
            pod.reap(&["pause"]).is(0, "polling is off");
            pod.reap(&["resume"]).is(0, "takes jobs again");
            pod.polled(2);
            pod.reap(&["status"]).is(0, "0f3a9c");
            pod.hook(&[]).ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            pod.stopped_by_kubelet();
        }
    });
}

#[test]
fn other_runner_manager_of_the_machine_is_never_signalled() {
    each(&ENDS, || {
        let mut ours = Pod::working(Plan::of(Source::RegistrationToken));
        let mut theirs = Pod::of(Plan::of(Source::RegistrationToken));
        theirs.start(&["--user=gitlab-runner"]);
        theirs.polled(1);
        ours.reap(&["pre-stop"]).is(0, "nothing is left at GitLab");
        let polls = theirs.polls();
        theirs.polled(polls + 1);
        assert_eq!(
            theirs.metric("gitlab_runner_configuration_loaded_total"),
            1,
            "nothing was reloaded"
        );
        assert!(theirs.runs() && theirs.gitlab.calls("DELETE *").is_empty());
        ours.stopped_by_kubelet();
    });
}

#[test]
fn runner_manager_with_the_same_path_in_another_container_is_never_signalled() {
    let ours = Pod::of(Plan::of(Source::RegistrationToken));
    let mut theirs = Pod::of(Plan::of(Source::RegistrationToken));
    let Some(mut container) = mount_namespace() else {
        return;
    };
    // In that container the other volume is where ours is outside of it.
    let script = "mount --bind \"$0\" \"$1\" && shift && exec \"$@\"";
    container
        .args(["sh", "-c", script])
        .arg(theirs.stage.path())
        .arg(ours.stage.path());
    let mut run = theirs.run_command();
    run.arg("--config").arg(ours.config());
    theirs.start_as(&mut behind(container, &run));
    theirs.polled(1);
    ours.reap(&["pre-stop"]).is(0, "no runner manager uses");
    assert!(ours.is_gone());
    let polls = theirs.polls();
    theirs.polled(polls + 1);
    assert_eq!(
        theirs.metric("gitlab_runner_configuration_loaded_total"),
        1,
        "nothing was reloaded"
    );
    assert!(theirs.runs());
}

#[test]
fn read_only_file_cannot_be_paused_so_the_unregistration_comes_last() {
    each(&ENDS, || {
        for source in Source::SHARED_AND_OWNED {
            // Long enough that no poll falls between the hook and the stop signal.
            let mut pod = Pod::of(Plan {
                check_interval: 600,
                ..Plan::of(source)
            });
            let job = pod.held_job();
            pod.start(&[]);
            pod.job_is(job, JobStatus::Running);
            pod.is_up();
            let original = pod.original();
            let volume = pod.stage.snapshot();
            let Some(mut hook) = on_read_only_volume(&pod, &["pre-stop", "--grace-period=1h"])
            else {
                return;
            };
            pod.order.polling_goes_on();
            let mut hook = pod.begin(&mut hook);
            hook.says("could not be paused");
            hook.says("waiting for 1 job");
            assert!(
                pod.gitlab.calls("DELETE *").is_empty(),
                "unregistered while it polls and works"
            );
            pod.release();
            hook.ended().is(0, "nothing is left at GitLab");
            assert!(pod.is_gone());
            assert_eq!(pod.original(), original);
            assert_eq!(pod.stage.snapshot(), volume);
            pod.stopped_by_kubelet();
            pod.job_is(job, JobStatus::Success);
        }
    });
}

/// A run where its volume is mounted read-only: a mode would not stop root.
pub(crate) fn on_read_only_volume(pod: &Pod, arguments: &[&str]) -> Option<Command> {
    let reaper = pod.reaper(arguments);
    let mut hook = mount_namespace()?;
    let script = "mount --bind \"$0\" \"$0\" && mount -o remount,bind,ro \"$0\" && exec \"$@\"";
    hook.args(["sh", "-c", script]).arg(pod.stage.path());
    Some(behind(hook, &reaper))
}
