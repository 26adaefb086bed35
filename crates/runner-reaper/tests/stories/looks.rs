//! What the runner manager of a pod shows of itself.

use std::io::{Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::{Duration, Instant};

use gitlab_simulator::JobStatus;

use crate::pod::{LIMIT, Pod};

impl Pod {
    /// Waits until the runner manager works on this job. GitLab's own "running" comes earlier: the answer may still be on
    /// its way, and a SIGQUIT cuts it off.
    pub(crate) fn works_on(&self, id: i64) {
        self.job_is(id, JobStatus::Running);
        let listed = format!("/-/jobs/{id} ");
        wait_for("the runner manager to work on the job", || {
            self.page("/debug/jobs/list").contains(&listed)
        });
    }

    /// A page's body; nothing while nobody answers.
    pub(crate) fn page(&self, path: &str) -> String {
        body(self.address(), path)
    }

    /// The time as the journal counts it.
    pub(crate) fn gitlab_now(&self) -> Duration {
        body(self.gitlab.address(), "/api/v4/now");
        self.gitlab.calls("GET /now").pop().unwrap().at
    }
}

fn body(address: impl ToSocketAddrs, path: &str) -> String {
    let mut answer = String::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        // HTTP/1.0 keeps the body in one piece.
        let request = format!("GET {path} HTTP/1.0\r\nHost: h\r\n\r\n");
        let asked = stream.write_all(request.as_bytes());
        drop(asked.and_then(|()| stream.read_to_string(&mut answer)));
    }
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body);
    body.unwrap_or_default().to_owned()
}

/// A bound on what the program takes: a busy machine may add to it, but not to each of three.
#[track_caller]
pub(crate) fn within(bound: Duration, mut measure: impl FnMut() -> Duration) {
    let mut taken = Vec::new();
    while taken.len() < 3 {
        taken.push(measure());
        if taken.last().is_some_and(|last| *last < bound) {
            return;
        }
    }
    panic!("not once within {bound:?}: {taken:?}");
}

/// Asks again and again until it is so.
#[track_caller]
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}
