//! Owns what a runner is to be like at GitLab when the helper makes it. Checking the values is left to GitLab.

use super::json::Object;

/// What goes along with a creation: the flags that gitlab-runner sends with a registration token.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attributes {
    /// The runner's name in GitLab's list.
    pub description: String,
    /// Free text for administrators; it carries the mark of the pod when the operator gave none.
    pub maintenance_note: String,
    /// Tags, separated by commas, as the operator wrote them.
    pub tag_list: String,
    /// Whether jobs without tags are taken.
    pub run_untagged: bool,
    /// Whether the runner is kept to its project.
    pub locked: bool,
    /// Which branches it works for; GitLab's default is all.
    pub access_level: Option<AccessLevel>,
    /// Limit of a job in seconds; zero means none.
    pub maximum_timeout: i64,
    /// Whether it takes no jobs at first.
    pub paused: bool,
}

/// Which branches a runner works for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccessLevel {
    /// All branches.
    NotProtected,
    /// Protected branches only.
    RefProtected,
}

impl AccessLevel {
    /// GitLab's word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NotProtected => "not_protected",
            Self::RefProtected => "ref_protected",
        }
    }

    /// Reads GitLab's word for it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let levels = [Self::NotProtected, Self::RefProtected];
        levels.into_iter().find(|level| level.name() == text)
    }

    /// GitLab's word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotProtected => "not_protected",
            Self::RefProtected => "ref_protected",
        }
    }
}

/// Whose jobs a runner takes that is made with an access token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunnerType {
    /// All projects of the instance; takes an administrator.
    Instance,
    /// The projects of the group with this ID; takes an owner of the group.
    Group(i64),
    /// The project with this ID; takes a maintainer.
    Project(i64),
}

/// A runner to be made with an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creation {
    /// Whose jobs it takes.
    pub runner_type: RunnerType,
    /// What it is like.
    pub attributes: Attributes,
}

impl Attributes {
    /// What to look for in GitLab's list of runners when it is not known whether this one was made.
    #[must_use]
    pub fn mark(&self) -> String {
        if !self.maintenance_note.is_empty() {
            format!("the maintenance note {:?}", self.maintenance_note)
        } else if !self.description.is_empty() {
            format!("the description {:?}", self.description)
        } else {
            "no description".to_owned()
        }
    }

    /// As `register` of gitlab-runner writes them.
    pub(super) fn written(&self, body: Object) -> Object {
        let body = body
            .any_text("description", Some(&self.description))
            .any_text("maintenance_note", Some(&self.maintenance_note))
            .any_text("tag_list", Some(&self.tag_list))
            .flag("run_untagged", self.run_untagged)
            .flag("locked", self.locked)
            .any_text("access_level", self.access_level.map(AccessLevel::name));
        let body = match self.maximum_timeout {
            0 => body,
            seconds => body.number("maximum_timeout", seconds),
        };
        body.flag("paused", self.paused)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_is_the_note_or_else_the_description() {
        let mut attributes = Attributes::default();
        assert_eq!(attributes.mark(), "no description");
        attributes.description = "builder".into();
        assert_eq!(attributes.mark(), "the description \"builder\"");
        attributes.maintenance_note = "pod ci/a-0".into();
        assert_eq!(attributes.mark(), "the maintenance note \"pod ci/a-0\"");
    }

    #[test]
    fn access_levels_are_gitlabs_words() {
        assert_eq!(
            AccessLevel::parse("ref_protected"),
            Some(AccessLevel::RefProtected)
        );
        assert_eq!(
            AccessLevel::parse("not_protected"),
            Some(AccessLevel::NotProtected)
        );
        assert_eq!(AccessLevel::parse("protected"), None);
    }
}
