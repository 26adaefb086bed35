//! `wrapper`: starts `run` as a child in its own process group and stays when the child has gone. Serves no gRPC.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitCode;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::signal::unix::{SignalKind, signal};

use crate::args::WrapperOptions;
use crate::log_line;

/// Runs until a stop signal comes, with or without a child.
pub(crate) async fn run(options: WrapperOptions) -> ExitCode {
    match start(&options) {
        Ok((child, stops)) => {
            watch(child, stops, options.termination_timeout).await;
            log_line::info("[WRAPPER] All wrapper tasks finished. See you!");
            ExitCode::SUCCESS
        }
        Err(error) => {
            log_line::fatal(&format!(
                "[WRAPPER] Failed while executing wrapped command  error={error}"
            ));
            ExitCode::FAILURE
        }
    }
}

type Stops = [tokio::signal::unix::Signal; 3];

fn start(options: &WrapperOptions) -> std::io::Result<(Child, Stops)> {
    let stops = [
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
        signal(SignalKind::quit())?,
    ];
    let child = Command::new(std::env::current_exe()?)
        .arg0(&options.program)
        .args(&options.child_arguments)
        .process_group(0)
        .spawn()?;
    Ok((child, stops))
}

/// Even SIGQUIT ends a child that still runs with SIGTERM: only the child itself can be drained.
async fn watch(mut child: Child, [mut terminate, mut interrupt, mut quit]: Stops, limit: Duration) {
    let mut runs = true;
    loop {
        tokio::select! {
            ended = child.wait(), if runs => {
                runs = false;
                let (code, by) = ended.map_or((None, None), |status| (status.code(), status.signal()));
                log_line::info(&format!("[WRAPPER] Process has ended  exit_code={code:?} signal={by:?}"));
            }
            _ = terminate.recv() => break,
            _ = interrupt.recv() => break,
            _ = quit.recv() => break,
        }
    }
    if !runs {
        return;
    }
    let id = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(id) = id {
        // It may have ended this very moment.
        let _ = kill_process(id, Signal::TERM);
    }
    if tokio::time::timeout(limit, child.wait()).await.is_err() {
        log_line::warning("[WRAPPER] Process did not end in time");
        let _ = child.kill().await;
    }
}
