//! Owns the deletions: each runner in the plan is looked at once more, and deleted only if it is still due. One that cannot be
//! deleted stops no other; a refused token, or a GitLab that does not come back, stops all.

use std::time::{Duration, SystemTime};

use anyhow::Context as _;
use runner_lifecycle::backoff::Backoff;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Deletion, Error, RunnerInfo};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::done::Done;
use super::output::called;
use super::plan::{PlanRow, SweepPlan, Target};
use super::progress::Progress;
use super::rules::{Due, KeepReason};
use super::survey::{LAST_LOOK, Survey, is_not_for_this_user};
use crate::args::sweep::Of;
use crate::stops::Stops;

/// How often one of them is tried before the run ends.
const ATTEMPTS: u32 = 6;

/// GitLab has been asked to repeat itself by then; a sweep has time.
const BACKOFF: Backoff = Backoff {
    base: Duration::from_secs(1),
    cap: Duration::from_secs(30),
};

enum Became {
    Deleted,
    Gone,
    Kept(KeepReason),
    Failed(anyhow::Error),
}

impl Survey<'_> {
    /// Carries the plan out.
    pub(super) async fn carry_out(&self, plan: &SweepPlan, stops: &Stops) -> Done {
        let mut done = Done::default();
        if let Err(error) = self.check_token(plan).await {
            done.early = Some(error);
        }
        let mut progress = Progress::new();
        for (index, row) in plan.due.iter().enumerate() {
            progress.say(|| format!("{index} of {} deleted", plan.due.len()));
            if stops.count() > 0 && done.early.is_none() {
                done.early = Some(Failure::unreachable("stopped by a signal").into());
            }
            if done.early.is_some() {
                done.left += 1;
                continue;
            }
            match self.delete(row, stops).await {
                Ok(became) => done.note(row, became),
                Err(error) => {
                    done.left += 1;
                    done.early = Some(error.context(called(row)));
                }
            }
        }
        done.left += plan.more_due;
        done
    }

    async fn delete(&self, row: &PlanRow<Due>, stops: &Stops) -> anyhow::Result<Became> {
        for attempt in 1.. {
            self.client.make_room(LAST_LOOK, self.deadline).await;
            let now = match self.still_due(row).await? {
                Ok(now) => now,
                // Its answer was lost on the way.
                Err(KeepReason::Gone) if attempt > 1 => return Ok(Became::Deleted),
                Err(KeepReason::Gone) => return Ok(Became::Gone),
                Err(why) => return Ok(Became::Kept(why)),
            };
            match self.ask(&row.target, now).await {
                Ok(Deletion::Deleted) => return Ok(Became::Deleted),
                Ok(Deletion::WasGone) if attempt > 1 => return Ok(Became::Deleted),
                Ok(Deletion::WasGone) => return Ok(Became::Gone),
                Ok(Deletion::Changed) => return Ok(Became::Kept(KeepReason::Changed)),
                Err(error) if is_not_for_this_user(&error) => return Ok(Became::Failed(error)),
                Err(error) => {
                    let passes = matches!(error.downcast_ref(), Some(Error::Unreachable(_)));
                    let wait = BACKOFF.throw(attempt);
                    if !passes || attempt >= ATTEMPTS || wait >= self.deadline.left() {
                        return Err(error);
                    }
                    log::warn!("{error:#}; trying {} again", called(row));
                    tokio::select! {
                        () = tokio::time::sleep(wait) => {}
                        () = stops.reached(1) => return Err(error),
                    }
                }
            }
        }
        Err(anyhow::anyhow!("too many attempts"))
    }

    async fn ask(&self, target: &Target, now: SystemTime) -> anyhow::Result<Deletion> {
        let deletion = match target {
            Target::Runner(id) => {
                let token = &self.sweep.access_token;
                self.client
                    .delete_runner(token, *id, now, self.deadline)
                    .await
            }
            Target::Manager(_, id) => {
                let token = self
                    .manager_token()
                    .context("no authentication token given")?;
                self.client
                    .delete_runner_manager(token, id, now, self.deadline)
                    .await
            }
        };
        Ok(deletion?)
    }

    fn manager_token(&self) -> Option<&Token> {
        match &self.sweep.of {
            Of::Runner { token, .. } => token.as_ref(),
            Of::Everywhere | Of::List(_) => None,
        }
    }

    /// Makes sure that the authentication token is that of the runner whose managers go: with another one, a namesake of a dead
    /// runner manager would go there, which may live. GitLab tells by `verify` alone, which makes a runner manager of the system
    /// ID that asks: so it asks under one of its own, and takes that back.
    async fn check_token(&self, plan: &SweepPlan) -> anyhow::Result<()> {
        let (Of::Runner { id, .. }, Some(token)) = (&self.sweep.of, self.manager_token()) else {
            return Ok(());
        };
        if plan.due.is_empty() {
            return Ok(());
        }
        let own = SystemId::derive("runner-reaper sweep").of_fleet(&self.sweep.fleet);
        let info = RunnerInfo::empty();
        let verified = self
            .client
            .verify(token, Some(&own), &info, self.deadline)
            .await?;
        let taken_back = self
            .client
            .unregister_runner_manager(token, &own, self.deadline);
        taken_back.await?;
        if verified.id == *id {
            return Ok(());
        }
        let words = format!(
            "--token-file contains the token of runner {}, but --runner-id is {id}: nothing was deleted",
            verified.id
        );
        Err(Failure::unusable(words).into())
    }
}

impl Done {
    fn note(&mut self, row: &PlanRow<Due>, became: Became) {
        let what = called(row);
        match became {
            Became::Deleted => {
                log::info!("{what} deleted");
                self.deleted.push(row.clone());
            }
            Became::Gone => {
                log::info!("{what} was already gone");
                self.gone.push(row.clone());
            }
            Became::Kept(why) => {
                log::info!("{what} kept after a second look: {}", why.words());
                self.kept.push(PlanRow {
                    target: row.target.clone(),
                    name: row.name.clone(),
                    pod: row.pod.clone(),
                    why,
                });
            }
            Became::Failed(error) => {
                log::error!("{what} was not deleted: {error:#}");
                self.failed.push(row.clone());
            }
        }
    }
}
