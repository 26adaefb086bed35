//! Owns what a failure of the HTTP client means. The client's causes have types that cannot be named from here, so some
//! are known by their text; it is looked at and never shown.

use std::error::Error as StdError;
use std::io;

use super::io::words;

/// What happened on the way to an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HttpFailure {
    /// The proxy itself could not be reached.
    NoProxy(String),
    /// The proxy wants to know who asks.
    ProxyWantsPassword,
    /// The proxy answered, and opened no tunnel.
    NoTunnel,
    /// Whoever answers speaks something else, TLS mostly.
    NotHttp,
    /// The head of the answer breaks the rules of HTTP.
    BrokenHead,
    /// Anything else, in words of ours.
    Other(String),
}

/// Reads the causes of an error, the outermost first.
pub(crate) fn failure(causes: &[&(dyn StdError + 'static)]) -> HttpFailure {
    let deepest = causes.last().map(ToString::to_string).unwrap_or_default();
    let says = |text: &str| deepest.contains(text);
    if to_proxy(causes) {
        return HttpFailure::NoProxy(other(causes, &deepest));
    }
    if says("proxy authorization required") {
        return HttpFailure::ProxyWantsPassword;
    }
    if says("tunnel error: unsuccessful") || says("tunnel error: proxy response headers too long") {
        return HttpFailure::NoTunnel;
    }
    if says("invalid HTTP version") {
        return HttpFailure::NotHttp;
    }
    let broken = [
        "invalid HTTP",
        "head is too large",
        "invalid content-length",
        "transfer-encoding",
    ];
    if broken.into_iter().any(says) {
        return HttpFailure::BrokenHead;
    }
    HttpFailure::Other(other(causes, &deepest))
}

/// Whether the failure came before the proxy was asked for anything. A plain request has no tunnel, so it tells nothing.
pub(crate) fn to_proxy(causes: &[&(dyn StdError + 'static)]) -> bool {
    let mut texts = causes.iter().map(ToString::to_string);
    texts.any(|text| text.starts_with("tunnel error: failed to create"))
}

fn other(causes: &[&(dyn StdError + 'static)], deepest: &str) -> String {
    let io = causes
        .iter()
        .rev()
        .find_map(|cause| cause.downcast_ref::<io::Error>());
    // A bare kind of error holds less than the text that some are known by.
    if let Some(error) = io.filter(|error| error.raw_os_error().is_some()) {
        return words(error);
    }
    let known = [
        (
            "closed before message completed",
            "closed before the response was complete",
        ),
        ("end of file", "closed before the response was complete"),
        ("reading a body", "the response was cut off"),
        ("end before message length", "the response was cut off"),
        ("chunk", "the response was cut off"),
        ("deadline has elapsed", "time-out"),
        ("timed out", "time-out"),
        ("channel closed", "closed"),
        ("canceled", "closed"),
    ];
    let known = known.iter().find(|(part, _)| deepest.contains(part));
    match (known, io) {
        (Some((_, words)), _) => (*words).to_owned(),
        (None, Some(error)) => words(error),
        (None, None) => "it was cut off".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> HttpFailure {
        let error = io::Error::other(text.to_owned());
        let inside: &(dyn StdError + 'static) = error.get_ref().unwrap();
        failure(&[&error, inside])
    }

    #[test]
    fn texts_are_known_and_never_shown() {
        assert_eq!(of("tunnel error: unsuccessful"), HttpFailure::NoTunnel);
        let password = "tunnel error: proxy authorization required";
        assert_eq!(of(password), HttpFailure::ProxyWantsPassword);
        assert_eq!(of("invalid HTTP version parsed"), HttpFailure::NotHttp);
        assert_eq!(of("invalid HTTP header parsed"), HttpFailure::BrokenHead);
        for text in [
            "canary",
            "unexpected end of file canary",
            "deadline has elapsed",
        ] {
            match of(text) {
                HttpFailure::Other(words) => assert!(!words.contains("canary"), "{words}"),
                other => panic!("{other:?}"),
            }
        }
        let tunnel = io::Error::other("tunnel error: failed to create underlying connection");
        let refused = io::Error::from_raw_os_error(111);
        let failure = failure(&[&tunnel, &refused]);
        assert_eq!(failure, HttpFailure::NoProxy("connection refused".into()));
    }
}
