//! Owns the rule of a sweep: what may go, and why everything else stays. Pure: no clock, no socket. What is not known is never
//! a reason to delete.

use std::time::{Duration, SystemTime};

use runner_lifecycle::duration::show;
use runner_lifecycle::fleet::Fleet;
use runner_lifecycle::gitlab::{ListedManager, RunnerDetail, RunnerRow};
use runner_lifecycle::mark::Mark;

/// What GitLab said of a runner or a runner manager.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Observed {
    /// When it was made; nothing before about GitLab 18.
    pub created_at: Option<SystemTime>,
    /// The last contact: nothing where GitLab does not say, nothing inside where there was none.
    pub contacted_at: Option<Option<SystemTime>>,
    /// Whether it has a running job; `None` before about GitLab 18.
    pub busy: Option<bool>,
}

/// Why something may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing was heard of it since.
    Silent(SystemTime),
    /// It was made then, and nothing was ever heard of it.
    Never(SystemTime),
}

/// Why something stays. The order is that of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum KeepReason {
    /// The list says that it was contacted within two hours.
    Online,
    /// It was made too short a time ago.
    Young,
    /// The last contact was so long ago.
    Contacted(Duration),
    /// A job runs on it.
    RunningJob,
    /// It has no maintenance note, or none that the access token may read.
    NoNote,
    /// Its maintenance note is not a mark, or its system ID has none.
    NoMark,
    /// It carries the mark another fleet, or none.
    OtherFleet,
    /// It is not one of the group that was named.
    OtherGroup,
    /// GitLab does not show its last contact.
    ContactUnknown,
    /// It was never contacted, and GitLab does not show when it was created.
    AgeUnknown,
    /// GitLab lets the access token see neither it nor its jobs.
    NotShown,
    /// It is gone already.
    Gone,
    /// It changed between the last look and the deletion.
    Changed,
}

impl Observed {
    /// Of a runner.
    pub(crate) fn of_runner(detail: &RunnerDetail) -> Self {
        Self {
            created_at: detail.created_at,
            contacted_at: detail.contacted_at,
            busy: busy(detail.job_execution_status.as_deref()),
        }
    }

    /// Of a runner manager.
    pub(crate) fn of_manager(manager: &ListedManager) -> Self {
        Self {
            created_at: manager.created_at,
            contacted_at: manager.contacted_at,
            busy: busy(manager.job_execution_status.as_deref()),
        }
    }

    /// Whether it may go, at GitLab's `now`.
    ///
    /// An error is the reason why it stays.
    pub(crate) fn due(&self, now: SystemTime, older_than: Duration) -> Result<Due, KeepReason> {
        // A time in the future is not an age.
        let age = |at: SystemTime| now.duration_since(at).unwrap_or_default();
        let contacted_at = self.contacted_at.ok_or(KeepReason::ContactUnknown)?;
        if self.busy == Some(true) {
            return Err(KeepReason::RunningJob);
        }
        match (contacted_at, self.created_at) {
            (Some(at), _) if age(at) < older_than => Err(KeepReason::Contacted(age(at))),
            (_, Some(made)) if age(made) < older_than => Err(KeepReason::Young),
            (Some(at), _) => Ok(Due::Silent(at)),
            (None, Some(made)) => Ok(Due::Never(made)),
            (None, None) => Err(KeepReason::AgeUnknown),
        }
    }
}

impl Due {
    /// Since when.
    pub(crate) fn since(self) -> SystemTime {
        match self {
            Self::Silent(at) | Self::Never(at) => at,
        }
    }

    /// In the words of the table.
    pub(crate) fn words(self, now: SystemTime) -> String {
        let ago = show(now.duration_since(self.since()).unwrap_or_default());
        match self {
            Self::Silent(_) => format!("no contact for {ago}"),
            Self::Never(_) => format!("created {ago} ago, never contacted"),
        }
    }

    /// The word of the JSON output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Silent(_) => "silent",
            Self::Never(_) => "never-contacted",
        }
    }
}

impl KeepReason {
    /// In the words of the table.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Online => "contacted within 2 hours",
            Self::Young => "created less than --older-than ago",
            Self::Contacted(_) => "contacted less than --older-than ago",
            Self::RunningJob => "has a running job",
            Self::NoNote => "no maintenance note, or the access token cannot read it",
            Self::NoMark => "no mark of runner-init",
            Self::OtherFleet => "another fleet, or none",
            Self::OtherGroup => "not in the group of --group-id",
            Self::ContactUnknown => "GitLab does not show its last contact",
            Self::AgeUnknown => "never contacted, and GitLab does not show when it was created",
            Self::NotShown => "the access token cannot read it or its jobs",
            Self::Gone => "already gone",
            Self::Changed => "changed just before its deletion",
        }
    }

    /// The word of the JSON output.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Young => "young",
            Self::Contacted(_) => "contacted",
            Self::RunningJob => "running-job",
            Self::NoNote => "no-note",
            Self::NoMark => "no-mark",
            Self::OtherFleet => "other-fleet",
            Self::OtherGroup => "other-group",
            Self::ContactUnknown => "contact-unknown",
            Self::AgeUnknown => "age-unknown",
            Self::NotShown => "not-shown",
            Self::Gone => "gone",
            Self::Changed => "changed",
        }
    }

    /// The same without what differs from one to the next, for counting.
    pub(crate) fn kind(self) -> Self {
        match self {
            Self::Contacted(_) => Self::Contacted(Duration::ZERO),
            other => other,
        }
    }

    /// Whether something that should be known is not.
    pub(crate) fn is_unknown(self) -> bool {
        matches!(
            self,
            Self::ContactUnknown | Self::AgeUnknown | Self::NotShown
        )
    }
}

/// Why a runner stays for what the list alone says; nothing where it has to be looked at. The list says less than the runner
/// itself, so nothing is due by it.
pub(crate) fn kept_by_list(
    row: &RunnerRow,
    now: SystemTime,
    older_than: Duration,
) -> Option<KeepReason> {
    if row.online == Some(true) || row.status.as_deref() == Some("online") {
        return Some(KeepReason::Online);
    }
    if busy(row.job_execution_status.as_deref()) == Some(true) {
        return Some(KeepReason::RunningJob);
    }
    let made = row.created_at?;
    let age = now.duration_since(made).unwrap_or_default();
    (age < older_than).then_some(KeepReason::Young)
}

/// Whether a runner is one of the fleet's, by its maintenance note.
///
/// An error is the reason why it is not, as far as that is known.
pub(crate) fn mark_of_fleet(note: Option<&str>, fleet: &Fleet) -> Result<Mark, KeepReason> {
    let note = note.filter(|note| !note.trim().is_empty());
    let mark = Mark::read(note.ok_or(KeepReason::NoNote)?).ok_or(KeepReason::NoMark)?;
    if mark.fleet.as_ref() == Some(fleet) {
        Ok(mark)
    } else {
        Err(KeepReason::OtherFleet)
    }
}

fn busy(job_execution_status: Option<&str>) -> Option<bool> {
    match job_execution_status? {
        "active" => Some(true),
        "idle" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
