//! Owns the requests to the runner manager's metrics port: plain HTTP over loopback, each with a short limit. What the
//! pages mean is decided elsewhere.

use std::fs;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::address::{SocketAddresses, addresses_of};
use super::metrics::{ProcessState, Reader, Sample};
use crate::deadline::Deadline;

/// Limits of one page. A busy node may be slow, but a look that takes longer tells about the past; and one more look must
/// fit in after the deadline.
const MOST: Duration = Duration::from_secs(2);
const LEAST: Duration = Duration::from_millis(100);

/// No line of these pages is longer; what is longer is somebody else's page.
const LONGEST_LINE: usize = 16 * 1024;

/// A job as `/debug/jobs/list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's address at GitLab.
    pub url: String,
}

/// What a page showed. That nobody listens and that somebody does not answer are two things: a runner manager whose token
/// rotation waits for GitLab, or that is throttled, is silent and still there.
#[derive(Clone, Debug, PartialEq)]
pub enum Look<T> {
    /// The page.
    Seen(T),
    /// Somebody listens and did not answer in time, or not to the end.
    Silent,
    /// Nobody listens, or somebody else who has no such page.
    Nobody,
}

impl<T> Look<T> {
    /// The page, where it was seen.
    pub fn as_seen(&self) -> Option<&T> {
        match self {
            Self::Seen(page) => Some(page),
            Self::Silent | Self::Nobody => None,
        }
    }

    /// The page, where it was seen.
    pub fn seen(self) -> Option<T> {
        match self {
            Self::Seen(page) => Some(page),
            Self::Silent | Self::Nobody => None,
        }
    }

    fn failed(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        match error.kind() {
            Kind::ConnectionRefused
            | Kind::AddrNotAvailable
            | Kind::NetworkUnreachable
            | Kind::HostUnreachable
            | Kind::InvalidData => Self::Nobody,
            _ => Self::Silent,
        }
    }
}

/// The pages of one runner manager.
#[derive(Clone, Debug)]
pub struct Pages {
    addresses: SocketAddresses,
    deadline: Deadline,
}

/// The pages at an address; nothing, where it cannot be understood.
#[must_use]
pub fn pages_at(address: &str, deadline: Deadline) -> Option<Pages> {
    let hosts = fs::read_to_string("/etc/hosts").unwrap_or_default();
    let addresses = addresses_of(address, &hosts);
    if addresses.is_empty() {
        log::warn!("the metrics address {address:?} is not valid or cannot be resolved");
        return None;
    }
    Some(Pages::at(addresses, deadline))
}

impl Pages {
    /// The pages at the first of these addresses that answers. No look goes far beyond the deadline.
    #[must_use]
    pub fn at(addresses: SocketAddresses, deadline: Deadline) -> Self {
        Self {
            addresses,
            deadline,
        }
    }

    /// The port that is asked.
    pub(super) fn port(&self) -> Option<u16> {
        self.addresses.first().map(SocketAddr::port)
    }

    /// A look at `/metrics`.
    pub async fn sample(&self) -> Look<Sample> {
        let mut reader = Reader::default();
        let read = self.lines("/metrics", |line| reader.line(line)).await;
        match read {
            Ok(()) => reader.sample().map_or(Look::Nobody, Look::Seen),
            Err(error) => Look::failed(&error),
        }
    }

    /// What `/debug/process/state` says.
    pub async fn state(&self) -> Look<ProcessState> {
        let mut state = None;
        let read = self.lines("/debug/process/state", |line| {
            state = state.or(ProcessState::parse(line));
        });
        match read.await {
            Ok(()) => state.map_or(Look::Nobody, Look::Seen),
            Err(error) => Look::failed(&error),
        }
    }

    /// The jobs of `/debug/jobs/list`.
    pub async fn jobs(&self) -> Look<Vec<Job>> {
        let mut jobs = Vec::new();
        let read = self.lines("/debug/jobs/list", |line| jobs.extend(job_of(line)));
        match read.await {
            Ok(()) => Look::Seen(jobs),
            Err(error) => Look::failed(&error),
        }
    }

    /// Hands the lines of a page's body over, and fails for every status but 200: as invalid where there is no such page.
    async fn lines(&self, path: &str, take: impl FnMut(&str)) -> io::Result<()> {
        let read = async {
            let mut stream = self.connect().await?;
            // HTTP/1.0: no chunks, and the end of the body is the end of the connection.
            let request =
                format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            read_lines(&mut stream, take).await
        };
        let limit = self.deadline.left().clamp(LEAST, MOST);
        tokio::time::timeout(limit, read)
            .await
            .map_err(|_| io::ErrorKind::TimedOut)?
    }

