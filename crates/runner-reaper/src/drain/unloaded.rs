//! Owns the rule by which a file that is not loaded tells that the runner manager shuts down, where its page does not say so:
//! before 19.1. Pure: the clock and the page are the caller's.
//!
//! A runner manager that works looks at its file every three seconds, and at once after a SIGHUP. One that drains does neither,
//! and with every worker busy it shows no other sign.

use std::time::Duration;

use super::{GAP, MARGIN};
use crate::runner_manager::{RELOAD, Sample};

/// Two of its own looks at the file would have come and gone.
const TWO_LOOKS: Duration = RELOAD.saturating_mul(2).saturating_add(MARGIN);

/// What has not changed since the paused file is there to be loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unloaded {
    /// The first look of those that showed the same.
    since: Option<Duration>,
    last: Duration,
    activity: f64,
    errors: f64,
}

impl Unloaded {
    /// Takes a look at time `at` in which the file is not loaded. Says whether that has been so for too long for a runner
    /// manager that works.
    pub(crate) fn see(&mut self, at: Duration, sample: &Sample) -> bool {
        let same = |one: f64, other: f64| one.total_cmp(&other).is_eq();
        // It works if it asks for jobs or complains about the file. With more workers than `concurrent` it waits for one of
        // them to become free, and looks at the file after that.
        let works = sample.requests > 0.0
            || !same(sample.activity, self.activity)
            || !same(sample.load_errors, self.errors)
            || sample
                .workers
                .is_none_or(|workers| workers > sample.concurrent);
        let unseen = at > self.last + GAP;
        if self.since.is_none() || works || unseen {
            self.since = Some(at);
        }
        self.last = at;
        self.activity = sample.activity;
        self.errors = sample.load_errors;
        self.since.is_some_and(|since| at >= since + TWO_LOOKS)
    }

    /// The file was loaded.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A look twice a second that shows what `of` makes of it; whether the last one tells that it shuts down.
    fn check(what: &str, until: u64, of: impl Fn(u64, &mut Sample), want: bool) {
        let mut unloaded = Unloaded::default();
        let mut last = false;
        for at in (0..=until).step_by(500) {
            let mut sample = Sample {
                workers: Some(2.0),
                concurrent: 2.0,
                activity: 7.0,
                ..Sample::default()
            };
            of(at, &mut sample);
            last = unloaded.see(Duration::from_millis(at), &sample);
        }
        assert_eq!(last, want, "{what}");
    }

    #[test]
    fn file_that_nobody_loads_for_two_looks_tells_of_a_shutdown() {
        check("one look at the file", 4000, |_, _| {}, false);
        check("nearly two", 6500, |_, _| {}, false);
        check("two", 7000, |_, _| {}, true);
    }

    #[test]
    fn runner_manager_that_does_anything_at_all_works() {
        let at_5 = |at: u64, value: f64| if at >= 5000 { value } else { 0.0 };
        check(
            "feeds",
            9000,
            |at, sample| sample.activity += at_5(at, 1.0),
            false,
        );
        check(
            "asks",
            9000,
            |at, sample| sample.requests = at_5(at, 1.0),
            false,
        );
        check(
            "cannot read the file",
            9000,
            |at, sample| sample.load_errors = at_5(at, 1.0),
            false,
        );
        check(
            "has a worker too many, all busy",
            60_000,
            |_, sample| sample.workers = Some(3.0),
            false,
        );
        check(
            "shows no workers",
            60_000,
            |_, sample| sample.workers = None,
            false,
        );
        check(
            "fed once, long ago",
            12_000,
            |at, sample| sample.activity += at_5(at, 1.0),
            true,
        );
    }

    #[test]
    fn what_nobody_saw_does_not_count() {
        let sample = Sample {
            workers: Some(1.0),
            concurrent: 1.0,
            ..Sample::default()
        };
        let mut unloaded = Unloaded::default();
        for at in [0, 5000, 10_000, 15_000] {
            assert!(!unloaded.see(Duration::from_millis(at), &sample), "{at}");
        }
    }
}
