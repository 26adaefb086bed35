//! Owns the rules by which looks at the metrics page tell whether a restored file is loaded, and why it is not. Pure.

use std::time::Duration;

use crate::drain::Unloaded;
use crate::runner_manager::Sample;

/// Why the file is not loaded.
#[derive(Clone, Copy)]
pub(super) enum Hindrance {
    /// Its page does not answer.
    Silent,
    /// It cannot read the file.
    Error,
    /// It has more workers than `concurrent`, and waits for one of them before it looks at the file.
    Busy,
    /// It shows none.
    Unknown,
}

impl Hindrance {
    /// What the last look shows, where so many `errors` were counted at the first.
    pub(super) fn of(sample: Option<&Sample>, errors: &mut Option<f64>) -> Self {
        let Some(sample) = sample else {
            return Self::Silent;
        };
        let failed = sample.load_errors > *errors.get_or_insert(sample.load_errors);
        let busy = sample
            .workers
            .is_some_and(|workers| workers > sample.concurrent);
        match (failed, busy) {
            (true, _) => Self::Error,
            (false, true) => Self::Busy,
            (false, false) => Self::Unknown,
        }
    }
}

/// Whether the entries are loaded.
#[derive(Default)]
pub(super) struct Loaded {
    /// `configuration_loaded_total` at the first look, and what was fed and taken by then.
    before: Option<(f64, f64)>,
    unloaded: Unloaded,
}

impl Loaded {
    /// Takes a look at time `at` in. Says whether they are loaded and polled; nothing as long as that is not known, and that
    /// it cannot be seen once two of its own looks at the file would have come and gone.
    ///
    /// One that was shutting down before the pause has never loaded the paused file: its old entries are still there, and are
    /// polled no more. Before 19.1 its page looks like that of one whose workers are all busy.
    pub(super) fn see(&mut self, at: Duration, sample: &Sample) -> Option<bool> {
        let seen = (sample.loaded, sample.activity);
        let (loaded, activity) = *self.before.get_or_insert(seen);
        // It may have been loaded before the first look.
        let moved = sample.loaded > loaded || sample.activity > activity;
        if sample.limit_rows > 0 && (sample.says_state || moved) {
            return Some(true);
        }
        let tells = !sample.says_state && sample.state.is_none();
        (tells && self.unloaded.see(at, sample)).then_some(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(loaded: f64, limit_rows: usize) -> Sample {
        Sample {
            loaded,
            limit_rows,
            workers: Some(1.0),
            concurrent: 1.0,
            ..Sample::default()
        }
    }

    /// Looks twice a second, each at a page of this many loads and entries; what the last one tells.
    fn check(what: &str, pages: &[(f64, usize)], says_state: bool, want: Option<bool>) {
        let mut loaded = Loaded::default();
        let mut last = None;
        for (at, (loads, limit_rows)) in (0..).step_by(500).zip(pages) {
            let sample = Sample {
                says_state,
                ..sample(*loads, *limit_rows)
            };
            last = loaded.see(Duration::from_millis(at), &sample);
        }
        assert_eq!(last, want, "{what}");
    }

    #[test]
    fn entries_count_as_loaded_once_they_are_and_old_ones_of_one_that_drains_never() {
        check("paused", &[(2.0, 0)], true, None);
        check("loaded", &[(2.0, 0), (3.0, 1)], false, Some(true));
        check(
            "never paused, and says that it runs",
            &[(1.0, 1)],
            true,
            Some(true),
        );
        check("never paused, and does not say", &[(1.0, 1)], false, None);
        let mut fed = Loaded::default();
        let polls = Sample {
            activity: 1.0,
            ..sample(1.0, 1)
        };
        assert_eq!(fed.see(Duration::ZERO, &sample(1.0, 1)), None);
        let at = Duration::from_millis(500);
        assert_eq!(
            fed.see(at, &polls),
            Some(true),
            "loaded before anybody looked"
        );
        check(
            "the same, loaded again",
            &[(1.0, 1), (2.0, 1)],
            false,
            Some(true),
        );
        check(
            "loads nothing for two looks of its own",
            &[(1.0, 1); 15],
            false,
            Some(false),
        );
    }

    #[test]
    fn why_a_file_is_not_loaded_is_seen_on_the_page() {
        let mut errors = None;
        let of = |sample: Sample, errors: &mut Option<f64>| Hindrance::of(Some(&sample), errors);
        assert!(matches!(
            Hindrance::of(None, &mut errors),
            Hindrance::Silent
        ));
        let first = of(sample(1.0, 0), &mut errors);
        assert!(matches!(first, Hindrance::Unknown));
        let busy = Sample {
            workers: Some(2.0),
            ..sample(1.0, 0)
        };
        assert!(matches!(of(busy.clone(), &mut errors), Hindrance::Busy));
        let failed = Sample {
            load_errors: 1.0,
            ..busy
        };
        assert!(matches!(of(failed, &mut errors), Hindrance::Error));
    }
}
