//! Owns the last act of a grace period that was told: GitLab hears that the jobs failed, instead of waiting an hour for
//! jobs that were killed.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use rustix::process::Signal;
use tokio::time::sleep;

use crate::runner_manager::Live;

const LOOK: Duration = Duration::from_millis(20);

/// What is left after the kubelet's stop signal, where that came under the hook: SIGKILL follows in 2 s.
pub(super) const LEFT: Duration = Duration::from_secs(3);

/// Sends SIGTERM and waits until the process is gone or all is over. PID 1 may end with it, and we with PID 1.
pub(super) async fn end_jobs(live: &Live, end: Deadline) {
    if !live.stop(Signal::TERM) {
        return;
    }
    log::warn!(
        "SIGTERM sent to the runner manager, so that it stops its jobs and reports them as failed"
    );
    while !live.is_gone() && !end.passed() {
        sleep(LOOK.min(end.left())).await;
    }
    if live.is_gone() {
        log::info!("runner manager ended");
    }
}
