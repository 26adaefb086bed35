//! Owns the story of the hook: polling off, then unregister as soon as that harms nothing, and nothing polls after that.
//!
//! The hook dies with PID 1, so the runner manager must live until it has returned. After it the kubelet sends the
//! image's stop signal, and the runner manager finishes what is left by itself.

use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Ownership;
use runner_lifecycle::token::Token;
use rustix::process::Signal;

use crate::args::Options;
use crate::entries::{self, Departure};
use crate::files::Config;
use crate::grace::Deadlines;
use crate::pause::{self, End};
use crate::runner_manager::Live;
use crate::scene::{Opened, Scene};
use crate::stops::Stops;

mod last_act;
mod leaving;
mod waiting;

pub use leaving::Leaving;
use waiting::{Waited, Waiting};

/// Rounds that token rotations may cause; each needs a rotation of its own, and those are hours apart.
const MOST_ROUNDS: u32 = 5;

/// Runs the hook.
///
/// # Errors
/// When the volume or its files cannot be used; nothing was unregistered then.
pub async fn run(options: &Options, deadlines: Deadlines, stops: &Stops) -> anyhow::Result<Exit> {
    let scene = match Scene::open(options, deadlines.gitlab).await? {
        Opened::Scene(scene) => *scene,
        Opened::OtherPod(theirs) => {
            let theirs = theirs.describe();
            log::warn!(
                "this volume belongs to another pod, {theirs}: nothing was paused or unregistered"
            );
            return Ok(Exit::Done);
        }
        Opened::Nothing => {
            log::info!("no {}: nothing to unregister", options.config.display());
            return Ok(Exit::Done);
        }
    };
    drain_and_unregister(scene, options, deadlines, stops).await
}

/// The hook on a volume that is open already.
///
/// # Errors
/// As [`run`].
pub async fn drain_and_unregister(
    scene: Scene,
    options: &Options,
    deadlines: Deadlines,
    stops: &Stops,
) -> anyhow::Result<Exit> {
    let Some(live) = Live::find(options, &scene.files, &scene.config).await else {
        log::info!(
            "no runner manager works on {}: nothing polls",
            scene.files.path().display()
        );
        let mut leaving = Leaving::new(options, &scene, None, stops);
        let all = leaving.departures(&scene.config);
        leaving.unregister(all, deadlines.gitlab).await;
        return Ok(leaving.last_words(0));
    };
    log::info!("runner manager found: {}", live.describe());
    let seen = live.sample().await.and_then(|sample| sample.system_id);
    let mut hook = Hook {
        leaving: Leaving::new(options, &scene, seen, stops),
        config: scene.config.clone(),
        scene: &scene,
        live: &live,
        options,
        deadlines,
        stops,
    };
    for _ in 0..MOST_ROUNDS {
        if let Some(exit) = hook.round().await? {
            return Ok(exit);
        }
        log::info!("config.toml was rewritten meanwhile: its tokens count now");
    }
    Ok(hook.leaving.last_words(0).graver(Exit::JobsRunning))
}

struct Hook<'a> {
    scene: &'a Scene,
    live: &'a Live,
    options: &'a Options,
    deadlines: Deadlines,
    stops: &'a Stops,
    leaving: Leaving<'a>,
    /// The `config.toml` whose tokens count.
    config: Config,
}

