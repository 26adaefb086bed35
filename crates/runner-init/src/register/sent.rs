//! Owns the attributes that GitLab takes only when a runner is created: which are recorded, and what to say if a later run
//! requests others. Pure.

use runner_lifecycle::gitlab::{AccessLevel, Attributes};
use runner_lifecycle::state::Sent;

use crate::args::Given;

/// What is remembered of these attributes. The maintenance note only where one was given: a mark of ours is not the
/// operator's wish.
pub(super) fn of(attributes: &Attributes, note: Option<&Given<String>>) -> Sent {
    let is_given = note.is_some_and(|note| !note.value.trim().is_empty());
    Sent {
        tags: attributes.tag_list.clone(),
        run_untagged: attributes.run_untagged,
        locked: attributes.locked,
        paused: attributes.paused,
        access_level: attributes
            .access_level
            .map(|level| AccessLevel::word(level).to_owned()),
        maximum_timeout: attributes.maximum_timeout,
        maintenance_note: is_given.then(|| attributes.maintenance_note.clone()),
    }
}

/// A line for each attribute that is asked for differently now.
pub(super) fn changes(id: i64, sent: &Sent, asked: &Sent) -> Vec<String> {
    let lines = differences(sent, asked).into_iter();
    lines
        .map(|(name, before, now)| {
            format!(
                "{name} of runner {id} stays {before}, as it was registered: {now} is requested now, but GitLab sets it only \
                 when a runner is registered; to get a new runner, run runner-init re-register"
            )
        })
        .collect()
}

/// What is other with a runner that takes the place of the one of `sent`, in one line; nothing where all is the same.
pub(super) fn replaced(sent: &Sent, asked: &Sent) -> Option<String> {
    let all = differences(sent, asked).into_iter();
    let all: Vec<String> = all
        .map(|(name, before, now)| format!("{name} {now} (was {before})"))
        .collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Each attribute that differs: its name, how it was, how it is asked for.
fn differences(sent: &Sent, asked: &Sent) -> Vec<(&'static str, String, String)> {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let text = |text: &Option<String>| match text {
        Some(text) => format!("{text:?}"),
        None => "none".to_owned(),
    };
    let seconds = |seconds: i64| match seconds {
        0 => "none".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let tags = |sent: &Sent| match tags(&sent.tags).join(",") {
        none if none.is_empty() => "none".to_owned(),
        tags => format!("{tags:?}"),
    };
    let level = |sent: &Sent| {
        // GitLab's default.
        let level = sent.access_level.as_deref();
        level.unwrap_or(AccessLevel::NotProtected.word()).to_owned()
    };
    let of = |sent: &Sent| {
        [
            ("tag list", tags(sent)),
            ("run untagged", yes(sent.run_untagged)),
            ("locked", yes(sent.locked)),
            ("access level", level(sent)),
            ("maximum timeout", seconds(sent.maximum_timeout)),
            ("paused", yes(sent.paused)),
            ("maintenance note", text(&sent.maintenance_note)),
        ]
    };
    let pairs = of(sent).into_iter().zip(of(asked));
    pairs
        .filter(|((_, before), (_, now))| before != now)
        .map(|((name, before), (_, now))| (name, before, now))
        .collect()
}

/// The tags as GitLab takes them: in no order, none twice.
fn tags(list: &str) -> Vec<&str> {
    let mut tags: Vec<&str> = list.split(',').map(str::trim).collect();
    tags.retain(|tag| !tag.is_empty());
    tags.sort_unstable();
    tags.dedup();
    tags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attributes() -> Attributes {
        Attributes {
            tag_list: "b, a".to_owned(),
            locked: true,
            maintenance_note: "runner-lifecycle pod=x".to_owned(),
            ..Attributes::default()
        }
    }

    #[test]
    fn mark_of_ours_is_no_note_that_was_given() {
        assert_eq!(of(&attributes(), None).maintenance_note, None);
        let given = Given {
            value: " n ".to_owned(),
            origin: crate::args::Origin::Flag("maintenance-note"),
        };
        let note = of(&attributes(), Some(&given)).maintenance_note;
        assert_eq!(note.as_deref(), Some("runner-lifecycle pod=x"));
    }

    #[test]
    fn every_attribute_that_is_asked_for_differently_gets_a_line_and_no_other() {
        let before = of(&attributes(), None);
        let same = Sent {
            tags: "a,b,a".to_owned(),
            access_level: Some("not_protected".to_owned()),
            ..before.clone()
        };
        assert_eq!(changes(1, &before, &same), [""; 0]);
        let now = Sent {
            tags: String::new(),
            run_untagged: true,
            locked: false,
            paused: true,
            access_level: Some("ref_protected".to_owned()),
            maximum_timeout: 600,
            maintenance_note: Some("mine".to_owned()),
        };
        let lines = changes(7, &before, &now);
        let starts = [
            "tag list of runner 7 stays \"a,b\", as it was registered: none is requested",
            "run untagged of runner 7 stays no, as it was registered: yes is requested",
            "locked of runner 7 stays yes, as it was registered: no is requested",
            "access level of runner 7 stays not_protected, as it was registered: ref_protected is requested",
            "maximum timeout of runner 7 stays none, as it was registered: 600 s is requested",
            "paused of runner 7 stays no, as it was registered: yes is requested",
            "maintenance note of runner 7 stays none, as it was registered: \"mine\" is requested",
        ];
        assert_eq!(lines.len(), starts.len());
        for (line, start) in lines.iter().zip(starts) {
            assert!(line.starts_with(start), "{line}");
            assert!(line.contains("re-register"), "{line}");
        }
    }
}
