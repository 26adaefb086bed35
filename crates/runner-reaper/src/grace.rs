//! Owns the arithmetic of the grace period: until when jobs are waited for, until when GitLab is asked, when all is
//! over. Pure: the clock is the caller's.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;

/// Kubernetes' own `terminationGracePeriodSeconds`, where nobody says.
pub(crate) const DEFAULT: Duration = Duration::from_secs(30);

const LEAST_RESERVE: Duration = Duration::from_secs(2);
const MOST_RESERVE: Duration = Duration::from_secs(15);

/// The grace period as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grace {
    /// How long the pod has, from its deletion to SIGKILL.
    pub period: Duration,
    /// What is kept of it for unregistering.
    pub reserve: Duration,
    /// Whether the operator set it. Otherwise it is a guess, and no job is ended on a guess.
    pub told: bool,
}

/// The points in time that follow from a grace period.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadlines {
    /// Until then jobs are waited for.
    pub jobs: Deadline,
    /// Until then GitLab is asked.
    pub gitlab: Deadline,
    /// Then the kubelet kills.
    pub end: Deadline,
}

impl Grace {
    /// The grace period with its reserve: a sixth, between 2 s and 15 s, and never more than half of the period, however
    /// it was given.
    pub(crate) fn of(told: Option<Duration>, reserve: Option<Duration>) -> Self {
        let period = told.unwrap_or(DEFAULT);
        let usual = (period / 6).clamp(LEAST_RESERVE, MOST_RESERVE);
        Self {
            period,
            reserve: reserve.unwrap_or(usual).min(period / 2),
            told: told.is_some(),
        }
    }

    /// How long jobs are waited for.
    pub(crate) fn for_jobs(&self) -> Duration {
        self.period - self.reserve
    }

    /// How long GitLab is asked. A quarter of the reserve is left for the last act: a job that is ended is still
    /// reported, and the words are still written.
    pub(crate) fn for_gitlab(&self) -> Duration {
        self.period - self.reserve / 4
    }

    /// The points in time, for a grace period that began `gone` ago.
    pub(crate) fn deadlines(&self, gone: Duration) -> Deadlines {
        let at = |time: Duration| Deadline::after(time.saturating_sub(gone));
        Deadlines {
            jobs: at(self.for_jobs()),
            gitlab: at(self.for_gitlab()),
            end: at(self.period),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    #[test]
    fn reserve_is_a_sixth_within_bounds() {
        fn check(told: Option<f64>, reserve: Option<f64>, want: (f64, f64)) {
            let grace = Grace::of(told.map(seconds), reserve.map(seconds));
            let got = (grace.period, grace.reserve);
            assert_eq!(
                got,
                (seconds(want.0), seconds(want.1)),
                "{told:?} {reserve:?}"
            );
            assert_eq!(grace.told, told.is_some());
        }
        check(None, None, (30.0, 5.0));
        check(Some(60.0), None, (60.0, 10.0));
        check(Some(3600.0), None, (3600.0, 15.0));
        check(Some(6.0), None, (6.0, 2.0));
        check(Some(2.0), None, (2.0, 1.0));
        check(Some(1.0), None, (1.0, 0.5));
        check(Some(0.0), None, (0.0, 0.0));
        check(Some(3600.0), Some(120.0), (3600.0, 120.0));
        check(Some(60.0), Some(50.0), (60.0, 30.0));
        check(None, Some(1.0), (30.0, 1.0));
    }

    #[tokio::test(start_paused = true)]
    async fn an_hour_is_an_hour_less_what_is_gone() {
        let grace = Grace::of(Some(seconds(3600.0)), None);
        let deadlines = grace.deadlines(seconds(100.0));
        assert_eq!(deadlines.jobs.left(), seconds(3485.0));
        assert_eq!(deadlines.gitlab.left(), seconds(3496.25));
        assert_eq!(deadlines.end.left(), seconds(3500.0));
        tokio::time::advance(seconds(3485.0)).await;
        assert!(deadlines.jobs.passed() && !deadlines.gitlab.passed());
        assert!(grace.deadlines(seconds(4000.0)).end.passed());
    }

    proptest! {
        #[test]
        fn jobs_then_gitlab_then_the_end(told in 0_u64..100_000_000, reserve in proptest::option::of(0_u64..100_000_000)) {
            let grace = Grace::of(
                Some(Duration::from_millis(told)),
                reserve.map(Duration::from_millis),
            );
            prop_assert!(grace.reserve <= grace.period / 2);
            prop_assert!(grace.for_jobs() <= grace.for_gitlab());
            prop_assert!(grace.for_gitlab() <= grace.period);
            prop_assert!(grace.reserve.is_zero() || grace.for_gitlab() < grace.period);
        }
    }
}