impl Hook<'_> {
    /// One pass over the story. Nothing, if `config.toml` was rewritten under it.
    async fn round(&mut self) -> anyhow::Result<Option<Exit>> {
        let (files, jobs_until) = (&self.scene.files, self.deadlines.jobs);
        let paused =
            pause::end_polling(files, self.live, &self.config, jobs_until, self.stops).await?;
        if !paused.restored {
            self.leaving.note(Exit::Unusable);
        }
        if let Some(config) = files.config()? {
            self.config = config;
        }
        let (shared, owned): (Vec<Departure>, Vec<Departure>) = self
            .leaving
            .departures(&self.config)
            .into_iter()
            .partition(|departure| departure.ownership == Ownership::Shared);
        let mut waiting = Waiting {
            live: self.live,
            files,
            config: &self.config,
            stops: self.stops,
            until: jobs_until,
            ending_is_news: !matches!(paused.end, End::WasEnding),
            held: None,
        };
        let mut rest = owned;
        match &paused.end {
            End::Off(quiet, watch, began) if quiet.held => {
                log::info!(
                    "every worker is busy and one entry may be polled again when a job ends"
                );
                waiting.held = Some((watch.clone(), *began));
                rest.extend(shared);
            }
            End::On => rest.extend(shared),
            End::Stopped => {
                rest.extend(shared);
                return Ok(Some(self.leaving.give_up(&rest)));
            }
            _ => self.leaving.unregister(shared, self.deadlines.gitlab).await,
        }
        if files.changed_since(&self.config) {
            return Ok(None);
        }
        let polls_no_more = !matches!(paused.end, End::On);
        if self.live.is_wrapped() && polls_no_more && self.live.stop(Signal::QUIT) {
            log::info!("runner manager told to drain (SIGQUIT): the wrapper outlives it");
            waiting.ending_is_news = false;
        }
        let waited = match paused.end {
            End::Gone => Waited::Idle,
            End::Ending => Waited::Ending(waiting.jobs().await),
            End::Off(quiet, ..) if quiet.idle && !self.live.is_wrapped() => Waited::Idle,
            _ if self.must_wait(&rest, polls_no_more) => {
                let blind = matches!(paused.end, End::Unseen);
                if blind
                    && !rest.iter().any(|d| d.ownership == Ownership::Owned)
                    && !self.live.is_wrapped()
                {
                    Waited::Idle
                } else {
                    waiting
                        .for_jobs(&mut self.leaving, &mut rest, self.deadlines.gitlab)
                        .await
                }
            }
            _ => Waited::NotNeeded,
        };
        self.finish(waited, rest).await
    }

    /// Whether something hangs on the jobs: an owned runner, a grace period that was told, a wrapper that would end them
    /// when the hook returns, or polling that cannot be ended.
    fn must_wait(&self, rest: &[Departure], polls_no_more: bool) -> bool {
        let owned = rest
            .iter()
            .any(|departure| departure.ownership == Ownership::Owned);
        owned || self.options.grace.told || self.live.is_wrapped() || !polls_no_more
    }

    /// Unregisters what is left, as far as that is right, and speaks the last words.
    async fn finish(
        &mut self,
        waited: Waited,
        rest: Vec<Departure>,
    ) -> anyhow::Result<Option<Exit>> {
        let (jobs, deadline_passed) = match waited {
            Waited::Rewritten => return Ok(None),
            Waited::Idle | Waited::NotNeeded => (Vec::new(), false),
            Waited::Stopped(jobs) => {
                let (owned, shared): (Vec<_>, Vec<_>) = rest.into_iter().partition(|departure| {
                    departure.ownership == Ownership::Owned && !jobs.is_empty()
                });
                self.leaving.unregister(shared, self.deadlines.gitlab).await;
                self.leaving
                    .keep(&owned, "told to stop while its jobs run", &jobs);
                let running = jobs.len();
                return Ok(Some(self.leaving.last_words(running)));
            }
            Waited::Ending(jobs) => {
                log::warn!(
                    "the runner manager began to shut down: the grace period is shorter than {}",
                    self.told()
                );
                (jobs, false)
            }
            Waited::Deadline(jobs) => (jobs, true),
            Waited::Unseen => (Vec::new(), true),
        };
        if !jobs.is_empty() {
            log::warn!(
                "time is up with {} jobs running: {}",
                jobs.len(),
                jobs.join(", ")
            );
            self.leaving.note(Exit::JobsRunning);
        }
        self.leaving.unregister(rest, self.deadlines.gitlab).await;
        if self.scene.files.changed_since(&self.config) && !self.deadlines.gitlab.passed() {
            return Ok(None);
        }
        let exit = self.leaving.last_words(jobs.len());
        if deadline_passed && self.options.grace.told {
            last_act::end_jobs(self.live, self.deadlines.end).await;
        }
        Ok(Some(exit))
    }

    fn told(&self) -> String {
        runner_lifecycle::duration::show(self.options.grace.period)
    }
}

/// The entries that are still to go: those whose token is not among the ones that are gone.
fn still_here(
    toml: &ConfigToml,
    scene: &Scene,
    options: &Options,
    gone: &[Token],
) -> Vec<Departure> {
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    let all = toml.entries(&lookup);
    let state = scene.state.as_ref();
    let lost = state.and_then(|state| entries::pending(state, &all));
    let found = entries::departures(&all, state).into_iter().chain(lost);
    found
        .filter(|departure| !gone.contains(&departure.token))
        .collect()
}
