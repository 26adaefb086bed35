//! Owns what the deletions of a run came to. Decides nothing.

use super::plan::Row;
use super::rules::{Due, Kept};

/// What became of the plan.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) deleted: Vec<Row<Due>>,
    /// Gone before we came.
    pub(super) gone: Vec<Row<Due>>,
    /// No longer so at the second look.
    pub(super) kept: Vec<Row<Kept>>,
    /// GitLab refused.
    pub(super) failed: Vec<Row<Due>>,
    /// Left to the next run.
    pub(super) left: u64,
    /// Why the run ended before its end.
    pub(super) early: Option<anyhow::Error>,
}
