//! One runner manager on one simulated GitLab: its file, its process, its jobs. Asserts nothing but that waits end in time.

mod looks;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, SystemTime};

pub(crate) use acceptance::pod::{LIMIT, wait_for, within};
use gitlab_simulator::{Job, NewRunner, Settings, Simulator, own_address};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// What `config.toml` says.
#[derive(Clone, Default)]
pub(crate) struct Config {
    pub(crate) head: String,
    pub(crate) entries: Vec<Entry>,
}

/// An entry of it.
#[derive(Clone, Default)]
pub(crate) struct Entry {
    pub(crate) token: String,
    /// Further lines.
    pub(crate) more: String,
}

/// A runner manager that is ended with the test.
pub(crate) struct Scene {
    pub(crate) gitlab: Simulator,
    pub(crate) directory: TempDir,
    pub(crate) address: String,
    /// The version that the stand-in plays, where it is not the newest.
    version: Option<&'static str>,
    process: Option<Child>,
}

/// Whether the tests run against the real program.
pub(crate) fn real() -> Option<PathBuf> {
    std::env::var_os("GITLAB_RUNNER").map(PathBuf::from)
}

pub(crate) fn program() -> PathBuf {
    real().unwrap_or_else(|| env!("CARGO_BIN_EXE_runner-manager-stand-in").into())
}

/// The program with the signals of a container: `nohup` would hand an ignored SIGHUP down to it. And with nothing of the
/// variables here, many of which it would take for its own.
fn command() -> Command {
    let mut command = with_signals();
    command.env_clear().env("PATH", "/usr/bin:/bin");
    command
}

fn with_signals() -> Command {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    if ignored & 1 == 0 {
        return Command::new(program());
    }
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(program());
    command
}

impl Scene {
    /// A GitLab and a directory; nothing runs.
    pub(crate) fn new(settings: Settings) -> Self {
        let gitlab = Simulator::start(settings).unwrap();
        let directory = tempfile::tempdir().unwrap();
        Self {
            gitlab,
            directory,
            address: own_address().to_string(),
            version: None,
            process: None,
        }
    }

    /// The same for a runner manager of this version.
    pub(crate) fn of(version: &'static str) -> Self {
        let mut scene = Self::new(Settings::default());
        scene.version = Some(version);
        scene
    }

    /// A GitLab with `entries` runners and a runner manager that polls them.
    pub(crate) fn polling(concurrent: usize, entries: usize, more: &str) -> (Self, Config) {
        let scene = Self::new(Settings::default());
        let config = scene.config(concurrent, entries, more);
        (scene.running(&config), config)
    }

    /// The same with one entry that is polled every four seconds: time enough for a reload in between.
    pub(crate) fn polling_seldom(concurrent: usize) -> (Self, Config) {
        let scene = Self::new(Settings::default());
        let mut config = scene.config(concurrent, 1, "");
        config.head = format!("concurrent = {concurrent}\ncheck_interval = 4\n");
        (scene.running(&config), config)
    }

    /// A file with a new runner for each entry. One second between the entries' turns keeps the tests short.
    pub(crate) fn config(&self, concurrent: usize, entries: usize, more: &str) -> Config {
        let entry = |_| Entry {
            token: self.gitlab.add_runner(NewRunner::default()).token,
            more: more.to_owned(),
        };
        Config {
            head: head(concurrent),
            entries: (0..entries).map(entry).collect(),
        }
    }

    /// Publishes the file, starts the runner manager and waits until it is up.
    pub(crate) fn running(self, config: &Config) -> Self {
        let scene = self.started(config);
        scene.is_up();
        scene
    }

    /// Publishes the file and starts the runner manager. Its pages may be shut for a rotation before it is up.
    pub(crate) fn started(mut self, config: &Config) -> Self {
        self.publish(config);
        let address = self.address.clone();
        self.start(&["run", "--listen-address", &address]);
        self
    }

