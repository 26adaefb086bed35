//! Owns the processes of the machine as far as they are runner managers: finds the one that reads our `config.toml`,
//! and signals that one and no other.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};

use super::command_line::{ProcessArguments, ProcessRole};
use super::sockets;

/// Where the kernel shows the processes.
#[derive(Clone, Debug)]
pub struct Processes {
    proc: PathBuf,
}

/// What a search came to.
#[derive(Clone, Debug)]
pub enum Found {
    /// The runner manager of this `config.toml`, and others that read the same file: two of them are an error of the
    /// operator's, and both poll.
    RunnerManager(RunnerManager, Vec<RunnerManager>),
    /// A process that claims this path and may not be looked into: it may be the one, so it is never signalled.
    Hidden(i32),
    /// No process reads this file.
    Nothing,
}

/// What one process is.
enum Candidate {
    RunnerManager(RunnerManager),
    Hidden,
    Nothing,
}

/// A `gitlab-runner run` process that reads our `config.toml`.
#[derive(Clone, Debug)]
pub struct RunnerManager {
    proc: PathBuf,
    pid: i32,
    parent: i32,
    /// When it was started, in the kernel's ticks: with the PID it names one process and no later one.
    started: u64,
    /// `--listen-address`, or `LISTEN_ADDRESS` of its environment.
    pub listen_address: Option<String>,
    /// Whether a `gitlab-runner wrapper` started it, which ends it within seconds when itself told to stop.
    pub wrapped: bool,
}

/// One file as the kernel knows it, and the directory in which it is under its name: the file itself is replaced by
/// rename in every pause.
struct ConfigPlace {
    path: PathBuf,
    directory: Option<(u64, u64)>,
    file: Option<(u64, u64)>,
}

impl Processes {
    /// The processes of this PID namespace.
    #[must_use]
    pub fn of_system() -> Self {
        Self::at("/proc")
    }

    /// The processes that a directory shows.
    pub fn at(proc: impl Into<PathBuf>) -> Self {
        Self { proc: proc.into() }
    }

    /// Searches the runner manager of the `config.toml` at this path.
    #[must_use]
    pub fn runner_manager(&self, config: &Path) -> Found {
        let ours = ConfigPlace::of(config);
        let mut hidden = None;
        let mut found: Vec<RunnerManager> = Vec::new();
        for pid in self.pids() {
            match self.look(pid, &ours) {
                Candidate::RunnerManager(this) => found.push(this),
                Candidate::Hidden => hidden = Some(pid),
                Candidate::Nothing => {}
            }
        }
        found.sort_by_key(|found| found.started);
        // Between fork and exec a child has its parent's words.
        let pids: Vec<i32> = found.iter().map(|found| found.pid).collect();
        found.retain(|found| !pids.contains(&found.parent));
        let mut found = found.into_iter();
        match (found.next(), hidden) {
            (Some(oldest), _) => Found::RunnerManager(oldest, found.collect()),
            (None, Some(pid)) => Found::Hidden(pid),
            (None, None) => Found::Nothing,
        }
    }

    fn pids(&self) -> impl Iterator<Item = i32> {
        let entries = fs::read_dir(&self.proc).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
    }

    fn look(&self, pid: i32, ours: &ConfigPlace) -> Candidate {
        let here = self.proc.join(pid.to_string());
        let Some(line) = command_line(&here).filter(|line| line.role == ProcessRole::Run) else {
            return Candidate::Nothing;
        };
        let variable = |name: &str| variable(&here, name);
        let told = line.config.clone().or_else(|| variable("CONFIG_FILE"));
        // Other programs have a command `run` too. Only one that names the file, or is called like a runner, counts.
        if line.config.is_none() && !line.program.contains("runner") {
            return Candidate::Nothing;
        }
        let config = told.map_or_else(|| default_config(&here), PathBuf::from);
        match reads(&here, &config, ours) {
            Ok(true) => {}
            Ok(false) => return Candidate::Nothing,
            // Of another user: only its words are left, and they are not enough for a signal.
            Err(_) if config == ours.path => return Candidate::Hidden,
            // Nor are they needed where an entry point gave up root: without CAP_SYS_PTRACE, as in most pods, even root sees
            // no variable of such a process, and which file it reads stays unknown.
            Err(_) if line.config.is_none() && rustix::process::geteuid().is_root() => {
                return Candidate::Hidden;
            }
            Err(_) => return Candidate::Nothing,
        }
        let Some((parent, started)) = stat(&here) else {
            return Candidate::Nothing;
        };
        let wrapped = command_line(&self.proc.join(parent.to_string()))
            .is_some_and(|line| line.role == ProcessRole::Wrapper);
        let listen_address = line.listen_address.or_else(|| variable("LISTEN_ADDRESS"));
        Candidate::RunnerManager(RunnerManager {
            proc: self.proc.clone(),
            pid,
            parent,
            started,
            listen_address,
            wrapped,
        })
    }
}

