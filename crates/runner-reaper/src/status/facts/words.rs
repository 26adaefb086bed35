//! Owns the words for what was seen, as text and JSON have them.

use runner_lifecycle::exit::Exit;
use runner_lifecycle::source::Ownership;

use super::{Activity, AtGitlab, Loose, RotationStep, RunnerManagerFacts, Unasked, Writer};

impl RunnerManagerFacts {
    /// Says better why it cannot be observed.
    pub(crate) fn explain(&mut self, why: &str) {
        if let Activity::Unknown(words) = &mut self.activity {
            *words = why.to_owned();
        }
    }
}

impl Activity {
    /// In one word.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::NotRunning => "not running",
            Self::Unknown(_) => "unknown",
            Self::Starting => "starting",
            Self::Polling => "polling",
            Self::Paused => "paused",
            Self::NothingToPoll => "nothing to poll",
            Self::ShuttingDown => "shutting down",
        }
    }
}

impl AtGitlab {
    /// In one word or two.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Valid(_) => "valid",
            Self::Failed(Exit::Refused, _) => "refused",
            Self::Failed(Exit::Unreachable, _) => "not reachable",
            Self::Failed(..) => "failed",
            Self::NotAsked(_) => "not asked",
        }
    }
}

impl Unasked {
    /// In the words of a line, behind "GitLab was not asked".
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Offline => "--offline",
            Self::NoToken => "the entry has no token",
            Self::Locked => {
                "another runner-init or runner-reaper is using this volume and may be unregistering"
            }
            Self::NoRunnerManager => {
                "no runner manager is running, and asking would create one at GitLab"
            }
            Self::NotPolling => {
                "the runner manager was not seen to poll, and asking could create one at GitLab"
            }
            Self::NotPolledYet => {
                "the runner manager has not polled with this entry yet, and asking could create one at GitLab"
            }
            Self::NoSystemId => "the system ID of the runner manager is not known",
        }
    }
}

impl Loose {
    /// In one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Received => "received",
            Self::Leaving => "leaving",
            Self::Unanswered => "unanswered",
        }
    }
}

impl RotationStep {
    /// In one word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Unanswered => "unanswered",
            Self::Received => "received",
            Self::NoEntry => "no entry",
            Self::Written => "written",
        }
    }
}

impl Writer {
    /// In the words of a table.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::RunnerInit(Some(pod)) => format!("runner-init in {pod}"),
            Self::RunnerInit(None) => "runner-init".to_owned(),
            Self::Adopted => "another program, kept by runner-init".to_owned(),
            Self::Other => "another program".to_owned(),
            Self::Unknown => "unknown".to_owned(),
        }
    }
}

/// Who owns a runner, in a word.
pub(crate) fn owner(ownership: Ownership) -> &'static str {
    match ownership {
        Ownership::Shared => "shared",
        Ownership::Owned => "owned",
    }
}
