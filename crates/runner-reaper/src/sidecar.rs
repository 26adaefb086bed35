//! Owns the story of the sidecar: sleep until SIGTERM, find out whether the pod ends, and unregister what works no more.
//!
//! The image's stop signal drains the runner manager by itself, and the kubelet sends SIGTERM here after it has ended.
//! When the grace period is used up SIGTERM comes a few milliseconds before the runner manager's death and SIGKILL two
//! seconds after it, so everything is ready beforehand.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Ownership;
use tokio::time::Instant;

use crate::args::Options;
use crate::entries::farewell::Clients;
use crate::entries::{self, Departure};
use crate::files::{Config, Files, other_pod};
use crate::pre_stop::Leaving;
use crate::runner_manager::{Pages, metrics_address, pages_at};
use crate::scene::{Opened, Scene};
use crate::stops::Stops;

mod changes;
mod verdict;

use changes::Changes;
use verdict::{Look, Seen, Verdict};

/// Distance of two looks while the kubelet may be killing everything: the last one before the end tells whether jobs
/// were killed with it.
const EAGER: Duration = Duration::from_millis(5);

/// Distance of two looks afterwards.
const PATIENT: Duration = Duration::from_millis(50);

/// Limit of the wait for another helper on the volume: two seconds may be all there is.
const LOCK: Duration = Duration::from_millis(300);

/// When the grace period is used up, SIGKILL follows SIGTERM after two seconds: by then all words must be out.
const LAST_WORDS: Duration = Duration::from_millis(1500);

/// The second SIGTERM means now, so only a third one ends the waiting for GitLab.
const THIRD: u32 = 3;

/// Runs the sidecar to the end of its container.
///
/// # Errors
/// When the volume or its files cannot be used; nothing was unregistered then.
pub async fn run(options: &Options, stops: &Stops) -> anyhow::Result<Exit> {
    let files = Files::of(&options.config)?;
    let mut clients = Clients::new(options);
    let pages = sleep_until_stopped(options, &files, &mut clients, stops).await;
    // Looked at before anything else: whether it was draining when the signal came tells what the signal means.
    let mut watch = Watch::begin(pages, stops).await;
    let deadlines = options.grace.deadlines(Duration::ZERO);
    let scene = match Scene::open(options, deadlines.gitlab.earlier(LOCK)).await? {
        Opened::Scene(scene) => *scene,
        Opened::OtherPod(theirs) => {
            let theirs = theirs.describe();
            log::warn!("this volume belongs to another pod, {theirs}: nothing was unregistered");
            return Ok(Exit::Done);
        }
        Opened::Nothing => {
            log::info!("no {}: nothing to unregister", options.config.display());
            return Ok(Exit::Done);
        }
    };
    let mut leaving = Leaving::with_clients(options, &scene, clients, stops);
    let (shared, owned): (Vec<Departure>, Vec<Departure>) = leaving
        .departures(&scene.config)
        .into_iter()
        .partition(|departure| departure.ownership == Ownership::Shared);
    let mut verdict = watch.until(|verdict| verdict != Verdict::Wait, None).await;
    if verdict == Verdict::NotTheEnd {
        log::info!(
            "the runner manager goes on working, so this is not the end of the pod: nothing was unregistered"
        );
        return Ok(Exit::Done);
    }
    if matches!(verdict, Verdict::Ending | Verdict::Killed) {
        // It is watched meanwhile: GitLab may take long, and its end tells what becomes of the owned ones.
        leaving.begin(shared, deadlines.gitlab);
        verdict = watch.during(leaving.settle(THIRD)).await.unwrap_or(verdict);
        if verdict == Verdict::Ending && !owned.is_empty() {
            verdict = watch
                .until(|verdict| verdict != Verdict::Ending, Some(deadlines.jobs))
                .await;
        }
    } else {
        leaving.begin(shared, deadlines.gitlab);
    }
    let jobs = watch.jobs();
    let mut running = jobs.len();
    match verdict {
        Verdict::Gone => {
            leaving.begin(owned, deadlines.gitlab);
            running = 0;
        }
        Verdict::Now => {
            if running > 0 && !owned.is_empty() {
                leaving.note(Exit::JobsRunning);
            }
            leaving.begin(owned, deadlines.gitlab);
        }
        Verdict::Killed => {
            leaving.keep(&owned, "the runner manager was killed under its jobs", jobs);
        }
        _ => leaving.keep(
            &owned,
            "the grace period is used up with its jobs running",
            jobs,
        ),
    }
    leaving.settle(THIRD).await;
    Ok(leaving.last_words(running))
}

