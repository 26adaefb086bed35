//! Owns one container as the kubelet sees it: a PID, a log, signals, an exit code, a process executed beside it.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::sandbox::{LOUD, tool};

/// A bind mount.
pub(crate) struct Mount {
    pub(crate) source: PathBuf,
    pub(crate) target: String,
    pub(crate) read_only: bool,
}

/// Who a container runs as.
#[derive(Clone, Debug)]
pub(crate) struct User {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
    pub(crate) groups: Vec<u32>,
}

/// Everything a runtime is told about a container.
pub(crate) struct Order {
    pub(crate) name: String,
    pub(crate) command: Vec<String>,
    /// With `PATH`, where a bare command is looked for, inside.
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) mounts: Vec<Mount>,
    pub(crate) user: User,
    pub(crate) read_only_root: bool,
}

/// A started container.
pub(crate) struct Container {
    pub(crate) name: String,
    pub(crate) pid: Pid,
    pub(crate) ended: Receiver<ExitStatus>,
    pub(crate) log: PathBuf,
    pub(crate) user: User,
    pub(crate) environment: BTreeMap<String, String>,
}

impl Container {
    /// All it has written so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// That it has just ended is fine, as it is for the kubelet.
    pub(crate) fn signal(&self, signal: Signal) {
        match kill(self.pid, signal) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(error) => panic!("{signal} to {}: {error}\n{}", self.name, self.log()),
        }
    }

    /// Its exit code within a limit; none when it goes on.
    pub(crate) fn ended_within(&self, limit: Duration) -> Option<i32> {
        match self.ended.recv_timeout(limit) {
            Ok(status) => Some(status.code().unwrap_or(-1)),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("{} was waited for twice", self.name),
        }
    }

    /// `kubectl exec`, as the kubelet does it for a hook: a process beside PID 1. Its own output is nobody's.
    pub(crate) fn exec(&self, command: &[String], own_output: &Path) -> Child {
        let mut enter = Command::new(tool("setpriv"));
        enter
            .arg("--no-new-privs")
            .arg(tool("nsenter"))
            .arg("--target")
            .arg(self.pid.to_string());
        enter.args(["--mount", "--pid", "--root", "--wd"]);
        enter
            .arg(format!("--setuid={}", self.user.uid))
            .arg(format!("--setgid={}", self.user.gid))
            .arg("--")
            .args(command);
        enter
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null());
        let output = OpenOptions::new()
            .append(true)
            .create(true)
            .open(own_output)
            .unwrap();
        enter
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .expect(LOUD)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "what helps to understand a failure")]
            {
                eprintln!("the log of {}:\n{}", self.name, self.log());
            }
        }
        // Gone already unless a test failed: ESRCH is fine.
        if matches!(
            self.ended.try_recv(),
            Err(std::sync::mpsc::TryRecvError::Empty)
        ) {
            let _gone = kill(self.pid, Signal::SIGKILL);
        }
    }
}

/// A file of a container's.
pub(crate) fn put(path: &Path, content: &[u8], owner: &User, mode: u32) {
    #[expect(
        clippy::disallowed_methods,
        reason = "a file of the stage, not a helper's"
    )]
    let mut file = File::create(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    file.write_all(content).unwrap();
    chown(path, Some(owner.uid), Some(owner.gid)).unwrap();
    file.set_permissions(fs::Permissions::from_mode(mode))
        .unwrap();
}

/// The exit code of a process within a limit; none when it goes on.
pub(crate) fn within(limit: Duration, mut process: Child) -> Option<i32> {
    let (tell, ended) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(process.wait()));
    let status = ended.recv_timeout(limit).ok()?.expect("a child of ours");
    Some(status.code().unwrap_or(-1))
}
