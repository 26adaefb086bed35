//! Owns the steps from polling to not polling: pause, watch until polling is off, put the original back. It unregisters
//! nothing and signals nothing but the reload.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::original::Restored;
use tokio::time::Instant;

use crate::drain::{Quiet, Watch};
use crate::files::{Config, Files};
use crate::runner_manager::{Live, Look, ProcessState, Sample};
use crate::stops::Stops;

mod watching;

pub use watching::{REPEAT_RELOAD, Watching};

/// How polling stands after the pause.
#[derive(Clone, Debug)]
pub enum End {
    /// It is off, as seen.
    Off(Quiet, Box<Watch>, Instant),
    /// It must be off by now: nobody was ever there to be looked at, and time has passed.
    Unseen,
    /// The process ended.
    Gone,
    /// It was shutting down before we came.
    WasEnding,
    /// It began to shut down meanwhile.
    Ending,
    /// It goes on, or may: the file cannot be written, or the deadline came first.
    On,
    /// We were told twice to stop.
    Stopped,
}

impl End {
    /// The activity that was seen when polling was off.
    #[must_use]
    pub fn activity(&self) -> Option<f64> {
        match self {
            Self::Off(_, watch, _) => Some(watch.activity()),
            _ => None,
        }
    }

    /// The watch that saw polling off, to look on with, and when it began.
    #[must_use]
    pub fn watch(self) -> Option<(Box<Watch>, Instant)> {
        match self {
            Self::Off(_, watch, began) => Some((watch, began)),
            _ => None,
        }
    }
}

/// What a pause came to.
#[derive(Debug)]
pub struct Paused {
    /// How polling stands.
    pub end: End,
    /// Whether `config.toml` is the original again.
    pub restored: bool,
}

impl Paused {
    /// No pause: polling goes on.
    #[must_use]
    pub fn not_possible() -> Self {
        Self {
            end: End::On,
            restored: true,
        }
    }
}

/// Ends polling, as often as a token rotation begins it anew before the deadline.
///
/// # Errors
/// When `config.toml` cannot be read.
pub async fn end_polling(
    files: &Files,
    live: &Live,
    config: &Config,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<Paused> {
    let mut config = config.clone();
    loop {
        let before = live.look().await;
        if matches!(&before, Look::Seen(sample) if is_ending(sample)) {
            // It may have been paused by hand.
            return Ok(Paused {
                end: End::WasEnding,
                restored: files.put_back().is_ok(),
            });
        }
        let watching = Watching::of(files, live, &config, &before)?;
        if let Err(error) = files.pause(watching.text()) {
            log::warn!(
                "config.toml could not be paused, so polling continues until the end: {error}"
            );
            // What was begun may have left the original beside the file.
            drop(files.put_back());
            return Ok(Paused::not_possible());
        }
        log::info!("config.toml paused: no runner entries, so that no new job is taken");
        let end = tokio::select! {
            biased;
            end = watching.until_off(deadline) => end,
            () = stops.reached(2) => Some(End::Stopped),
        };
        let restored = match files.put_back_when_whole(deadline).await {
            Ok(restored) => Some(restored),
            Err(error) => {
                log::error!("config.toml could not be restored: {error}");
                None
            }
        };
        let restored = match restored {
            Some(Restored::Nothing) => write_again(files, &config),
            other => other,
        };
        match restored {
            Some(Restored::Superseded | Restored::Nothing) => {
                log::info!(
                    "the runner manager rewrote config.toml during the pause (token rotation)"
                );
            }
            Some(Restored::Recovered) => {
                log::warn!(
                    "config.toml restored: it had lost its runner entries during the pause; a write was cut off, and a new token may be lost with it"
                );
            }
            Some(Restored::PutBack) => log::info!("config.toml restored"),
            None => {}
        }
        let rotated = end.is_none() || !matches!(restored, None | Some(Restored::PutBack));
        let end = end.unwrap_or(End::On);
        if !rotated || matches!(end, End::Stopped | End::Gone) || deadline.passed() {
            return Ok(Paused {
                end,
                restored: restored.is_some(),
            });
        }
        match files.config()? {
            Some(newer) => config = newer,
            // Somebody removed it; the runner manager goes on with what it has.
            None => {
                return Ok(Paused::not_possible());
            }
        }
        log::info!("pausing again");
    }
}

/// Without its original a paused file would say that there are no entries, and nobody would unregister them.
fn write_again(files: &Files, config: &Config) -> Option<Restored> {
    match files.write_again(config) {
        Ok(true) => {
            log::warn!(
                "config.toml.original was removed during the pause: config.toml was written again as it was before"
            );
            Some(Restored::PutBack)
        }
        Ok(false) => Some(Restored::Nothing),
        Err(error) => {
            log::error!("config.toml could not be restored: {error}");
            None
        }
    }
}

fn is_ending(sample: &Sample) -> bool {
    sample.state.is_some_and(ProcessState::is_ending)
}