/// The looks at the runner manager from SIGTERM on.
struct Watch<'a> {
    pages: Option<Pages>,
    stops: &'a Stops,
    began: Instant,
    seen: Seen,
    last: Verdict,
}

impl<'a> Watch<'a> {
    async fn begin(pages: Option<Pages>, stops: &'a Stops) -> Self {
        let (began, seen) = (Instant::now(), Seen::default());
        let mut watch = Self {
            pages,
            stops,
            began,
            seen,
            last: Verdict::Wait,
        };
        watch.look().await;
        watch
    }

    fn jobs(&self) -> &[String] {
        self.seen.jobs()
    }

    async fn look(&mut self) {
        if !matches!(self.last, Verdict::Gone | Verdict::Killed) {
            let look = look(self.pages.as_ref()).await;
            self.last = self.seen.judge(self.began.elapsed(), look);
        }
    }

    async fn pause(&self) {
        let pace = if self.began.elapsed() < verdict::KILLING {
            EAGER
        } else {
            PATIENT
        };
        tokio::time::sleep(pace).await;
    }

    /// Looks until the verdict is such, or the deadline, or a second signal.
    async fn until(
        &mut self,
        such: impl Fn(Verdict) -> bool,
        deadline: Option<Deadline>,
    ) -> Verdict {
        let mut said = false;
        loop {
            if self.stops.count() > 1 {
                return Verdict::Now;
            }
            if such(self.last) || deadline.is_some_and(Deadline::passed) {
                return self.last;
            }
            if !said && deadline.is_some() && self.began.elapsed() > LAST_WORDS {
                said = true;
                let jobs = self.jobs();
                log::info!(
                    "owned runners stay until {} jobs have ended: {}",
                    jobs.len(),
                    jobs.join(", ")
                );
            }
            tokio::select! {
                () = self.pause() => {}
                () = self.stops.reached(2) => {}
            }
            self.look().await;
        }
    }

    /// Looks on while something else is done. Says what came of it, if it is more than before.
    async fn during(&mut self, work: impl Future<Output = ()>) -> Option<Verdict> {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                () = &mut work => return (self.last != Verdict::Wait).then_some(self.last),
                () = self.pause() => self.look().await,
            }
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

/// Sleeps until the first stop signal, and says where the runner manager is to be seen. In between only a change of
/// `config.toml` wakes it, to have clients and connections ready for the entries of that moment.
async fn sleep_until_stopped(
    options: &Options,
    files: &Files,
    clients: &mut Clients<'_>,
    stops: &Stops,
) -> Option<Pages> {
    let mut changes = Changes::of(files.volume().directory());
    log::info!("waiting for the end of the pod");
    loop {
        let config = files.config().ok().flatten();
        // What cannot be read now is read again at the end, and told then.
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
                return pages_at(&address);
            }
            () = changes.next(files.name()) => {}
        }
    }
}

/// Makes clients and connections for the entries there are.
async fn prepare(options: &Options, files: &Files, config: &Config, clients: &mut Clients<'_>) {
    let Ok(state) = files.state() else { return };
    if other_pod(state.as_ref(), &options.pod).is_some() {
        return;
    }
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    for departure in entries::departures(&config.toml.entries(&lookup), state.as_ref()) {
        match clients.of(&departure) {
            Ok(client) => client.connect_ahead().await,
            Err(error) => {
                log::warn!(
                    "{} cannot be unregistered like this: {error:#}",
                    departure.runner()
                );
            }
        }
    }
}
