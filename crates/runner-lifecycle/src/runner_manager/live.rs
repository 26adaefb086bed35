//! Owns the runner manager as this run found it: its process, its pages, or one of the two.

use std::cell::{Cell, RefCell};
use std::path::Path;

use rustix::process::Signal;
use tokio::time::Instant;

use super::metrics::Sample;
use super::pages::{Job, Look, Pages, pages_at};
use super::process::{Found, Processes, RunnerManager};
use super::signs::Signs;
use super::version::Version;
use crate::deadline::Deadline;
use crate::system_id::SystemId;

/// A runner manager that works on our `config.toml`.
#[derive(Debug)]
pub struct Live {
    process: Option<RunnerManager>,
    /// Others on the same file, of which nothing but their life is seen.
    others: Vec<RunnerManager>,
    pages: Option<Pages>,
    /// What to say where something cannot be seen.
    address: Option<String>,
    /// The system ID of the file.
    expected: Option<SystemId>,
    /// Whose the pages are, once that is known.
    pages_are: Cell<Whose>,
    /// Whether anybody but a stranger ever listened there.
    was_there: Cell<bool>,
    /// The system ID on its pages.
    shown: RefCell<Option<SystemId>>,
    /// Its version, once its pages are known to be its own.
    version: Cell<Option<Version>>,
    /// Whether its pages show too little to tell anything: they are those of a version before [`Version::OLDEST`].
    too_old: Cell<bool>,
    /// Whether pages count that show no system ID: whoever was started on a file without entries has none to show.
    takes_nameless: bool,
    /// What its workers tell, and since when they are looked at.
    signs: RefCell<Signs>,
    began: Instant,
}

/// By what it is known.
pub struct Wanted<'a> {
    /// The path of `config.toml`.
    pub config: &'a Path,
    /// The system ID of the file.
    pub system_id: Option<SystemId>,
    /// Tells where its metrics are, given what the process itself was told.
    pub address: &'a dyn Fn(Option<&str>) -> Option<String>,
    /// Whether without a process in sight also one counts whose page shows no system ID, as that of one started on a paused file.
    pub takes_nameless: bool,
}

/// Whose pages are shown at the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    Unknown,
    Ours,
    Foreign,
}

