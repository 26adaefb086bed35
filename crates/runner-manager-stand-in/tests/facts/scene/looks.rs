//! What can be seen of a runner manager: its pages, and GitLab's side of it. Changes nothing.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use gitlab_simulator::JobStatus;

use super::{LIMIT, Scene, wait_for};

impl Scene {
    /// A page's body; None while nothing listens there.
    pub(crate) fn page(&self, path: &str) -> Option<String> {
        let (head, body) = self.answer(path)?;
        head.contains(" 200 ").then_some(body)
    }

    pub(crate) fn answer(&self, path: &str) -> Option<(String, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(LIMIT)).ok()?;
        // HTTP/1.0 keeps the body in one piece.
        write!(
            stream,
            "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n",
            self.address
        )
        .ok()?;
        let mut text = String::new();
        stream.read_to_string(&mut text).ok()?;
        let (head, body) = text.split_once("\r\n\r\n")?;
        Some((head.to_owned(), body.to_owned()))
    }

    pub(crate) fn state(&self) -> Option<String> {
        self.page("/debug/process/state")
            .map(|state| state.trim().to_owned())
    }

    /// Waits until it has taken over the signals, which every version shows by its workers.
    pub(crate) fn is_up(&self) {
        wait_for("the runner manager to run", || {
            (self.metric("gitlab_runner_worker_slots_number", "") > 0).then_some(())
        });
    }

    /// The sum of a family's rows that contain `label`; zero while there is none.
    pub(crate) fn metric(&self, name: &str, label: &str) -> i64 {
        let page = self.page("/metrics").unwrap_or_default();
        let rows = page
            .lines()
            .filter(|row| row.split(['{', ' ']).next() == Some(name) && row.contains(label));
        rows.filter_map(|row| row.rsplit_once(' ')?.1.parse::<f64>().ok())
            .map(|value| value as i64)
            .sum()
    }

    pub(crate) fn jobs_running(&self) -> usize {
        self.gitlab.look(|state| {
            state
                .jobs
                .iter()
                .filter(|job| job.status == JobStatus::Running)
                .count()
        })
    }

    /// Requests for jobs so far.
    pub(crate) fn polls(&self) -> usize {
        self.gitlab.look(|state| state.count("POST /jobs/request"))
    }

    /// Waits until GitLab has seen so many requests for jobs.
    pub(crate) fn polled(&self, times: usize) {
        assert!(
            self.gitlab
                .wait_until(LIMIT, |state| state.count("POST /jobs/request") >= times),
            "{} polls instead of {times}",
            self.polls()
        );
    }

    /// Waits for a job to reach a status.
    pub(crate) fn job_is(&self, id: i64, status: JobStatus) {
        let reached = self.gitlab.wait_until(LIMIT, |state| {
            state.job(id).is_some_and(|job| job.status == status)
        });
        assert!(
            reached,
            "job {id} is {:?}, not {status:?}",
            self.gitlab
                .look(|state| state.job(id).map(|job| job.status))
        );
    }

    /// Waits until the feeder stands with an entry in its hand: it feeds every second, so a counter that stands still for
    /// much longer says that no worker takes what it holds.
    pub(crate) fn entry_is_held(&self) {
        let mut seen = (0, Instant::now());
        wait_for("a held entry", || {
            let fed = self.metric("gitlab_runner_worker_feeds_total", "");
            if fed != seen.0 {
                seen = (fed, Instant::now());
            }
            (seen.1.elapsed() > Duration::from_secs(3)).then_some(())
        });
    }

    /// Waits until so many jobs are worked on. GitLab's own "running" comes earlier: the answer may still be on its way.
    pub(crate) fn works_on(&self, jobs: i64) {
        let name = "gitlab_runner_jobs";
        wait_for("jobs at work", || {
            (self.metric(name, "stage=\"step_script\"") == jobs).then_some(())
        });
    }
}
