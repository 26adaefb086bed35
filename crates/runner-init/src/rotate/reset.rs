//! Owns the one request of `rotate`: that it is asked stands on the disk before, and what GitLab answers directly after.

use anyhow::Context as _;
use runner_config::config_toml::RunnerEntry;
use runner_config::shown::shown;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Client, Endpoint, Proxies};
use runner_lifecycle::rotation;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::state::{Rotation, StateEntry};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::volume::names;

use super::choice::Choice;
use super::{Rotating, lost};
use crate::clock;
use crate::graceful_stop::{GracefulStop, Interrupted};

impl Rotating<'_> {
    /// Asks GitLab; that it is asked stands on the disk before, and what it answers directly after.
    pub(super) async fn reset(
        &mut self,
        choice: &Choice,
        deadline: Deadline,
        stops: &mut GracefulStop,
    ) -> anyhow::Result<Rotation> {
        let Choice { entry, token, .. } = choice;
        let client = self.client(entry)?;
        let system_id = self.system_id()?;
        stops.check()?;
        let check = self.refuse_anothers(choice, &client, system_id.as_ref(), deadline);
        stops.unless_stopped(check).await??;
        stops.check()?;
        let asked = Rotation {
            url: entry.url.clone(),
            id: entry.id.unwrap_or_default(),
            of: token.fingerprint(),
            at: clock::now(),
            token: None,
            expires_at: None,
        };
        self.keeps(Some(asked.clone()))?;
        let call = client.reset_token(token, system_id.as_ref(), deadline);
        let answer = match stops.during(&client, call).await {
            Ok(answer) => answer,
            Err(Interrupted {
                failure,
                unanswered,
            }) => {
                if unanswered {
                    let words = lost::advice(choice);
                    return Err(anyhow::Error::from(failure).context(format!(
                        "GitLab did not answer but may have reset the token: if GitLab refuses it from now on, {words}"
                    )));
                }
                self.keeps(None)?;
                return Err(failure.into());
            }
        };
        match answer {
            Ok(credentials) => {
                let rotation = Rotation {
                    at: clock::now(),
                    token: Some(credentials.token),
                    expires_at: credentials.token_expires_at,
                    ..asked
                };
                self.state.rotation = Some(rotation.clone());
                self.state.token_is_good(&rotation.of);
                rotation::follow(&mut self.state);
                if let Err(error) = self.session.files.save_state(&self.state) {
                    // It still has config.toml to go to, and that is tried.
                    log::error!("the new token is not in {}: {error:#}", names::STATE);
                }
                Ok(rotation)
            }
            Err(error) if error.maybe_created() => {
                let told = lost::settle(choice, &client, system_id.as_ref(), &error).await;
                match told.was_reset {
                    Some(true) => self.state.reset_is_lost(asked),
                    Some(false) => self.state.token_is_good(&asked.of),
                    None => return Err(told.failure.into()),
                }
                self.keeps(None)?;
                Err(told.failure.into())
            }
            Err(error) => {
                self.keeps(None)?;
                let runner = choice.runner();
                let context = match self.state.lost_reset_of(&entry.url, token) {
                    Some(lost) => format!(
                        "the token of {runner} was reset at {} and the new one was lost: {}",
                        lost.at,
                        lost::advice(choice)
                    ),
                    None => format!("resetting the token of {runner}"),
                };
                Err(error).context(context)
            }
        }
    }

    /// Refuses an entry whose token is another runner's than its ID says (exit 78): somebody has put it there, and a reset would take
    /// it from all others that use it.
    async fn refuse_anothers(
        &self,
        choice: &Choice,
        client: &Client,
        system_id: Option<&SystemId>,
        deadline: Deadline,
    ) -> anyhow::Result<()> {
        let Choice { entry, token, .. } = choice;
        let known = self.state.entries.iter();
        let is_told =
            |known: &StateEntry| !known.has_id_of(entry) || known.token.as_ref() == Some(token);
        let is_owned = |known: &&StateEntry| known.source.ownership() == Ownership::Owned;
        if known.filter(is_owned).all(is_told) {
            return Ok(());
        }
        let runner = choice.runner();
        let found = client.check(token, system_id, deadline).await;
        let found = found.with_context(|| format!("verifying the token of {runner}"))?;
        if Some(found.id) == entry.id {
            return Ok(());
        }
        Err(Failure::unusable(format!(
            "runner entry {} has the ID of {runner}, but its token belongs to runner {}, which others may use: nothing was reset; \
             to give the entry a runner of its own again, run runner-init re-register",
            shown(&entry.name),
            found.id
        ))
        .into())
    }

    fn client(&self, entry: &RunnerEntry) -> anyhow::Result<Client> {
        let tls = self.options.tls.for_entry(&entry.tls_files);
        let proxies = Proxies::from_variables(|name| self.variable(name));
        let endpoint = Endpoint::parse(&entry.url)?;
        Ok(Client::new(&endpoint, &tls, &proxies)?)
    }
}
