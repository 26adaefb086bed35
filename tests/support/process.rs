//! A run of `runner-reaper` from its start to its last word, and a plain look at a page. Judges only that no token is in
//! what it says.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use gitlab_simulator::Call;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::canary::form;
use crate::pod::{LIMIT, Pod, pid_of, wait_for};

/// A run that goes on.
pub struct Running {
    /// Its process.
    pub child: Child,
    lines: Receiver<String>,
    words: String,
    began: Instant,
    secrets: Vec<String>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; -1 where a signal ended it.
    pub code: i32,
    /// All it said.
    pub words: String,
    /// From its start, or [`Running::stop`], to its end.
    pub took: Duration,
}

impl Ended {
    /// Fails unless it ended so and said so.
    #[track_caller]
    pub fn is(&self, code: i32, words: &str) {
        assert_eq!(self.code, code, "{}", self.words);
        assert!(
            self.words.contains(words),
            "no {words:?} in: {}",
            self.words
        );
    }
}

impl Pod {
    /// `runner-reaper` with these arguments in this pod.
    pub fn reaper(&self, arguments: &[&str]) -> Command {
        let mut command = self.stage.command("runner-reaper");
        command.args(arguments);
        command
    }

    /// Runs it to its end.
    pub fn reap(&self, arguments: &[&str]) -> Ended {
        self.begin(&mut self.reaper(arguments)).ended()
    }

    /// Starts the hook.
    pub fn hook(&self, arguments: &[&str]) -> Running {
        self.begin(self.reaper(&["pre-stop"]).args(arguments))
    }

    /// Starts a sidecar and waits until it sleeps, its connection to GitLab made.
    pub fn sidecar(&self, arguments: &[&str]) -> Running {
        let mut sidecar = self.begin(self.reaper(&["sidecar"]).args(arguments));
        sidecar.says("waiting for the end of the pod");
        self.is_connected();
        sidecar
    }

    /// Waits until a sidecar has made its connection to GitLab.
    #[track_caller]
    pub fn is_connected(&self) {
        let ahead = |call: &Call| call.method == "HEAD" && call.status.is_some();
        let connected = self
            .gitlab
            .wait_until(LIMIT, |state| state.journal.iter().any(ahead));
        assert!(connected, "no connection was made ahead");
    }

    /// Starts a command of this pod, usually [`Pod::reaper`].
    pub fn begin(&self, command: &mut Command) -> Running {
        let began = Instant::now();
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let (sender, lines) = channel();
        let (stdout, stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        forward(stdout, sender.clone());
        forward(stderr, sender);
        Running {
            child,
            lines,
            words: String::new(),
            began,
            secrets: self.secrets(),
        }
    }

    /// Every token there is, on the volume and at GitLab.
    pub fn secrets(&self) -> Vec<String> {
        self.gitlab.look(|state| {
            let runners = state.runners.iter().map(|runner| runner.token.clone());
            let access = state.access_tokens.iter().map(|token| token.token.clone());
            let jobs = state.jobs.iter().map(|job| job.token.clone());
            let registration = [state.settings.registration_token.clone()];
            runners
                .chain(access)
                .chain(jobs)
                .chain(registration)
                .collect()
        })
    }
}

fn forward(from: impl std::io::Read + Send + 'static, to: std::sync::mpsc::Sender<String>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                return;
            }
        }
    });
}

impl Running {
    /// Waits until it has said this.
    #[track_caller]
    pub fn says(&mut self, words: &str) {
        while !self.words.contains(words) {
            let line = self.lines.recv_timeout(LIMIT);
            let line = line.unwrap_or_else(|_| panic!("never said {words:?}: {}", self.words));
            self.words += &line;
            self.words.push('\n');
        }
    }

    /// Whether it has said this by now.
    pub fn has_said(&mut self, words: &str) -> bool {
        for line in self.lines.try_iter() {
            self.words += &line;
            self.words.push('\n');
        }
        self.words.contains(words)
    }

    /// Forgets what it has said: the same words are waited for anew.
    pub fn forget(&mut self) {
        self.words.clear();
    }

    /// Sends it SIGTERM; from now on its time counts.
    pub fn stop(&mut self) {
        self.began = Instant::now();
        self.signal(Signal::SIGTERM);
    }

    /// Told to stop, it ends.
    #[track_caller]
    pub fn stopped(mut self) -> Ended {
        self.stop();
        self.ended()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill(pid_of(&self.child), signal).unwrap();
    }

    /// Whether it has not ended.
    pub fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn ended(mut self) -> Ended {
        let status = wait_for("the reaper's end", || self.child.try_wait().unwrap());
        let took = self.began.elapsed();
        for line in &self.lines {
            self.words += &line;
            self.words.push('\n');
        }
        for secret in &self.secrets {
            let said = form(&self.words, secret);
            assert_eq!(said, None, "a token was said: {}", self.words);
        }
        Ended {
            code: status.code().unwrap_or(-1),
            words: std::mem::take(&mut self.words),
            took,
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A page's body; none while nobody answers with 200.
pub fn page(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    // HTTP/1.0 keeps the body in one piece.
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    let (head, body) = text.split_once("\r\n\r\n")?;
    head.contains(" 200 ").then(|| body.to_owned())
}

/// The first child of a process, once there is one.
pub fn first_child(of: Pid) -> Pid {
    wait_for("a child", || {
        let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).ok()?;
        let first = children.split_whitespace().next()?;
        first.parse().ok().map(Pid::from_raw)
    })
}
