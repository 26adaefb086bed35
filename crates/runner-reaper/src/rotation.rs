//! Owns the token rotation that may be under way. The runner manager asks GitLab for a new token when three quarters of the old
//! one's lifetime are over; from then until it has written the new one the token in `config.toml` may be invalid.
//!
//! From 18.1 on its metrics page is silent in that time, and the pause waits for it. Earlier nothing shows it, and a file that is
//! loaded meanwhile takes the new token with it: it is written nowhere.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::duration::show;
use runner_lifecycle::environment::Environment;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::session::Session;
use runner_lifecycle::token::Token;
use tokio::time::sleep;

use crate::args::Options;
use crate::entries::Unregistration;
use crate::runner_manager::{Live, Look};
use crate::stops::Stops;

/// How long GitLab may take to answer, before a new token is taken as lost.
const ANSWERS: Duration = Duration::from_secs(30);

/// How long a pause waits for it.
const PAUSE_WAITS: Duration = Duration::from_secs(10);

/// So near to its time a rotation may be under way: clocks differ.
const NEAR: Duration = Duration::from_secs(60);

/// So near to its time it may begin before the pause is there.
const IMMINENT: Duration = Duration::from_secs(1);

/// How often the file is looked at.
const LOOK: Duration = Duration::from_millis(50);

/// When the runner manager replaces a token of this life; nothing for one that never expires or whose beginning is not known.
pub(crate) fn due_at(
    obtained: Option<SystemTime>,
    expires: Option<SystemTime>,
) -> Option<SystemTime> {
    let (obtained, expires) = (obtained?, expires?);
    let life = expires.duration_since(obtained).ok()?;
    obtained.checked_add(life / 4 * 3)
}

fn is_within(due: Option<SystemTime>, time: Duration) -> bool {
    due.is_some_and(|due| due <= SystemTime::now() + time)
}

/// Whether GitLab may not know the token because its rotation is under way.
pub(crate) fn may_be_under_way(unregistration: &Unregistration) -> bool {
    let due = due_at(unregistration.obtained_at, unregistration.expires_at);
    is_within(due, NEAR)
}

/// Whether GitLab may not know the token because it was rotated in an entry that is not there any more. A token that never
/// expires, as far as anybody knows, is not.
pub(crate) fn may_have_been(unregistration: &Unregistration) -> bool {
    unregistration.expires_at.is_some()
        && (unregistration.obtained_at.is_none() || may_be_under_way(unregistration))
}

/// Where the newest token of a runner stands.
#[derive(Clone, Debug)]
pub(crate) struct Newest {
    path: PathBuf,
    environment: Environment,
    /// Whether a runner manager may still be writing one.
    may_come: bool,
}

impl Newest {
    /// In the `config.toml` of these options.
    pub(crate) fn of(options: &Options) -> Self {
        Self {
            path: options.config.clone(),
            environment: options.environment.clone(),
            may_come: true,
        }
    }

    /// The runner manager has ended: what stands there is all there is.
    pub(crate) fn nobody_writes(&mut self) {
        self.may_come = false;
    }

    /// Another token of the same runner than the one that is known, waited for where one may still be written.
    pub(crate) async fn token(&self, known: &Unregistration, deadline: Deadline) -> Option<Token> {
        let limit = deadline.earlier(ANSWERS);
        loop {
            let found = self.read(known);
            if found.is_some() || !self.may_come || limit.passed() {
                return found;
            }
            sleep(LOOK.min(limit.left())).await;
        }
    }

    /// What cannot be read now is being written, or is read at the next look.
    fn read(&self, known: &Unregistration) -> Option<Token> {
        let config = Files::of(&self.path).ok()?.config().ok()??;
        let lookup = |name: &str| self.environment.get(name).map(str::to_owned);
        let entries = config.toml.entries(&lookup);
        let mut of_runner = entries.into_iter().filter(|entry| {
            // Somebody may have removed the id.
            let same = match entry.id {
                Some(id) => id == known.runner.id,
                None => entry.name == known.name,
            };
            same_url(&entry.url, &known.runner.url) && same
        });
        of_runner
            .find_map(|entry| entry.token)
            .filter(|token| *token != known.runner.token)
    }
}

/// The `config.toml` to pause. Where a rotation is due and the runner manager does not show whether one is under way, that is
/// the one with the new token, waited for as long as may be.
pub(crate) async fn waited_for(
    session: &Session,
    live: &Live,
    options: &Options,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<Config> {
    let config = &session.config;
    let lookup = |name: &str| options.environment.get(name).map(str::to_owned);
    let due = |entry: &runner_config::config_toml::RunnerEntry| {
        let due = due_at(entry.token_obtained_at, entry.token_expires_at);
        is_within(due, IMMINENT)
    };
    let any_due = config.toml.entries(&lookup).iter().any(due);
    if !any_due || shows_rotations(live).await {
        return Ok(config.clone());
    }
    let limit = deadline.earlier(PAUSE_WAITS.min(deadline.left() / 3));
    log::info!(
        "a token in config.toml is due to be rotated: waiting at most {} for the runner manager to write the new one",
        show(limit.left())
    );
    while !is_rewritten(&session.files, config) {
        if limit.passed() || stops.count() > 0 || live.is_gone() {
            break;
        }
        sleep(LOOK.min(limit.left())).await;
    }
    Ok(session.files.config()?.unwrap_or_else(|| config.clone()))
}

/// Whether a rotation under way is seen by its silence.
async fn shows_rotations(live: &Live) -> bool {
    match live.look().await {
        Look::Silent => true,
        Look::Seen(_) | Look::Nobody => live
            .version()
            .is_some_and(crate::runner_manager::Version::is_silent_while_rotating),
    }
}

/// Whether it is written to its end: the runner manager empties the file first.
fn is_rewritten(files: &Files, before: &Config) -> bool {
    let whole = |config: Config| config.toml.entry_count() >= before.toml.entry_count();
    files.changed_since(before) && files.config().ok().flatten().is_some_and(whole)
}

#[cfg(test)]
mod tests;
