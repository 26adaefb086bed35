//! Owns what a run came to, and its JSON: `pause.schema.json` beside the crate's README describes it.

use std::path::Path;

use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::state::PauseByHand;
use runner_lifecycle::stdout;
use serde_json::json;

use crate::args::by_hand::ByHand;

/// Version of the JSON object; it changes when a key goes or gets another meaning.
const VERSION: u32 = 1;

/// How polling stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PollingState {
    /// New jobs are asked for.
    On,
    /// None are asked for, as seen.
    Off,
    /// It could not be seen.
    Unknown,
    /// Nobody is there who would.
    NoRunnerManager,
}

impl PollingState {
    fn word(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
            Self::Unknown => "unknown",
            Self::NoRunnerManager => "no-runner-manager",
        }
    }
}

/// What a run came to.
#[derive(Debug)]
pub(super) struct Outcome {
    /// How the program ends.
    pub(super) exit: Exit,
    /// Whether `config.toml` was changed, or would be.
    pub(super) changed: bool,
    /// Whether it is paused now, or would be.
    pub(super) paused: bool,
    /// Whose pause it is, or was before this run.
    pub(super) pause: Option<PauseByHand>,
    /// How polling stands; nothing was looked at in a dry run.
    pub(super) polling: Option<PollingState>,
    /// The addresses of the jobs that run, where they were seen.
    pub(super) jobs: Option<Vec<String>>,
    /// The last line.
    pub(super) words: String,
}

impl Outcome {
    /// Says the last line.
    pub(super) fn said(self) -> Self {
        match self.exit {
            Exit::Done => log::info!("{}", self.words),
            _ => log::warn!("{}", self.words),
        }
        self
    }

    /// Prints it as one JSON object.
    pub(super) fn print_json(&self, asked: &ByHand, config: &Path) -> Result<(), Failure> {
        let pause = self.pause.as_ref();
        let object = json!({
            "version": VERSION,
            "command": asked.verb.name(),
            "dry_run": asked.dry_run,
            "config": config.display().to_string(),
            "exit_code": self.exit.code(),
            "changed": self.changed,
            "paused": self.paused,
            "paused_by": pause.map(|pause| pause.by.as_str()),
            "paused_at": pause.map(|pause| pause.at.as_str()),
            "polling": self.polling.map(PollingState::word),
            "jobs": self.jobs.as_deref(),
            "message": self.words.as_str(),
        });
        stdout::print(&format!("{object:#}\n"))
    }
}
