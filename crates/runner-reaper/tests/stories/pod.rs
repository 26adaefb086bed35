//! One pod on one simulated GitLab: its volume, its runner manager, the reaper's runs. Asserts only what every test
//! wants: no poll after an unregistration, no runner deleted that was not made for the pod.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};

use gitlab_simulator::{Job, JobStatus, NewRunner, Settings, Simulator, own_address};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::versions::played;

/// No wait of a test is longer; most end within milliseconds.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

pub(crate) const SYSTEM_ID: &str = "r_abcdefABCDEF";

/// Of a runner manager in another pod.
pub(crate) const OTHER_ID: &str = "r_otherotherot";

/// A pod; its processes end with it.
pub(crate) struct Pod {
    pub(crate) gitlab: Simulator,
    pub(crate) directory: TempDir,
    address: SocketAddr,
    runner_manager: Option<Child>,
}

/// How the entries of a pod came to be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Shared,
    Owned,
}

/// What a reaper said and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) words: String,
    pub(crate) took: Duration,
}

impl Pod {
    /// A pod with entries of these kinds in its file. The file is an hour old, as the mtime must come back.
    pub(crate) fn new(settings: Settings, kinds: &[Kind], head: &str, more: &str) -> Self {
        let gitlab = Simulator::start(settings).unwrap();
        let pod = Self {
            gitlab,
            directory: tempfile::tempdir().unwrap(),
            address: own_address(),
            runner_manager: None,
        };
        let mut config = format!("# the operator's\n{head}\n");
        let mut state = String::from("version = 1\n");
        for kind in kinds {
            let runner = pod.gitlab.add_runner(NewRunner::default());
            let source = match kind {
                Kind::Shared => "authentication-token",
                Kind::Owned => "access-token",
            };
            let url = pod.gitlab.url();
            let (id, token) = (runner.id, &runner.token);
            state += &format!("[[entry]]\nurl = \"{url}\"\nid = {id}\nsource = \"{source}\"\n");
            config += &format!(
                "\n[[runners]]\n  name = \"runner-{id}\"\n  url = \"{url}\"\n  id = {id}\n  token = \"{token}\"\n  executor = \"shell\"\n{more}\n"
            );
        }
        pod.put(".runner_system_id", SYSTEM_ID);
        pod.put(".runner-lifecycle.toml", &state);
        pod.put_config(&config);
        pod
    }

    /// An ordinary pod: one entry with `limit` = `concurrent` and a metrics port, and its runner manager at work.
    pub(crate) fn working(kind: Kind, concurrent: usize) -> Self {
        let head = format!("concurrent = {concurrent}\ncheck_interval = 1");
        let pod = Self::new(
            Settings::default(),
            &[kind],
            &head,
            &format!("  limit = {concurrent}"),
        );
        pod.with_port().started()
    }

    /// Another ordinary pod beside the one that a test is about.
    pub(crate) fn working_as(system_id: &str) -> Self {
        let head = "concurrent = 1\ncheck_interval = 1";
        let pod = Self::new(Settings::default(), &[Kind::Shared], head, "  limit = 1");
        pod.put(".runner_system_id", system_id);
        pod.with_port().started()
    }

    /// Where its metrics are, if it has any.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    /// The same with `listen_address` in the file.
    pub(crate) fn with_port(self) -> Self {
        let text = self.text("config.toml");
        let address = format!("listen_address = \"{}\"\n{text}", self.address);
        self.put_config(&address);
        self
    }

    /// The same with its runner manager at work: it has polled.
    pub(crate) fn started(self) -> Self {
        self.started_by(&["run"])
    }

    pub(crate) fn started_by(mut self, arguments: &[&str]) -> Self {
        self.start(arguments);
        self.polled(1);
        self
    }

    pub(crate) fn start(&mut self, arguments: &[&str]) {
        self.runner_manager = Some(self.another(arguments));
    }

    /// One more runner manager on the same file, which the caller ends.
    pub(crate) fn another(&self, arguments: &[&str]) -> Child {
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.file("log"))
            .unwrap();
        Command::new(stand_in())
            .args(arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("CONFIG_FILE", self.file("config.toml"))
            .env("STAND_IN_AS", played())
            .current_dir(self.directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .process_group(0)
            .spawn()
            .unwrap()
    }

    pub(crate) fn polled(&self, times: usize) {
        let polled = self
            .gitlab
            .wait_until(LIMIT, |state| state.count("POST /jobs/request") >= times);
        assert!(polled, "{}", self.text("log"));
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.file(name)).unwrap_or_default()
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        let path = self.file("put");
        drop(fs::remove_file(&path));
        fs::File::create_new(&path)
            .unwrap()
            .write_all(text.as_bytes())
            .unwrap();
        fs::rename(path, self.file(name)).unwrap();
    }

