//! Owns whether the call under way waits for its next attempt, for whoever would rather not wait with it.

use tokio::sync::watch;

use super::Client;

/// Where a call is, for who waits for it and would rather not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// An attempt is under way, or none.
    Asking,
    /// An attempt came to nothing, and the next one is due later.
    Between {
        /// GitLab may have done what was asked for all the same.
        lost: bool,
    },
}

/// Shows where the call under way is.
#[derive(Debug)]
pub(super) struct Between(watch::Sender<Phase>);

/// A wait between two attempts, over when it is dropped, whoever drops it.
pub(super) struct Wait<'a>(&'a Between);

impl Default for Between {
    fn default() -> Self {
        Self(watch::Sender::new(Phase::Asking))
    }
}

impl Between {
    /// Begins a wait. `lost`: GitLab may have done what was asked for all the same.
    pub(super) fn wait(&self, lost: bool) -> Wait<'_> {
        self.0.send_replace(Phase::Between { lost });
        Wait(self)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.0.send_replace(Phase::Asking);
    }
}

impl Client {
    /// Ends when the call under way waits for its next attempt: nothing that GitLab could answer is thrown away with it then.
    /// Says whether GitLab may have done what was asked for all the same. Without a wait it never ends.
    pub async fn between_attempts(&self) -> bool {
        let mut phase = self.between.0.subscribe();
        let waits = phase.wait_for(|phase| *phase != Phase::Asking).await;
        match waits.map(|phase| *phase) {
            Ok(Phase::Between { lost }) => lost,
            _ => std::future::pending().await,
        }
    }
}
