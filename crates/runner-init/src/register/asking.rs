//! Owns what every question of one run to GitLab needs: the plan, who asks, until when, and what may stop it.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::system_id::SystemId;

use super::graceful_stop::GracefulStop;
use super::plan::Plan;

/// One run's dealings with GitLab.
pub(super) struct Asking<'a, 'b> {
    pub(super) plan: &'a Plan<'b>,
    pub(super) system_id: &'a SystemId,
    pub(super) deadline: Deadline,
    pub(super) stops: &'a mut GracefulStop,
}