    pub(crate) fn put_config(&self, text: &str) {
        self.put("config.toml", text);
        let file = fs::File::options()
            .write(true)
            .open(self.file("config.toml"))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
    }

    /// Bytes and modification time of `config.toml`, which must come back.
    pub(crate) fn original(&self) -> (String, SystemTime) {
        let modified = fs::metadata(self.file("config.toml"))
            .unwrap()
            .modified()
            .unwrap();
        (self.text("config.toml"), modified)
    }

    pub(crate) fn reaper(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_runner-reaper"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.directory.path())
            .env("CONFIG_FILE", self.file("config.toml"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the reaper to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        let began = Instant::now();
        ended(&self.reaper(arguments).output().unwrap(), began)
    }

    /// A job that takes so long.
    pub(crate) fn job(&self, seconds: f64) -> i64 {
        self.gitlab.queue_job(Job {
            script: vec![format!("sleep {seconds}")],
            variables: vec![(
                "STAND_IN_DURATION".into(),
                format!("{}ms", seconds * 1000.0),
            )],
            ..Job::default()
        })
    }

    pub(crate) fn job_is(&self, id: i64, status: JobStatus) {
        let reached = self.gitlab.wait_until(LIMIT, |state| {
            state.job(id).is_some_and(|job| job.status == status)
        });
        let now = self
            .gitlab
            .look(|state| state.job(id).map(|job| job.status));
        assert!(
            reached,
            "job {id} is {now:?}, not {status:?}\n{}",
            self.text("log")
        );
    }

    /// How often GitLab was asked for this, and answered 204.
    pub(crate) fn deleted(&self, pattern: &str) -> usize {
        self.gitlab
            .calls(pattern)
            .iter()
            .filter(|call| call.status == Some(204))
            .count()
    }

    /// No request for jobs began after the last deletion.
    pub(crate) fn no_poll_after_the_end(&self) {
        let calls = self.gitlab.journal();
        let last = calls
            .iter()
            .rposition(|call| call.method == "DELETE")
            .expect("a deletion");
        let late: Vec<_> = calls[last..]
            .iter()
            .filter(|call| call.is("POST /jobs/request"))
            .collect();
        assert!(late.is_empty(), "{late:?}");
    }

    /// Runner managers that GitLab lists.
    pub(crate) fn managers(&self) -> usize {
        self.gitlab
            .runners()
            .iter()
            .map(|runner| runner.managers.len())
            .sum()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid_of(self.runner_manager.as_ref().unwrap()), signal).unwrap();
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.runner_manager
            .as_mut()
            .unwrap()
            .try_wait()
            .unwrap()
            .is_none()
    }

    pub(crate) fn exited(&mut self) {
        self.runner_manager.as_mut().unwrap().wait().unwrap();
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        if let Some(child) = &mut self.runner_manager {
            // A wrapper's child is in a group of its own and ends when its wrapper is asked to.
            let _ = kill_process(pid_of(child), Signal::TERM);
            let began = Instant::now();
            while child.try_wait().is_ok_and(|ended| ended.is_none()) && began.elapsed() < LIMIT {
                std::thread::sleep(Duration::from_millis(1));
            }
            drop(child.kill());
            drop(child.wait());
        }
    }
}

pub(crate) fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

pub(crate) fn ended(output: &Output, began: Instant) -> Ended {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!words.contains("glrt"), "a token in the log: {words}");
    Ended {
        code: output.status.code().unwrap_or(-1),
        words,
        took: began.elapsed(),
    }
}

/// The stand-in, built once; or the real program where one is named.
fn stand_in() -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT
        .get_or_init(|| {
            if let Some(real) = std::env::var_os("GITLAB_RUNNER") {
                return real.into();
            }
            let reaper = PathBuf::from(env!("CARGO_BIN_EXE_runner-reaper"));
            // It is beside the tested program only when it is of the same profile.
            let directory = reaper.parent().and_then(Path::file_name).unwrap();
            let profile = directory.to_str().unwrap().replace("debug", "dev");
            let status = Command::new(env!("CARGO"))
                .args([
                    "build",
                    "--quiet",
                    "--package",
                    "runner-manager-stand-in",
                    "--bins",
                ])
                .args(["--profile", &profile])
                .status()
                .unwrap();
            assert!(status.success(), "the stand-in cannot be built");
            reaper.with_file_name("runner-manager-stand-in")
        })
        .clone()
}
