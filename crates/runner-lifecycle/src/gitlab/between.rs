//! Owns whether the call under way waits for its next attempt, for whoever would rather not wait with it.

use tokio::sync::watch;

use super::Client;

/// Nothing while an attempt is under way, or none; between two attempts whether GitLab may have done all the same what it was
/// asked for.
#[derive(Debug, Default)]
pub(super) struct Between(watch::Sender<Option<bool>>);

/// A wait between two attempts, over when it is dropped, whoever drops it.
pub(super) struct Wait<'a>(&'a Between);

impl Between {
    /// Begins a wait. `lost`: GitLab may have done what it was asked for.
    pub(super) fn wait(&self, lost: bool) -> Wait<'_> {
        self.0.send_replace(Some(lost));
        Wait(self)
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        self.0.0.send_replace(None);
    }
}

impl Client {
    /// Ends when the call under way waits for its next attempt: nothing that GitLab could answer is thrown away with it then.
    /// Says whether GitLab may have done what was asked for all the same. Without a wait it never ends.
    pub async fn between_attempts(&self) -> bool {
        let mut between = self.between.0.subscribe();
        let lost = between.wait_for(Option::is_some).await;
        match lost.map(|lost| *lost) {
            Ok(Some(lost)) => lost,
            _ => std::future::pending().await,
        }
    }
}
