//! Owns the story of the sidecar: sleep until SIGTERM, find out whether the pod ends, and unregister what works no more.
//!
//! The image's stop signal drains the runner manager by itself, and the kubelet sends SIGTERM here after it has ended.
//! When the grace period is used up SIGTERM comes a few milliseconds before the runner manager's death and SIGKILL two
//! seconds after it, so everything is ready beforehand.

use std::time::Duration;

use anyhow::Context as _;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Ownership;
use tokio::time::Instant;

use crate::args::Options;
use crate::entries::Departure;
use crate::entries::farewell::Clients;
use crate::files::{Files, other_pod};
use crate::pre_stop::Leaving;
use crate::runner_manager::{Pages, metrics_address, pages_at};
use crate::scene::{Opened, Scene};
use crate::stops::Stops;

mod changes;
mod verdict;

use changes::Changes;
use verdict::{Look, Seen, Verdict};

/// Distance of two looks at a runner manager that is ending: jobs and process may be gone a moment later.
const PACE: Duration = Duration::from_millis(20);

/// Limit of the wait for another helper on the volume: two seconds may be all there is.
const LOCK: Duration = Duration::from_millis(300);

/// When the grace period is used up, SIGKILL follows SIGTERM after two seconds: by then all words must be out.
const LAST_WORDS: Duration = Duration::from_millis(1500);

/// Runs the sidecar to the end of its container.
///
/// # Errors
/// When the volume or its files cannot be used; nothing was unregistered then.
pub async fn run(options: &Options, stops: &Stops) -> anyhow::Result<Exit> {
    let files = Files::of(&options.config)?;
    let mut clients = Clients::new(options);
    sleep_until_stopped(options, &files, &mut clients, stops).await?;
    let signalled = Instant::now();
    let deadlines = options.grace.deadlines(Duration::ZERO);
    let scene = match Scene::open(options, deadlines.gitlab.earlier(LOCK)).await? {
        Opened::Scene(scene) => *scene,
        Opened::OtherPod(theirs) => {
            log::warn!(
                "this volume belongs to another pod, {}: nothing was unregistered",
                theirs.describe()
            );
            return Ok(Exit::Done);
        }
        Opened::Nothing => {
            log::info!("no {}: nothing to unregister", options.config.display());
            return Ok(Exit::Done);
        }
    };
    let address = metrics_address(options, None, &scene.config);
    let pages = address.as_deref().and_then(pages_at);
    let mut leaving = Leaving::with_clients(options, &scene, clients, stops);
    let (shared, owned): (Vec<Departure>, Vec<Departure>) = leaving
        .departures(&scene.config)
        .into_iter()
        .partition(|departure| departure.ownership == Ownership::Shared);
    let mut seen = Seen::default();
    let mut shared = Some(shared);
    let mut said = false;
    loop {
        let look = look(pages.as_ref()).await;
        let at = signalled.elapsed();
        let verdict = if stops.count() > 1 {
            Verdict::Now
        } else {
            seen.judge(at, look)
        };
        match verdict {
            Verdict::Wait => {}
            Verdict::NotTheEnd => {
                log::info!(
                    "the runner manager goes on working, so this is not the end of the pod: nothing was unregistered"
                );
                return Ok(Exit::Done);
            }
            Verdict::Ending => {
                if let Some(shared) = shared.take() {
                    leaving.unregister(shared, deadlines.gitlab).await;
                }
                if owned.is_empty() {
                    return Ok(leaving.last_words(seen.jobs().len()));
                }
            }
            Verdict::Gone | Verdict::Now => {
                let rest = shared.into_iter().flatten().chain(owned).collect();
                // The second signal asked for this, so only a third one ends it.
                leaving.unregister_now(rest, deadlines.gitlab).await;
                let running = if verdict == Verdict::Now {
                    seen.jobs().len()
                } else {
                    0
                };
                if running > 0 {
                    leaving.note(Exit::JobsRunning);
                }
                return Ok(leaving.last_words(running));
            }
            Verdict::Killed => {
                let shared = shared.into_iter().flatten().collect();
                leaving.unregister(shared, deadlines.gitlab).await;
                leaving.keep(
                    &owned,
                    "the runner manager was killed under its jobs",
                    seen.jobs(),
                );
                return Ok(leaving.last_words(seen.jobs().len()));
            }
        }
        if deadlines.jobs.passed() {
            leaving.keep(
                &owned,
                "the grace period is used up with its jobs running",
                seen.jobs(),
            );
            return Ok(leaving.last_words(seen.jobs().len()));
        }
        if !said && at > LAST_WORDS && shared.is_none() {
            said = true;
            log::info!(
                "owned runners stay until {} jobs have ended: {}",
                seen.jobs().len(),
                seen.jobs().join(", ")
            );
        }
        tokio::select! {
            () = tokio::time::sleep(PACE) => {}
            () = stops.reached(2) => {}
        }
    }
}

/// What the runner manager shows just now.
async fn look(pages: Option<&Pages>) -> Look {
    let Some(pages) = pages else {
        return Look::Nobody;
    };
    let (state, jobs) = tokio::join!(pages.state(), pages.jobs());
    match state {
        Some(state) => {
            let jobs = jobs.map(|jobs| jobs.into_iter().map(|job| job.url).collect());
            Look::State(state, jobs)
        }
        None => Look::Nobody,
    }
}

/// Sleeps until the first stop signal. In between only a change of `config.toml` wakes it, to have clients and
/// connections ready for the entries of that moment.
async fn sleep_until_stopped(
    options: &Options,
    files: &Files,
    clients: &mut Clients<'_>,
    stops: &Stops,
) -> anyhow::Result<()> {
    let mut changes = Changes::of(files.volume().directory());
    log::info!("waiting for the end of the pod");
    loop {
        let ready = prepare(options, files, clients);
        tokio::select! {
            biased;
            () = stops.reached(1) => return Ok(()),
            ready = ready => ready.context("preparing")?,
        }
        tokio::select! {
            biased;
            () = stops.reached(1) => return Ok(()),
            () = changes.next(files.name()) => {}
        }
    }
}

/// Makes clients and connections for the entries there are. What cannot be read now is read again at the end, and told then.
async fn prepare(
    options: &Options,
    files: &Files,
    clients: &mut Clients<'_>,
) -> anyhow::Result<()> {
    let (Ok(Some(config)), Ok(state)) = (files.config(), files.state()) else {
        return Ok(());
    };
    if other_pod(state.as_ref(), &options.pod).is_some() {
        return Ok(());
    }
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    for departure in crate::entries::departures(&config.toml.entries(&lookup), state.as_ref()) {
        match clients.of(&departure) {
            Ok(client) => client.connect_ahead().await,
            Err(error) => log::warn!(
                "{} cannot be unregistered like this: {error:#}",
                departure.runner()
            ),
        }
    }
    Ok(())
}
