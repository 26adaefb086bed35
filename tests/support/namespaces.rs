//! Namespaces of their own for commands, where this machine allows that.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::process::{Command, Stdio};

use crate::stage::{Ended, run};

/// Whether the tests run as root.
pub fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// A command in namespaces of its own, where this machine allows that; in CI it must. Who is not root becomes it inside.
fn unshare(namespaces: &[&str], needed: &[&str]) -> Option<Command> {
    let new = || {
        let mut command = bare("unshare");
        command.args(namespaces);
        if !is_root() {
            command.args(["--user", "--map-root-user"]);
        }
        command
    };
    let tried = run(new().args(needed).arg("true"));
    allowed(&tried, &format!("{namespaces:?} with {needed:?}")).then(new)
}

/// A command that has none of the variables here, which the programs behind it would take for their own.
fn bare(program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .stdin(Stdio::null());
    command
}

/// Whether that went well. In CI it must; elsewhere what is left out is said.
fn allowed(tried: &Ended, what: &str) -> bool {
    if tried.code() == 0 {
        return true;
    }
    let words = format!("no unshare {what} here: {}", tried.output());
    let ci = std::env::var_os("CI").is_some_and(|value| value == "true");
    assert!(!ci, "CI needs it: {words}");
    skipped(&words);
    false
}

/// Says what is left out past the test harness, which keeps the words of a test that passes to itself.
pub fn skipped(why: &str) {
    let words = format!("SKIPPED, NOT TESTED: {why}\n");
    std::io::stderr().write_all(words.as_bytes()).unwrap();
}

/// A command with a file system of its own to mount in.
pub fn mount_namespace() -> Option<Command> {
    unshare(&["--mount"], &[])
}

/// A command without capabilities, as one of whoever is not root is.
pub fn user_namespace() -> Option<Command> {
    let mut command = bare("unshare");
    command.arg("--user");
    let tried = run(bare("unshare").args(["--user", "true"]));
    allowed(&tried, "--user").then_some(command)
}

/// A command that sees no process but its own, as a second container of a pod does.
pub fn pid_namespace() -> Option<Command> {
    unshare(&["--pid", "--fork", "--mount-proc", "--kill-child"], &[])
}

/// A new container: PID 1 is what comes next.
pub fn container() -> Option<Command> {
    unshare(
        &["--pid", "--fork", "--mount-proc", "--kill-child"],
        &["dumb-init"],
    )
}
