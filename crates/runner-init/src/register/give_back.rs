//! Owns the unregistering of what this volume has no entry for (any more), by the rule of its source.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Client, Endpoint, Error, TlsFiles};
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::Leaving;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::files::Files;
use super::plan::Plan;
use super::stops::Stops;

/// How long GitLab may stay silent about a runner that has left: the pod is waiting to start, and the next run asks again.
const PATIENCE: Duration = Duration::from_secs(10);

/// Gives back every runner that lost its entry. It never fails: what stays is named, and stays in the state file.
pub(super) async fn everything(
    plan: &Plan<'_>,
    files: &mut Files<'_>,
    system_id: &SystemId,
    deadline: Deadline,
    stops: &mut Stops,
) {
    for leaving in files.leaving(plan) {
        let deadline = deadline.earlier(PATIENCE);
        let gone = give_back(plan, &leaving, system_id, deadline);
        // config.toml is published: a signal only puts this off to the next run.
        let Ok(gone) = stops.unless_stopped(gone).await else {
            return;
        };
        let what = described(leaving.source, leaving.id, system_id);
        match gone {
            Ok(()) => {
                log::info!(
                    "{what} unregistered from {}: its entry was replaced",
                    leaving.url
                );
                files.has_left(&leaving);
            }
            Err(error) => log::warn!(
                "{what} is left behind at {}: {error}; the next run tries again",
                leaving.url
            ),
        }
    }
}

async fn give_back(
    plan: &Plan<'_>,
    leaving: &Leaving,
    system_id: &SystemId,
    deadline: Deadline,
) -> Result<(), Error> {
    let own = client_of(plan, &leaving.url)?;
    let client = own.as_ref().unwrap_or(&plan.client);
    unregister(client, leaving.source, &leaving.token, system_id, deadline).await
}

/// Takes a runner off GitLab's list, or only its runner manager of this volume, by the rule of its source.
pub(super) async fn unregister(
    client: &Client,
    source: Source,
    token: &Token,
    system_id: &SystemId,
    deadline: Deadline,
) -> Result<(), Error> {
    match source.ownership() {
        Ownership::Owned => client.unregister_runner(token, deadline).await,
        Ownership::Shared => {
            client
                .unregister_runner_manager(token, system_id, deadline)
                .await
        }
    }
    .map(|_| ())
}

/// What is unregistered for a runner of this source, in the words of a log line.
pub(super) fn described(source: Source, id: i64, system_id: &SystemId) -> String {
    let runner = match id {
        0 => "the runner without an id".to_owned(),
        id => format!("runner {id}"),
    };
    match source.ownership() {
        Ownership::Owned => runner,
        Ownership::Shared => format!("runner manager {system_id} of {runner}"),
    }
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
