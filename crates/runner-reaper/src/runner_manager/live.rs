//! Owns the runner manager as this run found it: its process, its pages, or one of the two.

use std::fs;

use rustix::process::Signal;

use super::address::addresses_of;
use super::metrics::{ProcessState, Sample};
use super::pages::{Job, Pages};
use super::process::{Found, Processes, RunnerManager};
use crate::args::Options;
use crate::files::{Config, Files};

/// A runner manager that works on our `config.toml`.
#[derive(Clone, Debug)]
pub struct Live {
    process: Option<RunnerManager>,
    pages: Option<Pages>,
    /// What to say where something cannot be seen.
    address: Option<String>,
}

impl Live {
    /// Searches it. Without a process in sight only a metrics page that shows our system ID counts: in another PID
    /// namespace it may still be polling.
    pub async fn find(options: &Options, files: &Files, config: &Config) -> Option<Self> {
        let found = Processes::of_system().runner_manager(files.path());
        let (process, seen) = match found {
            Found::RunnerManager(process) => (Some(process), true),
            Found::Hidden(pid) => {
                log::warn!(
                    "process {pid} may be the runner manager but belongs to another user: it is not signalled"
                );
                (None, true)
            }
            Found::Nothing => (None, false),
        };
        let told = process
            .as_ref()
            .and_then(|process| process.listen_address.as_deref());
        let address = metrics_address(options, told, config);
        let pages = address.as_deref().and_then(pages_at);
        let live = Self {
            process,
            pages,
            address,
        };
        if seen {
            return Some(live);
        }
        let shown = live.sample().await?.system_id?;
        (Some(shown) == files.system_id()).then_some(live)
    }

    /// In the words of a log line.
    #[must_use]
    pub fn describe(&self) -> String {
        let process = match &self.process {
            Some(process) => format!("process {}", process.pid()),
            None => "a process that cannot be signalled".to_owned(),
        };
        match &self.address {
            Some(address) => format!("{process}, metrics at {address}"),
            None => format!("{process}, without a metrics port"),
        }
    }

    /// The cure for what cannot be seen.
    #[must_use]
    pub fn cure(&self) -> String {
        match &self.address {
            Some(address) => format!(
                "nobody answers at {address}: gitlab-runner takes listen_address only when it starts, or it is another one (--metrics-address)"
            ),
            None => "set listen_address = \"127.0.0.1:9252\" in config.toml, or LISTEN_ADDRESS, before gitlab-runner starts".to_owned(),
        }
    }

    /// The process, where it is in sight.
    #[must_use]
    pub fn process(&self) -> Option<&RunnerManager> {
        self.process.as_ref()
    }

    /// Whether it was in sight and has ended.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.process
            .as_ref()
            .is_some_and(|process| !process.is_alive())
    }

    /// Whether a `gitlab-runner wrapper` keeps the container alive in its place.
    #[must_use]
    pub fn is_wrapped(&self) -> bool {
        self.process.as_ref().is_some_and(|process| process.wrapped)
    }

    /// A look at the metrics.
    pub async fn sample(&self) -> Option<Sample> {
        let mut sample = self.pages.as_ref()?.sample().await?;
        if sample.state.is_none() {
            sample.state = self.state().await;
        }
        Some(sample)
    }

    /// What it says it is doing.
    pub async fn state(&self) -> Option<ProcessState> {
        self.pages.as_ref()?.state().await
    }

    /// The jobs it runs.
    pub async fn jobs(&self) -> Option<Vec<Job>> {
        self.pages.as_ref()?.jobs().await
    }

    /// Makes it look at its file now. Only once it says that it is running: earlier the signal would kill it. Otherwise
    /// it looks by itself within 3 s.
    pub async fn reload(&self) {
        if let Some(process) = &self.process
            && self.state().await == Some(ProcessState::Running)
            && let Err(error) = process.signal(Signal::HUP)
        {
            log::debug!("no SIGHUP to process {}: {error}", process.pid());
        }
    }

    /// Sends a stop signal. Says whether it was sent.
    #[must_use]
    pub fn stop(&self, signal: Signal) -> bool {
        let Some(process) = &self.process else {
            return false;
        };
        match process.signal(signal) {
            Ok(()) => true,
            Err(error) => {
                log::warn!("process {} could not be signalled: {error}", process.pid());
                false
            }
        }
    }
}

/// Where the metrics are: as told, else as the process was told, else as the file says.
#[must_use]
pub fn metrics_address(
    options: &Options,
    process: Option<&str>,
    config: &Config,
) -> Option<String> {
    let first = options.metrics_address.as_deref().or(process);
    let first = first.or(options.listen_address.as_deref());
    first
        .or_else(|| config.toml.listen_address())
        .map(str::to_owned)
}

/// The pages at an address; nothing, where it cannot be understood.
#[must_use]
pub fn pages_at(address: &str) -> Option<Pages> {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let addresses = addresses_of(address, &hosts);
    if addresses.is_empty() {
        log::warn!("the metrics address {address:?} cannot be understood or found");
        return None;
    }
    Some(Pages::at(addresses))
}
