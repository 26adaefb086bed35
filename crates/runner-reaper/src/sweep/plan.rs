//! Owns the plan of a sweep as a value: what would go, what stays and why, and what could not be known. Bounded, however long
//! the lists are.

use std::collections::BTreeMap;
use std::time::SystemTime;

use runner_lifecycle::system_id::SystemId;

use super::rules::{Due, KeepReason};

/// How many of the fleet that stay are named one by one; the others are counted.
const NAMED: usize = 500;

/// What a deletion is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A runner, by its number.
    Runner(i64),
    /// A runner manager of the runner with this number.
    Manager(i64, SystemId),
}

/// One runner or runner manager of the fleet.
#[derive(Clone, Debug)]
pub(crate) struct PlanRow<Why> {
    /// Which one.
    pub target: Target,
    /// Its name in GitLab's list.
    pub name: Option<String>,
    /// The pod it was made for, where the mark tells.
    pub pod: Option<String>,
    /// Why it goes or stays.
    pub why: Why,
}

/// What a look at everything came to.
#[derive(Debug)]
pub(crate) struct SweepPlan {
    /// GitLab's clock at the end of it.
    pub now: SystemTime,
    /// What goes, at most `--most`.
    pub due: Vec<PlanRow<Due>>,
    /// How many more may go, in another run.
    pub more_due: u64,
    /// What stays of the fleet.
    pub kept: Vec<PlanRow<KeepReason>>,
    /// Why how many stay, those that are named included.
    pub counts: BTreeMap<KeepReason, u64>,
    /// How many runners or runner managers there are.
    pub listed: u64,
    /// How many of them were looked at one by one.
    pub looked_at: u64,
    /// How many requests that took.
    pub requests: u64,
    /// What could not be known, one line each.
    pub not_known: Vec<String>,
}

impl SweepPlan {
    /// Nothing yet.
    pub(crate) fn at(now: SystemTime) -> Self {
        Self {
            now,
            due: Vec::new(),
            more_due: 0,
            kept: Vec::new(),
            counts: BTreeMap::new(),
            listed: 0,
            looked_at: 0,
            requests: 0,
            not_known: Vec::new(),
        }
    }

    /// Counts one that stays without being named: it is not of the fleet, or alive.
    pub(crate) fn keep(&mut self, why: KeepReason) {
        *self.counts.entry(why.kind()).or_default() += 1;
    }

    /// One of the fleet that stays.
    pub(crate) fn keep_named(&mut self, row: PlanRow<KeepReason>) {
        self.keep(row.why);
        if self.kept.len() < NAMED {
            self.kept.push(row);
        }
    }

    /// One of the fleet that may go.
    pub(crate) fn delete(&mut self, row: PlanRow<Due>, most: usize) {
        if self.due.len() < most {
            self.due.push(row);
        } else {
            self.more_due += 1;
        }
    }

    /// How many could not be told to be of the fleet, or dead.
    pub(crate) fn unknown(&self) -> u64 {
        let unknown = self.counts.iter().filter(|(why, _)| why.is_unknown());
        unknown.map(|(_, count)| count).sum()
    }
}

impl Target {
    /// In the words of a log line.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Runner(id) => format!("runner {id}"),
            Self::Manager(runner, id) => format!("runner manager {id} of runner {runner}"),
        }
    }

    /// What the first column of the table shows.
    pub(crate) fn short(&self) -> String {
        match self {
            Self::Runner(id) => id.to_string(),
            Self::Manager(_, id) => id.to_string(),
        }
    }

    /// The runner's number.
    pub(crate) fn runner(&self) -> i64 {
        match self {
            Self::Runner(id) | Self::Manager(id, _) => *id,
        }
    }

    /// The system ID of a runner manager.
    pub(crate) fn system_id(&self) -> Option<&SystemId> {
        match self {
            Self::Runner(_) => None,
            Self::Manager(_, id) => Some(id),
        }
    }
}
