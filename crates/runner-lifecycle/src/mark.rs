//! Owns the mark in a runner's maintenance note: which pod a runner was made for, and of which fleet it is. `runner-init`
//! writes it, `runner-reaper sweep` finds a runner of ours by it, and a person reads it. Pure.

use std::fmt;

use crate::fleet::Fleet;

/// How every mark begins.
const BEGIN: &str = "runner-lifecycle";

/// Which pod a runner was made for, as far as is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// `pod` with its name; `host` where only the host's is known, which with host networking is the node's.
    pub name: (Named, String),
    /// `metadata.namespace`.
    pub namespace: Option<String>,
    /// `metadata.uid`.
    pub uid: Option<String>,
    /// Which fleet it is of.
    pub fleet: Option<Fleet>,
}

/// Whose name is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// The pod's.
    Pod,
    /// The host's.
    Host,
}

impl Mark {
    /// Reads a maintenance note: the whole of it is a mark as `runner-init` writes it, word for word, or it is none. So a note
    /// of a person that mentions one, or a mark somebody has written in, makes no runner ours.
    #[must_use]
    pub fn read(note: &str) -> Option<Self> {
        let note = note.trim();
        if note.contains(|letter: char| letter.is_whitespace() && letter != ' ') {
            return None;
        }
        let mut words = note.split(' ');
        if words.next() != Some(BEGIN) {
            return None;
        }
        let (key, name) = words.next()?.split_once('=')?;
        let named = match key {
            "pod" => Named::Pod,
            "host" => Named::Host,
            _ => return None,
        };
        let mut mark = Self {
            name: (named, name.to_owned()),
            namespace: None,
            uid: None,
            fleet: None,
        };
        for word in words {
            let (key, value) = word.split_once('=')?;
            match key {
                "namespace" => mark.namespace = Some(value.to_owned()),
                "uid" => mark.uid = Some(value.to_owned()),
                "fleet" => mark.fleet = Some(value.parse().ok()?),
                _ => return None,
            }
        }
        // Whatever is twice, empty or in another order was not written by us.
        (mark.to_string() == note).then_some(mark)
    }

    /// The pod in one short form: `namespace/name`.
    #[must_use]
    pub fn pod(&self) -> String {
        let name = &self.name.1;
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{name}"),
            None => name.clone(),
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (named, name) = &self.name;
        let key = match named {
            Named::Pod => "pod",
            Named::Host => "host",
        };
        write!(f, "{BEGIN} {key}={name}")?;
        let fleet = self.fleet.as_ref().map(Fleet::as_str);
        let parts = [
            ("namespace", self.namespace.as_deref()),
            ("uid", self.uid.as_deref()),
            ("fleet", fleet),
        ];
        for (key, value) in parts {
            if let Some(value) = value {
                write!(f, " {key}={value}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        fn check(note: &str, fleet: Option<&str>, pod: &str) {
            let mark = Mark::read(note).unwrap();
            assert_eq!(mark.to_string(), note);
            assert_eq!(mark.fleet.as_ref().map(Fleet::as_str), fleet, "{note}");
            assert_eq!(mark.pod(), pod);
        }
        check("runner-lifecycle pod=a-0", None, "a-0");
        check(
            "runner-lifecycle host=node-1 fleet=ci",
            Some("ci"),
            "node-1",
        );
        let whole = "runner-lifecycle pod=a-0 namespace=ci uid=0f5e fleet=gitlab-runner";
        check(whole, Some("gitlab-runner"), "ci/a-0");
    }

    #[test]
    fn a_note_that_is_not_a_mark_to_the_letter_is_none() {
        for note in [
            "",
            "runner-lifecycle",
            "runner-lifecycle fleet=ci",
            "runner-lifecycle pod=a fleet=ci ask Bob before deleting it",
            "see runner-lifecycle pod=a fleet=ci",
            "runner-lifecycle pod=a fleet=ci fleet=qa",
            "runner-lifecycle pod=a fleet=ci uid=1",
            "runner-lifecycle pod=a  fleet=ci",
            "runner-lifecycle pod=a\nfleet=ci",
            "runner-lifecycle pod=a fleet=",
            "runner-lifecycle pod=a keep=true fleet=ci",
            "Runner-Lifecycle pod=a fleet=ci",
        ] {
            assert_eq!(Mark::read(note), None, "{note:?}");
        }
        // GitLab may add a line break to what was typed in.
        assert!(Mark::read("runner-lifecycle pod=a fleet=ci\n").is_some());
    }
}
