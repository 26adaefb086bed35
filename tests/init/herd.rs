//! A herd of pods that start at once behind one address, where GitLab lets only some of them through at a time: each ends with
//! one runner, and nobody asks again before GitLab's window is over.

use std::time::Duration;

use acceptance::herd::{Herd, Source};
use gitlab_simulator::{RateLimits, Throttle};

const PODS: usize = 60;

/// A third of the herd a window.
const THROTTLE: Throttle = Throttle {
    requests: 20,
    period: Duration::from_secs(5),
};

fn check(source: Source, throttled: bool) {
    let rate_limits = RateLimits {
        unauthenticated: Some(THROTTLE),
        authenticated: Some(THROTTLE),
        ..RateLimits::default()
    };
    let ran = Herd::gather(source, PODS, rate_limits).run();
    assert_eq!(ran.answered, PODS * source.requests(), "{ran:?}");
    // A machine that is slow enough starts no more of them in a window than GitLab lets through; all of them touch three.
    let slow = ran.took > THROTTLE.period;
    assert!(throttled || ran.refused == 0, "{ran:?}");
    assert!(!throttled || ran.refused > 0 || slow, "{ran:?}");
    // Whoever asks once in each window is refused at most once in each, and a span of time touches one more than it holds.
    let windows = ran.took.as_secs() / THROTTLE.period.as_secs() + 2;
    assert!(ran.refused_of_one as u64 <= windows, "{ran:?}");
}

#[test]
fn herd_that_shares_a_runner_is_not_throttled() {
    check(Source::AuthenticationToken, false);
}

#[test]
fn herd_with_one_users_access_token_gets_through_window_by_window() {
    check(Source::AccessToken, true);
}

#[test]
fn herd_with_a_registration_token_gets_through_window_by_window() {
    check(Source::RegistrationToken, true);
}
