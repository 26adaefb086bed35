//! Owns one answer as it came over the wire, with a bounded body. It draws no conclusions.

use std::time::{Duration, SystemTime};

use reqwest::header::{CONTENT_ENCODING, DATE, HeaderMap, LOCATION, RETRY_AFTER};
use serde_json::Value;

use super::words::SaidBy;

/// What came back, its body read once.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The body, where it is JSON.
    pub(super) json: Option<Value>,
    /// Who speaks in the body.
    pub(super) said: SaidBy,
    /// Whether the body begins as a JSON object and its end never came.
    pub(super) is_cut_off: bool,
    /// How much of the body was read, in bytes.
    pub(super) length: usize,
}

impl Answer {
    /// Reads the body to its end or to `most` bytes.
    pub(super) async fn read(
        mut response: reqwest::Response,
        most: usize,
    ) -> Result<Self, reqwest::Error> {
        let status = response.status().as_u16();
        let headers = std::mem::take(response.headers_mut());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            let room = most - body.len();
            body.extend_from_slice(&chunk[..chunk.len().min(room)]);
            if chunk.len() >= room {
                break;
            }
        }
        Ok(Self::new(status, headers, body))
    }

    pub(super) fn new(status: u16, headers: HeaderMap, body: Vec<u8>) -> Self {
        let length = body.len();
        let (json, is_cut_off) = match serde_json::from_slice(&body) {
            Ok(json) => (Some(json), false),
            Err(error) => (None, error.is_eof() && body.starts_with(b"{")),
        };
        let said = SaidBy::of(header(&headers, "content-type"), json.as_ref(), body);
        Self {
            status,
            headers,
            json,
            said,
            is_cut_off,
            length,
        }
    }

    /// What GitLab's API says under the key of its refusals; a gateway's JSON has others.
    pub(super) fn message(&self) -> Option<&str> {
        Some(self.json.as_ref()?.get("message")?.as_str()?.trim())
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        header(&self.headers, name)
    }

    /// How the body is packed although nobody asked for it, so that it cannot be read.
    pub(super) fn packing(&self) -> Option<&str> {
        let packing = self.header(CONTENT_ENCODING.as_str())?;
        let is_plain = packing.eq_ignore_ascii_case("identity") || self.length == 0;
        (!is_plain).then_some(packing)
    }

    pub(super) fn location(&self) -> Option<&str> {
        self.header(LOCATION.as_str())
    }

    /// GitLab's clock when it answered, to the second.
    pub(super) fn date(&self) -> Option<SystemTime> {
        httpdate::parse_http_date(self.header(DATE.as_str())?).ok()
    }

    /// How many requests GitLab's limit still lets through, where it says so.
    pub(super) fn remaining(&self) -> Option<u64> {
        self.header("ratelimit-remaining")?.parse().ok()
    }

    /// How long GitLab, or the guard before it, asks to be left alone: `RateLimit-ResetTime` (a date) counts before
    /// `Retry-After` (seconds or a date); what is in the past or cannot be read counts as not said. A date is GitLab's, so
    /// what is left of it is counted from the answer's own `Date`: the node's clock may be minutes off. `here` is
    /// that clock, for an answer without one.
    pub(super) fn asked_wait(&self, here: SystemTime) -> Option<Duration> {
        let now = self.date().unwrap_or(here);
        let until = |text: &str| {
            let date = httpdate::parse_http_date(text).ok()?;
            date.duration_since(now).ok().filter(|wait| !wait.is_zero())
        };
        let reset = self.header("ratelimit-resettime").and_then(until);
        reset.or_else(|| {
            let text = self.header(RETRY_AFTER.as_str())?;
            match text.parse() {
                Ok(seconds) => Some(Duration::from_secs(seconds)).filter(|wait| !wait.is_zero()),
                Err(_) => until(text),
            }
        })
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let value = headers.get(name)?.to_str().ok().map(str::trim);
    value.filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reset_time_counts_before_retry_after_and_the_past_for_nothing() {
        fn check(headers: &[(&'static str, &'static str)], want: Option<u64>) {
            let headers = headers
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            let answer = Answer::new(429, headers.collect(), Vec::new());
            // Sun, 06 Nov 1994 08:49:37 GMT
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
            assert_eq!(answer.asked_wait(now), want.map(Duration::from_secs));
        }
        const SOON: &str = "Sun, 06 Nov 1994 08:49:47 GMT";
        const PAST: &str = "Sun, 06 Nov 1994 08:49:27 GMT";
        check(&[], None);
        check(
            &[("ratelimit-resettime", SOON), ("retry-after", "3")],
            Some(10),
        );
        check(
            &[("ratelimit-resettime", PAST), ("retry-after", "3")],
            Some(3),
        );
        check(
            &[("ratelimit-resettime", "soon"), ("retry-after", "3")],
            Some(3),
        );
        check(&[("retry-after", SOON)], Some(10));
        check(&[("retry-after", PAST)], None);
        check(&[("retry-after", "0")], None);
        check(&[("retry-after", "-5")], None);
        check(&[("retry-after", "a while")], None);
        check(&[("retry-after", "18446744073709551615")], Some(u64::MAX));
        check(&[("retry-after", " 7 ")], Some(7));
        // By GitLab's clock it is 30 s later, or a day earlier, than here.
        const LATER: &str = "Sun, 06 Nov 1994 08:50:07 GMT";
        const DAY_BEFORE: &str = "Sat, 05 Nov 1994 08:49:37 GMT";
        check(&[("date", PAST), ("ratelimit-resettime", SOON)], Some(20));
        check(&[("date", DAY_BEFORE), ("retry-after", PAST)], Some(86_390));
        check(
            &[
                ("date", LATER),
                ("ratelimit-resettime", SOON),
                ("retry-after", "3"),
            ],
            Some(3),
        );
        check(
            &[("date", "today"), ("ratelimit-resettime", SOON)],
            Some(10),
        );
    }
}
