//! Owns the story of one run: check everything, look at what is there, ask GitLab, publish, say what is now true.
//! The rules it follows are elsewhere; each step here is one call down.

mod anew;
mod ask;
mod asking;
mod contents;
mod dry_run;
mod edit;
mod existing;
mod give_back;
mod hold;
mod inherit;
mod install;
mod keep;
mod pending;
mod plan;
mod port;
mod registration;
mod said;
mod sent;
mod undo;

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::session::Session;
use runner_lifecycle::signals::Signals;
use runner_lifecycle::stdout;

use crate::args::{Credential, Environment, Options};
use crate::{clock, graceful_stop};
use contents::Contents;
use graceful_stop::GracefulStop;
use plan::Plan;
use registration::Registration;
use said::Replacement;

/// Runs `runner-init` from checked options to the exit code.
pub(crate) async fn run(options: &Options, environment: &Environment) -> anyhow::Result<Exit> {
    let mut plan = Plan::check(options, environment)?;
    plan.refuse_other_pod()?;
    let deadline = Deadline::after(options.timeout);
    if options.dry_run {
        stdout::print(&dry_run::text(&mut plan, deadline).await?)?;
        return Ok(Exit::Done);
    }
    let signals = Signals::install().context("setting up signal handlers")?;
    let mut stops = GracefulStop::new(
        signals,
        options.grace_period,
        "the registration stops after the current attempt and is undone",
    );
    register(&mut plan, deadline, &mut stops).await?;
    Ok(Exit::Done)
}

async fn register(
    plan: &mut Plan<'_>,
    deadline: Deadline,
    stops: &mut GracefulStop,
) -> anyhow::Result<()> {
    let files = plan.files()?;
    files.volume().create_directory()?;
    let opening = Session::open(files, plan.intent(), deadline);
    let mut session = stops.unless_stopped(opening).await??;
    session.finish_rotation(&|name| plan.variable(name))?;
    let volume = session.files.volume();
    let mut files = Contents::of(&session, plan)?;
    inherit::from(plan, &files);
    let plan = &*plan;
    stops.check()?;
    let system_id = files.settle_system_id(plan)?;
    files.claim_for(plan);
    // Before GitLab is asked: a volume too small for it must not cost a runner.
    install::programs(plan, volume)?;
    // And what GitLab hears must be what the disk remembers.
    volume.sync()?;

    let found = ask::runner(plan, &mut files, &system_id, deadline, stops).await;
    if let Ok(found) = &found {
        warn_of_attributes(plan, found);
    }
    let written = match found {
        Ok(found) => {
            publish_unless_stopped(plan, &mut files, &found, stops).map(|changed| (found, changed))
        }
        Err(error) => Err(error),
    };
    let (found, changed) = match written {
        Ok(done) => done,
        Err(error) => {
            undo::everything(plan, &mut files, &system_id, stops).await;
            return Err(error);
        }
    };
    let runner = &found.runner;
    let previous = give_back::everything(
        plan, &mut files, runner, changed, &system_id, deadline, stops,
    )
    .await;
    // From here on the work is done: a signal no longer takes anything back.
    log::info!(
        "{changed} {path}: runner {id} at {url} from {source}, runner manager {system_id}",
        path = plan.options.config.display(),
        id = runner.id,
        url = runner.url,
        source = runner.source.with_article(),
    );
    if plan.options.json {
        let said = Replacement::done(plan, &files, &found, &system_id, previous);
        stdout::print(&said.text())?;
    }
    Ok(())
}

/// GitLab takes these at a creation only: what is asked for since must not get lost silently.
fn warn_of_attributes(plan: &Plan<'_>, found: &Registration) {
    let by_authentication = matches!(plan.options.credential, Credential::AuthenticationToken(_));
    let sent = found.sent.as_ref().filter(|_| !by_authentication);
    for line in sent
        .iter()
        .flat_map(|sent| sent::changes(found.runner.id, sent, &plan.sent))
    {
        log::warn!("{line}");
    }
}

fn publish_unless_stopped(
    plan: &Plan<'_>,
    files: &mut Contents<'_>,
    found: &Registration,
    stops: &GracefulStop,
) -> anyhow::Result<contents::Changed> {
    stops.check()?;
    files.publish(plan, found)
}
