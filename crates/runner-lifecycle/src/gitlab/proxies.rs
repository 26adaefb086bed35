//! Owns the rule by which a request goes through a proxy: that of Go's net/http, so that the variables of a manifest
//! mean the same to gitlab-runner and to us. It opens no connection.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::Error;

mod exceptions;
use exceptions::Exceptions;

/// The proxies that the environment names.
#[derive(Clone, Default)]
pub struct Proxies {
    http: Option<Variable>,
    https: Option<Variable>,
    exceptions: Exceptions,
}

/// A variable and what it holds.
type Variable = (&'static str, String);

/// The proxy that a request goes through.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Way {
    /// Its address, with the credentials that the variable holds.
    pub(super) url: Url,
    /// The variable that names it.
    pub(super) variable: &'static str,
}

impl Proxies {
    /// Reads `HTTP_PROXY`, `HTTPS_PROXY`, `NO_PROXY` and their lower-case forms; upper case wins, empty is unset.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let first = |names: [&'static str; 2]| -> Option<Variable> {
            names.into_iter().find_map(|name| {
                let value = variable(name).filter(|value| !value.is_empty())?;
                Some((name, value))
            })
        };
        // Under CGI the client of a web server chooses HTTP_PROXY (as the header `Proxy`).
        let cgi = variable("REQUEST_METHOD").is_some_and(|value| !value.is_empty());
        Self {
            http: first(["HTTP_PROXY", "http_proxy"]).filter(|_| !cgi),
            https: first(["HTTPS_PROXY", "https_proxy"]),
            exceptions: Exceptions::parse(
                &first(["NO_PROXY", "no_proxy"]).map_or(String::new(), |(_, value)| value),
            ),
        }
    }

    /// The proxy for a request to `url`; `None` means straight there.
    ///
    /// # Errors
    /// [`Error::Unusable`] when the variable holds something that is not a proxy we can speak to.
    pub(super) fn for_url(&self, url: &Url) -> Result<Option<Way>, Error> {
        let given = match url.scheme() {
            "https" => &self.https,
            _ => &self.http,
        };
        let (Some((variable, value)), Some(host)) = (given, url.host()) else {
            return Ok(None);
        };
        let address = match &host {
            Host::Ipv4(address) => Some(IpAddr::from(*address)),
            Host::Ipv6(address) => Some(IpAddr::from(*address)),
            Host::Domain(_) => None,
        };
        let local = match (&host, address) {
            (_, Some(address)) => address.is_loopback(),
            (Host::Domain(name), None) => *name == "localhost",
            _ => false,
        };
        let port = url.port_or_known_default().unwrap_or_default();
        let name_of_host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        if local || self.exceptions.cover(name_of_host, address, port) {
            return Ok(None);
        }
        let url = read(variable, value)?;
        Ok(Some(Way { url, variable }))
    }
}

impl Way {
    /// Whether this name, as it was asked of the name service, is the proxy's.
    pub(super) fn has_host(&self, name: &str) -> bool {
        self.url
            .host_str()
            .is_some_and(|host| host.eq_ignore_ascii_case(name))
    }
}

/// What it means that a proxy wants to know who asks, and what to do.
pub(super) fn password_wanted(way: Option<&Way>) -> (String, String) {
    let (proxy, variable) = match way {
        Some(way) => (format!("the proxy {way}"), way.variable),
        None => ("a proxy".to_owned(), "HTTP_PROXY or HTTPS_PROXY"),
    };
    (
        format!("{proxy} requires a user name and password"),
        format!("put them in {variable}"),
    )
}

impl fmt::Display for Way {
    /// `http://proxy.example:3128 (HTTPS_PROXY)`, without credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.url.origin().ascii_serialization();
        write!(f, "{address} ({})", self.variable)
    }
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way({self})")
    }
}

impl fmt::Debug for Proxies {
    /// Says which are set; the values may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (http, https) = (self.http.is_some(), self.https.is_some());
        f.debug_struct("Proxies")
            .field("http", &http)
            .field("https", &https)
            .finish()
    }
}

/// A value without a scheme stands for `http://`.
fn read(name: &str, value: &str) -> Result<Url, Error> {
    let usable = |text: &str| Url::parse(text).ok().filter(|url| url.has_host());
    let bare = || usable(&format!("http://{value}")).filter(|_| !value.contains("://"));
    let url = usable(value).or_else(bare);
    match url {
        Some(url) if matches!(url.scheme(), "http" | "https") => Ok(url),
        Some(url) => Err(Error::unusable(format!(
            "the variable {name} names a proxy that speaks {}: use an http or https proxy, or list GitLab's host in NO_PROXY",
            url.scheme()
        ))),
        None => Err(Error::unusable(format!(
            "the variable {name} is not a proxy's URL: write http://proxy.example:3128"
        ))),
    }
}

#[cfg(test)]
mod tests;
