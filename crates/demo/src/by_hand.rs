//! Owns the last act: a person at a shell of a busy pod looks, pauses, resumes and gives it another runner, and no job notices.

use std::time::Duration;

use anyhow::ensure;
use gitlab_simulator::Simulator;

use super::{PATIENCE, check_success, is_running, run_job, show_list, start, wait_for_jobs};
use crate::pod::Pod;
use crate::programs::Programs;
use crate::timeline::Timeline;

/// Longer than `check_interval`: whoever polls has asked by then.
const A_POLL: Duration = Duration::from_millis(3500);

/// Jobs at once: one that runs from the beginning, one that waits for the end of the pause, and a free slot to poll from.
const CONCURRENT: u8 = 3;

/// What the second runner of the pod has more.
const MORE_TAGS: &str = "docker,arm64";

/// Tells it.
pub(super) fn act(
    programs: &Programs,
    gitlab: &Simulator,
    timeline: &mut Timeline,
) -> anyhow::Result<()> {
    timeline.chapter("By hand: what is going on in a busy pod?");
    let mut pod = Pod::new("container-builder-3", programs, gitlab)?.with_concurrent(CONCURRENT);
    pod.init(timeline)?;
    start(&mut pod, timeline, gitlab)?;
    let old = pod.runner_id()?;
    let first = run_job(gitlab, &pod, timeline)?;
    pod.reaper("status", timeline)?;

    timeline.chapter("By hand: no new jobs for a while");
    pod.reaper("pause", timeline)?;
    let second = gitlab.queue_job(pod.job(old));
    let taken = is_running(gitlab, second, A_POLL);
    ensure!(!taken, "job {second} was taken during the pause");
    timeline.say(&format!(
        "job {second} is queued and waits, job {first} runs on"
    ));
    pod.reaper("resume", timeline)?;
    let taken = is_running(gitlab, second, PATIENCE);
    ensure!(taken, "nobody took job {second} after the pause");
    wait_for_jobs(&pod, 2)?;
    timeline.say(&format!("job {second} runs on {}", pod.name()));

    timeline.chapter("By hand: another runner with another tag, while both jobs run");
    pod.re_register(MORE_TAGS, timeline)?;
    let new = pod.runner_id()?;
    ensure!(new != old, "re-register gave the pod no other runner");
    let polls = gitlab.wait_until(PATIENCE, |state| {
        state.runner(old).is_some()
            && state
                .runner(new)
                .is_some_and(|runner| !runner.managers.is_empty())
    });
    ensure!(
        polls,
        "runner {new} does not poll, or runner {old} went before its jobs"
    );
    timeline.say(&format!(
        "the runner manager polls for runner {new}; runner {old} still has two jobs"
    ));
    pod.release()?;
    wait_for_jobs(&pod, 0)?;
    for job in [first, second] {
        check_success(gitlab, job)?;
    }
    timeline.say("both jobs ended with success");
    pod.init(timeline)?;
    show_list(timeline, gitlab, &[&pod])?;
    pod.delete(timeline)?;
    show_list(timeline, gitlab, &[])
}
