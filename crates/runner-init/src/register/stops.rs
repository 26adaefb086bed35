//! Owns how the story listens to signals: a call that may make something at GitLab is let finish, then the story stops.

use std::future::Future;
use std::time::Duration;

use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::signals::{Signals, Stop};

/// How long a request under way may still take once a signal came: an answer thrown away is a runner lost.
const FINISH: Duration = Duration::from_secs(5);

/// The stop signals, as the story minds them.
pub(super) struct Stops {
    signals: Signals,
}

impl Stops {
    pub(super) fn new(signals: Signals) -> Self {
        Self { signals }
    }

    /// Stops the story here if a signal came.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.signals
            .noticed()
            .map_or(Ok(()), |stop| Err(stopped(stop)))
    }

    /// Does work that makes nothing and can be left at any time.
    pub(super) async fn unless_stopped<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<T, Failure> {
        self.check()?;
        tokio::select! {
            biased;
            done = work => Ok(done),
            stop = self.signals.next() => Err(stopped(stop)),
        }
    }

    /// Does the work. When a signal comes meanwhile it may still finish for a few seconds, or until a second signal.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> Result<T, Failure> {
        // A signal that came during the step before is not waited for again.
        self.check()?;
        tokio::pin!(work);
        let stop = tokio::select! {
            biased;
            done = &mut work => return Ok(done),
            stop = self.signals.next() => stop,
        };
        log::warn!(
            "{} received: finishing the request under way, then undoing",
            stop.name()
        );
        tokio::select! {
            biased;
            done = &mut work => Ok(done),
            _ = self.signals.next() => Err(stopped(stop)),
            () = tokio::time::sleep(FINISH) => Err(stopped(stop)),
        }
    }
}

fn stopped(stop: Stop) -> Failure {
    let message = format!("stopped by {}: config.toml is as it was", stop.name());
    Failure {
        exit: Exit::from(stop),
        message,
    }
}
