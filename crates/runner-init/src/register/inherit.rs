//! Owns what a re-registration takes over from what was there: a person's shell has not the settings of the init container, so
//! what the command does not tell stays as it was registered. Pure.

use runner_config::shown::shown;
use runner_lifecycle::gitlab::{AccessLevel, Attributes, same_url};
use runner_lifecycle::mark::{Mark, Named};
use runner_lifecycle::pod::Pod;
use runner_lifecycle::state::Sent;

use super::contents::Contents;
use super::existing::Ours;
use super::plan::Plan;
use super::sent;
use crate::args::ServerSide;

/// Fills in from the volume what a re-registration is not told.
pub(super) fn from(plan: &mut Plan<'_>, files: &Contents<'_>) {
    if plan.options.anew {
        plan.works_for(files.state());
        let ours = files.ours(plan);
        if ours.is_none() && !plan.wish.name_given {
            let there = files.entries(plan).into_iter();
            let here = there.filter(|entry| same_url(&entry.url, &plan.wish.url));
            let names: Vec<String> = here.map(|entry| shown(&entry.name)).collect();
            tell_of_others(&names, &plan.wish.name);
        }
        plan.inherit(files.state().pod.as_ref(), ours.as_ref());
    }
}

/// A person who re-registers expects an entry to be replaced.
fn tell_of_others(there: &[String], name: &str) {
    if !there.is_empty() {
        let there = there.join(", ");
        log::warn!(
            "a runner entry {name:?} is added, because runner-init did not write those that are there: to give one of them another \
             runner, run this with its --name ({there})"
        );
    }
}

impl Plan<'_> {
    fn inherit(&mut self, volume: Option<&Pod>, ours: Option<&Ours>) {
        let before = volume.filter(|before| before.is_same(&self.pod) == Some(true));
        if let Some(before) = before {
            self.pod = with_rest_of(&self.pod, before);
        }
        let Some(ours) = ours else {
            return;
        };
        let server_side = &self.options.server_side;
        if !self.wish.name_given {
            let known = ours.known.as_ref().and_then(|known| known.name.clone());
            self.attributes.description = known.unwrap_or_else(|| ours.entry.name.clone());
        }
        if let Some(sent) = ours.known.as_ref().and_then(|known| known.sent.as_ref()) {
            let keeps_note =
                server_side.maintenance_note.is_none() && sent.maintenance_note.is_some();
            self.attributes = attributes(server_side, sent, &self.attributes, before.is_some());
            self.sent = sent::of(&self.attributes, server_side.tells_note() || keeps_note);
        }
    }
}

/// What one run tells of its pod, and else what is known of the same one.
fn with_rest_of(pod: &Pod, before: &Pod) -> Pod {
    let or = |one: &Option<String>, two: &Option<String>| one.clone().or_else(|| two.clone());
    Pod {
        namespace: or(&pod.namespace, &before.namespace),
        name: or(&pod.name, &before.name),
        uid: or(&pod.uid, &before.uid),
        hostname: or(&pod.hostname, &before.hostname),
    }
}

/// The attributes as they are told, each else as it was sent for the runner before.
fn attributes(told: &ServerSide, before: &Sent, now: &Attributes, same_pod: bool) -> Attributes {
    let tag_list = match &told.tag_list {
        Some(_) => now.tag_list.clone(),
        None => before.tags.clone(),
    };
    // Without tags there was no choice, and so no wish.
    let untagged = !sent::tags(&before.tags).is_empty() && before.run_untagged;
    let untagged = told.run_untagged.as_ref().map_or(untagged, |run| run.value);
    let level = before.access_level.as_deref().and_then(AccessLevel::parse);
    Attributes {
        description: now.description.clone(),
        run_untagged: tag_list.trim().is_empty() || untagged,
        tag_list,
        locked: told
            .locked
            .as_ref()
            .map_or(before.locked, |told| told.value),
        paused: told
            .paused
            .as_ref()
            .map_or(before.paused, |told| told.value),
        access_level: now.access_level.or(level),
        maximum_timeout: match &told.maximum_timeout {
            Some(_) => now.maximum_timeout,
            None => before.maximum_timeout,
        },
        maintenance_note: match (&told.maintenance_note, &before.maintenance_note) {
            (None, Some(note)) => note.clone(),
            _ if same_pod && !told.tells_note() => {
                mark(&now.maintenance_note, before.mark.as_deref())
            }
            _ => now.maintenance_note.clone(),
        },
    }
}

/// The mark of this run with what it lacks and the one before has: the fleet above all, by which a sweep finds the runner.
fn mark(now: &str, before: Option<&str>) -> String {
    let Some(before) = before.and_then(Mark::read) else {
        return now.to_owned();
    };
    let Some(now) = Mark::read(now) else {
        return before.to_string();
    };
    let name = match now.name.0 {
        Named::Pod => now.name,
        Named::Host => before.name,
    };
    Mark {
        name,
        namespace: now.namespace.or(before.namespace),
        uid: now.uid.or(before.uid),
        fleet: now.fleet.or(before.fleet),
    }
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mark_keeps_what_this_run_does_not_know_and_nothing_else() {
        fn check(now: &str, before: Option<&str>, want: &str) {
            assert_eq!(mark(now, before), want, "{now} {before:?}");
        }
        let full = "runner-lifecycle pod=a namespace=ci uid=1 fleet=f";
        check("", Some(full), full);
        check("runner-lifecycle host=a", Some(full), full);
        let known = "runner-lifecycle pod=a namespace=ci uid=2";
        check(
            known,
            Some(full),
            "runner-lifecycle pod=a namespace=ci uid=2 fleet=f",
        );
        check(
            "runner-lifecycle host=a fleet=g",
            Some(full),
            "runner-lifecycle pod=a namespace=ci uid=1 fleet=g",
        );
        check(known, None, known);
        check(known, Some("somebody's words"), known);
        check("", None, "");
    }

    #[test]
    fn pod_is_known_by_all_that_either_run_tells() {
        let text = |text: &str| Some(text.to_owned());
        let shell = Pod {
            hostname: text("a-0"),
            ..Pod::default()
        };
        let before = Pod {
            namespace: text("ci"),
            name: text("a-0"),
            uid: text("u"),
            hostname: text("a-0"),
        };
        assert_eq!(with_rest_of(&shell, &before), before);
        assert_eq!(with_rest_of(&before, &shell), before);
    }
}
