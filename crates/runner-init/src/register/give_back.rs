//! Owns unregistering the runners that have no entry on this volume any more, by the rule of their source, and only once a live
//! runner manager no longer uses them.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Client, Endpoint, Gone};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::runner_manager::Live;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::unregister::Registered;

use super::contents::{Changed, Contents};
use super::graceful_stop::GracefulStop;
use super::hold::{Hold, Watched};
use super::plan::Plan;
use crate::runner_manager;

/// How long GitLab may stay silent about a runner that has left: the pod is waiting to start, and the next run asks again.
const PATIENCE: Duration = Duration::from_secs(10);

/// A runner that lost its entry.
#[derive(Clone, Debug)]
pub(super) struct Previous {
    pub(super) runner: Runner,
    /// Why it is still at GitLab; nothing where it was unregistered.
    pub(super) kept: Option<String>,
}

/// Gives back every runner that lost its entry, to this one or another, and tells what became of each. It never fails: what
/// stays is named, and stays in the state file.
pub(super) async fn everything(
    plan: &Plan<'_>,
    files: &mut Contents<'_>,
    runner: &Runner,
    changed: Changed,
    system_id: &SystemId,
    deadline: Deadline,
    stops: &mut GracefulStop,
) -> Vec<Previous> {
    // What a signal keeps the run from stays as it is here.
    let put_off = |runner| Previous {
        runner,
        kept: Some("this run was stopped before it was unregistered".to_owned()),
    };
    let mut all: Vec<Previous> = files.leaving(plan).into_iter().map(put_off).collect();
    let is_new = changed == Changed::Written && !files.is_paused(plan);
    if all.is_empty() && !(is_new && plan.options.anew) {
        return all;
    }
    // config.toml is published: a signal only puts this off to the next run.
    let variable = |name: &str| plan.variable(name);
    let find = runner_manager::find(
        &plan.options.config,
        Some(system_id.clone()),
        files.listen_address.as_deref(),
        &variable,
        deadline,
    );
    let Ok(live) = stops.unless_stopped(find).await else {
        return all;
    };
    // It looks at its file by itself too, but later.
    if let Some(live) = live.as_ref().filter(|_| is_new)
        && stops
            .unless_stopped(runner_manager::loads(live))
            .await
            .is_err()
    {
        return all;
    }
    for Previous {
        runner: leaving,
        kept,
    } in &mut all
    {
        let leaving = &*leaving;
        let what = Registered::of(leaving, system_id);
        let hold = hold(plan, files, live.as_ref(), leaving, runner);
        let Ok(hold) = stops.unless_stopped(hold).await else {
            break;
        };
        if let Some(why) = hold.why(leaving.ownership()) {
            log::warn!(
                "{what} at {} {why} and is kept for now: runner-reaper unregisters it when the pod ends, or runner-init if it is run again later",
                leaving.url
            );
            *kept = Some(why.trim_end_matches(',').to_owned());
            continue;
        }
        let gone = give_back(plan, what, deadline.earlier(PATIENCE));
        let Ok(gone) = stops.unless_stopped(gone).await else {
            break;
        };
        match gone {
            Ok(gone) => {
                log::info!(
                    "{what} unregistered from {}: its entry was replaced",
                    leaving.url
                );
                files.has_left(leaving, gone);
                *kept = None;
            }
            Err(error) => {
                log::warn!(
                    "{what} is left behind at {}: {error:#}; the next run tries again",
                    leaving.url
                );
                *kept = Some(format!("{error:#}"));
            }
        }
    }
    all
}

async fn hold(
    plan: &Plan<'_>,
    files: &Contents<'_>,
    live: Option<&Live>,
    leaving: &Runner,
    runner: &Runner,
) -> Hold {
    let watched = Watched {
        old: leaving.token.label(),
        new: runner.token.label(),
        pass: files.check_interval(),
    };
    match live {
        Some(live) => watched.until_let_go(live).await,
        // A person may be where no process of the runner manager is in sight; an init container comes before it.
        None if plan.options.anew && files.listen_address.is_none() => watched.unseen().await,
        None => Hold::Nobody,
    }
}

async fn give_back(
    plan: &Plan<'_>,
    what: Registered<'_>,
    deadline: Deadline,
) -> anyhow::Result<Gone> {
    let endpoint = Endpoint::parse(&what.runner.url)?;
    if endpoint.same_as(&plan.endpoint) {
        return what.unregister(&plan.client, deadline).await;
    }
    let client = Client::new(&endpoint, &plan.tls.of_another_gitlab(), &plan.proxies)?;
    what.unregister(&client, deadline).await
}
