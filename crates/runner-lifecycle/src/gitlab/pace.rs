//! Owns how patient a call is: the waits between its attempts, and how long each may take.

use std::time::Duration;

use crate::backoff::Backoff;

/// How fast attempts follow each other and how long each may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The waits in between, where GitLab does not name one.
    pub backoff: Backoff,
    /// Limit of a first attempt, from the name's resolution to the last byte of the answer; each further one has twice as
    /// long, so that a GitLab which is only slow is heard in the end.
    pub attempt: Duration,
    /// The same for a creation: an attempt that is given up may have made a runner, and the next one makes another.
    pub creation: Duration,
    /// Limit of its part before the request is sent: resolution, connection, TLS.
    pub connect: Duration,
    /// What has to be left of the deadline for a creation to be repeated.
    pub room: Duration,
}

impl Default for Pace {
    /// Ten seconds are ample for GitLab and leave several attempts in a grace period of 30 s. A creation gets three times as
    /// long: a GitLab that is overloaded should not be asked for one runner after the other. Connecting has a limit of its
    /// own so that a creation that hung before it was sent is known not to have happened. Where next to nothing is left another
    /// creation would be cut short, and may have made a runner that nobody hears of.
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            attempt: Duration::from_secs(10),
            creation: Duration::from_secs(30),
            connect: Duration::from_secs(8),
            room: Duration::from_millis(500),
        }
    }
}

impl Pace {
    /// Limit of an attempt, counted from 1.
    pub(super) fn limit(&self, creates: bool, attempt: u32) -> Duration {
        let first = if creates { self.creation } else { self.attempt };
        first.saturating_mul(1 << attempt.saturating_sub(1).min(16))
    }

    /// What has to be left of the deadline for another attempt.
    pub(super) fn room(&self, creates: bool) -> Duration {
        if creates { self.room } else { Duration::ZERO }
    }
}
