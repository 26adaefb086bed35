//! Owns the groups and projects of the instance, and which lies in which.

use serde::{Deserialize, Serialize};

/// A project that can have runners and jobs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Project {
    /// Number in URLs.
    pub id: i64,
    /// Name.
    pub name: String,
    /// The group it is in.
    pub group: Option<i64>,
    /// Registration token (`GR1348941…`).
    pub registration_token: Option<String>,
    /// Instance runners may take its jobs.
    pub shared_runners: bool,
    /// Own runner limit instead of the settings' one.
    pub runner_limit: Option<usize>,
    /// Repository and CI are enabled; otherwise its jobs are not listed.
    pub builds_enabled: bool,
}

/// A group that can have runners.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default)]
pub struct Group {
    /// Number in URLs.
    pub id: i64,
    /// Name.
    pub name: String,
    /// The group it is in; none for a root group.
    pub parent: Option<i64>,
    /// Registration token (`GR1348941…`).
    pub registration_token: Option<String>,
    /// The group's `allow_runner_registration_token`; only a root group's counts.
    pub allow_registration_tokens: bool,
    /// Own runner limit instead of the settings' one.
    pub runner_limit: Option<usize>,
}

impl Default for Project {
    fn default() -> Project {
        Project {
            id: 1,
            name: "project".into(),
            group: Some(1),
            registration_token: Some("GR1348941ProjectProjectProj01".into()),
            shared_runners: true,
            runner_limit: None,
            builds_enabled: true,
        }
    }
}

impl Default for Group {
    fn default() -> Group {
        Group {
            id: 1,
            name: "group".into(),
            parent: None,
            registration_token: Some("GR1348941GroupGroupGroupGr01".into()),
            allow_registration_tokens: true,
            runner_limit: None,
        }
    }
}

/// The group and what it lies in, up to the root group. Bounded, so that a cycle in a test's settings ends.
pub(crate) fn ancestors(groups: &[Group], start: Option<i64>) -> impl Iterator<Item = &Group> {
    let find = move |id: i64| groups.iter().find(|group| group.id == id);
    std::iter::successors(start.and_then(find), move |group| {
        group.parent.and_then(find)
    })
    .take(20)
}
