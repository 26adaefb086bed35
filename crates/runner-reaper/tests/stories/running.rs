//! A reaper at work: its lines as they come, and how it ends.

use std::io::{BufRead as _, BufReader};
use std::process::Child;
use std::time::Instant;

use rustix::process::{Signal, kill_process};

use crate::pod::{Ended, LIMIT, Pod, pid_of};

pub(crate) struct Running {
    child: Child,
    began: Instant,
    lines: std::sync::mpsc::Receiver<String>,
    words: String,
}

impl Running {
    /// Started.
    pub(crate) fn of(pod: &Pod, arguments: &[&str]) -> Self {
        let began = Instant::now();
        let mut child = pod.reaper(arguments).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let words = String::new();
        Self {
            child,
            began,
            lines,
            words,
        }
    }

    /// A sidecar that is asleep: its words came.
    pub(crate) fn sidecar(pod: &Pod, arguments: &[&str]) -> Self {
        let mut this = Self::of(pod, &[&["sidecar"], arguments].concat());
        this.says("waiting for the end of the pod");
        this
    }

    pub(crate) fn says(&mut self, words: &str) {
        while !self.words.contains(words) {
            let line = self.lines.recv_timeout(LIMIT);
            self.words += &line.unwrap_or_else(|_| panic!("never said {words}: {}", self.words));
            self.words.push('\n');
        }
    }

    /// Forgets what it has said: the same words are waited for anew.
    pub(crate) fn forget(&mut self) {
        self.words.clear();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid_of(&self.child), signal).unwrap();
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Told to stop now, from when on its time counts.
    pub(crate) fn stop(&mut self) {
        self.began = Instant::now();
        self.signal(Signal::TERM);
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub(crate) fn ended(mut self) -> Ended {
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let took = self.began.elapsed();
        self.words.extend(self.lines.iter().map(|line| line + "\n"));
        assert!(
            !self.words.contains("glrt"),
            "a token in the log: {}",
            self.words
        );
        Ended {
            code,
            words: self.words,
            took,
        }
    }

    pub(crate) fn stopped(mut self) -> Ended {
        self.stop();
        self.ended()
    }
}
