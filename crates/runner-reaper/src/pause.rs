//! Owns the steps from polling to not polling: pause, watch until polling is off, put the original back. It unregisters
//! nothing and signals nothing but the reload.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::files::{Config, Files};
use runner_lifecycle::original::Restored;
use runner_lifecycle::volume;
use tokio::time::{Instant, sleep};

use crate::drain::{Quiet, Watch};
use crate::runner_manager::{Live, Look, ProcessState, Sample};
use crate::stops::Stops;

mod watching;

pub(crate) use watching::{REPEAT_RELOAD, Watching};

/// So often a pause is repeated at once: a token is rotated, or somebody edits.
const AT_ONCE: u32 = 3;

/// The first rest before another one; each further one is twice as long, up to the longest.
const FIRST_REST: Duration = Duration::from_millis(200);
const LONGEST_REST: Duration = Duration::from_secs(5);

/// How polling stands after the pause.
#[derive(Clone, Debug)]
pub(crate) enum End {
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
    pub(crate) fn activity(&self) -> Option<f64> {
        match self {
            Self::Off(_, watch, _) => Some(watch.activity()),
            _ => None,
        }
    }

    /// The watch that saw polling off, to look on with, and when it began.
    pub(crate) fn watch(self) -> Option<(Box<Watch>, Instant)> {
        match self {
            Self::Off(_, watch, began) => Some((watch, began)),
            _ => None,
        }
    }
}

/// What a pause came to.
#[derive(Debug)]
pub(crate) struct Paused {
    /// How polling stands.
    pub end: End,
    /// Whether `config.toml` is the original again.
    pub restored: bool,
}

impl Paused {
    /// No pause: polling goes on.
    pub(crate) fn not_possible() -> Self {
        Self {
            end: End::On,
            restored: true,
        }
    }
}

/// Publishes the paused file.
pub(crate) fn publish(files: &Files, paused: &str) -> Result<(), volume::Error> {
    files.pause(paused)?;
    log::info!("config.toml paused: no runner entries, so that no new job is taken");
    Ok(())
}

/// Ends polling, as often as a token rotation begins it anew before the deadline.
pub(crate) async fn end_polling(
    files: &Files,
    live: &Live,
    config: &Config,
    deadline: Deadline,
    stops: &Stops,
) -> anyhow::Result<Paused> {
    let mut config = config.clone();
    let mut pauses = 0;
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
        match publish(files, watching.text()) {
            Ok(()) => {}
            Err(error) if files.is_put_aside().unwrap_or(false) => {
                log::warn!("config.toml is paused already, and could not be written: {error}");
            }
            Err(error) => {
                log::warn!(
                    "config.toml could not be paused, so polling continues until the end: {error}"
                );
                // What was begun may have left the original beside the file.
                return Ok(Paused {
                    restored: files.put_back().is_ok(),
                    ..Paused::not_possible()
                });
            }
        }
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
                    "config.toml restored: an interrupted write had removed its runner entries during the pause; a new token may be lost"
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
        pauses += 1;
        rest(pauses, deadline, stops).await;
        log::info!("pausing again");
    }
}

/// Rests before a pause is repeated for the `times`th time, no longer than to the deadline or the first stop signal: whatever
/// rewrites `config.toml` all the time must not have it paused, and GitLab asked, as fast as this machine can.
pub(crate) async fn rest(times: u32, deadline: Deadline, stops: &Stops) {
    let rest = rest_before(times).min(deadline.left());
    if rest.is_zero() {
        return;
    }
    tokio::select! {
        () = sleep(rest) => {}
        () = stops.reached(1) => {}
    }
}

fn rest_before(times: u32) -> Duration {
    match times.checked_sub(AT_ONCE + 1) {
        None => Duration::ZERO,
        Some(doubled) => FIRST_REST
            .saturating_mul(1_u32.checked_shl(doubled).unwrap_or(u32::MAX))
            .min(LONGEST_REST),
    }
}

/// Without its original a paused file would say that there are no entries, and nobody would unregister them.
fn write_again(files: &Files, config: &Config) -> Option<Restored> {
    match files.write_again(config) {
        Ok(true) => {
            log::warn!(
                "config.toml.original was removed during the pause: config.toml was written again as before the pause"
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_that_are_repeated_come_at_a_pace() {
        let rests: Vec<u128> = (0..11)
            .map(|times| rest_before(times).as_millis())
            .collect();
        assert_eq!(rests, [0, 0, 0, 0, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(rest_before(u32::MAX), LONGEST_REST);
    }
}
