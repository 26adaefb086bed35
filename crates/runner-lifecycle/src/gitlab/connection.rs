//! Owns the connection: how it is opened, through which proxy, and that it is ready before it is needed.

use std::time::Duration;

use reqwest::{Method, Proxy, redirect};

use super::names::{NameFiles, Names};
use super::proxies::Way;
use super::trouble::Trouble;
use super::{Client, Endpoint, Error, Pace, TlsFiles, VERSION, tls};

/// Keeps an idle connection known to the firewalls in between; the kernel does it without waking the program.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Builds the HTTP client; nothing is opened yet.
pub(super) fn open(
    endpoint: &Endpoint,
    files: &TlsFiles,
    way: Option<&Way>,
    pace: Pace,
    names: NameFiles,
) -> Result<reqwest::Client, Error> {
    let encrypted = |scheme: &str| scheme == "https";
    // Roots cost time and memory, and a plain URL must work where none are installed.
    let to_proxy = way.is_some_and(|way| encrypted(way.url.scheme()));
    let tls = if encrypted(endpoint.url().scheme()) || to_proxy {
        tls::for_host(files, endpoint.url().host_str().unwrap_or_default())?
    } else {
        tls::unused(files)?
    };
    // Cannot happen with what is set here; a proxy's address holds a password.
    let unusable = || {
        let line =
            format!("no client could be built for {endpoint}: this is a bug, please report it");
        Error::unusable(line)
    };
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .user_agent(format!(
            "runner-lifecycle/{} (gitlab-runner {VERSION} compatible)",
            env!("CARGO_PKG_VERSION")
        ))
        .http1_only()
        .redirect(redirect::Policy::none())
        .referer(false)
        .no_proxy()
        .dns_resolver(Names::new(names))
        .connect_timeout(pace.connect)
        .tcp_keepalive(KEEP_ALIVE)
        .pool_idle_timeout(None);
    if let Some(way) = way {
        builder = builder.proxy(Proxy::all(way.url.clone()).map_err(|_| unusable())?);
    }
    builder.build().map_err(|_| unusable())
}

impl Client {
    /// Opens the connection that the next call will use: name, proxy, TCP, TLS. It asks for the root of the API, which
    /// takes no token and changes nothing; that it is not there does not matter, so a failure is no error.
    pub async fn connect_ahead(&self) {
        let url = self.endpoint.call("");
        let asked = self
            .http
            .request(Method::HEAD, url)
            .timeout(self.pace.attempt)
            .send()
            .await;
        match asked {
            Ok(answer) => log::debug!(
                "connected to {} in advance: {}",
                self.endpoint,
                answer.status()
            ),
            Err(error) => {
                let trouble = Trouble::of(&error, self.endpoint.url(), self.way.as_ref());
                let why = trouble.words();
                log::debug!("not connected to {} in advance: {why}", self.endpoint);
            }
        }
    }
}
