//! Owns the story of the sidecar: sleep until SIGTERM, find out whether the pod ends, and unregister what no longer works.
//!
//! The image's stop signal drains the runner manager by itself, and the kubelet sends SIGTERM here after it has ended.
//! When the grace period is used up SIGTERM comes a few milliseconds before the runner manager's death and SIGKILL two
//! seconds after it, so everything is ready beforehand.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::{Config, Files};

use crate::args::Options;
use crate::entries::{self, Unregistration};
use crate::ledger::Ledger;
use crate::opening;
use crate::requests::Clients;
use crate::runner_manager::{Pages, metrics_address, pages_at};
use crate::stops::Stops;

mod changes;
mod observation;
mod older;
mod verdict;

use changes::Changes;
use observation::Observation;
use verdict::{KILLING, Verdict};

/// Limit of the wait for another helper on the volume: two seconds may be all there is.
const LOCK: Duration = Duration::from_millis(300);

/// When the grace period is used up, SIGKILL follows SIGTERM after two seconds: by then all words must be out.
const LAST_WORDS: Duration = Duration::from_millis(1500);

/// What is not clear by then is waited for: a runner manager before 19.1 whose workers are all busy does not show whether it drains.
const UNCLEAR: Duration = Duration::from_millis(3500);

/// The second SIGTERM means now, so only a third one ends the waiting for GitLab.
const THIRD: u32 = 3;

/// Runs the sidecar to the end of its container.
///
/// Where the volume or its files cannot be used, nothing is unregistered.
pub(crate) async fn run(options: &Options, stops: &Stops) -> anyhow::Result<Exit> {
    let files = Files::of(&options.config)?;
    let mut clients = Clients::new(options);
    // Kept to the end: the kernel takes up to 20 ms to close it, and GitLab must be asked before that.
    let mut changes = Changes::of(files.volume().directory());
    let pages = sleep_until_stopped(options, &files, &mut clients, &mut changes, stops).await;
    let deadlines = options.grace.deadlines(Duration::ZERO);
    // Looked at before anything else: whether it was draining when the signal came tells what the signal means.
    let mut observation = Observation::begin(pages, files.system_id(), stops).await;
    let opened = opening::open(options, deadlines.gitlab.earlier(LOCK)).await?;
    let Some(mut session) = opened.into_session(options) else {
        return Ok(Exit::Done);
    };
    let mut ledger = Ledger::with_clients(options, &session, clients, stops);
    ledger.say_what_cannot_go(&session.config);
    let (shared, owned): (Vec<Unregistration>, Vec<Unregistration>) = ledger
        .unregistrations(&session.config)
        .into_iter()
        .partition(Unregistration::is_shared);
    if !owned.is_empty() {
        observation.say_at = Some(UNCLEAR);
    }
    let mut verdict = observation
        .until(|verdict| verdict != Verdict::Wait, Some(deadlines.jobs))
        .await;
    if verdict == Verdict::NotTheEnd {
        log::info!(
            "the runner manager keeps running, so this is not the end of the pod: nothing was unregistered"
        );
        return Ok(Exit::Done);
    }
    if matches!(verdict, Verdict::Gone | Verdict::Killed) {
        ledger.nobody_writes();
    }
    // GitLab is waited for at the end: it may take long, and the owned ones must not wait for somebody else's.
    let while_it_drains = match verdict {
        Verdict::Ending => deadlines.gitlab,
        _ => options.unregister_until(deadlines.gitlab),
    };
    ledger.begin(shared, while_it_drains);
    // Where it is not set, the grace period is a guess, and nothing is given up on a guess.
    let limit = options.grace.told.then_some(deadlines.jobs);
    let unclear = verdict == Verdict::Wait && limit.is_none() && !observation.jobs().is_empty();
    if (verdict == Verdict::Ending || unclear) && !owned.is_empty() {
        observation.say_at = Some(LAST_WORDS);
        verdict = observation
            .until(
                |verdict| !matches!(verdict, Verdict::Ending | Verdict::Wait),
                limit,
            )
            .await;
    } else if verdict == Verdict::Ending && !observation.is_idle() {
        // Who is killed with its jobs is killed soon; who lives longer drains, and nothing here hangs on it.
        let soon = Deadline::after(KILLING);
        verdict = observation
            .until(|verdict| verdict != Verdict::Ending, Some(soon))
            .await;
    }
    let gitlab = if options.grace.told {
        deadlines.gitlab
    } else {
        options.grace.deadlines(Duration::ZERO).gitlab
    };
    let until = options.unregister_until(gitlab);
    let running = end_owned(&mut ledger, owned, verdict, observation.jobs(), until);
    ledger.settle(THIRD, until).await;
    // Whoever paused it by hand paused this pod's life.
    if !session.end_pause(until).await {
        ledger.note(Exit::Unusable);
    }
    let exit = ledger.last_words(running);
    session.take_over_pause();
    Ok(exit)
}

