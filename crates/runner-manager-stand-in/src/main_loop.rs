//! The loop that keeps as many workers as `concurrent` says and looks at the file. Handles no job and no stop signal.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::signal::unix::Signal;
use tokio::task::JoinSet;

use crate::process::Process;
use crate::stop::Phase;
use crate::{log_line, worker};

const RELOAD_EVERY: Duration = Duration::from_secs(3);

/// The main loop: workers, then the file, and again; after a stop waits for the last worker.
pub(crate) async fn keep_workers(process: Arc<Process>, mut reload: Signal) {
    let mut workers = JoinSet::new();
    while !process.stop.begun() {
        let turned = tokio::select! {
            () = process.stop.reached(Phase::Graceful) => Ok(()),
            turned = turn(&process, &mut workers, &mut reload) => turned,
        };
        if let Err(words) = turned {
            log_line::fatal(&words);
            return;
        }
    }
    while workers.join_next().await.is_some() {
        // Each that goes leaves the gauge: the idle ones at once, the others after their job.
        process.workers.fetch_min(workers.len(), Ordering::Relaxed);
    }
    process.workers.store(0, Ordering::Relaxed);
    log_line::info("All workers stopped.");
    log_line::info("All executor providers shut down.");
    log_line::info("Can exit now!");
}

async fn turn(
    process: &Arc<Process>,
    workers: &mut JoinSet<()>,
    reload: &mut Signal,
) -> Result<(), String> {
    scale(process, workers).await?;
    let looked = tokio::select! {
        () = tokio::time::sleep(RELOAD_EVERY) => look(process).await,
        _ = reload.recv() => self::reload(process).await,
    };
    if let Err(words) = looked {
        log_line::error(&format!("Failed to load config {words}"));
    }
    Ok(())
}

/// One worker more or less at a time. While all of them work a lowered `concurrent` waits here, and with it every reload.
async fn scale(process: &Arc<Process>, workers: &mut JoinSet<()>) -> Result<(), String> {
    let concurrent = process.file.config().await.concurrent;
    let Some(wanted) = usize::try_from(concurrent)
        .ok()
        .filter(|wanted| *wanted > 0)
    else {
        return Err(format!(
            "Current configuration 'concurrent = {concurrent}' means that no jobs will be processed"
        ));
    };
    while process.workers.load(Ordering::Relaxed) > wanted {
        process.dismissals.give(()).await;
        process.workers.fetch_sub(1, Ordering::Relaxed);
    }
    while process.workers.load(Ordering::Relaxed) < wanted {
        workers.spawn(worker::work(process.clone()));
        process.workers.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The look every three seconds: only a strictly newer mtime counts, never the content.
async fn look(process: &Process) -> Result<(), String> {
    let mtime = process.file.mtime().map_err(|error| error.to_string())?;
    if mtime <= process.file.remembered_mtime() {
        return Ok(());
    }
    let loaded = reload(process).await;
    if loaded.is_err() {
        process.file.remember_mtime(mtime);
    }
    loaded
}

/// Reads the file, whatever its mtime; the old configuration stays when it cannot be understood.
pub(crate) async fn reload(process: &Process) -> Result<(), String> {
    let closed = process.file.close().await;
    let config = process.file.load(&closed)?;
    drop(closed);
    process.health.forget();
    log_line::info("Configuration loaded");
    for entry in config.entries.iter().filter(|entry| !entry.has_token()) {
        log_line::warning(&format!(
            "Runner token is empty; this runner will be skipped  runner_name={}",
            entry.name
        ));
    }
    process.reloaded.notify_one();
    Ok(())
}
