//! Owns finding out why a proxy opens no tunnel. The HTTP client only tells that it did not, so the proxy is asked once more
//! for its status.

use reqwest::{Method, StatusCode};
use url::Url;

use super::proxies::Way;
use super::trouble::Trouble;

/// What the proxy says to a `CONNECT` for the host of `target`.
pub(super) async fn refusal(http: &reqwest::Client, way: &Way, target: &Url) -> Trouble {
    let host = target.host_str().unwrap_or_default();
    let port = target.port_or_known_default().unwrap_or(443);
    let place = format!("{host}:{port}");
    // As a request of its own kind it needs no tunnel: the client passes it to the proxy and hands the answer on.
    let Ok(url) = Url::parse(&format!("http://{place}/")) else {
        return trouble_of(None, way, &place);
    };
    let answer = http.request(Method::CONNECT, url).send().await;
    trouble_of(answer.ok().map(|answer| answer.status()), way, &place)
}

fn trouble_of(status: Option<StatusCode>, way: &Way, place: &str) -> Trouble {
    let passing = |why: String| Trouble::Passing { why, lost: false };
    match status.map(|status| (status.as_u16(), status)) {
        // It cannot be asked any more, or has thought better of it.
        None | Some((200..=299, _)) => passing(format!("the proxy {way} did not open a tunnel")),
        Some((407, _)) => Trouble::wants_password(Some(way)),
        Some((408 | 425 | 429 | 500.., status)) => {
            passing(format!("the proxy {way} answered {status} to CONNECT"))
        }
        Some((_, status)) => Trouble::lasting(
            format!("the proxy {way} answered {status} to CONNECT"),
            format!("allow {place} in the proxy, or list the host in NO_PROXY"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_proxy_that_is_in_trouble_is_asked_again() {
        let way = Way {
            url: Url::parse("http://me:canary@proxy.example:3128").unwrap(),
            variable: "https_proxy",
        };
        for status in 100..=599 {
            let code = StatusCode::from_u16(status).unwrap();
            let trouble = trouble_of(Some(code), &way, "gitlab.example:443");
            let said = trouble.words();
            assert!(!said.contains("canary"), "{said}");
            assert!(
                said.contains("http://proxy.example:3128 (https_proxy)"),
                "{said}"
            );
            let passes = matches!(status, 200..=299 | 408 | 425 | 429 | 500..);
            let passing = matches!(trouble, Trouble::Passing { lost: false, .. });
            assert_eq!(passing, passes, "{status}");
            let named = said.contains(&status.to_string());
            assert_eq!(named, !matches!(status, 200..=299 | 407), "{said}");
        }
    }
}
