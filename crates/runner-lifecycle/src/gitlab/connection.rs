//! Owns the connection: how it is opened, through which proxy, and that it is ready before it is needed.

use std::time::Duration;

use reqwest::{Method, Proxy, redirect};

use super::names::{NameFiles, Names};
use super::{Client, Endpoint, Error, Pace, Proxies, TlsFiles, VERSION, tls};

/// Keeps an idle connection known to the firewalls in between; the kernel does it without waking the program.
const KEEP_ALIVE: Duration = Duration::from_secs(60);

/// Builds the HTTP client; nothing is opened yet.
pub(super) fn open(
    endpoint: &Endpoint,
    files: &TlsFiles,
    proxies: &Proxies,
    pace: Pace,
    names: NameFiles,
) -> Result<reqwest::Client, Error> {
    let proxy = proxies.for_url(endpoint.url())?;
    let encrypted = |scheme: &str| scheme == "https";
    // Roots cost time and memory, and a plain URL must work where none are installed.
    let tls = if encrypted(endpoint.url().scheme()) {
        tls::for_host(files, endpoint.url().host_str().unwrap_or_default())?
    } else if proxy
        .as_ref()
        .is_some_and(|proxy| encrypted(proxy.scheme()))
    {
        tls::for_host(files, "")?
    } else {
        tls::unused(files)?
    };
    let unusable = |error: &reqwest::Error| {
        Error::unusable(format!("no client can be built for {endpoint}: {error}"))
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
    if let Some(proxy) = proxy {
        builder = builder.proxy(Proxy::all(proxy).map_err(|error| unusable(&error))?);
    }
    builder.build().map_err(|error| unusable(&error))
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
            Ok(answer) => log::debug!("connected to {} ahead: {}", self.endpoint, answer.status()),
            Err(error) => {
                let why = super::trouble::Trouble::of(&error, self.endpoint.url());
                log::debug!("not connected to {} ahead: {why:?}", self.endpoint);
            }
        }
    }
}
