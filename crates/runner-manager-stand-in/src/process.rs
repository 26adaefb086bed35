//! What the tasks of the process share. Starts none of them.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use tokio::sync::Notify;

use crate::builds::Builds;
use crate::config::Entry;
use crate::config_file::ConfigFile;
use crate::exposition::{Counters, Name};
use crate::gitlab::Gitlab;
use crate::handover::Handover;
use crate::health::Health;
use crate::overlap::Overlap;
use crate::short_token::short;
use crate::stop::Stop;
use crate::version::Version;

/// Everything the tasks of the process share.
pub(crate) struct Process {
    pub(crate) version: Version,
    pub(crate) file: ConfigFile,
    pub(crate) system_id: String,
    pub(crate) counters: Arc<Counters>,
    pub(crate) builds: Builds,
    pub(crate) health: Health,
    pub(crate) gitlab: Gitlab,
    /// Feeder to workers.
    pub(crate) handover: Handover<Arc<Entry>>,
    /// Main loop to workers: one of them may go.
    pub(crate) dismissals: Handover<()>,
    pub(crate) stop: Stop,
    pub(crate) reloaded: Notify,
    pub(crate) workers: AtomicUsize,
    pub(crate) rotation_pause: Duration,
    pub(crate) rotation_overlap: Option<Overlap>,
}

impl Process {
    pub(crate) fn count(&self, name: Name, entry: &Entry) {
        self.counters.add(name, &self.labels(entry), 1);
    }

    pub(crate) fn count_failure(&self, failure_type: &str, entry: &Entry) {
        let [runner, name, system_id] = self.labels(entry);
        self.counters.add(
            Name::WorkerProcessingFailures,
            &[runner, name, system_id, ("failure_type", failure_type)],
            1,
        );
    }

    pub(crate) fn labels<'a>(&'a self, entry: &'a Entry) -> [(&'static str, &'a str); 3] {
        [
            ("runner", short(&entry.token)),
            ("runner_name", &entry.name),
            ("system_id", &self.system_id),
        ]
    }
}
