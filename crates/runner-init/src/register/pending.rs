//! Owns what a run that died has left in the state file: a token is used or given back, a lost creation is named.

use anyhow::Context as _;
use runner_lifecycle::gitlab::{Endpoint, Error};
use runner_lifecycle::state::Pending;

use super::ask::Asking;
use super::files::Files;
use super::runner::Runner;

impl Asking<'_, '_> {
    /// Settles what is pending; the runner, if a token of the earlier run is good for this one.
    pub(super) async fn finish_pending(
        &mut self,
        files: &mut Files<'_>,
    ) -> anyhow::Result<Option<Runner>> {
        let (url, source, id, token, obtained_at, expires_at) = match files.state().pending.clone()
        {
            None => return Ok(None),
            Some(Pending::Creation {
                url,
                description,
                asked_at,
                ..
            }) => {
                log::warn!(
                    "an earlier run asked {url} for a runner at {asked_at} and got no answer: if GitLab lists a \
                     runner {description:?} that was created then and never used, delete it there"
                );
                files.set_aside_unanswered();
                return Ok(None);
            }
            Some(Pending::Received {
                url,
                source,
                id,
                token,
                obtained_at,
                expires_at,
            }) => (url, source, id, token, obtained_at, expires_at),
        };
        let runner = Runner {
            id,
            url,
            token,
            source,
            adopted: false,
            obtained_at,
            expires_at,
            place: None,
            replaces: None,
            kept: false,
        };
        if files.holds(&runner, self.plan) {
            log::info!("runner {id} of an earlier run is already in config.toml");
            files.remember(&runner)?;
            return Ok(None);
        }
        let here = Endpoint::parse(&runner.url).is_ok_and(|url| url.same_as(&self.plan.endpoint));
        if !here || source != self.plan.options.credential.source() {
            log::info!(
                "runner {id} of an earlier run was registered with another URL or kind of token"
            );
            files.leaves(&runner)?;
            return Ok(None);
        }
        let answer = self.verify(&runner.token, self.deadline).await?;
        match answer {
            Ok(credentials) => {
                // The id is all that the earlier run may have lacked.
                let id = credentials.id;
                let runner = Runner { id, ..runner };
                log::info!("continuing with runner {id} of an earlier run that was stopped");
                files.made(&runner);
                Ok(Some(runner))
            }
            Err(Error::TokenRefused { gone: true, .. }) => {
                log::warn!(
                    "runner {id} of an earlier run no longer exists at GitLab: registering another one"
                );
                files.forget_pending();
                Ok(None)
            }
            Err(error) => Err(error).context(format!("verifying runner {id} of an earlier run")),
        }
    }
}
