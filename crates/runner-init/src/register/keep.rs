//! Owns what happens to an entry that is already in `config.toml`: it is kept, or gets another runner.

use std::time::Duration;

use anyhow::Context as _;
use runner_lifecycle::gitlab::Error;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Source;
use runner_lifecycle::state::StateEntry;
use runner_lifecycle::token::Token;

use super::asking::Asking;
use super::clock;
use super::contents::Contents;
use super::existing::Ours;
use super::plan::Plan;
use super::registration::Registration;
use crate::args::Credential;

/// How long GitLab may stay silent about an entry that was verified before: the runner manager retries by itself.
pub(super) const PATIENCE_WITH_KNOWN: Duration = Duration::from_secs(10);

impl Asking<'_, '_> {
    /// Verifies an entry of ours: `None` means that it must be replaced.
    pub(super) async fn keep_or_replace(
        &mut self,
        ours: &Ours,
        files: &mut Contents<'_>,
    ) -> anyhow::Result<Option<Registration>> {
        let Some(token) = &ours.entry.token else {
            log::warn!(
                "runner entry {:?} has no token: getting one",
                ours.entry.name
            );
            return Ok(None);
        };
        let given = match &self.plan.options.credential {
            Credential::AuthenticationToken(given) => Some(given),
            _ => None,
        };
        // An entry that nobody has verified yet must be, however long GitLab takes.
        let patience = match ours.known {
            Some(_) => self.deadline.earlier(PATIENCE_WITH_KNOWN),
            None => self.deadline,
        };
        let credentials = match self.verify(token, patience).await? {
            Ok(credentials) => credentials,
            Err(error @ Error::TokenRefused { gone: true, .. }) => {
                if given == Some(token) {
                    return Err(error).context("verifying the given authentication token");
                }
                log::warn!(
                    "GitLab refused the token of runner entry {:?}: {error}",
                    ours.entry.name
                );
                return Ok(None);
            }
            // Only GitLab's own word tells that a runner is gone; anything else may be whoever stands in between.
            Err(error) if ours.known.is_some() => {
                log::warn!(
                    "runner entry {name:?} keeps runner {id} and its token, which were valid before; the runner manager \
                     retries by itself: {error}",
                    name = ours.entry.name,
                    id = ours.id()
                );
                return Ok(Some(Registration {
                    verified: false,
                    ..self.kept(ours, token, ours.id())
                }));
            }
            Err(error) => {
                return Err(error).context(format!("verifying runner entry {:?}", ours.entry.name));
            }
        };
        files.token_is_of(token, &ours.entry.url, credentials.id);
        let ours = &known_by_gitlab(ours, credentials.id, files, self.plan);
        let mut current = self.kept(ours, token, credentials.id);
        let asked = self.plan.options.credential.source();
        if current.runner.source != asked && given.is_none() {
            log::warn!(
                "keeping runner entry {:?}: it is valid and was registered with another kind of token; the given {} was not used",
                ours.entry.name,
                asked.words()
            );
        }
        if let Some(given) = given
            && given != token
            && let Some(other) = self.other_runner(given, credentials.id).await?
        {
            let both = match self.plan.wish.name_given {
                true => "",
                false => "; to keep both, give each a different --name",
            };
            log::warn!(
                "runner entry {:?} gets the runner of the given token, {}, in place of runner {}{both}",
                ours.entry.name,
                other.runner.id,
                current.runner.id
            );
            let_go(&current, files);
            files.made(&other.runner, self.plan);
            let other = Registration {
                place: ours.place,
                known: current.known,
                ..files.as_known(other)
            };
            return Ok(Some(other));
        }
        if ours.token_is_lost {
            current.expires_at = credentials.token_expires_at.or(current.expires_at);
            let id = current.runner.id;
            match ours.place {
                Some(_) => log::info!(
                    "the token of runner {id} was missing from config.toml: it was added again"
                ),
                None => log::info!(
                    "runner {id} was missing from config.toml: its entry was added again"
                ),
            }
        }
        Ok(Some(current))
    }

    /// The runner of an entry as it stands.
    pub(super) fn kept(&self, ours: &Ours, token: &Token, id: i64) -> Registration {
        let origin = ours.origin(self.plan.options.credential.source());
        let known = ours.known.as_ref();
        Registration {
            runner: Runner {
                url: ours.entry.url.clone(),
                id,
                source: origin.source,
                token: token.clone(),
            },
            adopted: origin.adopted,
            obtained_at: known
                .and_then(|known| known.token_obtained_at)
                .map_or_else(clock::now, clock::text),
            expires_at: known
                .and_then(|known| known.token_expires_at)
                .map(clock::text),
            place: ours.place,
            sent: ours.known.as_ref().and_then(|known| known.sent.clone()),
            known: ours.known.clone().map(Box::new),
            kept: !ours.token_is_lost,
            verified: true,
        }
    }

    /// Whether a given token belongs to another runner than the entry's, whose own token is still valid.
    async fn other_runner(
        &mut self,
        given: &Token,
        id: i64,
    ) -> anyhow::Result<Option<Registration>> {
        match self
            .verify(given, self.deadline.earlier(PATIENCE_WITH_KNOWN))
            .await?
        {
            Ok(credentials) if credentials.id == id => Ok(None),
            Ok(credentials) => {
                log::info!(
                    "the given token belongs to runner {}, not {id}",
                    credentials.id
                );
                Ok(Some(self.registration(&credentials, given)))
            }
            Err(Error::TokenRefused { .. }) => {
                log::info!(
                    "the given token is not valid at this GitLab: keeping the one in config.toml, which is valid"
                );
                Ok(None)
            }
            Err(error) => {
                log::warn!(
                    "keeping the entry's token: the given one could not be verified: {error}"
                );
                Ok(None)
            }
        }
    }
}

/// The entry as GitLab knows it: where its id is another than GitLab's answer says, it came from where that one did.
pub(super) fn known_by_gitlab(ours: &Ours, id: i64, files: &Contents<'_>, plan: &Plan<'_>) -> Ours {
    let mut ours = ours.clone();
    match ours.entry.id {
        Some(before) if before == id && ours.known.is_some() => return ours,
        Some(before) if before == id => {}
        Some(before) => log::warn!(
            "runner entry {:?} had the ID {before}, but its token belongs to runner {id}: ID corrected",
            ours.entry.name
        ),
        None => log::info!(
            "runner entry {:?} had no ID: ID {id} added",
            ours.entry.name
        ),
    }
    let name = ours.entry.name.clone();
    let known = files.known(&ours.entry.url, id, &name);
    // What is known of another entry stays with that: only where the runner came from is the same.
    let known = known.map(
        |known| match files.is_of_another_entry(&known, ours.place, plan) {
            true => StateEntry {
                name: Some(name),
                written: None,
                ..known
            },
            false => known,
        },
    );
    // The token of another runner than the entry's own was put there, and others may use it.
    let others = || {
        let url = ours.entry.url.clone();
        let source = Source::AuthenticationToken;
        ours.known
            .as_ref()
            .map(|_| StateEntry::new(url, id, source))
    };
    ours.known = known.or_else(others);
    ours
}

/// The runner is taken off GitLab's list once its entry is another's; not one that was made by others for themselves.
fn let_go(old: &Registration, files: &mut Contents<'_>) {
    if old.adopted {
        files.strands(&old.runner);
        log::warn!(
            "runner {} stays at GitLab: runner-init did not register it; delete it there if nobody else uses it",
            old.runner.id
        );
    } else {
        files.departs(&old.runner);
    }
}
