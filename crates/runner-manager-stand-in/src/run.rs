//! `run`: the start of the tasks of the process, and the end by signals. Handles no job itself.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::Notify;

use crate::args::RunOptions;
use crate::builds::Builds;
use crate::config_file::ConfigFile;
use crate::exposition::Counters;
use crate::gitlab::Gitlab;
use crate::handover::Handover;
use crate::health::Health;
use crate::process::Process;
use crate::stop::{Phase, Stop};
use crate::{feeder, log_line, main_loop, pages, rotation, system_id};

/// The signals of a running process. Before they are installed each has its default action, as in the real one.
struct Signals {
    quit: Signal,
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            quit: signal(SignalKind::quit())?,
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next stop signal, as the phase it asks for.
    async fn next(&mut self) -> Phase {
        tokio::select! {
            _ = self.quit.recv() => Phase::Graceful,
            _ = self.terminate.recv() => Phase::Forceful,
            _ = self.interrupt.recv() => Phase::Forceful,
        }
    }
}

/// Runs until a signal or a fatal error ends it.
pub(crate) async fn run(options: RunOptions) -> ExitCode {
    tokio::time::sleep(options.start_delay).await;
    match start(options).await {
        Ok((process, signals, reload)) => live(&process, signals, reload).await,
        Err(words) => {
            log_line::fatal(&words);
            ExitCode::FAILURE
        }
    }
}

/// Loads the file, opens the pages, feeds the first entry, installs the signals, in this order.
async fn start(options: RunOptions) -> Result<(Arc<Process>, Signals, Signal), String> {
    log_line::info(&format!(
        "Starting multi-runner from {}...",
        options.config.display()
    ));
    let counters = Arc::new(Counters::of(options.version));
    let file = ConfigFile::new(options.config, counters.clone())?;
    let system_id = system_id::read_or_create(file.directory())
        .map_err(|error| format!("loading system ID file: {error}"))?;
    let process = Arc::new(Process {
        version: options.version,
        gitlab: Gitlab::new(counters.clone(), system_id.clone(), options.version),
        file,
        system_id,
        counters,
        builds: Builds::default(),
        health: Health::default(),
        handover: Handover::new(),
        dismissals: Handover::new(),
        stop: Stop::new(),
        reloaded: Notify::new(),
        workers: AtomicUsize::new(0),
        rotation_pause: options.rotation_pause,
        rotation_overlap: options.rotation_overlap,
    });
    main_loop::reload(&process).await?;
    let config = process.file.config().await;
    let listener = pages::listen(
        options
            .listen_address
            .as_deref()
            .unwrap_or(&config.listen_address),
    )
    .await?;
    let failed = |error: std::io::Error| format!("installing signal handlers: {error}");
    let rotate = signal(SignalKind::user_defined1()).map_err(failed)?;
    if let Some(listener) = listener {
        tokio::spawn(pages::serve(process.clone(), listener));
    }
    tokio::spawn(rotation::rotate(process.clone(), rotate));
    tokio::spawn(feeder::feed(process.clone()));
    // gitlab-runner readies its executors here: until it is done a signal has its default action, which is the end.
    tokio::time::sleep(options.signals_delay).await;
    let signals = Signals::install().map_err(failed)?;
    let reload = signal(SignalKind::hangup()).map_err(failed)?;
    process.stop.enter(Phase::Running);
    Ok((process, signals, reload))
}

async fn live(process: &Arc<Process>, mut signals: Signals, reload: Signal) -> ExitCode {
    let mut life = tokio::spawn(main_loop::keep_workers(process.clone(), reload));
    let mut asked = tokio::select! {
        asked = signals.next() => asked,
        // Before any signal this loop ends only with a fatal error, which it has named.
        _ = &mut life => return ExitCode::FAILURE,
    };
    while asked == Phase::Graceful {
        process.stop.enter(Phase::Graceful);
        log_line::warning("Starting graceful shutdown, waiting for builds to finish");
        tokio::select! {
            next = signals.next() => asked = next,
            _ = &mut life => return ExitCode::SUCCESS,
        }
    }
    process.stop.enter(Phase::Forceful);
    log_line::warning("Starting forceful shutdown");
    let limit = process.file.config().await.shutdown_timeout;
    let words = tokio::select! {
        _ = &mut life => return ExitCode::SUCCESS,
        _ = signals.next() => "forced exit with stop signal",
        () = tokio::time::sleep(limit) => "shutdown timed out",
    };
    log_line::fatal(&format!("Service run failed  error={words}"));
    ExitCode::FAILURE
}
