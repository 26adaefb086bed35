//! The container beside the runner's.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::{Duration, Instant};

use gitlab_simulator::{JobStatus, Settings};
use rustix::process::{Signal, kill_process};

use crate::pod::{Ended, Kind, LIMIT, Pod, pid_of};

struct Sidecar {
    child: Child,
    lines: std::sync::mpsc::Receiver<String>,
    words: String,
}

impl Sidecar {
    /// Started, and asleep: its words came.
    fn of(pod: &Pod, arguments: &[&str]) -> Self {
        let arguments = [&["sidecar"], arguments].concat();
        let mut child = pod.reaper(&arguments).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut this = Self {
            child,
            lines,
            words: String::new(),
        };
        this.says("waiting for the end of the pod");
        this
    }

    fn says(&mut self, words: &str) {
        while !self.words.contains(words) {
            let line = self.lines.recv_timeout(LIMIT);
            self.words += &line.unwrap_or_else(|_| panic!("never said {words}: {}", self.words));
            self.words.push('\n');
        }
    }

    fn signal(&self) {
        kill_process(pid_of(&self.child), Signal::TERM).unwrap();
    }

    fn ended(mut self, began: Instant) -> Ended {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let took = began.elapsed();
        self.words.extend(self.lines.iter().map(|line| line + "\n"));
        Ended {
            code,
            words: self.words,
            took,
        }
    }

    fn stopped(self) -> Ended {
        let began = Instant::now();
        self.signal();
        self.ended(began)
    }
}

fn connected(pod: &Pod) {
    let ready = pod.gitlab.wait_until(LIMIT, |state| {
        state.journal.iter().any(|call| call.method == "HEAD")
    });
    assert!(ready, "no connection ahead");
}

#[test]
fn runner_manager_that_has_ended_is_unregistered_at_once() {
    for (kind, pattern) in [
        (Kind::Shared, "DELETE /runners/managers"),
        (Kind::Owned, "DELETE /runners"),
    ] {
        let mut pod = Pod::working(kind, 1);
        let sidecar = Sidecar::of(&pod, &[]);
        connected(&pod);
        pod.signal(Signal::QUIT);
        pod.exited();
        let ended = sidecar.stopped();
        assert_eq!(ended.code, 0, "{}", ended.words);
        assert!(ended.took < Duration::from_millis(500), "{:?}", ended.took);
        assert_eq!(pod.deleted(pattern), 1);
        pod.no_poll_after_the_end();
    }
}

#[test]
fn sidecar_that_is_stopped_alone_unregisters_nothing() {
    let pod = Pod::working(Kind::Owned, 1);
    let ended = Sidecar::of(&pod, &[]).stopped();
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert!(
        ended.words.contains("not the end of the pod"),
        "{}",
        ended.words
    );
    assert!(pod.gitlab.calls("DELETE *").is_empty());
}

#[test]
fn second_signal_unregisters_at_once() {
    let pod = Pod::working(Kind::Shared, 1);
    let sidecar = Sidecar::of(&pod, &["--log-level", "debug"]);
    let began = Instant::now();
    sidecar.signal();
    let mut sidecar = sidecar;
    sidecar.says("SIGTERM received");
    sidecar.signal();
    let ended = sidecar.ended(began);
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert!(ended.took < Duration::from_secs(2), "{:?}", ended.took);
    assert_eq!(pod.deleted("DELETE /runners/managers"), 1);
}

#[test]
fn owned_runner_of_a_draining_process_goes_after_its_jobs() {
    let mut pod = Pod::working(Kind::Owned, 1);
    // Longer than the kubelet takes to kill: a process that vanishes later has drained.
    let job = pod.job(4.0);
    pod.job_is(job, JobStatus::Running);
    let sidecar = Sidecar::of(&pod, &[]);
    let began = Instant::now();
    sidecar.signal();
    pod.signal(Signal::QUIT);
    pod.exited();
    let ended = sidecar.ended(began);
    assert_eq!(ended.code, 0, "{}", ended.words);
    pod.job_is(job, JobStatus::Success);
    assert_eq!(pod.deleted("DELETE /runners"), 1);
}

#[test]
fn killed_under_its_jobs_keeps_the_owned_runner_and_names_it() {
    let mut pod = Pod::new(
        Settings::default(),
        &[Kind::Owned, Kind::Shared],
        "concurrent = 2\ncheck_interval = 1",
        "  limit = 2",
    )
    .with_port()
    .started();
    let job = pod.job(60.0);
    pod.job_is(job, JobStatus::Running);
    let sidecar = Sidecar::of(&pod, &[]);
    pod.signal(Signal::QUIT);
    let draining = Instant::now();
    let mut polls = pod.gitlab.calls("POST /jobs/request").len();
    // The state shows it at once; polls show it to GitLab.
    while draining.elapsed() < Duration::from_millis(300) {
        polls = polls.max(pod.gitlab.calls("POST /jobs/request").len());
    }
    let began = Instant::now();
    sidecar.signal();
    let gone = pod
        .gitlab
        .wait_until(LIMIT, |state| state.count("DELETE /runners/managers") > 0);
    assert!(gone && began.elapsed() < Duration::from_secs(1));
    pod.signal(Signal::KILL);
    pod.exited();
    let ended = sidecar.ended(began);
    assert_eq!(ended.code, 75, "{}", ended.words);
    assert!(
        ended.words.contains("is left behind") && ended.words.contains(&format!("/-/jobs/{job}")),
        "{}",
        ended.words
    );
    assert!(pod.gitlab.calls("DELETE /runners").is_empty());
    assert_eq!(pod.gitlab.calls("POST /jobs/request").len(), polls);
}

#[test]
fn file_that_comes_later_is_noticed() {
    let pod = Pod::new(Settings::default(), &[Kind::Shared], "concurrent = 1", "");
    let text = pod.text("config.toml");
    std::fs::remove_file(pod.file("config.toml")).unwrap();
    let sidecar = Sidecar::of(&pod, &[]);
    pod.put("config.toml", &text);
    connected(&pod);
    let ended = sidecar.stopped();
    assert_eq!(ended.code, 0, "{}", ended.words);
    assert_eq!(pod.gitlab.calls("DELETE /runners/managers").len(), 1);
}
