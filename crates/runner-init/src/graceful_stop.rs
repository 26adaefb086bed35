//! Owns how the story listens to signals: an attempt that may create something at GitLab is finished, no other begins, then the
//! story stops.

use std::future::Future;
use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::gitlab::Client;
use runner_lifecycle::signals::{Signals, Stop};

/// Kept of the grace period for writing down what is left, before SIGKILL.
const RESERVE: Duration = Duration::from_secs(1);

/// The stop signals, as the story minds them.
pub(super) struct GracefulStop {
    signals: Signals,
    /// The pod's `terminationGracePeriodSeconds`.
    grace: Duration,
    /// What becomes of a call under way, in words.
    course: &'static str,
    /// When the grace period is over, once a signal has come.
    end: Option<Deadline>,
}

/// A call that a signal ended.
#[derive(Debug)]
pub(super) struct Interrupted {
    /// What the run ends with.
    pub(super) failure: Failure,
    /// GitLab may have done what it was asked for.
    pub(super) unanswered: bool,
}

impl From<Interrupted> for anyhow::Error {
    fn from(interrupted: Interrupted) -> Self {
        interrupted.failure.into()
    }
}

impl GracefulStop {
    pub(super) fn new(signals: Signals, grace: Duration, course: &'static str) -> Self {
        Self {
            signals,
            grace,
            course,
            end: None,
        }
    }

    /// Stops the story here if a signal came.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.signals
            .noticed()
            .map_or(Ok(()), |stop| Err(stopped(stop)))
    }

    /// What is left of the grace period for undoing; `None` where no signal came.
    pub(super) fn left(&self) -> Option<Deadline> {
        let noticed = self.signals.noticed().map(|_| Deadline::after(self.grace));
        self.end
            .or(noticed)
            .map(|end| end.less(RESERVE.min(self.grace / 10)))
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

    /// Makes a call of `client`. When a signal comes meanwhile the attempt under way may still be answered for two thirds of the
    /// grace period, or until a second signal: an answer thrown away is a runner lost. Another attempt is not made.
    pub(super) async fn during<T>(
        &mut self,
        client: &Client,
        call: impl Future<Output = T>,
    ) -> Result<T, Interrupted> {
        // A signal that came during the step before is not waited for again.
        self.check().map_err(|failure| Interrupted {
            failure,
            unanswered: false,
        })?;
        tokio::pin!(call);
        let stop = tokio::select! {
            biased;
            done = &mut call => return Ok(done),
            stop = self.signals.next() => stop,
        };
        self.end = Some(Deadline::after(self.grace));
        let limit = Deadline::after(self.grace * 2 / 3);
        let interrupted = |unanswered| {
            Err(Interrupted {
                failure: stopped(stop),
                unanswered,
            })
        };
        log::warn!("{} received: {}", stop.name(), self.course);
        tokio::select! {
            biased;
            done = &mut call => Ok(done),
            lost = client.between_attempts() => interrupted(lost),
            _ = self.signals.next() => interrupted(true),
            () = tokio::time::sleep_until(limit.instant()) => interrupted(true),
        }
    }
}

fn stopped(stop: Stop) -> Failure {
    let message = format!("stopped by {}: config.toml was not changed", stop.name());
    Failure {
        exit: Exit::from(stop),
        message,
    }
}
