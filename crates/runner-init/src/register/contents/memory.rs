//! Owns what the state file remembers while the story goes on: what is pending, what is known, what is to be unregistered.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::Gone;
use runner_lifecycle::pod::Pod;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{Pending, Received, StateEntry, Unanswered};
use runner_lifecycle::token::Token;
use runner_lifecycle::volume::{PRIVATE, Publication, names};

use super::Contents;
use crate::args::Credential;
use crate::register::clock;
use crate::register::edit::{Edited, Last, Other};
use crate::register::existing::{Asked, Ours};
use crate::register::plan::Plan;
use crate::register::registration::Registration;

impl Contents<'_> {
    /// Before a creation is asked for.
    pub(in crate::register) fn about_to_create(&mut self, plan: &Plan<'_>) -> anyhow::Result<()> {
        self.state.pending = Some(Pending::Creation {
            source: plan.options.credential.source(),
            asked: Unanswered {
                url: plan.wish.url.clone(),
                description: plan.attributes.description.clone(),
                asked_at: clock::now(),
            },
        });
        self.save()
    }

    /// A token is on the disk before anything else happens to it.
    pub(in crate::register) fn received(
        &mut self,
        registration: &Registration,
        plan: &Plan<'_>,
    ) -> anyhow::Result<()> {
        self.state.pending = Some(Pending::Received(Received {
            runner: registration.runner.clone(),
            obtained_at: registration.obtained_at.clone(),
            expires_at: registration.expires_at.clone(),
            name: Some(plan.wish.name.clone()),
            name_given: plan.wish.name_given,
            sent: registration.sent.clone(),
        }));
        self.save()
    }

    /// The runner of an earlier run that no manifest asks for any more is to be unregistered; so says the disk now.
    pub(in crate::register) fn leaves(&mut self, runner: &Runner) -> anyhow::Result<()> {
        self.state.pending = None;
        self.departs(runner);
        self.save()
    }

    /// The runner loses its entry to another and is to be unregistered then. On the disk with the next write of the state,
    /// which comes before any that makes the other one, so that a kill in between loses nobody.
    pub(in crate::register) fn departs(&mut self, runner: &Runner) {
        if !self.state.leaving.contains(runner) {
            self.state.leaving.push(runner.clone());
        }
    }

    /// Before GitLab is asked about the token that a new runner is to have.
    pub(in crate::register) fn about_to_verify(&mut self, given: &Runner) -> anyhow::Result<()> {
        self.departs(given);
        self.save()
    }

    /// GitLab did not take it. Where that is not known, what was made is undone, or stays recorded as leaving.
    pub(in crate::register) fn not_verified(&mut self, given: &Runner, plan: &Plan<'_>) {
        if self.made.is_none() {
            self.unmade(given, plan);
        }
    }

    /// What is to be unregistered. An entry that was not replaced after all (killed in between) stays.
    pub(in crate::register) fn leaving(&self, plan: &Plan<'_>) -> Vec<Runner> {
        let there = self.entries(plan);
        let all = self.state.leaving.iter();
        all.filter(|leaving| !stands(&there, leaving))
            .cloned()
            .collect()
    }

    /// GitLab has heard of it.
    pub(in crate::register) fn has_left(&mut self, gone: &Runner, how: Gone) {
        self.state.leaving.retain(|leaving| leaving != gone);
        self.state.forget(gone);
        if how != Gone::Unknown {
            self.state.token_is_good(&gone.token.fingerprint());
        }
        if let Err(error) = self.save() {
            log::warn!("{error:#}");
        }
    }

    /// What was pending is settled; on the disk with the next write of the state.
    pub(in crate::register) fn forget_pending(&mut self) {
        self.state.pending = None;
    }

    /// A creation of an earlier run that was never answered is kept in mind; on the disk with the next write of the state.
    pub(in crate::register) fn set_aside_unanswered(&mut self) {
        self.state.set_aside_unanswered();
    }

    /// What was pending came to nothing, and the disk should say so now.
    pub(in crate::register) fn nothing_created(&mut self, plan: &Plan<'_>) {
        let there = self.entries(plan);
        self.state.pending = None;
        self.state.stay_where_they_stand(&there);
        if let Err(error) = self.save() {
            log::warn!("{error:#}");
        }
    }

    /// What this run made is undone at GitLab, and the disk should say so now.
    pub(in crate::register) fn unmade(&mut self, runner: &Runner, plan: &Plan<'_>) {
        self.state.forget(runner);
        let is_it = |leaving: &Runner| {
            leaving.token == runner.token && leaving.ownership() == runner.ownership()
        };
        self.state.leaving.retain(|leaving| !is_it(leaving));
        self.nothing_created(plan);
    }

    /// What this run made, to be undone if it fails. What another entry works with was there before.
    pub(in crate::register) fn made(&mut self, runner: &Runner, plan: &Plan<'_>) {
        let mut there = self.entries(plan).into_iter();
        if !there.any(|entry| entry.token.as_ref() == Some(&runner.token)) {
            self.made = Some(runner.clone());
        }
    }

    pub(in crate::register) fn take_made(&mut self) -> Option<Runner> {
        self.made.take()
    }

    /// GitLab no longer knows its runner: on the disk with the next write of the state, and forgotten where it has no entry.
    pub(in crate::register) fn is_refused(&mut self, ours: &Ours) {
        let is_it = |known: &StateEntry| Some(known) == ours.known.as_ref();
        if ours.place.is_none() {
            self.state.entries.retain(|known| !is_it(known));
        }
        if let Some(known) = self.state.entries.iter_mut().find(|known| is_it(known)) {
            known.refused = true;
        }
    }

    /// GitLab has told whose token this is; on the disk with the next write of the state.
    pub(in crate::register) fn token_is_of(&mut self, token: &Token, url: &str, id: i64) {
        self.state.token_is_of(url, id, token);
    }

    /// A pending runner stands in `config.toml` already: it is known from now on, and nothing is pending.
    pub(in crate::register) fn finished(
        &mut self,
        registration: &Registration,
        plan: &Plan<'_>,
    ) -> anyhow::Result<()> {
        self.state.pending = None;
        let name = self
            .place_of(&registration.runner, plan)
            .map(|entry| entry.name);
        let name = name.unwrap_or_default();
        let entry = of_entry(registration, &name, self.pod_before.as_ref());
        self.state.remember(entry);
        self.save()
    }

    /// `config.toml` is published with this runner in its entry: what is known of it now replaces what was known before.
    pub(super) fn settle(
        &mut self,
        registration: &Registration,
        before: &[RunnerEntry],
        plan: &Plan<'_>,
        outcome: Edited,
    ) -> anyhow::Result<()> {
        self.state.pending = None;
        let holder = self.holder_before(registration, before);
        let there = self.entries(plan);
        let entry = StateEntry {
            written: Some(outcome.entry),
            ..of_entry(registration, registration.name_in(&there), Some(plan.pod()))
        };
        self.state.written = Some(outcome.globals);
        for (other, written) in outcome.others {
            if let Some(place) = self.state.place_of(&other) {
                self.state.entries[place].written = Some(written);
            }
        }
        match registration.known.as_deref().or(holder.as_ref()) {
            Some(known) => self.state.replace(known, entry.clone()),
            None => self.state.remember(entry.clone()),
        }
        if let Some(holder) = holder {
            self.state
                .entries
                .retain(|known| *known != holder || *known == entry);
        }
        let runner = &registration.runner;
        if registration.verified {
            self.state
                .has_another_token(&runner.url, runner.id, &runner.token);
        }
        // Its token's moments with it.
        self.state.see_tokens(&there);
        let runner = &registration.runner;
        self.state.leaving.retain(|leaving| {
            !leaving.is(&runner.url, runner.id) && !leaving.shares_token_with(runner)
        });
        self.save()
    }

    /// What was written last, as far as it counts for the file that is there: where none of the known entries is in it,
    /// somebody has written over it.
    pub(in crate::register) fn last(&self, registration: &Registration, plan: &Plan<'_>) -> Last {
        if self.before.is_none() {
            return Last::default();
        }
        let places = self.state.places(&self.entries(plan));
        let own = registration
            .place
            .and_then(|place| places.get(place).copied().flatten());
        let known = own.and_then(|place| self.state.entries.get(place));
        let known = known.filter(|known| !registration.kept || known.id == registration.runner.id);
        let is_there = self.state.entries.is_empty() || places.iter().any(Option::is_some);
        let others = places.iter().enumerate().filter_map(|(place, known)| {
            let known = known.filter(|_| *known != own)?;
            let known = self.state.entries.get(known)?.clone();
            Some(Other { place, known })
        });
        Last {
            globals: self.state.written.clone().filter(|_| is_there),
            entry: known.and_then(|known| known.written.clone()),
            others: others.collect(),
        }
    }

    /// Forgets what does not count any more; on the disk with the next write of the state.
    pub(super) fn forget_written(&mut self, registration: &Registration, last: &Last) {
        if last.globals.is_none() {
            self.state.written = None;
        }
        let place = registration
            .known
            .as_deref()
            .and_then(|known| self.state.place_of(known));
        if let Some(place) = place.filter(|_| last.entry.is_none()) {
            self.state.entries[place].written = None;
        }
    }

    /// A runner that loses its entry here and stays at GitLab: whoever logs the last line must know of it.
    pub(in crate::register) fn strands(&mut self, runner: &Runner) {
        self.stranded = Some(runner.clone());
    }

    /// What was known of the entry before it was given to this runner, unless that one may still be at GitLab: an entry
    /// without a token, or with the token of another runner than its id says, tells nothing of its runner.
    fn holder_before(
        &self,
        registration: &Registration,
        before: &[RunnerEntry],
    ) -> Option<StateEntry> {
        let place = registration.place?;
        let (entry, known) = before.iter().zip(self.state.places(before)).nth(place)?;
        let known = self.state.entries.get(known?)?;
        let stranded = self.stranded.as_ref();
        let stranded = stranded.is_some_and(|runner| runner.is(&known.url, known.id));
        let was_anothers = registration.kept && registration.runner.id != known.id;
        let is_anothers = was_anothers || known.has_unconfirmed_token_in(entry);
        (entry.token.is_some() && !is_anothers && !stranded).then(|| known.clone())
    }

    fn save(&mut self) -> anyhow::Result<()> {
        self.save_until_sync()?;
        Ok(self.volume.sync()?)
    }

    pub(super) fn save_until_sync(&mut self) -> anyhow::Result<()> {
        let text = self.state.to_text();
        if self.state_before.as_deref() != Some(text.as_str())
            || self.has_other_mode(names::STATE)?
        {
            let how = Publication::with_mode(self.mode.unwrap_or(PRIVATE));
            self.volume
                .publish_until_sync(names::STATE, text.as_bytes(), how)?;
            self.state_before = Some(text);
        }
        Ok(())
    }
}

