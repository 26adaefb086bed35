//! Owns what the state file remembers while the story goes on: what is pending, what is known, what is to be unregistered.

use runner_lifecycle::state::{self, Leaving, Pending, StateEntry};
use runner_lifecycle::volume::{PRIVATE, Publication, names};

use super::Files;
use crate::register::clock;
use crate::register::plan::Plan;
use crate::register::runner::Runner;

impl Files<'_> {
    /// Before a creation is asked for.
    pub(in crate::register) fn about_to_create(&mut self, plan: &Plan<'_>) -> anyhow::Result<()> {
        self.state.pending = Some(Pending::Creation {
            url: plan.wish.url.clone(),
            source: plan.options.credential.source(),
            description: plan.attributes.description.clone(),
            asked_at: clock::now(),
        });
        self.save()
    }

    /// A token is on the disk before anything else happens to it.
    pub(in crate::register) fn received(&mut self, runner: &Runner) -> anyhow::Result<()> {
        self.state.pending = Some(Pending::Received {
            url: runner.url.clone(),
            source: runner.source,
            id: runner.id,
            token: runner.token.clone(),
            obtained_at: runner.obtained_at.clone(),
            expires_at: runner.expires_at.clone(),
        });
        self.save()
    }

    /// The runner of an earlier run that no manifest asks for any more is to be unregistered; so says the disk now.
    pub(in crate::register) fn leaves(&mut self, runner: &Runner) -> anyhow::Result<()> {
        self.state.pending = None;
        self.state.leaving.push(leaving(runner));
        self.save()
    }

    /// What is to be unregistered. An entry that was not replaced after all (killed in between) stays.
    pub(in crate::register) fn leaving(&self, plan: &Plan<'_>) -> Vec<Leaving> {
        let variable = |name: &str| plan.variable(name);
        let there = self.config.entries(&variable);
        let is_there = |leaving: &Leaving| {
            there
                .iter()
                .any(|entry| entry.token.as_ref() == Some(&leaving.token))
        };
        let all = self.state.leaving.iter();
        all.filter(|leaving| !is_there(leaving)).cloned().collect()
    }

    /// GitLab has heard of it.
    pub(in crate::register) fn has_left(&mut self, gone: &Leaving) {
        self.state.leaving.retain(|leaving| leaving != gone);
        self.state.forget(&gone.url, gone.id);
        if let Err(error) = self.save() {
            log::warn!("{error:#}");
        }
    }

    /// What was pending is settled; on the disk with the next word of the state.
    pub(in crate::register) fn forget_pending(&mut self) {
        self.state.pending = None;
    }

    /// A creation of an earlier run that was never answered is kept in mind; on the disk with the next word of the state.
    pub(in crate::register) fn set_aside_unanswered(&mut self) {
        self.state.set_aside_unanswered();
    }

    /// What was pending came to nothing, and the disk should say so now.
    pub(in crate::register) fn nothing_created(&mut self) {
        self.state.pending = None;
        if let Err(error) = self.save() {
            log::warn!("{error:#}");
        }
    }

    /// What this run made is undone at GitLab, and the disk should say so now.
    pub(in crate::register) fn unmade(&mut self, runner: &Runner) {
        self.state.forget(&runner.url, runner.id);
        self.nothing_created();
    }

    /// What this run made, to be undone if it fails.
    pub(in crate::register) fn made(&mut self, runner: &Runner) {
        self.made = Some(runner.clone());
    }

    pub(in crate::register) fn take_made(&mut self) -> Option<Runner> {
        self.made.take()
    }

    /// An entry that stands in `config.toml` is known from now on, and nothing is pending.
    pub(in crate::register) fn remember(&mut self, runner: &Runner) -> anyhow::Result<()> {
        self.state.pending = None;
        self.know(runner);
        self.save()
    }

    pub(super) fn know(&mut self, runner: &Runner) {
        self.state.remember(StateEntry {
            adopted: runner.adopted,
            ..StateEntry::new(runner.url.clone(), runner.id, runner.source)
        });
    }

    /// A runner that loses its entry here and stays at GitLab: whoever speaks the last words must know of it.
    pub(in crate::register) fn strands(&mut self, runner: &Runner) {
        self.stranded = Some((runner.url.clone(), runner.id));
    }

    /// Forgets whom the entry belonged to before it was given to `runner`, unless that one may still be at GitLab: an entry
    /// without a token, or with the token of another runner than its id says, tells nothing of its runner.
    pub(super) fn forget_holder_before(&mut self, runner: &Runner, plan: &Plan<'_>) {
        let variable = |name: &str| plan.variable(name);
        let before = self.config.entries(&variable);
        let before = before
            .iter()
            .find(|entry| Some(entry.index) == runner.place);
        let Some((entry, id)) = before.and_then(|entry| Some((entry, entry.id?))) else {
            return;
        };
        let stranded = self.stranded.as_ref();
        let stranded =
            stranded.is_some_and(|(url, other)| *other == id && state::same_url(url, &entry.url));
        let was_anothers = runner.kept && runner.id != id;
        if entry.token.is_some() && !was_anothers && !stranded {
            self.state.forget(&entry.url, id);
        }
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

pub(super) fn leaving(runner: &Runner) -> Leaving {
    Leaving {
        url: runner.url.clone(),
        id: runner.id,
        source: runner.source,
        token: runner.token.clone(),
    }
}
