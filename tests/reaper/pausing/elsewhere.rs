//! From where the runner manager's process is not in sight, and on a volume where no helper ever worked.

use acceptance::namespaces::pid_namespace;
use acceptance::pod::{Plan, Pod, Source};
use acceptance::process::Ended;
use acceptance::versions::{ALL, ENDS, each};
use gitlab_simulator::JobStatus;
use nix::sys::signal::Signal;

use super::{Pausing as _, STATE};

/// A run in the container beside. Nothing, where this machine has no such.
fn beside(pod: &Pod, arguments: &[&str]) -> Option<Ended> {
    let reaper = pod.reaper(arguments);
    let mut command = pid_namespace()?;
    command
        .arg(reaper.get_program())
        .args(reaper.get_args())
        .env("CONFIG_FILE", pod.config());
    Some(pod.begin(&mut command).ended())
}

#[test]
fn from_the_container_beside_the_metrics_tell_and_the_file_is_loaded_by_itself() {
    each(&ALL, || {
        for source in Source::SHARED_AND_OWNED {
            let mut pod = Pod::working(Plan::of(source));
            let original = pod.original();
            let job = pod.busy_with(1)[0];
            let Some(paused) = beside(&pod, &["pause"]) else {
                return;
            };
            paused.is(
                0,
                "polling is off until \"runner-reaper resume\", 1 job still running",
            );
            pod.is_paused();
            pod.release();
            pod.job_is(job, JobStatus::Success);
            let waiting = pod.held_job();
            // Started anew it has no system ID to show.
            pod.signal(Signal::SIGKILL);
            pod.exited();
            pod.start(&[]);
            pod.is_up();
            beside(&pod, &["pause"]).unwrap().is(0, "polling is off");
            pod.takes_nothing();
            beside(&pod, &["resume"])
                .unwrap()
                .is(0, "resumed: the runner manager takes jobs again");
            pod.is_resumed(&original);
            pod.job_is(waiting, JobStatus::Success);
        }
    });
}

#[test]
fn volume_where_no_helper_ever_worked_is_left_as_it_was() {
    each(&ENDS, || {
        let pod = Pod::of(Plan::of(Source::AuthenticationToken));
        std::fs::remove_file(pod.stage.file(STATE)).unwrap();
        let pod = pod.started(&[]);
        pod.polled(1);
        let original = pod.original();
        pod.reap(&["pause"]).is(0, "polling is off");
        pod.is_paused();
        pod.takes_nothing();
        pod.reap(&["resume"]).is(0, "takes jobs again");
        assert_eq!(pod.stage.text(STATE), None);
        let now = pod.original();
        assert_eq!(now.0, original.0);
        pod.is_as_before(&now);
        pod.polls_on();
    });
}
