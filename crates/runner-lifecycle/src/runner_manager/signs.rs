//! Owns the rule by which the workers of a runner manager tell what it is doing, where its page does not say so: before 19.1.
//! Pure: the clock and the page are the caller's.
//!
//! gitlab-runner starts its workers once it has taken over the signals. On a stop signal it ends the idle ones at once and each
//! other one after its job, so that there are fewer than `concurrent`. A saturated one shows nothing until a job ends.

use std::time::Duration;

use super::metrics::{ProcessState, Sample};

/// As long as this there are fewer workers than `concurrent` only in a runner manager that shuts down. One that starts, or
/// that has loaded a greater `concurrent`, adds what is missing within a millisecond.
const LASTING: Duration = Duration::from_millis(500);

/// What the looks so far have shown.
#[derive(Clone, Debug, Default)]
pub struct Signs {
    /// Whether there ever was a worker.
    had_workers: bool,
    /// `concurrent` at the last look.
    concurrent: Option<f64>,
    /// Whether `concurrent` has grown since there were as many workers.
    growing: bool,
    /// Since when there are too few workers.
    too_few: Option<Duration>,
}

impl Signs {
    /// What a look at time `at` shows: that it starts, or that it shuts down. Nothing, where it works or nobody can tell.
    pub fn state(&mut self, at: Duration, sample: &Sample) -> Option<ProcessState> {
        let workers = sample.workers?;
        self.had_workers |= workers >= 1.0 || sample.workers_started;
        let before = self.concurrent.replace(sample.concurrent);
        self.growing |= before.is_some_and(|before| before < sample.concurrent);
        if !self.had_workers {
            return Some(ProcessState::Starting);
        }
        if workers >= sample.concurrent {
            self.growing = false;
        }
        if self.growing || workers >= sample.concurrent {
            self.too_few = None;
            return None;
        }
        let since = *self.too_few.get_or_insert(at);
        (at >= since + LASTING).then_some(ProcessState::Graceful)
    }
}

#[cfg(test)]
mod tests {
    use ProcessState::{Graceful, Starting};

    use super::*;

    /// Looks as a test writes them: milliseconds, workers, `concurrent`.
    fn check(what: &str, looks: &[(u64, f64, f64)], want: &[Option<ProcessState>]) {
        let mut signs = Signs::default();
        let got: Vec<_> = looks
            .iter()
            .map(|(at, workers, concurrent)| {
                let sample = Sample {
                    workers: Some(*workers),
                    concurrent: *concurrent,
                    ..Sample::default()
                };
                signs.state(Duration::from_millis(*at), &sample)
            })
            .collect();
        assert_eq!(got, want, "{what}");
    }

    #[test]
    fn workers_tell_what_no_page_says() {
        check(
            "starts",
            &[(0, 0.0, 2.0), (900, 0.0, 2.0), (910, 2.0, 2.0)],
            &[Some(Starting), Some(Starting), None],
        );
        check("works", &[(0, 2.0, 2.0), (900, 2.0, 2.0)], &[None, None]);
        check(
            "shut down before anybody looked",
            &[(0, 1.0, 2.0), (490, 1.0, 2.0), (500, 1.0, 2.0)],
            &[None, None, Some(Graceful)],
        );
        check(
            "saturated, then a job ends, then the last",
            &[
                (0, 2.0, 2.0),
                (900, 2.0, 2.0),
                (1000, 1.0, 2.0),
                (1500, 1.0, 2.0),
                (1600, 0.0, 2.0),
            ],
            &[None, None, None, Some(Graceful), Some(Graceful)],
        );
        check(
            "a moment between two workers",
            &[(0, 1.0, 2.0), (10, 2.0, 2.0), (600, 1.0, 2.0)],
            &[None, None, None],
        );
        check(
            "a greater concurrent whose workers are late",
            &[(0, 2.0, 2.0), (100, 2.0, 3.0), (900, 2.0, 3.0)],
            &[None, None, None],
        );
        check(
            "shuts down after a greater concurrent",
            &[
                (0, 2.0, 2.0),
                (100, 3.0, 3.0),
                (200, 2.0, 3.0),
                (700, 2.0, 3.0),
            ],
            &[None, None, None, Some(Graceful)],
        );
        check(
            "a smaller concurrent with every worker busy",
            &[(0, 4.0, 2.0), (900, 3.0, 2.0)],
            &[None, None],
        );
    }

    #[test]
    fn without_the_number_of_workers_nobody_can_tell() {
        let sample = Sample {
            concurrent: 4.0,
            ..Sample::default()
        };
        let mut signs = Signs::default();
        for at in [0, 5000] {
            assert_eq!(signs.state(Duration::from_millis(at), &sample), None);
        }
    }

    #[test]
    fn all_workers_gone_is_no_start() {
        let sample = Sample {
            workers: Some(0.0),
            workers_started: true,
            concurrent: 1.0,
            ..Sample::default()
        };
        let mut signs = Signs::default();
        assert_eq!(signs.state(Duration::ZERO, &sample), None);
        assert_eq!(signs.state(LASTING, &sample), Some(Graceful));
    }
}
