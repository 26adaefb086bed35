//! Owns the requests to the runner manager's metrics port: plain HTTP over loopback, each with a short limit. What the
//! pages mean is decided elsewhere.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::address::SocketAddresses;
use super::metrics::{ProcessState, Reader, Sample};

/// Limit of one page. A busy node may be slow, but a look that takes longer than this tells about the past.
const LIMIT: Duration = Duration::from_secs(2);

/// No line of these pages is longer; what is longer is somebody else's page.
const LONGEST_LINE: usize = 16 * 1024;

/// A job as `/debug/jobs/list` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The job's address at GitLab.
    pub url: String,
    /// `running`, `pending` and so on.
    pub state: String,
    /// Which part of it runs.
    pub stage: String,
}

/// The pages of one runner manager.
#[derive(Clone, Debug)]
pub struct Pages {
    addresses: SocketAddresses,
}

impl Pages {
    /// The pages at the first of these addresses that answers.
    #[must_use]
    pub fn at(addresses: SocketAddresses) -> Self {
        Self { addresses }
    }

    /// A look at `/metrics`. Nothing, if nobody answers or it is not gitlab-runner that does.
    pub async fn sample(&self) -> Option<Sample> {
        let mut reader = Reader::default();
        self.lines("/metrics", |line| reader.line(line))
            .await
            .ok()?;
        reader.sample()
    }

    /// What `/debug/process/state` says.
    pub async fn state(&self) -> Option<ProcessState> {
        let mut state = None;
        self.lines("/debug/process/state", |line| {
            state = state.or(ProcessState::parse(line));
        })
        .await
        .ok()?;
        state
    }

    /// The jobs of `/debug/jobs/list`. Nothing, if nobody answers.
    pub async fn jobs(&self) -> Option<Vec<Job>> {
        let mut jobs = Vec::new();
        self.lines("/debug/jobs/list", |line| jobs.extend(job_of(line)))
            .await
            .ok()?;
        Some(jobs)
    }

    /// Hands the lines of a page's body over, and fails for every status but 200.
    async fn lines(&self, path: &str, take: impl FnMut(&str)) -> io::Result<()> {
        let read = async {
            let mut stream = self.connect().await?;
            // HTTP/1.0: no chunks, and the end of the body is the end of the connection.
            let request =
                format!("GET {path} HTTP/1.0\r\nHost: localhost\r\nAccept: text/plain\r\n\r\n");
            stream.write_all(request.as_bytes()).await?;
            read_lines(&mut stream, take).await
        };
        tokio::time::timeout(LIMIT, read)
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
                let status = line.split_ascii_whitespace().nth(1);
                if !line.starts_with("HTTP/") || status != Some("200") {
                    return Err(io::ErrorKind::InvalidData.into());
                }
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

fn job_of(line: &str) -> Option<Job> {
    let value = |key: &str| {
        let mut words = line.split_ascii_whitespace();
        words
            .find_map(|word| word.strip_prefix(key)?.strip_prefix('='))
            .map(str::to_owned)
    };
    Some(Job {
        url: value("url")?,
        state: value("state").unwrap_or_default(),
        stage: value("stage").unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

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
        Pages::at(vec![address])
    }

    #[tokio::test]
    async fn jobs_are_read_however_the_answer_is_cut() {
        let pages = serve(&[
            "HTTP/1.0 200 OK\r\nX-List-Ver",
            "sion: 2\r\n\r\nurl=http://h/p/-/jobs/1 state=running stage=step_script exe",
            "cutor_stage=run duration=3s\nurl=http://h/p/-/jobs/2 state=pending stage=prepare_script duration=1s",
        ]);
        let jobs = pages.jobs().await.unwrap();
        assert_eq!(jobs.len(), 2);
        assert_eq!(
            (jobs[0].url.as_str(), jobs[0].stage.as_str()),
            ("http://h/p/-/jobs/1", "step_script")
        );
        assert_eq!(jobs[1].state, "pending");
    }

    #[tokio::test]
    async fn empty_list_is_no_job_and_a_refusal_is_nothing() {
        assert_eq!(
            serve(&["HTTP/1.0 200 OK\r\n\r\n"]).jobs().await,
            Some(vec![])
        );
        assert_eq!(
            serve(&["HTTP/1.1 404 Not Found\r\n\r\nx"]).jobs().await,
            None
        );
        assert_eq!(serve(&["HTTP/1.1 200 OK\r\n"]).jobs().await, None);
        assert_eq!(serve(&[""]).jobs().await, None);
        assert_eq!(Pages::at(vec![]).jobs().await, None);
    }

    #[tokio::test]
    async fn state_is_one_word() {
        let pages = serve(&["HTTP/1.1 200 OK\r\n\r\ngraceful-shutdown\n"]);
        assert_eq!(pages.state().await, Some(ProcessState::Graceful));
    }
}
