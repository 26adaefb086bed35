//! Owns how often the reaper itself was told to stop. The first time it finishes in order, the second time it waits for
//! nothing any more.

use runner_lifecycle::signals::Signals;
use tokio::sync::watch;

/// The stop signals so far. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Stops {
    count: watch::Receiver<u32>,
}

impl Stops {
    /// Counts signals from now to the end of the process.
    pub(crate) fn listen(mut signals: Signals) -> Self {
        let (sender, count) = watch::channel(0);
        tokio::spawn(async move {
            loop {
                let stop = signals.next().await;
                sender.send_modify(|count| *count += 1);
                log::debug!("{} received", stop.name());
            }
        });
        Self { count }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> u32 {
        *self.count.borrow()
    }

    /// Waits until there were this many; for ever, if they cannot come.
    pub(crate) async fn reached(&self, number: u32) {
        let mut count = self.count.clone();
        if count.wait_for(|count| *count >= number).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