    async fn connect(&self) -> io::Result<TcpStream> {
        let mut last = io::ErrorKind::AddrNotAvailable.into();
        for address in &self.addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => return Ok(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }
}

async fn read_lines(stream: &mut TcpStream, mut take: impl FnMut(&str)) -> io::Result<()> {
    let mut buffer = Vec::with_capacity(LONGEST_LINE);
    let mut in_body = false;
    let mut status_seen = false;
    loop {
        let more = stream.read_buf(&mut buffer).await? > 0;
        let mut start = 0;
        while let Some(length) = buffer[start..].iter().position(|b| *b == b'\n') {
            let line = String::from_utf8_lossy(&buffer[start..start + length]);
            start += length + 1;
            let line = line.trim_end_matches('\r');
            if in_body {
                take(line);
            } else if line.is_empty() {
                in_body = true;
            } else if !status_seen {
                status_seen = true;
                check_status(line)?;
            }
        }
        buffer.drain(..start);
        if !more {
            if in_body && !buffer.is_empty() {
                take(&String::from_utf8_lossy(&buffer));
            }
            return if in_body {
                Ok(())
            } else {
                Err(io::ErrorKind::UnexpectedEof.into())
            };
        }
        if buffer.len() > LONGEST_LINE {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
}

fn check_status(line: &str) -> io::Result<()> {
    let status = line.split_ascii_whitespace().nth(1);
    match status.filter(|_| line.starts_with("HTTP/")) {
        Some("200") => Ok(()),
        // What gathers the metrics may fail for a moment.
        Some(status) if status.starts_with('5') => {
            Err(io::Error::other("the page could not be read"))
        }
        _ => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn job_of(line: &str) -> Option<Job> {
    let value = |key: &str| {
        let mut words = line.split_ascii_whitespace();
        words
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
            .map(str::to_owned)
    };
    Some(Job { url: value("url")? })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    fn at(addresses: SocketAddresses) -> Pages {
        Pages::at(addresses, Deadline::after(Duration::from_secs(60)))
    }

    /// A server for one request that answers these pieces.
    fn serve(pieces: &'static [&'static str]) -> Pages {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 512];
            let read = stream.read(&mut request).unwrap();
            assert!(read > 0);
            for piece in pieces {
                // The reader may have turned away.
                if stream.write_all(piece.as_bytes()).is_err() {
                    return;
                }
                drop(stream.flush());
            }
        });
        at(vec![address])
    }

    #[tokio::test]
    async fn jobs_are_read_however_the_answer_is_cut() {
        let pages = serve(&[
            "HTTP/1.0 200 OK\r\nX-List-Ver",
            "sion: 2\r\n\r\nurl=http://h/p/-/jobs/1 state=running stage=step_script exe",
            "cutor_stage=run duration=3s\nurl=http://h/p/-/jobs/2 state=pending stage=prepare_script duration=1s",
        ]);
        let jobs = pages.jobs().await.seen().unwrap();
        let jobs: Vec<String> = jobs.into_iter().map(|job| job.url).collect();
        assert_eq!(jobs, ["http://h/p/-/jobs/1", "http://h/p/-/jobs/2"]);
    }

    #[tokio::test]
    async fn empty_list_is_no_job_and_a_refusal_is_nothing() {
        assert_eq!(
            serve(&["HTTP/1.0 200 OK\r\n\r\n"]).jobs().await,
            Look::Seen(vec![])
        );
        assert_eq!(
            serve(&["HTTP/1.1 404 Not Found\r\n\r\nx"]).jobs().await,
            Look::Nobody
        );
        assert_eq!(serve(&["HTTP/1.1 200 OK\r\n"]).jobs().await, Look::Silent);
        assert_eq!(serve(&[""]).jobs().await, Look::Silent);
        assert_eq!(at(vec![]).jobs().await, Look::Nobody);
    }

    #[tokio::test]
    async fn state_is_one_word() {
        let pages = serve(&["HTTP/1.1 200 OK\r\n\r\ngraceful-shutdown\n"]);
        assert_eq!(pages.state().await, Look::Seen(ProcessState::Graceful));
    }

    #[tokio::test]
    async fn nobody_and_no_answer_are_two_things() {
        let refused = gitlab_simulator::own_address();
        assert_eq!(at(vec![refused]).sample().await, Look::Nobody);
        assert_eq!(at(vec![]).sample().await, Look::Nobody);
        async fn check(answer: &'static [&'static str], want: Look<Sample>) {
            assert_eq!(serve(answer).sample().await, want, "{answer:?}");
        }
        check(&["HTTP/1.1 200 OK\r\n\r\nx 1\n"], Look::Nobody).await;
        check(&["HTTP/1.1 404 Not Found\r\n\r\n"], Look::Nobody).await;
        check(&["SSH-2.0\r\n"], Look::Nobody).await;
        check(&["HTTP/1.1 503 Busy\r\n\r\n"], Look::Silent).await;
        check(&["HTTP/1.1 200 OK\r\n"], Look::Silent).await;
        check(&[], Look::Silent).await;
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        assert_eq!(at(vec![address]).state().await, Look::Silent);
        let began = std::time::Instant::now();
        let late = Pages::at(vec![address], Deadline::after(Duration::ZERO));
        assert_eq!(late.state().await, Look::Silent);
        assert!(began.elapsed() < MOST, "{:?}", began.elapsed());
    }
}
