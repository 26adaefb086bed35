//! Owns every word spoken with GitLab: five calls of a runner, those of a sweep, one place that sends them, one that assesses the answers. It never
//! decides which call is due, and it writes no file.
//!
//! The address is built as gitlab-runner builds it ([`Endpoint`]); an attempt that may succeed later is repeated until
//! the deadline (`request`), any other failure is explained in one line that ends in the next step (`verdict`).

use std::time::Duration;

use tokio::sync::watch;

use crate::backoff::Backoff;
use crate::token::Token;
use allowance::Allowance;

mod advice;
mod allowance;
mod answer;
mod attributes;
mod bodies;
mod call;
mod calls;
mod connection;
mod course;
mod endpoint;
mod error;
mod json;
mod names;
mod proxies;
mod redirect;
mod request;
mod runner_info;
mod sweep;
mod tls;
mod trouble;
mod tunnel;
mod verdict;
mod words;

pub use attributes::{AccessLevel, Attributes, Creation, RunnerType};
pub use endpoint::Endpoint;
pub use error::{Error, Explained};
pub use names::NameFiles;
pub use proxies::Proxies;
use proxies::Way;
pub use runner_info::{RunnerInfo, VERSION};
pub use sweep::{Deletion, Heard, Page, RunnerDetail, RunnerManager, RunnerRow, RunnersOf};
pub use tls::TlsFiles;

/// A runner as GitLab answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The runner's number at GitLab.
    pub id: i64,
    /// What the runner manager works with.
    pub token: Token,
    /// When the token ends, RFC 3339 as GitLab wrote it; most tokens never do.
    pub token_expires_at: Option<String>,
    /// The answer of an attempt before was lost on its way, so that another runner may have been made as well.
    pub maybe_another: bool,
}

/// How an entry came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// GitLab deleted it now.
    Deleted,
    /// GitLab does not know it (any more).
    WasGone,
    /// GitLab does not know the token: its runner is gone, or the token has expired.
    Unknown,
}

/// How fast attempts follow each other and how long each may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The waits in between, where GitLab does not name one.
    pub backoff: Backoff,
    /// Limit of a first attempt, from the name's resolution to the last byte of the answer; each further one has twice as
    /// long, so that a GitLab which is only slow is heard in the end.
    pub attempt: Duration,
    /// The same for a creation: an attempt that is given up may have made a runner, and the next one makes another.
    pub creation: Duration,
    /// Limit of its part before the request is sent: resolution, connection, TLS.
    pub connect: Duration,
}

impl Default for Pace {
    /// Ten seconds are ample for GitLab and leave several attempts in a grace period of 30 s. A creation gets three times as
    /// long: a GitLab that is overloaded should not be asked for one runner after the other. Connecting has a limit of its
    /// own so that a creation that hung before it was sent is known not to have happened.
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            attempt: Duration::from_secs(10),
            creation: Duration::from_secs(30),
            connect: Duration::from_secs(8),
        }
    }
}

impl Pace {
    /// Limit of an attempt, counted from 1.
    fn limit(&self, creates: bool, attempt: u32) -> Duration {
        let first = if creates { self.creation } else { self.attempt };
        first.saturating_mul(1 << attempt.saturating_sub(1).min(16))
    }
}

/// The client of one GitLab instance. Cheap to keep: its connection stays open for the next call.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    http: reqwest::Client,
    /// The proxy that every request goes through.
    way: Option<Way>,
    pace: Pace,
    allowance: Allowance,
    /// Where the call under way is.
    phase: watch::Sender<Phase>,
}

/// Where a call is, for who waits for it and would rather not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// An attempt is under way, or none.
    Asking,
    /// An attempt came to nothing, and the next one is due later.
    Between {
        /// GitLab may have done what was asked for all the same.
        lost: bool,
    },
}

impl Client {
    /// Reads the TLS files and the proxy rule; no request is made.
    ///
    /// # Errors
    /// [`Error::Unusable`] when a file that was named or found cannot be used, or the proxy.
    pub fn new(endpoint: &Endpoint, tls: &TlsFiles, proxies: &Proxies) -> Result<Self, Error> {
        Self::paced(
            endpoint,
            tls,
            proxies,
            Pace::default(),
            NameFiles::default(),
        )
    }

    /// [`Client::new`] at another pace and with other files for the resolution of names.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn paced(
        endpoint: &Endpoint,
        tls: &TlsFiles,
        proxies: &Proxies,
        pace: Pace,
        names: NameFiles,
    ) -> Result<Self, Error> {
        let way = proxies.for_url(endpoint.url())?;
        let http = connection::open(endpoint, tls, way.as_ref(), pace, names)?;
        Ok(Self {
            endpoint: endpoint.clone(),
            http,
            way,
            pace,
            allowance: Allowance::default(),
            phase: watch::Sender::new(Phase::Asking),
        })
    }

    /// Ends when the call under way waits for its next attempt: nothing that GitLab could answer is thrown away with it then.
    /// Says whether GitLab may have done what was asked for all the same. Without a wait it never ends.
    pub async fn between_attempts(&self) -> bool {
        let mut phase = self.phase.subscribe();
        let waits = phase.wait_for(|phase| *phase != Phase::Asking).await;
        match waits.map(|phase| *phase) {
            Ok(Phase::Between { lost }) => lost,
            _ => std::future::pending().await,
        }
    }

    /// The address this client talks to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
