//! Owns the unregistering of what this volume has no entry for (any more), by the rule of its source.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Client, Endpoint, Error, TlsFiles};
use runner_lifecycle::source::Ownership;
use runner_lifecycle::system_id::SystemId;

use super::ask::Asking;
use super::keep::PATIENCE_WITH_KNOWN;
use super::plan::Plan;
use super::runner::Runner;

impl Asking<'_, '_> {
    /// Unregisters what this volume no longer needs. Failing here must not keep a pod from starting.
    pub(super) async fn give_back(&mut self, runner: &Runner, why: &str) -> Result<(), Failure> {
        let client = client_of(self.plan, &runner.url);
        let client = match client.as_ref() {
            Ok(client) => client.as_ref().unwrap_or(&self.plan.client),
            Err(error) => {
                log::warn!("runner {} stays at {}: {error}", runner.id, runner.url);
                return Ok(());
            }
        };
        let deadline = self.deadline.earlier(PATIENCE_WITH_KNOWN);
        let gone = unregister(client, runner, self.system_id, deadline);
        match self.attention.during(gone).await? {
            Ok(_) => log::info!("runner {} unregistered at {}: {why}", runner.id, runner.url),
            Err(error) => {
                log::warn!(
                    "runner {} is left behind at {}: {error}",
                    runner.id,
                    runner.url
                );
            }
        }
        Ok(())
    }
}

/// Takes a runner back, by the rule of its source.
pub(super) async fn unregister(
    client: &Client,
    runner: &Runner,
    system_id: &SystemId,
    deadline: Deadline,
) -> Result<(), Error> {
    match runner.source.ownership() {
        Ownership::Owned => client.unregister_runner(&runner.token, deadline).await,
        Ownership::Shared => {
            client
                .unregister_runner_manager(&runner.token, system_id, deadline)
                .await
        }
    }
    .map(|_| ())
}

/// A client for another URL than the plan's, or `None` where it is the same.
fn client_of(plan: &Plan<'_>, url: &str) -> Result<Option<Client>, Error> {
    let endpoint = Endpoint::parse(url)?;
    if endpoint.same_as(&plan.endpoint) {
        return Ok(None);
    }
    let tls = TlsFiles {
        ca_file: None,
        cert_file: None,
        key_file: None,
        ..plan.tls.clone()
    };
    Client::new(&endpoint, &tls, &plan.proxies).map(Some)
}
