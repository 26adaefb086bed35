//! Owns how long to wait between two attempts: exponential with full jitter, or what GitLab asked for and a little more.
//! Pure except for the random source; it never sleeps.

use std::time::Duration;

/// How fast attempts follow each other while nothing else says how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// Longest wait before the second attempt; it doubles with each further one.
    pub base: Duration,
    /// Longest wait of all.
    pub cap: Duration,
}

impl Default for Backoff {
    /// Short at first, as most troubles of a starting pod pass in a second; never so long that a GitLab that has come
    /// back is noticed late.
    fn default() -> Self {
        Self {
            base: Duration::from_millis(250),
            cap: Duration::from_secs(10),
        }
    }
}

/// The most that is waited beyond what GitLab asked for, as a part of it: one tenth.
const SPREAD: u32 = 10;

impl Backoff {
    /// The longest wait after `failures` failed attempts, counted from 1.
    #[must_use]
    pub fn bound(&self, failures: u32) -> Duration {
        let factor = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// The wait after `failures` failed attempts for a random number: 0 gives none, `u32::MAX` the whole bound.
    ///
    /// Full jitter: a thousand pods that lost GitLab in the same second come back spread out.
    #[must_use]
    pub fn wait(&self, failures: u32, random: u32) -> Duration {
        self.bound(failures)
            .mul_f64(f64::from(random) / f64::from(u32::MAX))
            .min(self.cap)
    }

    /// [`Backoff::wait`] with a fresh throw.
    #[must_use]
    pub fn throw(&self, failures: u32) -> Duration {
        self.wait(failures, roll())
    }

    /// The wait where GitLab asked for `asked` and `left` is left of the deadline, for a random number.
    ///
    /// Never less than asked. All who are refused in one window of a rate limit are told the same moment; up to a tenth is
    /// added, so that they do not come back in the same second. What is added is never the reason that a deadline is missed.
    #[must_use]
    pub fn asked(asked: Duration, left: Duration, random: u32) -> Duration {
        let room = left.saturating_sub(asked) / 2;
        let spread = (asked / SPREAD).min(room);
        asked.saturating_add(spread.mul_f64(f64::from(random) / f64::from(u32::MAX)))
    }

    /// [`Backoff::asked`] with a fresh throw.
    #[must_use]
    pub fn throw_asked(asked: Duration, left: Duration) -> Duration {
        Self::asked(asked, left, roll())
    }
}

/// A new random number; the highest when the kernel gives no random bytes.
fn roll() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn backoffs() -> impl Strategy<Value = Backoff> {
        (0_u64..5_000, 0_u64..100_000).prop_map(|(base, cap)| Backoff {
            base: Duration::from_millis(base),
            cap: Duration::from_millis(cap),
        })
    }

    proptest! {
        #[test]
        fn no_wait_is_longer_than_its_bound_or_the_cap(
            backoff in backoffs(), failures in 0_u32..200, random: u32,
        ) {
            let wait = backoff.wait(failures, random);
            prop_assert!(wait <= backoff.bound(failures) + Duration::from_nanos(100));
            prop_assert!(wait <= backoff.cap);
        }

        #[test]
        fn bounds_never_shrink_with_further_failures(backoff in backoffs(), failures in 0_u32..200) {
            prop_assert!(backoff.bound(failures) <= backoff.bound(failures + 1));
        }

        #[test]
        fn a_higher_throw_never_waits_less(
            backoff in backoffs(), failures in 0_u32..50, one: u32, two: u32,
        ) {
            let (low, high) = (one.min(two), one.max(two));
            prop_assert!(backoff.wait(failures, low) <= backoff.wait(failures, high));
        }

        #[test]
        fn fresh_throws_stay_inside(backoff in backoffs(), failures in 1_u32..50) {
            prop_assert!(backoff.throw(failures) <= backoff.cap);
        }
    }

    proptest! {
        #[test]
        fn what_gitlab_asks_for_is_kept_and_at_most_a_tenth_is_added(
            asked in 0_u64..10_000_000, left in 0_u64..20_000_000, random: u32,
        ) {
            let (asked, left) = (Duration::from_millis(asked), Duration::from_millis(left));
            let wait = Backoff::asked(asked, left, random);
            prop_assert!(wait >= asked);
            prop_assert!(wait <= asked + asked / 10 + Duration::from_nanos(100));
            prop_assert!(wait < left || asked >= left, "the spread alone misses the deadline");
        }
    }

    #[test]
    fn those_who_are_told_the_same_moment_come_back_spread_out() {
        let (minute, ample) = (Duration::from_secs(60), Duration::from_secs(300));
        let waits = [0, u32::MAX / 2, u32::MAX].map(|random| Backoff::asked(minute, ample, random));
        assert_eq!(waits.map(|wait| wait.as_millis()), [60_000, 62_999, 66_000]);
        assert_eq!(
            Backoff::asked(Duration::MAX, ample, u32::MAX),
            Duration::MAX
        );
    }

    #[test]
    fn bounds_double_until_the_cap() {
        let backoff = Backoff {
            base: Duration::from_millis(100),
            cap: Duration::from_secs(1),
        };
        let bounds: Vec<u128> = (1..7).map(|n| backoff.bound(n).as_millis()).collect();
        assert_eq!(bounds, [100, 200, 400, 800, 1000, 1000]);
        assert_eq!(backoff.wait(3, 0), Duration::ZERO);
        assert_eq!(backoff.wait(3, u32::MAX), Duration::from_millis(400));
    }
}
