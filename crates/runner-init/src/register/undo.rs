//! Owns the way back: what this run made at GitLab and could not publish is taken off again.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::system_id::SystemId;

use super::give_back;
use super::plan::Plan;
use super::publish::Desk;

/// Limit of the way back: short enough for a pod's 30 s, long enough for GitLab to answer a second attempt.
const LIMIT: Duration = Duration::from_secs(10);

/// Takes back what was made. It never fails: what stays is named, and stays in the state file for the next run.
pub(super) async fn everything(plan: &Plan<'_>, desk: &mut Desk<'_>, system_id: &SystemId) {
    let Some(runner) = desk.take_made() else {
        return;
    };
    if plan.options.leave_runner {
        log::warn!(
            "runner {} stays at {}, as --leave-runner asks",
            runner.id,
            runner.url
        );
        return;
    }
    match give_back::unregister(&plan.client, &runner, system_id, Deadline::after(LIMIT)).await {
        Ok(()) => {
            log::info!("runner {} taken back at {}", runner.id, runner.url);
            desk.nothing_created();
        }
        Err(error) => log::error!(
            "runner {} is left behind at {}: {error}; the next run on this volume finishes it",
            runner.id,
            runner.url
        ),
    }
}
