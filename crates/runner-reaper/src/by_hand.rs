//! Owns the stories of `pause` and `resume`, which a person asks for: the first half of the hook, kept until it is ended.
//!
//! The state records the pause, who made it and when, before anything is paused. The volume is locked while its files change,
//! but not while the runner manager is observed: a hook that starts meanwhile has no time to lose.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use runner_config::globals::Globals;
use runner_config::load_check;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::session::Session;
use runner_lifecycle::volume::{self, names};
use tokio::time::sleep;

use crate::args::Options;
use crate::args::by_hand::{ByHand, Verb};
use crate::drain::STEP;
use crate::opening::{self, Opened};
use crate::runner_manager::{Live, jobs_in_words};
use crate::stops::Stops;

mod dry_run;
mod outcome;
mod pause;
mod resume;
mod who;

/// Others than a hook hold the lock of a paused volume for moments: long enough to end its pause.
const MOMENTS: Duration = Duration::from_secs(2);

/// Runs the one that was asked for, and shows what came of it.
///
/// Fails when the volume or its files cannot be used: nothing was changed then.
pub(crate) async fn run(options: &Options, asked: &ByHand, stops: &Stops) -> anyhow::Result<Exit> {
    let outcome = match (asked.dry_run, asked.verb) {
        (true, _) => dry_run::run(options, asked).await?,
        (false, Verb::Pause) => pause::run(options, asked, stops).await?,
        (false, Verb::Resume) => resume::run(options, asked, stops).await?,
    };
    if asked.json {
        outcome.print_json(asked, &options.config)?;
    }
    Ok(outcome.exit)
}

/// Opens the volume. Another run may work there for as long as it looks at a runner manager; a hook that has paused it works as
/// long as its pod lives, and is not waited for.
async fn open(options: &Options, deadline: Deadline, stops: &Stops) -> anyhow::Result<Session> {
    refuse_beside_a_hook(&Files::of(&options.config)?).await?;
    let opened = opening::open_unless_stopped(options, deadline, stops).await?;
    match opened {
        Opened::Session(session) if session.config.is_missing() => Err(missing(options)),
        Opened::Session(session) => Ok(*session),
        Opened::OtherPod(theirs) => Err(theirs.refuses_others().into()),
        Opened::Nothing => Err(missing(options)),
    }
}

fn missing(options: &Options) -> anyhow::Error {
    let path = options.config.display();
    Failure::unusable(format!("{path} does not exist")).into()
}

/// A paused file alone is no pause that could be ended.
fn refuse_without_original(files: &Files) -> anyhow::Result<()> {
    if !files.is_paused() || files.is_put_aside()? {
        return Ok(());
    }
    let (path, original) = (files.path().display(), names::original_of(files.name()));
    let words = format!(
        "{path} is paused and {original} is missing, so its runner entries are lost: put that file back, or run runner-init again"
    );
    Err(Failure::unusable(words).into())
}

/// A paused form that gitlab-runner does not load pauses nothing. What is wrong is shown in the operator's own lines.
fn refuse_unloadable_paused(path: &Path, config: &Config, paused: &str) -> Result<(), Failure> {
    let check = |text| load_check::check(text, &path.display().to_string(), &Globals::default());
    let own = |_| check(&config.text);
    check(paused)
        .or_else(own)
        .map(drop)
        .map_err(Failure::unusable)
}

fn is_locked(error: &anyhow::Error) -> bool {
    let error = error.downcast_ref::<volume::Error>();
    error.is_some_and(|error| error.kind() == ErrorKind::WouldBlock)
}

/// What is paused without a word in the state is paused by a hook; one that was killed holds no lock.
async fn refuse_beside_a_hook(files: &Files) -> anyhow::Result<()> {
    let by_hand = files.state()?.is_some_and(|state| state.pause.is_some());
    if by_hand || !files.is_put_aside()? {
        return Ok(());
    }
    let limit = Deadline::after(MOMENTS);
    while files.volume().is_locked() {
        if limit.passed() {
            let words = format!(
                "another runner-reaper has paused {} and is unregistering: nothing was changed; it restores the file by itself",
                files.path().display()
            );
            return Err(Failure::unusable(words).into());
        }
        sleep(STEP).await;
    }
    Ok(())
}

/// What runs, in words for the last line, with the addresses of the jobs where they are known.
async fn jobs_of(live: Option<&Live>) -> (String, Option<Vec<String>>) {
    let jobs = match live {
        Some(live) => live.jobs().await,
        None => None,
    };
    let jobs = jobs.map(|jobs| jobs.into_iter().map(|job| job.url).collect::<Vec<_>>());
    let words = match &jobs {
        None => "its jobs cannot be observed".to_owned(),
        Some(list) if list.is_empty() => "no job is running".to_owned(),
        Some(list) => {
            let count = jobs_in_words(list.len());
            format!("{count} still running: {}", list.join(", "))
        }
    };
    (words, jobs)
}
