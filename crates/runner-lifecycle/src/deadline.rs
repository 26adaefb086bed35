//! Owns the one point in time that a whole run must end by. A deadline is handed down; a duration is not.

use std::time::Duration;

use tokio::time::Instant;

/// A point in time by which something is over, whatever happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

/// Longest time a deadline may lie ahead: far enough for "never", near enough for the clock's arithmetic.
const FAR: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

impl Deadline {
    /// The deadline `time` from now.
    #[must_use]
    pub fn after(time: Duration) -> Self {
        Self(Instant::now() + time.min(FAR))
    }

    /// What is left of it; zero once it has passed.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn passed(self) -> bool {
        self.left().is_zero()
    }

    /// This deadline or the one `time` from now, whichever comes first.
    #[must_use]
    pub fn earlier(self, time: Duration) -> Self {
        self.min(Self::after(time))
    }

    /// The deadline that is `time` before this one.
    #[must_use]
    pub fn less(self, time: Duration) -> Self {
        self.0
            .checked_sub(time)
            .map_or_else(|| Self(Instant::now()), Self)
    }

    /// The instant itself, for timers.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn left_shrinks_and_stops_at_zero() {
        let deadline = Deadline::after(Duration::from_secs(5));
        assert_eq!(deadline.left(), Duration::from_secs(5));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(deadline.left(), Duration::from_secs(2));
        assert!(!deadline.passed());
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(deadline.left(), Duration::ZERO);
        assert!(deadline.passed());
    }

    #[tokio::test(start_paused = true)]
    async fn earlier_never_moves_a_deadline_back() {
        let deadline = Deadline::after(Duration::from_secs(5));
        assert_eq!(deadline.earlier(Duration::from_secs(9)), deadline);
        assert_eq!(
            deadline.earlier(Duration::from_secs(2)).left(),
            Duration::from_secs(2)
        );
        assert_eq!(
            deadline.less(Duration::from_secs(1)).left(),
            Duration::from_secs(4)
        );
    }
}
