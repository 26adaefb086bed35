//! Owns the re-registration of an entry: it gets a new runner even if its own is valid. The previous one is recorded as leaving
//! before anything is sent to GitLab, and counts as leaving only once no entry contains it any more.

use anyhow::Context as _;
use runner_lifecycle::gitlab::Error;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Source;
use runner_lifecycle::state::StateEntry;

use super::ask::unnamed;
use super::asking::Asking;
use super::contents::Contents;
use super::existing::Ours;
use super::keep::{PATIENCE_WITH_KNOWN, known_by_gitlab};
use super::registration::Registration;
use super::sent;
use crate::args::Credential;

impl Asking<'_, '_> {
    /// Gets the runner that takes the place of this entry's.
    pub(super) async fn anew(
        &mut self,
        ours: &Ours,
        files: &mut Contents<'_>,
    ) -> anyhow::Result<Registration> {
        let name = &ours.entry.name;
        let old = self.old(ours, files).await?;
        if let Some(old) = &old {
            if matches!(&self.plan.options.credential, Credential::AuthenticationToken(given) if *given == old.runner.token)
            {
                log::warn!(
                    "runner entry {name:?} already has the given authentication token: runner {} is kept",
                    old.runner.id
                );
                return Ok(old.clone());
            }
            files.departs(&old.runner);
            if let Some(own) = own_beside(ours, &old.runner) {
                files.departs(&own);
            }
        }
        let given = match &self.plan.options.credential {
            Credential::AuthenticationToken(given) => Some(unnamed(self.plan, given).runner),
            _ => None,
        };
        if let Some(given) = &given {
            // From the first look at it on GitLab lists a runner manager, which whoever comes after a kill must know of.
            files.about_to_verify(given)?;
        }
        let made = self.make(files).await;
        if made.is_err()
            && let Some(given) = &given
        {
            files.not_verified(given, self.plan);
        }
        let made = made?;
        let id = made.runner.id;
        match &old {
            Some(old) => log::info!(
                "runner entry {name:?} gets runner {id} in place of runner {}",
                old.runner.id
            ),
            None => log::info!("runner entry {name:?} gets runner {id}"),
        }
        if self.plan.options.credential.source() != Source::AuthenticationToken {
            self.tell_attributes(ours, id);
        }
        // An own runner that nobody has the token of any more is still at GitLab: whoever logs the last line must know of it.
        let is_named = |known: &StateEntry| {
            let mut old = old.iter();
            known.token.is_none() && old.any(|old| is_anothers(known, &old.runner))
        };
        let known = ours.known.clone().filter(|known| !is_named(known));
        Ok(Registration {
            place: ours.place,
            known: known.map(Box::new),
            ..made
        })
    }

    /// Says what the new runner has of the one before, and what not.
    fn tell_attributes(&self, ours: &Ours, id: i64) {
        let now = &self.plan.sent;
        let Some(before) = ours.known.as_ref().and_then(|known| known.sent.as_ref()) else {
            if self.plan.options.server_side.tag_list.is_none() {
                log::warn!(
                    "runner {id} is registered without tags: those of the previous one are not known here; if it had any, run this \
                     again with --tag-list"
                );
            }
            return;
        };
        if let Some(words) = sent::kept(before, now) {
            log::info!("runner {id} has attributes of the previous one: {words}");
        }
        if let Some(words) = sent::replaced(before, now) {
            log::info!("attributes of runner {id} differ from those of the previous one: {words}");
        }
        if now.paused && self.plan.options.server_side.paused.is_none() {
            log::warn!(
                "runner {id} is registered as paused, as the previous one was: it takes no jobs until it is resumed at GitLab; \
                 --paused=false registers it as not paused"
            );
        }
    }

    /// The runner that is to be unregistered, as GitLab knows it; nothing if it no longer exists.
    async fn old(
        &mut self,
        ours: &Ours,
        files: &mut Contents<'_>,
    ) -> anyhow::Result<Option<Registration>> {
        let held = || ours.known.as_ref().and_then(|known| known.token.as_ref());
        let name = &ours.entry.name;
        let Some(token) = ours.entry.token.as_ref().or_else(held) else {
            if let Some(why) = &ours.entry.no_token {
                log::warn!(
                    "the runner of runner entry {name:?} is not unregistered: {why}; delete it at GitLab if nobody else uses it"
                );
            }
            return Ok(None);
        };
        match self
            .verify(token, self.deadline.earlier(PATIENCE_WITH_KNOWN))
            .await?
        {
            Ok(credentials) => {
                files.token_is_of(token, &ours.entry.url, credentials.id);
                let ours = known_by_gitlab(ours, credentials.id, files, self.plan);
                Ok(Some(self.kept(&ours, token, credentials.id)))
            }
            Err(Error::TokenRefused { gone: true, .. })
                if let Some(other) = ours.with_confirmed_token() =>
            {
                Box::pin(self.old(&other, files)).await
            }
            Err(error @ Error::TokenRefused { gone: true, .. }) => {
                log::info!(
                    "GitLab refused the token of runner entry {name:?}, so its runner is not unregistered: {error}"
                );
                files.is_refused(ours);
                Ok(None)
            }
            // It may be what another runner is wanted for; whatever keeps GitLab from this refuses that one too.
            Err(
                error @ (Error::TokenRefused { .. }
                | Error::Rejected {
                    status: 400 | 422, ..
                }),
            ) => {
                log::warn!(
                    "runner entry {name:?} gets another runner although GitLab refused its own: {error}"
                );
                // The token in the file may be another runner's: this one is unregistered with its own.
                Ok(Some(self.kept(ours, held().unwrap_or(token), ours.id())))
            }
            Err(error) => Err(error).context(format!("verifying runner entry {name:?}")),
        }
    }
}

/// Whether the token in the file turned out to be that of another runner than the entry's own.
fn is_anothers(known: &StateEntry, found: &Runner) -> bool {
    ![0, known.id].contains(&found.id)
}

/// The entry's own runner, where the token in the file turned out to be another's: it loses its entry too.
fn own_beside(ours: &Ours, other: &Runner) -> Option<Runner> {
    let known = ours.known.as_ref();
    let known = known.filter(|known| is_anothers(known, other))?;
    Some(Runner {
        url: known.url.clone(),
        id: known.id,
        source: known.source,
        token: known.token.clone()?,
    })
}