impl RunnerManager {
    /// Its PID, for log lines.
    #[must_use]
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// Whether it is still this process that runs.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        stat(&self.proc.join(self.pid.to_string()))
            .is_some_and(|(_, started)| started == self.started)
    }

    /// Whether it is this process that listens at the port; nothing, where the kernel does not say.
    #[must_use]
    pub fn listens(&self, port: u16) -> Option<bool> {
        sockets::listens(&self.proc.join(self.pid.to_string()), port)
    }

    /// Sends a signal to this process, never to one that has its PID now.
    ///
    /// # Errors
    /// When the process is gone or may not be signalled.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_raw(self.pid).ok_or(io::ErrorKind::InvalidInput)?;
        match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => {
                // The handle holds whatever process has the PID; that it is the right one is checked after.
                self.check_alive()?;
                Ok(pidfd_send_signal(handle, signal)?)
            }
            // Kernels before 5.3 and some sandboxes have no such handles.
            Err(Errno::NOSYS | Errno::PERM) => {
                self.check_alive()?;
                Ok(rustix::process::kill_process(pid, signal)?)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn check_alive(&self) -> io::Result<()> {
        if self.is_alive() {
            Ok(())
        } else {
            Err(io::ErrorKind::NotFound.into())
        }
    }
}

impl ConfigPlace {
    fn of(config: &Path) -> Self {
        let identity = |path: &Path| fs::metadata(path).ok().map(|metadata| identity(&metadata));
        Self {
            path: std::path::absolute(config).unwrap_or_else(|_| config.to_owned()),
            directory: identity(directory_of(config)),
            file: identity(config),
        }
    }
}

fn directory_of(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

fn identity(metadata: &Metadata) -> (u64, u64) {
    (metadata.dev(), metadata.ino())
}

/// Whether the process whose `/proc` directory is `here` means our file by `config`.
fn reads(here: &Path, config: &Path, ours: &ConfigPlace) -> io::Result<bool> {
    let seen = match config.strip_prefix("/") {
        Ok(rest) => here.join("root").join(rest),
        Err(_) => here.join("cwd").join(config),
    };
    let directory = match fs::metadata(directory_of(&seen)) {
        Ok(metadata) => Some(identity(&metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let same_directory = directory.is_some() && directory == ours.directory;
    let file = fs::metadata(&seen).ok().map(|metadata| identity(&metadata));
    Ok(
        same_directory && config.file_name() == ours.path.file_name()
            || file.is_some() && file == ours.file,
    )
}

fn command_line(here: &Path) -> Option<ProcessArguments> {
    ProcessArguments::parse(&fs::read(here.join("cmdline")).ok()?)
}

fn variable(here: &Path, name: &str) -> Option<String> {
    let environment = fs::read(here.join("environ")).ok()?;
    environment
        .split(|byte| *byte == 0)
        .filter_map(|pair| std::str::from_utf8(pair).ok()?.split_once('='))
        .find(|(key, value)| *key == name && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// Where gitlab-runner looks when nobody says.
fn default_config(here: &Path) -> PathBuf {
    let status = fs::read_to_string(here.join("status")).unwrap_or_default();
    let uid = status
        .lines()
        .find_map(|line| line.strip_prefix("Uid:"))
        .and_then(|ids| ids.split_ascii_whitespace().next());
    let directory = if uid == Some("0") {
        PathBuf::from("/etc/gitlab-runner")
    } else {
        variable(here, "HOME")
            .map_or_else(PathBuf::new, |home| Path::new(&home).join(".gitlab-runner"))
    };
    directory.join("config.toml")
}

/// Parent and start time of a process that is more than a zombie.
fn stat(here: &Path) -> Option<(i32, u64)> {
    let text = fs::read_to_string(here.join("stat")).ok()?;
    // The name in brackets may hold blanks and brackets; the fields after it do not.
    let mut fields = text.rsplit_once(')')?.1.split_ascii_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    let started = fields.nth(17)?.parse().ok()?;
    (!matches!(state, "Z" | "X")).then_some((parent, started))
}

#[cfg(test)]
mod tests;
