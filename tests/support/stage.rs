//! Owns one volume and the commands run on it, with an environment that holds nothing but what a test gives.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use tempfile::TempDir;
use toml_edit::DocumentMut;

use crate::programs::program;

/// A directory as two containers of a pod see it.
pub struct Stage {
    directory: TempDir,
}

/// What a program left behind when it ended.
#[derive(Debug)]
pub struct Ended {
    /// How it ended.
    pub status: ExitStatus,
    /// All of its stdout.
    pub stdout: String,
    /// All of its stderr.
    pub stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Ended {
    /// The exit code; -1 where a signal ended it.
    #[must_use]
    pub fn code(&self) -> i32 {
        self.status.code().unwrap_or(-1)
    }

    /// stdout and stderr together, for searching.
    #[must_use]
    pub fn output(&self) -> String {
        format!("{}{}", self.stdout, self.stderr)
    }

    /// The one line that says what is wrong.
    ///
    /// # Panics
    /// When there is none, or another beside it.
    #[must_use]
    #[track_caller]
    pub fn one_error(&self, at: &str) -> &str {
        let errors = self.stderr.lines().filter(|line| line.contains(" ERROR "));
        let errors: Vec<&str> = errors.collect();
        let [error] = errors.as_slice() else {
            panic!("not one line: {at}")
        };
        error
    }
}

impl Stage {
    /// An empty volume.
    ///
    /// # Panics
    /// When no temporary directory can be had.
    #[must_use]
    pub fn new() -> Self {
        let directory = tempfile::tempdir();
        Self {
            directory: directory.unwrap_or_else(|error| panic!("temporary directory: {error}")),
        }
    }

    /// The volume's directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The path of a file on the volume.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// The text of a file, or nothing where there is none.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        fs::read_to_string(self.file(name)).ok()
    }

    /// Puts a file on the volume, as an operator would.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn put(&self, name: &str, text: &str) {
        #[expect(
            clippy::disallowed_methods,
            reason = "an operator's file, not a helper's"
        )]
        let written = fs::write(self.file(name), text);
        written.unwrap_or_else(|error| panic!("writing {name}: {error}"));
    }

    /// `config.toml`, parsed.
    ///
    /// # Panics
    /// When it is missing or broken: no program may leave it so.
    #[must_use]
    pub fn config(&self) -> DocumentMut {
        let Some(text) = self.text("config.toml") else {
            panic!("no config.toml on the volume")
        };
        text.parse()
            .unwrap_or_else(|error| panic!("config.toml: {error}\n{text}"))
    }

    /// The number of runner entries; 0 where there is no file.
    #[must_use]
    pub fn entries(&self) -> usize {
        let Some(text) = self.text("config.toml") else {
            return 0;
        };
        let document: DocumentMut = text
            .parse()
            .unwrap_or_else(|error| panic!("config.toml: {error}\n{text}"));
        document
            .get("runners")
            .and_then(|item| item.as_array_of_tables())
            .map_or(0, |t| t.len())
    }

    /// Every file of the volume with its mode and bytes, for "nothing changed".
    #[must_use]
    pub fn snapshot(&self) -> BTreeMap<String, (u32, Vec<u8>)> {
        let mut files = BTreeMap::new();
        let mut queue = vec![self.path().to_owned()];
        while let Some(directory) = queue.pop() {
            for entry in fs::read_dir(&directory).into_iter().flatten().flatten() {
                let path = entry.path();
                let Ok(metadata) = fs::symlink_metadata(&path) else {
                    continue;
                };
                if metadata.is_dir() {
                    queue.push(path);
                    continue;
                }
                let name = path
                    .strip_prefix(self.path())
                    .unwrap_or(&path)
                    .display()
                    .to_string();
                let bytes = fs::read(&path).unwrap_or_default();
                files.insert(name, (metadata.permissions().mode() & 0o7777, bytes));
            }
        }
        files
    }

    /// A command on this volume: nothing inherited but the path to programs.
    #[must_use]
    pub fn command(&self, name: &str) -> Command {
        let mut command = Command::new(program(name));
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path())
            .env("CONFIG_FILE", self.file("config.toml"))
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// `runner-init` with these arguments, without the copies of the programs that would hide what else is written.
    #[must_use]
    pub fn init(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("runner-init");
        command
            .env("RUNNER_INIT_INSTALL_REAPER", "none")
            .env("RUNNER_INIT_INSTALL_INIT", "none")
            .args(arguments);
        command
    }
}

impl Default for Stage {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a command to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn run(command: &mut Command) -> Ended {
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output();
    let output = output.unwrap_or_else(|error: io::Error| panic!("{command:?}: {error}"));
    Ended::from(output)
}

/// Appends a command to another that executes what follows, with its environment and directory.
pub fn behind(mut wrapper: Command, command: &Command) -> Command {
    wrapper
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    for (name, value) in command.get_envs() {
        if let Some(value) = value {
            wrapper.env(name, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        wrapper.current_dir(directory);
    }
    wrapper
}