impl Live {
    /// Searches it. Without a process in sight only a metrics page that shows our system ID counts: in another PID
    /// namespace it may still be polling. No look at it goes far beyond the deadline.
    pub async fn find(wanted: Wanted<'_>, deadline: Deadline) -> Option<Self> {
        let found = Processes::of_system().runner_manager(wanted.config);
        let (process, others, seen) = match found {
            Found::RunnerManager(process, others) => (Some(process), others, true),
            Found::Hidden(pid) => {
                log::warn!(
                    "process {pid} may be the runner manager but belongs to another user: it is not signalled"
                );
                (None, Vec::new(), true)
            }
            Found::Nothing => (None, Vec::new(), false),
        };
        let told = process
            .as_ref()
            .and_then(|process| process.listen_address.as_deref());
        let address = (wanted.address)(told);
        let pages = address
            .as_deref()
            .and_then(|address| pages_at(address, deadline));
        let live = Self {
            process,
            others,
            pages,
            address,
            expected: wanted.system_id,
            pages_are: Cell::new(Whose::Unknown),
            was_there: Cell::new(false),
            shown: RefCell::new(None),
            version: Cell::new(None),
            too_old: Cell::new(false),
            takes_nameless: wanted.takes_nameless,
            signs: RefCell::default(),
            began: Instant::now(),
        };
        // Somebody who listens there and does not answer may be ours, and may be polling; so may one that is too old.
        if !seen && live.look().await == Look::Nobody && !live.too_old.get() {
            return None;
        }
        if !live.others.is_empty() {
            let pids: Vec<String> = live
                .others
                .iter()
                .map(|other| other.pid().to_string())
                .collect();
            log::warn!(
                "other runner managers use the same config.toml (process {}): their polling and jobs cannot be observed, so the waiting times are those without a metrics port",
                pids.join(", ")
            );
        }
        Some(live)
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

    /// Where its metrics are, as far as anybody says.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// What to do so that it can be observed.
    #[must_use]
    pub fn advice(&self) -> String {
        match &self.address {
            Some(address) if self.pages_are.get() == Whose::Foreign => format!(
                "another runner manager answers at {address}: give the address of this one with --metrics-address"
            ),
            Some(_) if self.too_old.get() => format!(
                "{} does not show its state: update it to {} or newer",
                self.program(),
                Version::OLDEST
            ),
            Some(address) if self.was_there() => format!(
                "the runner manager does not answer at {address}: a token rotation may be waiting for GitLab, or the process is stopped or throttled"
            ),
            Some(address) => format!(
                "{address} does not answer: gitlab-runner reads listen_address only when it starts; if its address is another one, give it with --metrics-address"
            ),
            None => "set listen_address = \"127.0.0.1:9252\" in config.toml, or LISTEN_ADDRESS, before gitlab-runner starts".to_owned(),
        }
    }

    fn program(&self) -> String {
        match self.version.get() {
            Some(version) => format!("gitlab-runner {version}"),
            None => "this gitlab-runner".to_owned(),
        }
    }

    /// The version that its pages show.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        self.version.get()
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

    /// Whether others on the same file still live.
    #[must_use]
    pub fn has_others(&self) -> bool {
        self.others.iter().any(RunnerManager::is_alive)
    }

    /// A look at the metrics. A page of another runner manager is nobody's.
    pub async fn look(&self) -> Look<Sample> {
        let Some(pages) = &self.pages else {
            return Look::Nobody;
        };
        match pages.sample().await {
            Look::Seen(mut sample) => {
                if !self.are_ours(pages, &sample) {
                    return Look::Nobody;
                }
                self.version.set(sample.version);
                if sample.system_id.is_some() {
                    self.shown.replace(sample.system_id.clone());
                }
                if sample.workers.is_none() {
                    self.say_too_old();
                    return Look::Nobody;
                }
                self.was_there.set(true);
                if !sample.says_state {
                    let at = self.began.elapsed();
                    sample.state = self.signs.borrow_mut().state(at, &sample);
                }
                Look::Seen(sample)
            }
            Look::Silent => {
                let foreign = self.pages_are.get() == Whose::Foreign;
                self.was_there.set(self.was_there.get() || !foreign);
                Look::Silent
            }
            Look::Nobody => Look::Nobody,
        }
    }

    fn say_too_old(&self) {
        if !self.too_old.replace(true) {
            log::warn!(
                "{} is older than {}: its polling cannot be observed, so shared runners are unregistered after a few seconds and owned ones at the end of the grace period; update it",
                self.program(),
                Version::OLDEST
            );
        }
    }

    /// The system ID that it works with, where it was seen. It counts more than the file's: a runner manager that could not
    /// read the file has made one of its own.
    #[must_use]
    pub fn system_id(&self) -> Option<SystemId> {
        self.shown.borrow().clone()
    }

    /// Whether it was ever there to be looked at. Then it is silent when it shows nothing: a token rotation that waits for
    /// GitLab holds the page back.
    #[must_use]
    pub fn was_there(&self) -> bool {
        self.was_there.get()
    }

    /// Whether the pages are those of our runner manager. The kernel's word counts more than the system ID on them: a
    /// runner manager that could not read its file has made an ID of its own.
    fn are_ours(&self, pages: &Pages, sample: &Sample) -> bool {
        if self.pages_are.get() == Whose::Ours {
            return true;
        }
        let listens = self
            .process
            .as_ref()
            .and_then(|process| process.listens(pages.port()?));
        let same = sample.system_id.is_some() && sample.system_id == self.expected;
        if listens.unwrap_or(same) {
            self.pages_are.set(Whose::Ours);
            return true;
        }
        let Some(shown) = sample.system_id.as_ref() else {
            return self.takes_nameless && listens != Some(false);
        };
        if self.pages_are.replace(Whose::Foreign) == Whose::Unknown && self.process.is_some() {
            let address = self.address.as_deref().unwrap_or_default();
            log::warn!(
                "the metrics at {address} belong to another runner manager (system ID {shown}) and are ignored"
            );
        }
        false
    }

    /// What the metrics show, where they are seen.
    pub async fn sample(&self) -> Option<Sample> {
        self.look().await.seen()
    }

    /// The jobs it runs. Nothing, where the list cannot be read, which is not the same as no job.
    pub async fn jobs(&self) -> Option<Vec<Job>> {
        let pages = self.pages.as_ref().filter(|_| self.is_known())?;
        pages.jobs().await.seen()
    }

    fn is_known(&self) -> bool {
        self.pages_are.get() == Whose::Ours
    }

    /// Makes it look at its file now, if this look at its page shows that the signal does not kill it. Otherwise it looks by
    /// itself within 3 s.
    pub fn reload(&self, seen: &Sample) {
        if let Some(process) = &self.process
            && seen.takes_hangup()
            && let Err(error) = process.signal(Signal::HUP)
        {
            log::debug!(
                "SIGHUP could not be sent to process {}: {error}",
                process.pid()
            );
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
