//! Owns what is known of a runner here: which entry is its, and whether it was registered for this volume.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::StateEntry;

use super::Contents;
use crate::register::plan::Plan;
use crate::register::registration::Registration;

impl Contents<'_> {
    /// What the state file knows of the runner of this URL and id, under this name or another.
    pub(in crate::register) fn known(&self, url: &str, id: i64, name: &str) -> Option<StateEntry> {
        let all = self.state.entries.iter();
        let mut of_runner = all.filter(|known| known.is(url, id));
        let first = of_runner.clone().next();
        let named = of_runner.find(|known| known.name.as_deref() == Some(name));
        named.or(first).cloned()
    }

    /// Whether `config.toml` holds this runner already: the run that got it died after publishing.
    pub(in crate::register) fn holds(&self, runner: &Runner, plan: &Plan<'_>) -> bool {
        self.place_of(runner, plan).is_some()
    }

    /// The place in `config.toml` of an entry of this runner.
    pub(in crate::register) fn place_of(
        &self,
        runner: &Runner,
        plan: &Plan<'_>,
    ) -> Option<RunnerEntry> {
        let mut there = self.entries(plan).into_iter();
        there.find(|entry| runner.has_id_of(entry))
    }

    /// A runner whose token somebody gave: one that was registered for this volume stays what it is, or nobody would take it off
    /// GitLab's list.
    pub(in crate::register) fn as_known(&self, given: Registration) -> Registration {
        let Runner { url, id, .. } = &given.runner;
        let known = self.state.entries.iter();
        let known = known.filter(|known| known.is(url, *id) && !known.adopted);
        let known = known.map(|known| (known.source, known.sent.clone()));
        let leaving = self.state.leaving.iter();
        let leaving = leaving.filter(|runner| runner.is(url, *id));
        let mut all = known.chain(leaving.map(|runner| (runner.source, None)));
        match all.find(|(source, _)| source.ownership() == Ownership::Owned) {
            Some((source, sent)) => Registration {
                sent,
                runner: Runner {
                    source,
                    ..given.runner
                },
                ..given
            },
            None => given,
        }
    }

    /// Whether what is known stands for another entry of the file than this one.
    pub(in crate::register) fn is_of_another_entry(
        &self,
        known: &StateEntry,
        place: Option<usize>,
        plan: &Plan<'_>,
    ) -> bool {
        let places = self.state.places(&self.entries(plan));
        let mut others = places
            .into_iter()
            .enumerate()
            .filter(|(at, _)| Some(*at) != place);
        others.any(|(_, of)| of.is_some_and(|of| self.state.entries[of] == *known))
    }
}
