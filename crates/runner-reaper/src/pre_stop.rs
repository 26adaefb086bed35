//! Owns the story of the hook: polling off, then unregister as soon as that harms nothing, and nothing polls after that.
//!
//! The hook dies with PID 1, so the runner manager must live until it has returned. After it the kubelet sends the
//! image's stop signal, and the runner manager finishes what is left by itself.

use std::time::Duration;

use runner_lifecycle::duration::show;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Ownership;
use rustix::process::Signal;

use crate::args::Options;
use crate::entries::Departure;
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

/// What GitLab usually needs. If it needs more, jobs are looked after meanwhile.
const AT_ONCE: Duration = Duration::from_secs(1);

/// Runs the hook.
///
/// # Errors
/// When the volume or its files cannot be used; nothing was unregistered then.
pub async fn run(options: &Options, deadlines: Deadlines, stops: &Stops) -> anyhow::Result<Exit> {
    let scene = match Scene::open_unless_stopped(options, deadlines.gitlab, stops).await? {
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
        leaving.say_missing(&scene.config);
        let all = leaving.departures(&scene.config);
        leaving.begin(all, deadlines.gitlab);
        leaving.settle(2).await;
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
    hook.leaving.say_missing(&hook.config);
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
        let (shared, mut rest): (Vec<Departure>, Vec<Departure>) = self
            .leaving
            .departures(&self.config)
            .into_iter()
            .partition(is_shared);
        let end = paused.end;
        let held = match &end {
            End::Off(quiet, watch, began) if quiet.held => Some((watch.clone(), *began)),
            _ => None,
        };
        if held.is_some() {
            log::info!("every worker is busy, and one entry may be polled again when a job ends");
        }
        if matches!(end, End::Stopped) {
            rest.extend(shared);
            self.leaving.give_up(&rest);
            return Ok(Some(self.leaving.last_words(0)));
        }
        if held.is_some() || matches!(end, End::On) {
            rest.extend(shared);
        } else {
            self.leaving.begin(shared, self.deadlines.gitlab);
            self.leaving.settle_within(AT_ONCE).await;
        }
        if files.changed_since(&self.config) {
            return Ok(None);
        }
        let wrapped = self.live.is_wrapped();
        let told_to_drain =
            wrapped && !matches!(end, End::On | End::Gone) && self.live.stop(Signal::QUIT);
        if told_to_drain {
            log::info!("runner manager told to drain (SIGQUIT): the wrapper outlives it");
        }
        let mut waiting = Waiting {
            live: self.live,
            files,
            config: &self.config,
            stops: self.stops,
            until: jobs_until,
            ending_is_news: !matches!(end, End::WasEnding) && !told_to_drain,
            held,
        };
        let owned = rest.iter().any(|departure| !is_shared(departure));
        let waited = match end {
            End::Gone => Waited::Idle,
            End::Ending => Waited::Ending(waiting.jobs().await),
            End::Off(quiet, ..) if quiet.idle && !wrapped => Waited::Idle,
            // Jobs that cannot be seen are waited for only where a runner would go with them.
            End::Unseen if !owned && !wrapped => Waited::Idle,
            _ if owned || wrapped || self.options.grace.told || matches!(end, End::On) => {
                waiting
                    .for_jobs(&mut self.leaving, &mut rest, self.deadlines.gitlab)
                    .await
            }
            _ => Waited::NotNeeded,
        };
        self.finish(waited, rest).await
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
            Waited::Stopped(jobs, seen) => {
                let harmless =
                    |departure: &Departure| is_shared(departure) || seen && jobs.is_empty();
                let (now, kept): (Vec<_>, Vec<_>) = rest.into_iter().partition(harmless);
                self.leaving.begin(now, self.deadlines.gitlab);
                self.leaving.settle(2).await;
                let why = if seen {
                    "told to stop while its jobs run"
                } else {
                    "told to stop, and jobs could not be seen"
                };
                self.leaving.keep(&kept, why, &jobs);
                return Ok(Some(self.leaving.last_words(jobs.len())));
            }
            Waited::Ending(jobs) => {
                let period = show(self.options.grace.period);
                log::warn!(
                    "the runner manager began to shut down: there is less time than {period}"
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
        self.leaving.begin(rest, self.deadlines.gitlab);
        self.leaving.settle(2).await;
        if self.scene.files.changed_since(&self.config) && !self.deadlines.gitlab.passed() {
            return Ok(None);
        }
        let exit = self.leaving.last_words(jobs.len());
        if deadline_passed && self.options.grace.told {
            last_act::end_jobs(self.live, self.deadlines.end).await;
        }
        Ok(Some(exit))
    }
}

fn is_shared(departure: &Departure) -> bool {
    departure.ownership == Ownership::Shared
}
