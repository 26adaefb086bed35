//! Owns every word spoken with GitLab: five calls, one place that sends them, one that judges the answers. It never
//! decides which call is due, and it writes no file.
//!
//! The address is built as gitlab-runner builds it ([`Endpoint`]); an attempt that may succeed later is repeated until
//! the deadline (`request`), any other failure is explained in one line that ends in the next step (`verdict`).

use std::time::Duration;

use reqwest::Method;
use reqwest::header::HeaderName;

use crate::backoff::Backoff;
use crate::deadline::Deadline;
use crate::system_id::SystemId;
use crate::token::Token;

mod advice;
mod answer;
mod attributes;
mod bodies;
mod connection;
mod course;
mod endpoint;
mod error;
mod names;
mod proxies;
mod redirect;
mod request;
mod runner_info;
mod tls;
mod trouble;
mod verdict;
mod words;

pub use attributes::{AccessLevel, Attributes, Creation, RunnerType};
pub use endpoint::Endpoint;
pub use error::{Error, Explained};
pub use names::NameFiles;
pub use proxies::Proxies;
pub use runner_info::{RunnerInfo, VERSION};
pub use tls::TlsFiles;

use bodies::{Create, Register, UnregisterRunner, UnregisterRunnerManager, Verify, json};
use request::Call;
use verdict::{Outcome, Wanted};

/// Where gitlab-runner carries a runner's token beside the body.
const RUNNER_TOKEN: HeaderName = HeaderName::from_static("runner-token");
/// Where GitLab looks for an access token.
const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

/// A runner as GitLab answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The runner's number at GitLab.
    pub id: i64,
    /// What the runner manager works with.
    pub token: Token,
    /// When the token ends, RFC 3339 as GitLab wrote it; most tokens never do.
    pub token_expires_at: Option<String>,
}

/// How an entry came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// GitLab deleted it now.
    Deleted,
    /// GitLab does not know it (any more).
    WasGone,
}

/// How fast attempts follow each other and how long each may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// The waits in between, where GitLab does not name one.
    pub backoff: Backoff,
    /// Limit of one attempt, from the name's resolution to the last byte of the answer.
    pub attempt: Duration,
    /// Limit of its part before the request is sent: resolution, connection, TLS.
    pub connect: Duration,
}

impl Default for Pace {
    /// Ten seconds are ample for GitLab and leave several attempts in a grace period of 30 s. Connecting has a limit of
    /// its own so that a creation that hung before it was sent is known not to have happened.
    fn default() -> Self {
        Self {
            backoff: Backoff::default(),
            attempt: Duration::from_secs(10),
            connect: Duration::from_secs(8),
        }
    }
}

/// The client of one GitLab instance. Cheap to keep: its connection stays open for the next call.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    http: reqwest::Client,
    pace: Pace,
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
        let http = connection::open(endpoint, tls, proxies, pace, names)?;
        Ok(Self {
            endpoint: endpoint.clone(),
            http,
            pace,
        })
    }

    /// The address this client talks to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// `POST /runners`: trades a registration token for a new runner.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::maybe_created`] says whether a runner may have been made all the same.
    pub async fn register(
        &self,
        registration_token: &Token,
        attributes: &Attributes,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let info = RunnerInfo::empty();
        let body = json(&Register::of(
            attributes,
            &info,
            registration_token.expose(),
        ))?;
        let call = Call {
            token: (RUNNER_TOKEN, registration_token),
            mark: Some(attributes.mark()),
            ..Call::new(
                Method::POST,
                "runners",
                body,
                Wanted::Registration,
                registration_token,
            )
        };
        self.credentials(&call, deadline).await
    }

    /// `POST /user/runners`: makes a new runner with an access token.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn create(
        &self,
        access_token: &Token,
        creation: &Creation,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let body = json(&Create::of(creation))?;
        let call = Call {
            token: (PRIVATE_TOKEN, access_token),
            mark: Some(creation.attributes.mark()),
            ..Call::new(
                Method::POST,
                "user/runners",
                body,
                Wanted::Creation,
                access_token,
            )
        };
        self.credentials(&call, deadline).await
    }

    /// `POST /runners/verify`: asks whether the token is good; with a system ID GitLab then lists the runner manager.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn verify(
        &self,
        token: &Token,
        system_id: Option<&SystemId>,
        info: &RunnerInfo,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let system_id = system_id.map(SystemId::as_str);
        let body = json(&Verify {
            info,
            token: token.expose(),
            system_id,
        })?;
        let call = Call::new(
            Method::POST,
            "runners/verify",
            body,
            Wanted::Verification,
            token,
        );
        self.credentials(&call, deadline).await
    }

    /// `DELETE /runners`: destroys the runner with all its runner managers. Only for a runner that the helper made.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn unregister_runner(
        &self,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Gone, Error> {
        let body = json(&UnregisterRunner {
            token: token.expose(),
        })?;
        let call = Call::new(Method::DELETE, "runners", body, Wanted::RunnerGone, token);
        self.gone(&call, deadline).await
    }

    /// `DELETE /runners/managers`: takes one runner manager off the runner, which stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn unregister_runner_manager(
        &self,
        token: &Token,
        system_id: &SystemId,
        deadline: Deadline,
    ) -> Result<Gone, Error> {
        let system_id = system_id.as_str();
        let body = json(&UnregisterRunnerManager {
            token: token.expose(),
            system_id,
        })?;
        let wanted = Wanted::RunnerManagerGone;
        let call = Call::new(Method::DELETE, "runners/managers", body, wanted, token);
        self.gone(&call, deadline).await
    }

    async fn credentials(&self, call: &Call<'_>, deadline: Deadline) -> Result<Credentials, Error> {
        match self.request(call, deadline).await? {
            Outcome::Credentials(credentials) => Ok(credentials),
            Outcome::Gone(_) => Err(Error::unusable("a creation was answered like a deletion")),
        }
    }

    async fn gone(&self, call: &Call<'_>, deadline: Deadline) -> Result<Gone, Error> {
        match self.request(call, deadline).await? {
            Outcome::Gone(gone) => Ok(gone),
            Outcome::Credentials(_) => {
                Err(Error::unusable("a deletion was answered like a creation"))
            }
        }
    }
}
