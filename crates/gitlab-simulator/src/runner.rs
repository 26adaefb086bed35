//! Owns what GitLab keeps about a runner and its managers, and how their status follows from it; never changes anything.

use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::moment;

const ONLINE_WITHIN: Duration = Duration::from_secs(2 * 60 * 60);
/// Neither made nor seen for so long: stale, and no longer counted by the plan limits.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Whose jobs a runner takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum RunnerType {
    /// Everybody's.
    #[default]
    #[serde(rename = "instance_type", alias = "instance")]
    Instance,
    /// A group's.
    #[serde(rename = "group_type", alias = "group")]
    Group,
    /// One or more projects'.
    #[serde(rename = "project_type", alias = "project")]
    Project,
}

/// How a runner came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RegistrationType {
    /// With a registration token (`POST /runners`).
    RegistrationToken,
    /// By a user or with an access token (`POST /user/runners`, the UI).
    AuthenticatedUser,
}

/// Which branches' jobs a runner takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessLevel {
    /// All.
    #[default]
    NotProtected,
    /// Protected branches only.
    RefProtected,
}

/// A runner as GitLab keeps it.
#[derive(Debug, Clone, Serialize)]
pub struct Runner {
    /// Number in URLs.
    pub id: i64,
    /// Authentication token.
    pub token: String,
    /// Whose jobs it takes.
    pub runner_type: RunnerType,
    /// How it came to be.
    pub registration_type: RegistrationType,
    /// Free text shown in lists.
    pub description: Option<String>,
    /// Note for administrators and owners.
    pub maintenance_note: Option<String>,
    /// `info.name` of its registration.
    pub name: Option<String>,
    /// Tags, in the order given.
    pub tags: Vec<String>,
    /// Gets no jobs.
    pub paused: bool,
    /// Cannot be given to further projects.
    pub locked: bool,
    /// Takes jobs without tags.
    pub run_untagged: bool,
    /// Which branches' jobs it takes.
    pub access_level: AccessLevel,
    /// Longest job, seconds.
    pub maximum_timeout: Option<i64>,
    /// Projects of a project runner; the first owns it.
    pub projects: Vec<i64>,
    /// Group of a group runner.
    pub groups: Vec<i64>,
    /// User name of who made it; none with a registration token.
    pub creator: Option<String>,
    /// True from its first `jobs/request` on (or from the start with a registration token).
    pub creation_finished: bool,
    /// When it was made.
    #[serde(with = "moment::instant")]
    pub created_at: SystemTime,
    /// When its attributes last changed.
    #[serde(with = "moment::instant")]
    pub updated_at: SystemTime,
    /// When it last verified, asked for jobs or updated one.
    #[serde(with = "moment::maybe_instant")]
    pub contacted_at: Option<SystemTime>,
    /// When the token ends.
    #[serde(with = "moment::maybe_instant")]
    pub token_expires_at: Option<SystemTime>,
    /// Its runner managers, oldest first.
    pub managers: Vec<Manager>,
    /// Current `X-GitLab-Last-Update`; changes when there may be something to do.
    pub queue_value: String,
    /// When Redis forgets that value.
    #[serde(with = "moment::instant")]
    pub queue_value_ends: SystemTime,
}

/// A runner manager as GitLab keeps it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Manager {
    /// Number, unique over all runners.
    pub id: i64,
    /// System ID, or `<legacy>` where none was sent.
    pub system_id: String,
    /// `info.version`.
    pub version: Option<String>,
    /// `info.revision`.
    pub revision: Option<String>,
    /// `info.platform`.
    pub platform: Option<String>,
    /// `info.architecture`.
    pub architecture: Option<String>,
    /// `info.executor`.
    pub executor: Option<String>,
    /// `info.features`, as sent last.
    pub features: serde_json::Value,
    /// Address of the last request.
    pub ip_address: Option<String>,
    /// When it was first seen.
    #[serde(with = "moment::maybe_instant")]
    pub created_at: Option<SystemTime>,
    /// When it was last seen.
    #[serde(with = "moment::maybe_instant")]
    pub contacted_at: Option<SystemTime>,
}