    /// Starts the program with the file; standard error goes to `log`.
    pub(crate) fn start(&mut self, arguments: &[&str]) {
        let log = fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.directory.path().join("log"))
            .unwrap();
        let child = command()
            .args(arguments)
            .env("CONFIG_FILE", self.file())
            .env("HOME", self.directory.path())
            .envs(self.version.map(|version| ("STAND_IN_AS", version)))
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap();
        self.process = Some(child);
    }

    /// Waits until the process is the program itself: what comes earlier meets `env`, to which SIGHUP may be nothing.
    pub(crate) fn is_the_program(&self) {
        let program = fs::canonicalize(program()).unwrap();
        let link = format!("/proc/{}/exe", self.pid().as_raw_nonzero());
        wait_for("the program", || {
            (fs::read_link(&link).unwrap() == program).then_some(())
        });
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.directory.path().join("config.toml")
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }

    /// By rename, as the helpers do; the mtime is strictly newer than that of the file before.
    pub(crate) fn publish(&self, config: &Config) {
        let old = fs::metadata(self.file())
            .and_then(|file| file.modified())
            .unwrap_or(SystemTime::UNIX_EPOCH);
        self.publish_with_mtime(
            config,
            SystemTime::now().max(old + Duration::from_millis(1)),
        );
    }

    pub(crate) fn publish_with_mtime(&self, config: &Config, mtime: SystemTime) {
        let made = self.directory.path().join("config.new");
        let mut file = fs::OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&made)
            .unwrap();
        file.write_all(self.rendered(config).as_bytes()).unwrap();
        file.set_modified(mtime).unwrap();
        fs::rename(made, self.file()).unwrap();
    }

    fn rendered(&self, config: &Config) -> String {
        let mut text = config.head.clone();
        for (number, entry) in config.entries.iter().enumerate() {
            let _ = write!(
                text,
                "\n[[runners]]\n  name = \"runner-{number}\"\n  url = \"{}\"\n  token = \"{}\"\n  executor = \"shell\"\n{}\n",
                self.gitlab.url(),
                entry.token,
                entry.more
            );
        }
        text
    }

    /// Publishes, sends SIGHUP and waits until it is loaded.
    pub(crate) fn reload(&self, config: &Config) {
        let before = self.metric("gitlab_runner_configuration_loaded_total", "");
        self.publish(config);
        self.signal(Signal::HUP);
        self.loaded_since(before);
    }

    pub(crate) fn loaded_since(&self, before: i64) {
        wait_for("a reload", || {
            (self.metric("gitlab_runner_configuration_loaded_total", "") > before).then_some(())
        });
    }

    /// Waits until the runner manager has looked at the file of its own accord: three seconds after the last reload, and
    /// with `check_interval = 1` three passes of its feeder.
    pub(crate) fn three_passes_later(&self, config: &Config) {
        let before = self.metric("gitlab_runner_configuration_loaded_total", "");
        self.publish(config);
        self.loaded_since(before);
    }

    pub(crate) fn pid(&self) -> Pid {
        let child = self.process.as_ref().unwrap();
        Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for the end of the process.
    pub(crate) fn exit(&mut self) -> ExitStatus {
        let child = self.process.as_mut().unwrap();
        wait_for("the process to exit", || child.try_wait().unwrap())
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.process.as_mut().unwrap().try_wait().unwrap().is_none()
    }

    /// A job that ends when the file of this name is made.
    pub(crate) fn job_until(&self, name: &str) -> i64 {
        let file = self.directory.path().join(name).display().to_string();
        self.gitlab.queue_job(Job {
            script: vec![format!("while [ ! -e {file} ]; do sleep 0.02; done")],
            variables: vec![("STAND_IN_UNTIL_FILE".into(), file)],
            ..Job::default()
        })
    }

    /// Ends the jobs of [`Scene::job_until`].
    pub(crate) fn release(&self, name: &str) {
        make_empty(&self.directory.path().join(name));
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        let Some(mut child) = self.process.take() else {
            return;
        };
        if std::thread::panicking() {
            let _ = std::io::stderr().write_all(self.log().as_bytes());
        }
        let _ = child.kill();
        let _ = child.wait();
    }
}

pub(crate) fn make_empty(path: &Path) {
    fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
}

pub(crate) fn head(concurrent: usize) -> String {
    format!("concurrent = {concurrent}\ncheck_interval = 1\n")
}

impl Config {
    /// The same without entries: what a pause publishes.
    pub(crate) fn paused(&self) -> Self {
        Self {
            head: self.head.clone(),
            entries: Vec::new(),
        }
    }
}

/// A job that takes so long.
pub(crate) fn job_of(seconds: f64) -> Job {
    Job {
        script: vec![format!("sleep {seconds}")],
        variables: vec![(
            "STAND_IN_DURATION".into(),
            format!("{}ms", (seconds * 1000.0) as u64),
        )],
        ..Job::default()
    }
}
