//! Owns the looking: reads the lists, looks at each runner that may be dead, and once more just before a deletion. It deletes
//! nothing.

use std::cell::Cell;
use std::time::SystemTime;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Client, Error, Heard, RunnerDetail, RunnersOf};
use runner_lifecycle::system_id::SystemId;

use super::plan::{PlanRow, SweepPlan, Target};
use super::progress::Progress;
use super::rails::{PagedList, clock};
use super::rules::{KeepReason, Observed, kept_by_list, mark_of_fleet};
use crate::args::sweep::{Of, Sweep};

mod look;

use look::not_shown;

/// How many requests the last look and the deletion take, which nothing may hold up in between.
pub(super) const LAST_LOOK: u64 = 4;

/// GitLab as a sweep sees it.
pub(super) struct Survey<'a> {
    pub(super) sweep: &'a Sweep,
    pub(super) client: &'a Client,
    pub(super) deadline: Deadline,
    requests: Cell<u64>,
}

/// What the list alone came to.
#[derive(Default)]
struct Listed {
    /// Those that have to be looked at.
    ids: Vec<i64>,
    /// GitLab's clock with the last page.
    now: Option<SystemTime>,
}

impl<'a> Survey<'a> {
    pub(super) fn new(sweep: &'a Sweep, client: &'a Client, deadline: Deadline) -> Self {
        Self {
            sweep,
            client,
            deadline,
            requests: Cell::new(0),
        }
    }

    /// Looks at everything. All numbers are collected before anything can be deleted: pages shift when something goes.
    pub(super) async fn plan(&self) -> anyhow::Result<SweepPlan> {
        let mut plan = SweepPlan::at(SystemTime::now());
        match self.sweep.of {
            Of::Everywhere => match self.runners(RunnersOf::Instance, &mut plan).await {
                Err(error) if is_not_for_this_user(&error) => {
                    log::info!(
                        "the user of the access token is not an administrator: only runners that it can administer are listed"
                    );
                    plan = SweepPlan::at(SystemTime::now());
                    self.runners(RunnersOf::User, &mut plan).await?;
                }
                done => done?,
            },
            Of::List(of) => self.runners(of, &mut plan).await?,
            Of::Runner { id, .. } => self.managers(id, &mut plan).await?,
        }
        plan.requests = self.requests.get();
        Ok(plan)
    }

    async fn runners(&self, of: RunnersOf, plan: &mut SweepPlan) -> anyhow::Result<()> {
        let Listed { ids, now } = self.list(of, plan).await?;
        plan.now = now.unwrap_or(plan.now);
        let (mut progress, many) = (Progress::new(), ids.len());
        let mut jobs_asked = false;
        for (index, id) in ids.into_iter().enumerate() {
            progress.say(|| format!("{index} of {many} runners checked"));
            self.client.make_room(1, self.deadline).await;
            let looked = match self.detail(id).await {
                Ok(None) => {
                    plan.keep(KeepReason::Gone);
                    continue;
                }
                Ok(Some(looked)) => looked,
                Err(error) => {
                    plan.keep(not_shown(error)?);
                    continue;
                }
            };
            plan.looked_at += 1;
            jobs_asked |= self.weigh(looked, plan).await?;
        }
        let not_known = [
            (
                jobs_asked,
                "this GitLab (before about 18) does not show which runners have jobs, so the jobs of each were requested".to_owned(),
            ),
            (
                plan.unknown() > 0,
                format!("{} of these, for the reasons above; none of them is deleted", plan.unknown()),
            ),
        ];
        plan.not_known.extend(
            not_known
                .into_iter()
                .filter(|(so, _)| *so)
                .map(|(_, line)| line),
        );
        if plan.looked_at > 0 && plan.counts.get(&KeepReason::NoNote) == Some(&plan.looked_at) {
            plan.not_known.push(
                "no maintenance note could be read: the user of the access token must be an administrator, an owner of the group or a maintainer of the project".to_owned(),
            );
        }
        Ok(())
    }

