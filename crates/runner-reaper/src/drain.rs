//! Owns the rules by which looks at the metrics page tell whether polling is off and whether jobs run. Pure: the clock,
//! the page and the patience are the caller's.
//!
//! A runner manager that has loaded a file without entries may still hold an entry of the old list, have a request open, or
//! fill its slots: after each job received the entry is polled again at once. So "loaded" is not "off".

use std::time::Duration;

use crate::runner_manager::{ProcessState, RELOAD, Sample};

mod unloaded;

pub(crate) use unloaded::Unloaded;

/// Distance of two looks that count.
pub(crate) const STEP: Duration = Duration::from_millis(100);

/// Looks that are further apart than this do not follow each other.
const GAP: Duration = Duration::from_secs(1);

/// Looks that must show the same. Between a request's end and its job's start lie a few milliseconds in which neither
/// is to be seen.
const LOOKS: u32 = 3;

/// On top of what must have happened by then, where nothing can be seen.
const MARGIN: Duration = Duration::from_secs(1);

/// When it has loaded a newer file by itself, if it works.
pub(crate) const LOADED_BY_ITSELF: Duration = RELOAD.saturating_add(MARGIN);

/// How the runner manager appears after a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Polling {
    /// The paused file is not loaded yet.
    NotLoaded,
    /// It is loaded, but requests are open, slots are being filled, or the pass over the old entries goes on.
    On,
    /// Nothing is polled any more.
    Off(Quiet),
    /// A stop signal arrived: it no longer polls, and will end.
    Ending,
}

/// What is seen once nothing moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quiet {
    /// Whether no job runs.
    pub idle: bool,
    /// Whether every worker is busy, so that the feeder may hold an entry which is polled when a job ends.
    pub held: bool,
}

/// Three looks in a row that show no request and no movement.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stillness {
    looks: u32,
    /// The first look of those that showed the same.
    since: Duration,
    last: Duration,
    activity: f64,
    idle: bool,
    held: bool,
}

impl Stillness {
    /// Takes a look at time `at` in. Says what is seen once it has been the same long enough.
    pub(crate) fn see(&mut self, at: Duration, sample: &Sample) -> Option<Quiet> {
        let moved = self.looks > 0 && sample.activity.total_cmp(&self.activity).is_ne();
        // The entry that was held is polled next: what was quiet before says nothing about it.
        let freed = self.held && !is_full(sample);
        if sample.requests > 0.0 || moved || freed {
            *self = Self::default();
            if sample.requests > 0.0 {
                return None;
            }
        }
        if self.looks == 0 {
            let (activity, idle) = (sample.activity, true);
            *self = Self {
                looks: 0,
                since: at,
                last: at,
                activity,
                idle,
                held: false,
            };
        } else if at < self.last + STEP {
            // Too close to the last one to count, but what it shows does.
            self.note(sample);
            return None;
        }
        self.note(sample);
        self.looks += 1;
        self.last = at;
        (self.looks >= LOOKS).then_some(Quiet {
            idle: self.idle,
            held: self.held,
        })
    }

    fn note(&mut self, sample: &Sample) {
        self.idle &= sample.jobs <= 0.0;
        // Only the newest look tells whether a worker is free now.
        self.held = is_full(sample);
    }
}

/// Whether every worker is busy: the feeder stands still then, with an entry in its hand.
fn is_full(sample: &Sample) -> bool {
    sample.jobs + sample.requests >= sample.concurrent
}

/// Watches a runner manager from the publication of a paused file on.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// `configuration_loaded_total` before the pause; nothing if it could not be seen.
    loaded_before: Option<f64>,
    /// `concurrent` of the paused file.
    concurrent: f64,
    /// The pass over the old entries, once the feeder goes on with it.
    pass: Pass,
    acknowledged: Option<Duration>,
    /// Since when the feeder goes on with the pass: from the acknowledgement, or from the first free worker after that.
    goes_on: Option<Duration>,
    /// The last look.
    seen: Option<Duration>,
    stillness: Stillness,
    unloaded: Unloaded,
    was_ending: bool,
}

