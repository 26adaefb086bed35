//! The one task that walks the entries and hands them to the workers. It never sends a request.

use std::sync::Arc;

use crate::config::Entry;
use crate::exposition::Name;
use crate::process::Process;
use crate::stop::Phase;

/// Walks the list in force at the start of each pass until the process stops. A reload in the middle of a pass changes
/// nothing of that pass; an entry no worker takes is held, however long.
pub(crate) async fn feed(process: Arc<Process>) {
    tokio::select! {
        () = passes(&process) => {}
        () = process.stop.reached(Phase::Graceful) => {}
    }
}

async fn passes(process: &Process) {
    loop {
        let config = process.file.config().await;
        let count = u32::try_from(config.entries.len()).unwrap_or(u32::MAX);
        let rest = config
            .check_interval
            .checked_div(count)
            .unwrap_or(config.check_interval);
        if config.entries.is_empty() {
            tokio::time::sleep(rest).await;
        }
        for entry in &config.entries {
            hand_over(process, entry).await;
            tokio::time::sleep(rest).await;
        }
    }
}

async fn hand_over(process: &Process, entry: &Arc<Entry>) {
    if !entry.has_token() || !process.health.may_be_polled(entry) {
        process.count(Name::WorkerFeedFailures, entry);
        return;
    }
    // Counted before it is taken, as in gitlab-runner: a held entry is in the figure already.
    process.count(Name::WorkerFeeds, entry);
    process.handover.give(entry.clone()).await;
}
