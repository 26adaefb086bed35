//! Owns the attributes that GitLab takes only when a runner is created: which are recorded, and what to say if a later run
//! requests others. Pure.

use runner_lifecycle::gitlab::{AccessLevel, Attributes};
use runner_lifecycle::state::Sent;

/// What is remembered of these attributes. The maintenance note only where one is given: a mark of ours is not the operator's
/// wish.
pub(super) fn of(attributes: &Attributes, note_is_given: bool) -> Sent {
    let note = Some(attributes.maintenance_note.clone()).filter(|note| !note.is_empty());
    let (note, mark) = match note_is_given {
        true => (note, None),
        false => (None, note),
    };
    Sent {
        tags: attributes.tag_list.clone(),
        run_untagged: attributes.run_untagged,
        locked: attributes.locked,
        paused: attributes.paused,
        access_level: attributes
            .access_level
            .map(|level| AccessLevel::word(level).to_owned()),
        maximum_timeout: attributes.maximum_timeout,
        maintenance_note: note,
        mark,
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
    list(all.map(|(name, before, now)| format!("{name} {now} (was {before})")))
}

/// What is the same with it and not what a runner has that is registered with no word about it, in one line.
pub(super) fn kept(sent: &Sent, asked: &Sent) -> Option<String> {
    let usual = Sent {
        run_untagged: tags(&sent.tags).is_empty(),
        locked: true,
        ..Sent::default()
    };
    let same = pairs(sent, asked).into_iter().zip(words(&usual));
    let same = same.filter(|((_, before, now), (_, usual))| before == now && now != usual);
    list(same.map(|((name, _, now), _)| format!("{name} {now}")))
}

fn list(all: impl Iterator<Item = String>) -> Option<String> {
    let all: Vec<String> = all.collect();
    (!all.is_empty()).then(|| all.join(", "))
}

/// Each attribute that differs: its name, how it was, how it is asked for.
fn differences(sent: &Sent, asked: &Sent) -> Vec<(&'static str, String, String)> {
    let mut all = pairs(sent, asked);
    all.retain(|(_, before, now)| before != now);
    all
}

/// Each attribute: its name, how it was, how it is asked for.
fn pairs(sent: &Sent, asked: &Sent) -> Vec<(&'static str, String, String)> {
    let pairs = words(sent).into_iter().zip(words(asked));
    pairs
        .map(|((name, before), (_, now))| (name, before, now))
        .collect()
}

/// The attributes by their names, in words.
fn words(sent: &Sent) -> [(&'static str, String); 7] {
    let yes = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    let text = |text: &Option<String>| match text {
        Some(text) => format!("{text:?}"),
        None => "none".to_owned(),
    };
    let seconds = |seconds: i64| match seconds {
        0 => "none".to_owned(),
        seconds => format!("{seconds} s"),
    };
    let tags = match tags(&sent.tags).join(",") {
        none if none.is_empty() => "none".to_owned(),
        tags => format!("{tags:?}"),
    };
    // GitLab's default.
    let level = sent.access_level.as_deref();
    let level = level.unwrap_or(AccessLevel::NotProtected.word()).to_owned();
    [
        ("tag list", tags),
        ("run untagged", yes(sent.run_untagged)),
        ("locked", yes(sent.locked)),
        ("access level", level),
        ("maximum timeout", seconds(sent.maximum_timeout)),
        ("paused", yes(sent.paused)),
        ("maintenance note", text(&sent.maintenance_note)),
    ]
}

/// The tags as GitLab takes them: in no order, none twice.
pub(super) fn tags(list: &str) -> Vec<&str> {
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
        let mark = Some("runner-lifecycle pod=x");
        let sent = of(&attributes(), false);
        assert_eq!((sent.maintenance_note, sent.mark.as_deref()), (None, mark));
        let sent = of(&attributes(), true);
        assert_eq!((sent.maintenance_note.as_deref(), sent.mark), (mark, None));
    }

    #[test]
    fn every_attribute_that_is_asked_for_differently_gets_a_line_and_no_other() {
        let before = of(&attributes(), false);
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
            mark: None,
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
