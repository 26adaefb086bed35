//! Owns what a killed run left in the state file: a received token is used, or its runner unregistered; a creation without an
//! answer is reported.

use anyhow::Context as _;
use runner_lifecycle::gitlab::{Endpoint, Error};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::state::{Pending, Unanswered, advice_without_answer};

use super::asking::Asking;
use super::contents::Contents;
use super::plan::Plan;
use super::registration::Registration;
use super::sent;

/// A runner that an earlier run received, and this one may use.
#[derive(Debug)]
pub(super) struct Unfinished {
    pub(super) registration: Registration,
    /// Whether that run was of this pod, and so meant the same entry as this one.
    pub(super) is_this_pods: bool,
}

/// What an earlier run that was stopped has left of its runner.
#[derive(Debug)]
pub(super) enum Earlier {
    /// Nothing that this one may use.
    Nothing,
    /// It stands in the entry of this one, and nothing else is left to do.
    Done,
    /// It has no entry yet.
    Unfinished(Box<Unfinished>),
}

impl Asking<'_, '_> {
    /// Settles what is pending; the runner, if a token of the earlier run may be good for the entry of this one.
    pub(super) fn settle_pending(&mut self, files: &mut Contents<'_>) -> anyhow::Result<Earlier> {
        let Some(pending) = files.state().pending.clone() else {
            return Ok(Earlier::Nothing);
        };
        let received = match pending {
            Pending::Creation { asked, .. } => {
                let Unanswered {
                    url,
                    description,
                    asked_at,
                } = asked;
                log::warn!(
                    "a runner {description:?} at {url}: {}",
                    advice_without_answer(&asked_at)
                );
                files.set_aside_unanswered();
                return Ok(Earlier::Nothing);
            }
            Pending::Received(received) => received,
        };
        let id = received.runner.id;
        let is_this_pods = !files.is_another_pods();
        let wish = &self.plan.wish;
        // Version 1 knew one entry only, and so had no name for it.
        let same_entry = received.name.as_ref().is_none_or(|name| {
            wish.name_given == received.name_given && (!wish.name_given || *name == wish.name)
        });
        // A new runner that was registered with other attributes is none that is asked for.
        let is_asked_for = !self.plan.options.anew
            || received
                .sent
                .as_ref()
                .is_some_and(|sent| sent::changes(id, sent, &self.plan.sent).is_empty());
        let registration = Registration::of_received(received);
        let runner = &registration.runner;
        let fits = !is_anothers(runner, self.plan) && same_entry && is_asked_for;
        if files.holds(runner, self.plan) {
            log::info!("runner {id} of an earlier run is already in config.toml");
            files.finished(&registration, self.plan)?;
            return Ok(match fits && is_this_pods {
                true => Earlier::Done,
                false => Earlier::Nothing,
            });
        }
        if is_anothers(runner, self.plan) || is_this_pods && !fits {
            log::info!(
                "runner {id} of an earlier run was registered with another URL, kind of token, name or attributes"
            );
            files.leaves(runner)?;
            return Ok(Earlier::Nothing);
        }
        Ok(Earlier::Unfinished(Box::new(Unfinished {
            registration,
            is_this_pods,
        })))
    }

    /// Goes on with the runner of an earlier run, if GitLab still knows it.
    pub(super) async fn finish(
        &mut self,
        mut registration: Registration,
        files: &mut Contents<'_>,
    ) -> anyhow::Result<Option<Registration>> {
        let runner = &mut registration.runner;
        let answer = self.verify(&runner.token, self.deadline).await?;
        match answer {
            Ok(credentials) => {
                // The id is all that the earlier run may have lacked.
                runner.id = credentials.id;
                log::info!(
                    "continuing with runner {} of an earlier run that was stopped",
                    runner.id
                );
                files.made(runner, self.plan);
                Ok(Some(registration))
            }
            Err(Error::TokenRefused { gone: true, .. }) => {
                log::warn!(
                    "runner {} of an earlier run no longer exists at GitLab: registering another one",
                    runner.id
                );
                files.forget_pending();
                Ok(None)
            }
            Err(error) => {
                Err(error).context(format!("verifying runner {} of an earlier run", runner.id))
            }
        }
    }
}

/// Whether it is of no use here: at another GitLab, or of another kind than is given now.
fn is_anothers(runner: &Runner, plan: &Plan<'_>) -> bool {
    let here = Endpoint::parse(&runner.url).is_ok_and(|url| url.same_as(&plan.endpoint));
    !here || runner.source != plan.options.credential.source()
}
