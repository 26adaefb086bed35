//! Owns the unregistering of what this volume has no entry for (any more), by the rule of its source.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Client, Endpoint, Gone};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::unregister::Registered;

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
        let what = Registered::of(leaving.source, leaving.id, &leaving.token, system_id);
        let gone = give_back(plan, &leaving.url, what, deadline.earlier(PATIENCE));
        // config.toml is published: a signal only puts this off to the next run.
        let Ok(gone) = stops.unless_stopped(gone).await else {
            return;
        };
        match gone {
            Ok(_) => {
                log::info!(
                    "{what} unregistered from {}: its entry was replaced",
                    leaving.url
                );
                files.has_left(&leaving);
            }
            Err(error) => log::warn!(
                "{what} is left behind at {}: {error:#}; the next run tries again",
                leaving.url
            ),
        }
    }
}

async fn give_back(
    plan: &Plan<'_>,
    url: &str,
    what: Registered<'_>,
    deadline: Deadline,
) -> anyhow::Result<Gone> {
    let endpoint = Endpoint::parse(url)?;
    if endpoint.same_as(&plan.endpoint) {
        return what.unregister(&plan.client, deadline).await;
    }
    let client = Client::new(&endpoint, &plan.tls.of_another_gitlab(), &plan.proxies)?;
    what.unregister(&client, deadline).await
}