/// Whether a runner stands in an entry of the file after all, be it with a newer token.
fn stands(entries: &[RunnerEntry], runner: &Runner) -> bool {
    let mut entries = entries.iter();
    entries.any(|entry| runner.has_id_of(entry) || runner.has_token_of(entry))
}

/// What is known of an entry of this name with this runner.
pub(super) fn of_entry(registration: &Registration, name: &str, pod: Option<&Pod>) -> StateEntry {
    let runner = &registration.runner;
    let owned = runner.ownership() == Ownership::Owned;
    // Whose a token is that somebody has put there only GitLab can tell.
    let before = registration.known.as_ref();
    let before = before.filter(|_| !registration.verified);
    let token = match before {
        Some(known) => known.token.clone(),
        None => Some(runner.token.clone()),
    };
    StateEntry {
        name: Some(name.to_owned()),
        adopted: registration.adopted,
        refused: before.is_some_and(|known| known.refused),
        token: token.filter(|_| owned),
        pod: pod.filter(|pod| **pod != Pod::default()).cloned(),
        sent: registration.sent.clone(),
        ..StateEntry::new(runner.url.clone(), runner.id, runner.source)
    }
}

/// What this run asks for, as far as it tells entries apart.
pub(super) fn asked<'a>(plan: &'a Plan<'_>) -> Asked<'a> {
    Asked {
        endpoint: &plan.endpoint,
        name: &plan.wish.name,
        name_given: plan.wish.name_given,
        token: match &plan.options.credential {
            Credential::AuthenticationToken(token) => Some(token),
            _ => None,
        },
        pod: plan.pod(),
        is_in_kubernetes: plan.is_in_kubernetes(),
    }
}
