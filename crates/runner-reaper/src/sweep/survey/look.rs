//! Owns the look at one runner or runner manager: what it is now, whether it has a running job, and whether it may still be deleted.

use std::time::SystemTime;

use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Error, Heard, RunnerDetail, RunnersOf};
use runner_lifecycle::system_id::SystemId;

use super::{Survey, is_not_for_this_user};
use crate::args::sweep::Of;
use crate::sweep::plan::{PlanRow, Target};
use crate::sweep::rails::clock;
use crate::sweep::rules::{Due, KeepReason, Observed, mark_of_fleet};

/// The statuses of a job that needs its runner. `canceling` counts as idle in GitLab's own summary.
const RUNNING: [&str; 2] = ["running", CANCELING];
const CANCELING: &str = "canceling";

impl Survey<'_> {
    /// A new look at one of the plan: still so, or why it stays. GitLab's clock comes along.
    pub(in super::super) async fn still_due(
        &self,
        row: &PlanRow<Due>,
    ) -> anyhow::Result<Result<SystemTime, KeepReason>> {
        // First the jobs, then the contact: whoever takes a job after the first question has been in contact by the second.
        match self.has_jobs(&row.target).await {
            Ok(Some(false)) => {}
            Ok(Some(true)) => return Ok(Err(KeepReason::RunningJob)),
            Ok(None) => return Ok(Err(KeepReason::Gone)),
            Err(error) => return Ok(Err(not_shown(error)?)),
        }
        match &row.target {
            Target::Runner(id) => self.runner_still_due(*id).await,
            Target::Manager(runner, id) => self.manager_still_due(*runner, id).await,
        }
    }

    async fn runner_still_due(&self, id: i64) -> anyhow::Result<Result<SystemTime, KeepReason>> {
        let (detail, now) = match self.detail(id).await {
            Ok(Some(looked)) => looked,
            Ok(None) => return Ok(Err(KeepReason::Gone)),
            Err(error) => return Ok(Err(not_shown(error)?)),
        };
        let mark = mark_of_fleet(detail.maintenance_note.as_deref(), &self.sweep.fleet);
        let due = Observed::of_runner(&detail).due(now, self.sweep.older_than);
        Ok(mark
            .and_then(|_| self.check_group(&detail))
            .and(due)
            .map(|_| now))
    }

    async fn manager_still_due(
        &self,
        runner: i64,
        id: &SystemId,
    ) -> anyhow::Result<Result<SystemTime, KeepReason>> {
        self.count();
        let managers = self
            .client
            .runner_managers(&self.sweep.access_token, runner, self.deadline)
            .await?;
        let Some(Heard { value, at }) = managers else {
            return Ok(Err(KeepReason::Gone));
        };
        let now = clock(SystemTime::now(), at)?;
        let manager = value
            .iter()
            .find(|manager| manager.system_id == id.as_str());
        Ok(match manager {
            None => Err(KeepReason::Gone),
            Some(manager) => {
                let due = Observed::of_manager(manager).due(now, self.sweep.older_than);
                due.map(|_| now)
            }
        })
    }

    /// Whether a job is on it; nothing where it is gone.
    pub(super) async fn has_jobs(&self, target: &Target) -> anyhow::Result<Option<bool>> {
        for status in RUNNING {
            self.count();
            let asked = self.client.has_job(
                &self.sweep.access_token,
                target.runner(),
                status,
                target.system_id(),
                self.deadline,
            );
            match asked.await {
                // A GitLab that does not know this younger status has no job in it.
                Err(Error::Rejected { status: 400, .. }) if status == CANCELING => {}
                Ok(Some(false)) => {}
                other => return Ok(other?),
            }
        }
        Ok(Some(false))
    }

    pub(super) async fn detail(
        &self,
        id: i64,
    ) -> anyhow::Result<Option<(RunnerDetail, SystemTime)>> {
        self.count();
        let asked = self
            .client
            .runner(&self.sweep.access_token, id, self.deadline);
        let Some(Heard { value, at }) = asked.await? else {
            return Ok(None);
        };
        if value.id != id {
            let words = format!(
                "GitLab answered a request for runner {id} with runner {}",
                value.id
            );
            return Err(Failure::unusable(words).into());
        }
        Ok(Some((value, clock(SystemTime::now(), at)?)))
    }

    /// GitLab lists with a group the runners of its parent groups.
    pub(super) fn check_group(&self, detail: &RunnerDetail) -> Result<(), KeepReason> {
        match self.sweep.of {
            Of::List(RunnersOf::Group(id)) if detail.groups.iter().all(|group| group.id != id) => {
                Err(KeepReason::OtherGroup)
            }
            _ => Ok(()),
        }
    }
}

/// A refusal that is about one runner keeps that runner; any other ends the run.
pub(super) fn not_shown(error: anyhow::Error) -> anyhow::Result<KeepReason> {
    if is_not_for_this_user(&error) {
        Ok(KeepReason::NotShown)
    } else {
        Err(error)
    }
}
