//! How far the end of the process has come, told to everybody who waits for something. Handles no signal itself.

use tokio::sync::watch;

/// The states of `/debug/process/state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Starting,
    Running,
    /// SIGQUIT: nothing new, running jobs to their end.
    Graceful,
    /// SIGTERM or SIGINT: running jobs are reported as failed.
    Forceful,
}

impl Phase {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Graceful => "graceful-shutdown",
            Self::Forceful => "forceful-shutdown",
        }
    }
}

/// The phase of the process.
pub(crate) struct Stop {
    phase: watch::Sender<Phase>,
}

impl Stop {
    pub(crate) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Starting),
        }
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.phase.send_replace(phase);
    }

    pub(crate) fn phase(&self) -> Phase {
        *self.phase.borrow()
    }

    pub(crate) fn begun(&self) -> bool {
        self.phase() >= Phase::Graceful
    }

    /// Returns as soon as the phase is at least this one.
    pub(crate) async fn reached(&self, phase: Phase) {
        // The sender lives as long as the process, so the wait cannot fail.
        let _ = self.phase.subscribe().wait_for(|now| *now >= phase).await;
    }
}
