//! Owns every word spoken with GitLab: six calls of a runner, those of a sweep, one place that sends them, one that assesses the answers. It never
//! decides which call is due, and it writes no file.
//!
//! The address is built as gitlab-runner builds it ([`Endpoint`]); an attempt that may succeed later is repeated until
//! the deadline (`request`), any other is read as what the call asked for (`meaning`) or explained in one line that ends in the next step
//! (`refusal`).

mod advice;
mod allowance;
mod answer;
mod attributes;
mod between;
mod bodies;
mod call;
mod calls;
mod connection;
mod course;
mod credentials;
mod endpoint;
mod error;
mod gone;
mod json;
mod meaning;
mod names;
mod pace;
mod proxies;
mod redirect;
mod refusal;
mod request;
mod runner_info;
mod sweep;
mod tls;
mod trouble;
mod tunnel;
mod words;

use allowance::Allowance;
pub use attributes::{AccessLevel, Attributes, Creation, RunnerType};
use between::Between;
pub use credentials::Credentials;
pub use endpoint::{Endpoint, same_url};
pub use error::{Error, Explained};
pub use gone::{Deletion, Gone};
pub use names::NameFiles;
pub use pace::Pace;
pub use proxies::Proxies;
use proxies::Way;
pub use runner_info::{RunnerInfo, VERSION};
pub use sweep::{Heard, ListedManager, Page, RunnerDetail, RunnerRow, RunnersOf};
pub use tls::{GivenTlsFiles, TlsFiles};

/// The client of one GitLab instance. Cheap to keep: its connection stays open for the next call.
#[derive(Debug)]
pub struct Client {
    endpoint: Endpoint,
    http: reqwest::Client,
    /// The proxy that every request goes through.
    way: Option<Way>,
    pace: Pace,
    allowance: Allowance,
    between: Between,
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
            between: Between::default(),
        })
    }

    /// The address this client talks to.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }
}