    /// Puts one runner into the plan; true when its jobs had to be asked for.
    async fn weigh(
        &self,
        (detail, now): (RunnerDetail, SystemTime),
        plan: &mut SweepPlan,
    ) -> anyhow::Result<bool> {
        plan.now = now;
        let mark = mark_of_fleet(detail.maintenance_note.as_deref(), &self.sweep.fleet);
        let mark = match mark.and_then(|mark| self.check_group(&detail).map(|()| mark)) {
            Ok(mark) => mark,
            Err(why) => {
                plan.keep(why);
                return Ok(false);
            }
        };
        let facts = Observed::of_runner(&detail);
        let target = Target::Runner(detail.id);
        let row = |why| PlanRow {
            target: target.clone(),
            name: detail.description.clone(),
            pod: Some(mark.pod()),
            why,
        };
        let due = match facts.due(now, self.sweep.older_than) {
            Err(why) => {
                plan.keep_named(row(why));
                return Ok(false);
            }
            Ok(due) => due,
        };
        let asked = facts.busy.is_none();
        let jobs = match asked {
            false => Some(false),
            true => match self.has_jobs(&target).await {
                Ok(jobs) => jobs,
                Err(error) => {
                    plan.keep_named(row(not_shown(error)?));
                    return Ok(asked);
                }
            },
        };
        match jobs {
            None => plan.keep_named(row(KeepReason::Gone)),
            Some(true) => plan.keep_named(row(KeepReason::RunningJob)),
            Some(false) => plan.delete(
                PlanRow {
                    target,
                    name: detail.description,
                    pod: Some(mark.pod()),
                    why: due,
                },
                self.sweep.most,
            ),
        }
        Ok(asked)
    }

    async fn list(&self, of: RunnersOf, plan: &mut SweepPlan) -> anyhow::Result<Listed> {
        let (mut listed, mut pages, mut progress) =
            (Listed::default(), PagedList::default(), Progress::new());
        loop {
            self.client.make_room(1, self.deadline).await;
            self.count();
            let asked =
                self.client
                    .runners(&self.sweep.access_token, of, pages.next, self.deadline);
            let Heard { value: page, at } = asked.await?;
            let now = clock(SystemTime::now(), at)?;
            let last = pages.admit(&page)?;
            listed.now = Some(now);
            plan.listed += page.rows.len() as u64;
            for row in &page.rows {
                match kept_by_list(row, now, self.sweep.older_than) {
                    Some(why) => plan.keep(why),
                    None => listed.ids.push(row.id),
                }
            }
            if last {
                return Ok(listed);
            }
            progress.say(|| format!("{} runners listed", plan.listed));
        }
    }

    async fn managers(&self, runner: i64, plan: &mut SweepPlan) -> anyhow::Result<()> {
        self.count();
        let asked = self
            .client
            .runner_managers(&self.sweep.access_token, runner, self.deadline);
        let Heard {
            value: managers,
            at,
        } = asked.await?.ok_or_else(|| {
            Failure::unusable(format!("GitLab has no runner {runner}: check --runner-id"))
        })?;
        let now = clock(SystemTime::now(), at)?;
        (plan.now, plan.listed) = (now, managers.len() as u64);
        for manager in &managers {
            let id = SystemId::parse(&manager.system_id);
            let Some(id) = id.filter(|id| id.is_of_fleet(&self.sweep.fleet)) else {
                plan.keep(KeepReason::NoMark);
                continue;
            };
            plan.looked_at += 1;
            let target = Target::Manager(runner, id);
            let (name, pod) = (None, None);
            match Observed::of_manager(manager).due(now, self.sweep.older_than) {
                Ok(why) => plan.delete(
                    PlanRow {
                        target,
                        name,
                        pod,
                        why,
                    },
                    self.sweep.most,
                ),
                Err(why) => plan.keep_named(PlanRow {
                    target,
                    name,
                    pod,
                    why,
                }),
            }
        }
        Ok(())
    }

    /// One more request.
    fn count(&self) {
        self.requests.set(self.requests.get() + 1);
    }
}

/// Whether GitLab refuses for what the user is, and not for the token.
pub(super) fn is_not_for_this_user(error: &anyhow::Error) -> bool {
    matches!(
        error.downcast_ref(),
        Some(Error::TokenRefused {
            status: 403,
            scope: false,
            ..
        })
    )
}
