//! Owns the story of `sweep`: what pods of a fleet left at GitLab that died without unregistering is found, shown, and with `--yes`
//! deleted. It needs no volume and no right in the cluster.
//!
//! [`rules`] says what may go, [`rails`] what must hold before anything does; `survey` looks, `deletion` looks again and deletes.

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::gitlab::Client;

use crate::args::Options;
use crate::args::sweep::Sweep;
use crate::stops::Stops;

mod deletion;
mod done;
mod output;
pub(crate) mod plan;
mod progress;
pub(crate) mod rails;
pub(crate) mod rules;
mod survey;

use done::Done;
use plan::SweepPlan;
use survey::Survey;

/// Runs it.
///
/// Fails when GitLab cannot be asked or refuses, when a rail breaks, or when told to stop; the words say how much was deleted.
pub(crate) async fn run(options: &Options, sweep: &Sweep, stops: &Stops) -> anyhow::Result<Exit> {
    let files = options.tls.for_entry(&[None, None, None]);
    let client = Client::new(&sweep.endpoint, &files, &options.proxies)?;
    let survey = Survey::new(sweep, &client, Deadline::after(sweep.timeout));
    let plan = tokio::select! {
        biased;
        plan = survey.plan() => plan,
        () = stops.reached(1) => Err(Failure::unreachable("stopped by a signal").into()),
    };
    let plan = plan.map_err(|error| error.context("nothing was deleted"))?;
    output::plan(sweep, &plan).context("nothing was deleted")?;
    if !sweep.yes {
        log::info!("{}", unasked(&plan));
        return Ok(Exit::Done);
    }
    let done = tokio::select! {
        biased;
        done = survey.carry_out(&plan, stops) => done,
        () = stops.reached(2) => {
            return Err(Failure::unreachable("stopped by a second signal; the log lists what was deleted").into());
        }
    };
    let shown = output::result(sweep, &done);
    let exit = end(sweep, done)?;
    shown?;
    Ok(exit)
}

fn unasked(plan: &SweepPlan) -> String {
    match plan.due.len() {
        0 => "nothing to delete".to_owned(),
        due => format!("nothing was deleted; to delete the {due} in the plan, give --yes"),
    }
}

fn end(sweep: &Sweep, done: Done) -> anyhow::Result<Exit> {
    let counts = [
        (done.deleted.len() as u64, "deleted"),
        (done.gone.len() as u64, "already gone"),
        (done.kept.len() as u64, "kept after a second look"),
        (done.failed.len() as u64, "refused by GitLab"),
        (done.left, "left for the next run"),
    ];
    let counts = counts.iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = counts
        .map(|(count, words)| format!("{count} {words}"))
        .collect();
    let words = if words.is_empty() {
        "nothing to delete".to_owned()
    } else {
        words.join(", ")
    };
    let words = format!("sweep of fleet {}: {words}", sweep.fleet);
    if let Some(error) = done.early {
        return Err(error.context(format!("{words}; it stopped early")));
    }
    log::info!("{words}");
    Ok(if !done.failed.is_empty() {
        Exit::Refused
    } else if done.left > 0 {
        Exit::JobsRunning
    } else {
        Exit::Done
    })
}
