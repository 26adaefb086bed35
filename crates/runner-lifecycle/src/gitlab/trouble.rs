//! Owns what went wrong on the way to an answer: whether it may pass, and whether the request may have arrived.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::names::NameError;
use super::proxies::{Way, password_wanted};
use super::tls::{Peer, explain};
use crate::foreign::http::{HttpFailure, failure, to_proxy};
use crate::foreign::tls;

/// Why an attempt brought no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// May pass. `lost`: the request may have arrived all the same.
    Passing { why: String, lost: bool },
    /// The name service is sure that there is no such host.
    NoSuchHost { why: String, next: String },
    /// The proxy opened no tunnel, and has to be asked why.
    NoTunnel,
    /// Does not pass by waiting. `lost`: the request may have arrived all the same.
    Lasting {
        why: String,
        next: String,
        lost: bool,
    },
}

impl Trouble {
    /// Reads the chain of causes below `error`, of a request for `url` that went by `way`.
    pub(super) fn of(error: &reqwest::Error, url: &Url, way: Option<&Way>) -> Self {
        // Up to here nothing but names, addresses and TLS was spoken of.
        let lost = !error.is_connect() && !error.is_builder();
        Self::of_causes(&causes(error), lost, url, way)
    }

    fn of_causes(
        causes: &[&(dyn StdError + 'static)],
        lost: bool,
        url: &Url,
        way: Option<&Way>,
    ) -> Self {
        // A plain request has no tunnel: whoever is connected to is the proxy.
        let proxy = way.filter(|_| url.scheme() == "http" || to_proxy(causes));
        for cause in causes {
            if let Some(error) = cause.downcast_ref::<NameError>() {
                return Self::of_name(error, way);
            }
            if let Some(error) = cause.downcast_ref::<rustls::Error>() {
                let peer = proxy.map_or(Peer::Gitlab(url), Peer::Proxy);
                return match explain(error, peer) {
                    Some((why, next)) => Self::lasting(why, next),
                    None => Self::Passing {
                        why: format!("TLS failed: {}", tls::failure(error)),
                        lost,
                    },
                };
            }
        }
        let no_proxy = |way: &Way, why: String| Self::Passing {
            why: format!("no connection to the proxy {way}: {why}"),
            lost: false,
        };
        match (failure(causes), way) {
            (HttpFailure::ProxyWantsPassword, way) => Self::wants_password(way),
            (HttpFailure::NoTunnel, _) => Self::NoTunnel,
            (HttpFailure::NoProxy(why), Some(way)) => no_proxy(way, why),
            (HttpFailure::Other(why), Some(way)) if proxy.is_some() && !lost => no_proxy(way, why),
            // Whether the proxy or who is behind it ended it cannot be told.
            (HttpFailure::Other(why), Some(way)) if !lost => Self::Passing {
                why: format!("no connection through the proxy {way}: {why}"),
                lost,
            },
            // What a TLS server says to a plain request is no HTTP at all.
            (HttpFailure::NotHttp, _) => Self::lasting(
                "the response is not HTTP".to_owned(),
                "check scheme and port in --url".to_owned(),
            ),
            (HttpFailure::BrokenHead, _) => Self::Lasting {
                why: "the response violates HTTP".to_owned(),
                next: "check any proxy in between, and scheme and port in --url".to_owned(),
                lost,
            },
            (HttpFailure::Other(why) | HttpFailure::NoProxy(why), _) => Self::Passing {
                why: match (lost, why.starts_with("connection ")) {
                    (_, true) => why,
                    (true, false) => format!("incomplete response ({why})"),
                    (false, false) => format!("no connection ({why})"),
                },
                lost,
            },
        }
    }

    fn of_name(error: &NameError, way: Option<&Way>) -> Self {
        let why = error.to_string();
        match error {
            NameError::NotFound { name } => {
                let next = match way.filter(|way| way.has_host(name)) {
                    Some(way) => format!("check the host of the proxy in {}", way.variable),
                    None => "check the host in --url and the search domains".to_owned(),
                };
                Self::NoSuchHost { why, next }
            }
            NameError::NoAnswer { .. } => Self::Passing { why, lost: false },
        }
    }

    /// Does not pass by waiting, and nothing was sent.
    pub(super) fn lasting(why: String, next: String) -> Self {
        let lost = false;
        Self::Lasting { why, next, lost }
    }

    /// The proxy wants to know who asks.
    pub(super) fn wants_password(way: Option<&Way>) -> Self {
        let (why, next) = password_wanted(way);
        Self::lasting(why, next)
    }

    /// The attempt's limit passed. Where it hung is not known, so the request may have arrived.
    pub(super) fn timed_out() -> Self {
        Self::Passing {
            why: "no answer in time".to_owned(),
            lost: true,
        }
    }

    /// Cannot happen with a [`Token`](crate::token::Token), which is printable ASCII.
    pub(super) fn bad_token() -> Self {
        Self::lasting(
            "the token cannot be sent in a header".to_owned(),
            "check the token for invalid characters".to_owned(),
        )
    }

    /// What happened, for a line that ends in no next step.
    pub(super) fn words(&self) -> &str {
        match self {
            Self::Passing { why, .. }
            | Self::NoSuchHost { why, .. }
            | Self::Lasting { why, .. } => why,
            Self::NoTunnel => "the proxy did not open a tunnel",
        }
    }
}

/// The chain of causes; an `io::Error` hides its own from `source`, so it is opened.
fn causes<'a>(error: &'a (dyn StdError + 'static)) -> Vec<&'a (dyn StdError + 'static)> {
    let mut causes = Vec::new();
    let mut next = Some(error);
    while let Some(cause) = next {
        causes.push(cause);
        let inside = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        next = inside
            .map(|inside| inside as &(dyn StdError + 'static))
            .or_else(|| cause.source());
    }
    causes
}

#[cfg(test)]
mod tests;