impl Watch {
    /// A watch that begins now, at time zero.
    pub(crate) fn new(loaded_before: Option<f64>, concurrent: f64, pass: Pass) -> Self {
        Self {
            loaded_before,
            concurrent,
            pass,
            acknowledged: None,
            goes_on: None,
            seen: None,
            stillness: Stillness::default(),
            unloaded: Unloaded::default(),
            was_ending: false,
        }
    }

    /// Takes a look at time `at` after the publication in.
    pub(crate) fn see(&mut self, at: Duration, sample: &Sample) -> Polling {
        if sample.state.is_some_and(ProcessState::is_ending) {
            self.was_ending = !sample.says_state && self.acknowledged.is_none();
            return Polling::Ending;
        }
        // A token rotation loads the file by itself, so the counter alone does not tell which file is in use.
        let moved = self
            .loaded_before
            .is_none_or(|before| sample.loaded.total_cmp(&before).is_ne());
        let shown = sample.limit_rows == 0 && sample.concurrent.total_cmp(&self.concurrent).is_eq();
        if !(moved && shown) {
            self.acknowledged = None;
            self.goes_on = None;
            self.stillness = Stillness::default();
            let tells = !sample.says_state && sample.state.is_none();
            if tells && self.unloaded.see(at, sample) {
                self.was_ending = true;
                return Polling::Ending;
            }
            return Polling::NotLoaded;
        }
        self.unloaded.forget();
        self.acknowledged.get_or_insert(at);
        let before = self.seen.replace(at);
        if self.pass.goes_over_several() && before.is_some_and(|before| at > before + GAP) {
            // What was due while nobody could look, or while the process stood still, is done now.
            self.stillness = Stillness::default();
        }
        if is_full(sample) {
            self.goes_on = None;
        } else {
            self.goes_on.get_or_insert(at);
        }
        match self.stillness.see(at, sample) {
            // While it stands still there is nothing to wait for; what is in its hand is told by `held`.
            Some(quiet) if quiet.held => Polling::Off(quiet),
            Some(quiet)
                if self
                    .goes_on
                    .is_some_and(|since| self.pass.is_over(at, since, self.stillness.since)) =>
            {
                Polling::Off(quiet)
            }
            _ => Polling::On,
        }
    }

    /// The activity of the last looks, which showed the same.
    pub(crate) fn activity(&self) -> f64 {
        self.stillness.activity
    }

    /// Whether it was shutting down before the paused file came. Where its page says its state, that is known by then.
    pub(crate) fn was_ending(&self) -> bool {
        self.was_ending
    }

    /// Whether the paused file was seen loaded.
    pub(crate) fn acknowledged(&self) -> bool {
        self.acknowledged.is_some()
    }
}

/// The pass over the old list after a reload: the feeder rests `check_interval`/n after each of n entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pass {
    whole: Duration,
    rest: Duration,
}

impl Pass {
    /// The pass over so many entries. Over one there is none: nothing of the list is left after it.
    pub(crate) fn over(entries: usize, check_interval: Duration) -> Self {
        let entries = u32::try_from(entries).unwrap_or(u32::MAX);
        if entries < 2 {
            return Self::default();
        }
        let rest = check_interval / entries;
        Self {
            whole: rest.saturating_mul(entries - 1),
            rest,
        }
    }

    fn goes_over_several(self) -> bool {
        !self.rest.is_zero()
    }

    /// Whether it is over at time `at`, if the feeder went on with it at `since` and nothing has moved from `still` on. A
    /// process that is short of time rests longer than it means to, after each entry anew.
    fn is_over(self, at: Duration, since: Duration, still: Duration) -> bool {
        if !self.goes_over_several() {
            return true;
        }
        let margin = 2 * STEP;
        at >= since + self.whole + margin && at >= still + self.rest * 3 / 2 + margin
    }
}

/// How long to wait where nothing can be seen: its own look at the file, one pass, and a margin.
pub(crate) fn blind(check_interval: Duration) -> Duration {
    RELOAD + check_interval + MARGIN
}

/// Whether a sample shows that nothing runs and nothing is asked for.
pub(crate) fn is_idle(sample: &Sample) -> bool {
    sample.jobs <= 0.0 && sample.requests <= 0.0
}

#[cfg(test)]
mod tests;