/// What a person fills in to make a runner in the UI.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct NewRunner {
    /// Authentication token; a random `glrt-` one when none is given.
    pub token: Option<String>,
    /// Whose jobs it takes.
    pub runner_type: RunnerType,
    /// Group of a group runner.
    pub group: Option<i64>,
    /// Projects of a project runner.
    pub projects: Vec<i64>,
    /// Free text.
    pub description: Option<String>,
    /// Note for administrators.
    pub maintenance_note: Option<String>,
    /// Tags.
    pub tags: Vec<String>,
    /// Gets no jobs.
    pub paused: bool,
    /// Cannot be given to further projects.
    pub locked: bool,
    /// Takes jobs without tags; true unless said otherwise.
    pub run_untagged: Option<bool>,
    /// Longest job, seconds.
    pub maximum_timeout: Option<i64>,
}

impl RunnerType {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            RunnerType::Instance => "instance_type",
            RunnerType::Group => "group_type",
            RunnerType::Project => "project_type",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<RunnerType> {
        [RunnerType::Instance, RunnerType::Group, RunnerType::Project]
            .into_iter()
            .find(|one| one.as_str() == text)
    }
}

impl AccessLevel {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            AccessLevel::NotProtected => "not_protected",
            AccessLevel::RefProtected => "ref_protected",
        }
    }
}

impl Runner {
    /// The manager with this system ID.
    pub fn manager(&self, system_id: &str) -> Option<&Manager> {
        self.managers
            .iter()
            .find(|manager| manager.system_id == system_id)
    }

    /// `online`, `offline`, `never_contacted` or `stale`.
    pub(crate) fn contact(&self, now: SystemTime) -> &'static str {
        contact_status(self.created_at, self.contacted_at, now)
    }

    /// GitLab's `deprecated_rest_status`.
    pub(crate) fn status(&self, now: SystemTime) -> &'static str {
        match self.contact(now) {
            seen @ ("stale" | "never_contacted") => seen,
            _ if self.paused => "paused",
            seen => seen,
        }
    }

    /// Made or seen in the last seven days: counts for the plan limit.
    pub(crate) fn is_recent(&self, now: SystemTime) -> bool {
        age(
            self.created_at
                .max(self.contacted_at.unwrap_or(self.created_at)),
            now,
        ) < STALE_AFTER
    }

    pub(crate) fn token_is_expired(&self, now: SystemTime) -> bool {
        self.token_expires_at.is_some_and(|end| end <= now)
    }
}

impl Manager {
    pub(crate) fn status(&self, now: SystemTime) -> &'static str {
        contact_status(self.created_at.unwrap_or(now), self.contacted_at, now)
    }
}

fn contact_status(
    created: SystemTime,
    contacted: Option<SystemTime>,
    now: SystemTime,
) -> &'static str {
    let Some(contacted) = contacted else {
        return if age(created, now) >= STALE_AFTER {
            "stale"
        } else {
            "never_contacted"
        };
    };
    if age(created.max(contacted), now) >= STALE_AFTER {
        "stale"
    } else if age(contacted, now) < ONLINE_WITHIN {
        "online"
    } else {
        "offline"
    }
}

fn age(at: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(at).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_follows_from_creation_and_contact() {
        const HOUR: u64 = 3600;
        check(HOUR, None, "never_contacted");
        check(8 * 24 * HOUR, None, "stale");
        check(9 * 24 * HOUR, Some(HOUR), "online");
        check(9 * 24 * HOUR, Some(2 * HOUR), "offline");
        check(9 * 24 * HOUR, Some(7 * 24 * HOUR), "stale");
    }

    fn check(created_ago: u64, contacted_ago: Option<u64>, expected: &str) {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
        let ago = |seconds| now - Duration::from_secs(seconds);
        assert_eq!(
            contact_status(ago(created_ago), contacted_ago.map(ago), now),
            expected,
            "{created_ago} {contacted_ago:?}"
        );
    }
}
