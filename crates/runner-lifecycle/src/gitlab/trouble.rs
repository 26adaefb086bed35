//! Owns what went wrong on the way to an answer: whether it may pass, and whether the request may have arrived.

use std::error::Error as StdError;
use std::io;

use url::Url;

use super::names::NameError;
use super::tls::explain;
use super::words::piece;

/// Why an attempt brought no answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// May pass. `lost`: the request may have arrived all the same.
    Passing { why: String, lost: bool },
    /// The name service is sure that there is no such host.
    NoSuchHost { why: String, next: String },
    /// Does not pass by waiting.
    Lasting { why: String, next: String },
}

impl Trouble {
    /// Reads the chain of causes below `error`.
    pub(super) fn of(error: &reqwest::Error, url: &Url) -> Self {
        // Up to here nothing but names, addresses and TLS was spoken of.
        let lost = !error.is_connect() && !error.is_builder();
        Self::of_causes(&causes(error), lost, url)
    }

    fn of_causes(causes: &[&(dyn StdError + 'static)], lost: bool, url: &Url) -> Self {
        for cause in causes {
            match cause.downcast_ref::<NameError>() {
                Some(error @ NameError::NotFound { .. }) => {
                    let next = "check the host in --url and the search domains".to_owned();
                    return Self::NoSuchHost {
                        why: error.to_string(),
                        next,
                    };
                }
                Some(error) => {
                    return Self::Passing {
                        why: error.to_string(),
                        lost: false,
                    };
                }
                None => {}
            }
            if let Some(error) = cause.downcast_ref::<rustls::Error>() {
                return match explain(error, url) {
                    Some((why, next)) => Self::Lasting { why, next },
                    None => Self::Passing {
                        why: format!("TLS failed: {error}"),
                        lost,
                    },
                };
            }
        }
        let deepest = causes
            .last()
            .map(|cause| piece(&cause.to_string(), &[]))
            .unwrap_or_default();
        if deepest.contains("proxy authorization required") {
            let why = "the proxy wants a user name and password".to_owned();
            let next = "put them in HTTP_PROXY or HTTPS_PROXY".to_owned();
            return Self::Lasting { why, next };
        }
        // What a TLS server says to a plain request is no HTTP at all.
        if deepest.contains("invalid HTTP") {
            let why = format!("the answer is not HTTP ({deepest})");
            return Self::Lasting {
                why,
                next: "check scheme and port in --url".to_owned(),
            };
        }
        let kind = causes
            .iter()
            .find_map(|cause| cause.downcast_ref::<io::Error>())
            .map(io::Error::kind);
        let why = match (lost, kind) {
            (_, Some(io::ErrorKind::ConnectionRefused)) => "connection refused".to_owned(),
            (_, Some(io::ErrorKind::ConnectionReset)) => "connection reset".to_owned(),
            (true, _) => format!("no whole answer ({deepest})"),
            (false, _) => format!("no connection ({deepest})"),
        };
        Self::Passing { why, lost }
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
        let why = "the token cannot be sent in a header".to_owned();
        Self::Lasting {
            why,
            next: "check the token for stray characters".to_owned(),
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

    fn judged(error: &io::Error, lost: bool) -> Trouble {
        Trouble::of_causes(&causes(error), lost, &Url::parse("https://h").unwrap())
    }

    #[test]
    fn plain_network_errors_pass() {
        fn check(error: &io::Error, lost: bool, want: &str) {
            let why = want.to_owned();
            assert_eq!(judged(error, lost), Trouble::Passing { why, lost });
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
        check(&io::Error::other("x\ny"), false, "no connection (x y)");
        check(
            &io::Error::other("end of file"),
            true,
            "no whole answer (end of file)",
        );
    }

    #[test]
    fn a_name_that_does_not_exist_does_not_pass_but_a_silent_name_server_does() {
        let name = || "gitlab.example".to_owned();
        let error = io::Error::other(NameError::NotFound { name: name() });
        assert!(matches!(judged(&error, false), Trouble::NoSuchHost { .. }));
        let error = io::Error::other(NameError::NoAnswer {
            name: name(),
            why: "silence".into(),
        });
        assert!(matches!(
            judged(&error, false),
            Trouble::Passing { lost: false, .. }
        ));
    }

    #[test]
    fn errors_inside_of_errors_are_found() {
        let inner = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        let error = io::Error::other(io::Error::other(inner));
        assert!(matches!(judged(&error, false), Trouble::Lasting { .. }));
    }

    #[test]
    fn a_tls_server_behind_a_plain_url_and_a_proxy_without_password_are_named() {
        for (text, want) in [
            ("invalid HTTP version parsed", "scheme"),
            ("proxy authorization required", "HTTPS_PROXY"),
        ] {
            match judged(&io::Error::other(text), true) {
                Trouble::Lasting { next, .. } => assert!(next.contains(want), "{next}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