/// Begins to unregister owned runners where the verdict allows it, else keeps and names them. Says how many jobs still run.
fn end_owned(
    ledger: &mut Ledger<'_>,
    owned: Vec<Unregistration>,
    verdict: Verdict,
    jobs: &[String],
    gitlab: Deadline,
) -> usize {
    let why = match verdict {
        Verdict::Gone => {
            ledger.nobody_writes();
            ledger.begin(owned, gitlab);
            return 0;
        }
        Verdict::Now => {
            if !jobs.is_empty() && !owned.is_empty() {
                ledger.note(Exit::JobsRunning);
            }
            ledger.begin(owned, gitlab);
            return jobs.len();
        }
        Verdict::Killed => {
            let why = "the runner manager was killed while its jobs were running";
            if owned.is_empty() {
                ledger.jobs_were_killed(why, jobs);
            }
            ledger.keep(&owned, why, jobs);
            // They no longer run, though GitLab shows them as running.
            return 0;
        }
        Verdict::Wait if jobs.is_empty() => {
            "the grace period has ended, and the runner manager is still running"
        }
        Verdict::NotTheEnd => "the runner manager keeps running",
        Verdict::Wait | Verdict::Ending => "the grace period has ended with its jobs running",
    };
    ledger.keep(&owned, why, jobs);
    jobs.len()
}

/// Sleeps until the first stop signal, and says where the runner manager is to be seen. In between only a change of
/// `config.toml` wakes it, to have clients and connections ready for the entries of that moment.
async fn sleep_until_stopped(
    options: &Options,
    files: &Files,
    clients: &mut Clients<'_>,
    changes: &mut Changes,
    stops: &Stops,
) -> Option<Pages> {
    log::info!("waiting for the end of the pod");
    loop {
        let config = files.config();
        // What cannot be read now is read again at the end, and told then. Without a file there may be known runners, and options
        // may tell the address.
        let config = config
            .ok()
            .and_then(|config| config.or_else(|| Config::missing().ok()));
        if let Some(config) = &config {
            tokio::select! {
                biased;
                () = stops.reached(1) => {}
                () = prepare(options, files, config, clients) => {}
            }
        }
        tokio::select! {
            biased;
            () = stops.reached(1) => {
                let address = metrics_address(options, None, &config?)?;
                let deadline = options.grace.deadlines(Duration::ZERO).jobs;
                return pages_at(&address, deadline);
            }
            () = changes.next(files.name()) => {}
        }
    }
}

/// Makes clients and connections for the entries there are.
async fn prepare(options: &Options, files: &Files, config: &Config, clients: &mut Clients<'_>) {
    let Ok(state) = files.state() else { return };
    let other = state
        .as_ref()
        .and_then(|state| state.other_pod(&options.pod, &options.environment));
    if other.is_some() {
        return;
    }
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    for unregistration in entries::all(&config.toml.entries(&lookup), state.as_ref()) {
        match clients.of(&unregistration) {
            Ok(client) => client.connect_ahead().await,
            Err(error) => {
                log::warn!(
                    "{} cannot be unregistered: {error:#}",
                    unregistration.registered(None).named()
                );
            }
        }
    }
}
