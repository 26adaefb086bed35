//! Owns access tokens, their scopes and what the user behind one may do; knows nothing of requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::groups::{Group, Project, ancestors};

/// A personal, group or project access token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessToken {
    /// The text (`glpat-…`).
    pub token: String,
    /// Name of the user or bot behind it.
    pub username: String,
    /// `api`, `read_api`, `create_runner`, `manage_runner`, `admin_mode`.
    pub scopes: Vec<String>,
    /// What the user is.
    #[serde(default)]
    pub role: Role,
    /// Whether it still works.
    #[serde(default)]
    pub validity: Validity,
}

/// Whether an access token still works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Validity {
    /// It does.
    #[default]
    Valid,
    /// It is past its end.
    Expired,
    /// Somebody revoked it.
    Revoked,
}

/// What a user is in the instance, its groups and projects.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Role {
    /// Administrator of the instance.
    pub admin: bool,
    /// Auditor: reads everything.
    pub auditor: bool,
    /// Memberships in groups; they hold for subgroups and projects too.
    pub groups: BTreeMap<i64, Membership>,
    /// Memberships in projects.
    pub projects: BTreeMap<i64, Membership>,
}

/// GitLab's roles, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Guest.
    Guest,
    /// Reporter.
    Reporter,
    /// Developer.
    Developer,
    /// Maintainer.
    Maintainer,
    /// Owner.
    Owner,
}

impl Role {
    /// An administrator.
    pub fn admin() -> Role {
        Role {
            admin: true,
            ..Role::default()
        }
    }

    /// A signed-in user who is a member of nothing.
    pub fn user() -> Role {
        Role::default()
    }

    /// A member of a group.
    pub fn in_group(group: i64, membership: Membership) -> Role {
        Role {
            groups: BTreeMap::from([(group, membership)]),
            ..Role::default()
        }
    }

    /// A member of a project.
    pub fn in_project(project: i64, membership: Membership) -> Role {
        Role {
            projects: BTreeMap::from([(project, membership)]),
            ..Role::default()
        }
    }

    /// The highest role in a group, inherited ones counted.
    pub(crate) fn of_group(&self, groups: &[Group], id: i64) -> Option<Membership> {
        ancestors(groups, Some(id))
            .filter_map(|group| self.groups.get(&group.id).copied())
            .max()
    }

    /// The highest role in a project, those inherited from its groups counted.
    pub(crate) fn of_project(&self, groups: &[Group], project: &Project) -> Option<Membership> {
        let inherited = project.group.and_then(|group| self.of_group(groups, group));
        inherited.max(self.projects.get(&project.id).copied())
    }
}

impl AccessToken {
    pub(crate) fn has_scope(&self, scope: &str) -> bool {
        self.scopes.iter().any(|own| own == scope)
    }

    /// Administrator's rights: with Admin Mode on only for tokens that carry its scope.
    pub(crate) fn is_admin(&self, admin_mode: bool) -> bool {
        self.role.admin && (!admin_mode || self.has_scope("admin_mode"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memberships_are_inherited_downwards_only() {
        let groups = [
            Group {
                id: 1,
                parent: None,
                ..Group::default()
            },
            Group {
                id: 2,
                parent: Some(1),
                ..Group::default()
            },
        ];
        let owner_of_root = Role::in_group(1, Membership::Owner);
        let owner_of_subgroup = Role::in_group(2, Membership::Owner);
        assert_eq!(owner_of_root.of_group(&groups, 2), Some(Membership::Owner));
        assert_eq!(owner_of_subgroup.of_group(&groups, 1), None);
        let project = Project {
            group: Some(2),
            ..Project::default()
        };
        assert_eq!(
            owner_of_root.of_project(&groups, &project),
            Some(Membership::Owner)
        );
    }

    #[test]
    fn admin_mode_asks_for_its_scope() {
        let scopes = |scopes: &[&str]| AccessToken {
            token: "t".into(),
            username: "root".into(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            role: Role::admin(),
            validity: Validity::Valid,
        };
        assert!(scopes(&["api"]).is_admin(false));
        assert!(!scopes(&["api"]).is_admin(true));
        assert!(scopes(&["api", "admin_mode"]).is_admin(true));
    }
}
