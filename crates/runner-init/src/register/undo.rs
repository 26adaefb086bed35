//! Owns the undo: what this run created at GitLab and could not publish is unregistered again.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::unregister::Registered;

use super::contents::Contents;
use super::graceful_stop::GracefulStop;
use super::plan::Plan;

/// Limit of the way back where no signal came: short enough for who waits, long enough for GitLab to answer a second attempt.
const LIMIT: Duration = Duration::from_secs(10);

/// Takes back what was made. It never fails: what stays is named, and stays in the state file for the next run.
pub(super) async fn everything(
    plan: &Plan<'_>,
    files: &mut Contents<'_>,
    system_id: &SystemId,
    stops: &GracefulStop,
) {
    let Some(made) = files.take_made() else {
        return;
    };
    let what = Registered::of(&made, system_id);
    if plan.options.leave_runner {
        log::warn!("{what} stays at {} because of --leave-runner", made.url);
        return;
    }
    let limit = stops.left().unwrap_or_else(|| Deadline::after(LIMIT));
    match what.unregister(&plan.client, limit).await {
        Ok(_) => {
            log::info!("{what} unregistered again from {}", made.url);
            files.unmade(&made, plan);
        }
        Err(error) => {
            let next = match made.ownership() {
                Ownership::Owned => "the next run on this volume finishes it",
                Ownership::Shared => "GitLab removes it after 7 days without contact",
            };
            log::error!("{what} is left behind at {}: {error:#}; {next}", made.url);
        }
    }
}
