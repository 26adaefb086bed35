//! Owns the stopping of a real program at every step that matters: before each file operation, before each request is
//! sent and after each answer is received. The program itself knows nothing of it: the kernel's system calls are watched.

use std::fs::File;
use std::io::{Read as _, Seek as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Command, ExitStatus, Stdio};

use nix::libc;
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::stage::{Ended, behind};

/// A step of the traced program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// About to change something on the disk, by this system call.
    File(&'static str),
    /// About to send bytes over a socket.
    Send,
    /// Bytes were received over a socket.
    Received,
}

/// What happens to the program at a step.
#[derive(Clone, Copy, Debug)]
pub enum Fate {
    /// It goes on.
    GoOn,
    /// It dies here, before the step is taken.
    Kill,
    /// A signal reaches it here.
    Signal(Signal),
}

/// Kills a program before the step of this number, from 0, of those that count. What it was about to do then, nothing where it
/// ended before; and how it ended.
///
/// # Panics
/// As [`trace`].
pub fn killed_at(
    command: &mut Command,
    number: usize,
    counts: impl Fn(Step) -> bool,
) -> (Option<Step>, Ended) {
    let (mut passed, mut reached) = (0, None);
    let ended = trace(command, |_, step| {
        if !counts(step) {
            return Fate::GoOn;
        }
        if passed < number {
            passed += 1;
            return Fate::GoOn;
        }
        reached = Some(step);
        Fate::Kill
    });
    (reached, ended)
}

/// Runs a program and decides its fate at every step, numbered from 0.
///
/// # Panics
/// When the kernel forbids tracing: nothing would be tested.
pub fn trace(command: &mut Command, mut decide: impl FnMut(usize, Step) -> Fate) -> Ended {
    let (mut stdout, mut stderr) = (capture(), capture());
    let child = start_stopped(command, &stdout, &stderr);
    let mut count = 0;
    let status = follow(child, |step| {
        count += 1;
        decide(count - 1, step)
    });
    Ended {
        status,
        stdout: text(&mut stdout),
        stderr: text(&mut stderr),
    }
}

#[expect(
    clippy::zombie_processes,
    reason = "it is waited for stop by stop in follow"
)]
/// Starts the program behind a shell that stops itself first, so that tracing begins before the program does.
fn start_stopped(command: &Command, stdout: &File, stderr: &File) -> Pid {
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "kill -STOP $$; exec \"$@\"", "sh"]);
    let mut shell = behind(shell, command);
    let duplicate = |file: &File| {
        Stdio::from(
            file.try_clone()
                .unwrap_or_else(|error| panic!("capturing output: {error}")),
        )
    };
    shell
        .stdin(Stdio::null())
        .stdout(duplicate(stdout))
        .stderr(duplicate(stderr));
    let child = shell
        .spawn()
        .unwrap_or_else(|error| panic!("starting a shell: {error}"));
    let child = Pid::from_raw(i32::try_from(child.id()).unwrap_or(i32::MAX));
    let stopped = waitpid(child, Some(WaitPidFlag::WUNTRACED));
    assert!(
        matches!(stopped, Ok(WaitStatus::Stopped(..))),
        "shell did not stop: {stopped:?}"
    );
    let options = Options::PTRACE_O_EXITKILL | Options::PTRACE_O_TRACESYSGOOD;
    ptrace::seize(child, options | Options::PTRACE_O_TRACEEXEC)
        .unwrap_or_else(|error| panic!("the kernel forbids tracing: {error}"));
    nix::sys::signal::kill(child, Signal::SIGCONT).unwrap_or_default();
    child
}

/// Follows one process (the programs have one thread) from stop to stop to its end.
fn follow(child: Pid, mut decide: impl FnMut(Step) -> Fate) -> ExitStatus {
    let mut program_runs = false;
    let mut entering = true;
    loop {
        let status = waitpid(child, Some(WaitPidFlag::__WALL));
        let mut deliver = None;
        match status {
            Ok(WaitStatus::Exited(_, code)) => return ExitStatus::from_raw(code << 8),
            Ok(WaitStatus::Signaled(_, signal, _)) => return ExitStatus::from_raw(signal as i32),
            Ok(WaitStatus::PtraceSyscall(_)) => {
                let step = program_runs.then(|| step_at(child, entering)).flatten();
                entering = !entering;
                match step.map_or(Fate::GoOn, &mut decide) {
                    Fate::GoOn => {}
                    Fate::Kill => {
                        nix::sys::signal::kill(child, Signal::SIGKILL).unwrap_or_default();
                        continue;
                    }
                    Fate::Signal(signal) => {
                        // Queued now, delivered when the program next leaves the kernel.
                        nix::sys::signal::kill(child, signal).unwrap_or_default();
                    }
                }
            }
            Ok(WaitStatus::PtraceEvent(_, _, libc::PTRACE_EVENT_EXEC)) => {
                program_runs = true;
                // The stop at the end of execve itself comes next.
                entering = false;
            }
            Ok(WaitStatus::PtraceEvent(..)) => {}
            Ok(WaitStatus::Stopped(_, signal)) => {
                deliver = Some(signal).filter(|signal| *signal != Signal::SIGCONT);
            }
            other => panic!("tracing went wrong: {other:?}"),
        }
        match ptrace::syscall(child, deliver) {
            Ok(()) | Err(nix::errno::Errno::ESRCH) => {}
            Err(error) => panic!("going on with the traced program: {error}"),
        }
    }
}

/// What the system call means for the outside world, if anything.
fn step_at(child: Pid, entering: bool) -> Option<Step> {
    let registers = ptrace::getregs(child).ok()?;
    let number = i64::try_from(registers.orig_rax).ok()?;
    let result = registers.rax.cast_signed();
    if !entering {
        let received = matches!(number, libc::SYS_recvfrom | libc::SYS_recvmsg) && result > 0;
        return received.then_some(Step::Received);
    }
    let writes = |flags: u64| {
        let flags = i32::try_from(flags & 0xffff_ffff).unwrap_or(0);
        flags & (libc::O_CREAT | libc::O_WRONLY | libc::O_RDWR | libc::O_TRUNC) != 0
    };
    match number {
        libc::SYS_openat if writes(registers.rdx) => Some(Step::File("openat")),
        // 0 to 2 are the program's own words.
        libc::SYS_write if registers.rdi > 2 => Some(Step::File("write")),
        libc::SYS_fsync | libc::SYS_fdatasync => Some(Step::File("fsync")),
        libc::SYS_rename | libc::SYS_renameat | libc::SYS_renameat2 => Some(Step::File("rename")),
        libc::SYS_link | libc::SYS_linkat => Some(Step::File("link")),
        libc::SYS_unlink | libc::SYS_unlinkat => Some(Step::File("unlink")),
        libc::SYS_mkdir | libc::SYS_mkdirat => Some(Step::File("mkdir")),
        libc::SYS_chmod | libc::SYS_fchmod | libc::SYS_fchmodat => Some(Step::File("chmod")),
        libc::SYS_utimensat => Some(Step::File("utimensat")),
        libc::SYS_sendto | libc::SYS_sendmsg | libc::SYS_writev => Some(Step::Send),
        _ => None,
    }
}

fn capture() -> File {
    tempfile::tempfile().unwrap_or_else(|error| panic!("capturing output: {error}"))
}

fn text(file: &mut File) -> String {
    let mut bytes = Vec::new();
    let read = file.rewind().and_then(|()| file.read_to_end(&mut bytes));
    read.unwrap_or_else(|error| panic!("reading captured output: {error}"));
    String::from_utf8_lossy(&bytes).into_owned()
}
