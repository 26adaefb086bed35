//! Owns what went wrong on the way to an answer: whether it may pass, and whether the request may have arrived.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::names::NameError;
use super::proxies::Way;
use super::tls::{Peer, explain};
use crate::foreign::http::{Failure, failure, to_proxy};
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
            (Failure::ProxyWantsPassword, Some(way)) => Self::wants_password(way),
            (Failure::NoTunnel, _) => Self::NoTunnel,
            (Failure::NoProxy(why), Some(way)) => no_proxy(way, why),
            (Failure::Other(why), Some(way)) if proxy.is_some() && !lost => no_proxy(way, why),
            // Whether the proxy or who is behind it ended it cannot be told.
            (Failure::Other(why), Some(way)) if !lost => Self::Passing {
                why: format!("no connection through the proxy {way}: {why}"),
                lost,
            },
            // What a TLS server says to a plain request is no HTTP at all.
            (Failure::NotHttp, _) => Self::lasting(
                "the response is not HTTP".to_owned(),
                "check scheme and port in --url".to_owned(),
            ),
            (Failure::BrokenHead, _) => Self::Lasting {
                why: "the response violates HTTP".to_owned(),
                next: "check any proxy in between, and scheme and port in --url".to_owned(),
                lost,
            },
            (Failure::Other(why) | Failure::NoProxy(why), _) => Self::Passing {
                why: match (lost, why.starts_with("connection ")) {
                    (_, true) => why,
                    (true, false) => format!("incomplete response ({why})"),
                    (false, false) => format!("no connection ({why})"),
                },
                lost,
            },
            (Failure::ProxyWantsPassword, None) => Self::lasting(
                "a proxy requires a user name and password".to_owned(),
                "put them in HTTP_PROXY or HTTPS_PROXY".to_owned(),
            ),
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
    pub(super) fn wants_password(way: &Way) -> Self {
        Self::lasting(
            format!("the proxy {way} requires a user name and password"),
            format!("put them in {}", way.variable),
        )
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
mod tests {
    use super::*;

    fn explained(error: &io::Error, lost: bool) -> Trouble {
        let url = Url::parse("https://h").unwrap();
        Trouble::of_causes(&causes(error), lost, &url, None)
    }

    #[test]
    fn plain_network_errors_pass() {
        fn check(error: &io::Error, lost: bool, want: &str) {
            let why = want.to_owned();
            assert_eq!(explained(error, lost), Trouble::Passing { why, lost });
        }
        check(
            &io::ErrorKind::ConnectionRefused.into(),
            false,
            "connection refused",
        );
        check(
            &io::ErrorKind::ConnectionReset.into(),
            true,
            "connection reset",
        );
        let canary = io::Error::other("canary\n");
        check(&canary, false, "no connection (it was cut off)");
        let want = "incomplete response (closed before the response was complete)";
        check(&io::Error::other("end of file"), true, want);
    }

    #[test]
    fn a_name_that_does_not_exist_does_not_pass_but_a_silent_name_server_does() {
        let name = || "gitlab.example".to_owned();
        let error = io::Error::other(NameError::NotFound { name: name() });
        assert!(matches!(
            explained(&error, false),
            Trouble::NoSuchHost { .. }
        ));
        let error = io::Error::other(NameError::NoAnswer {
            name: name(),
            why: "silence".into(),
        });
        assert!(matches!(
            explained(&error, false),
            Trouble::Passing { lost: false, .. }
        ));
    }

    fn way(url: &str) -> Way {
        Way {
            url: Url::parse(url).unwrap(),
            variable: "HTTPS_PROXY",
        }
    }

    #[test]
    fn what_goes_wrong_at_the_proxy_names_the_proxy() {
        fn check(trouble: &Trouble, want: &str, next: &str) {
            let (why, said) = match trouble {
                Trouble::Lasting { why, next, .. } | Trouble::NoSuchHost { why, next } => {
                    (why, next.as_str())
                }
                Trouble::Passing { why, lost: false } => (why, ""),
                other => panic!("{other:?}"),
            };
            assert!(why.contains(want), "{why}");
            assert!(said.contains(next), "{said}");
        }
        let way = way("https://me:canary@proxy.example:3129");
        let to = |url: &str, error: &io::Error| {
            let url = Url::parse(url).unwrap();
            Trouble::of_causes(&causes(error), false, &url, Some(&way))
        };
        let unknown = || rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let of_proxy = "the certificate of the proxy https://proxy.example:3129 (HTTPS_PROXY)";
        let trouble = to("http://gitlab.example", &io::Error::other(unknown()));
        check(&trouble, of_proxy, "--tls-ca-file");
        // Inside of a tunnel it is GitLab that is not trusted.
        let trouble = to("https://gitlab.example", &io::Error::other(unknown()));
        check(&trouble, "the certificate is signed", "gitlab.example.crt");
        let refused = io::ErrorKind::ConnectionRefused.into();
        let trouble = to("http://gitlab.example", &refused);
        check(
            &trouble,
            "connection to the proxy https://proxy.example:3129",
            "",
        );
        // It closed instead of opening a tunnel, or what is behind it did.
        let closed = io::ErrorKind::UnexpectedEof.into();
        let trouble = to("https://gitlab.example", &closed);
        let through = "no connection through the proxy https://proxy.example:3129 (HTTPS_PROXY)";
        check(&trouble, through, "");
        let name = |name: &str| {
            io::Error::other(NameError::NotFound {
                name: name.to_owned(),
            })
        };
        let trouble = to("https://gitlab.example", &name("proxy.example"));
        check(
            &trouble,
            "the host proxy.example was not found",
            "HTTPS_PROXY",
        );
        let trouble = to("https://gitlab.example", &name("gitlab.example"));
        check(&trouble, "the host gitlab.example was not found", "--url");
    }

    #[test]
    fn errors_inside_of_errors_are_found() {
        let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::other(inner));
        assert!(matches!(explained(&error, false), Trouble::Lasting { .. }));
    }

    #[test]
    fn a_tls_server_behind_a_plain_url_and_a_proxy_without_password_are_named() {
        for (text, want) in [
            ("invalid HTTP version parsed", "scheme"),
            ("proxy authorization required", "HTTPS_PROXY"),
        ] {
            match explained(&io::Error::other(text), true) {
                Trouble::Lasting { next, .. } => assert!(next.contains(want), "{next}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
