//! Owns what the deletions of a run came to. Decides nothing.

use super::plan::PlanRow;
use super::rules::{Due, KeepReason};

/// What became of the plan.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) deleted: Vec<PlanRow<Due>>,
    /// Gone before we came.
    pub(super) gone: Vec<PlanRow<Due>>,
    /// No longer so at the second look.
    pub(super) kept: Vec<PlanRow<KeepReason>>,
    /// GitLab refused.
    pub(super) failed: Vec<PlanRow<Due>>,
    /// Left to the next run.
    pub(super) left: u64,
    /// Why the run ended before its end.
    pub(super) early: Option<anyhow::Error>,
}
