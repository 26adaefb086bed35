//! GitLab's runner API as gitlab-runner calls it: one choke point, its retries, its counters. Plain HTTP only. Knows no job.

mod details;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use serde_json::{Value, json};

use crate::config::Entry;
use crate::exposition::{Counters, Name};
use crate::log_line;
use crate::payload::Payload;
use crate::short_token::short;
use crate::version::Version;
use details::details;

/// gitlab-runner's own: five attempts, the header's wait or 100 ms doubling.
const ATTEMPTS: u32 = 5;
const FIRST_WAIT: Duration = Duration::from_millis(100);

/// An answer, of whatever status.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// What GitLab now thinks of a job.
    pub(crate) fn job_status(&self) -> &str {
        self.header("Job-Status").unwrap_or_default()
    }

    /// How much of a log GitLab has, from `Range: 0-<size>`.
    pub(crate) fn stored_log(&self) -> Option<usize> {
        self.header("Range")?.rsplit_once('-')?.1.parse().ok()
    }

    /// `Retry-After` in seconds, the only form gitlab-runner reads.
    fn wait(&self) -> Option<Duration> {
        self.header(RETRY_AFTER.as_str())?
            .parse()
            .ok()
            .map(Duration::from_secs)
    }
}

/// The answer to a request for a job.
pub(crate) enum JobAnswer {
    Job(Box<Payload>),
    /// Nothing to do, or a failure that says nothing about the token.
    None,
    /// 403, or a URL nobody can call: counts against the runner's health.
    Unhealthy,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: &'a str,
}

pub(crate) struct Gitlab {
    client: Client<HttpConnector, Full<Bytes>>,
    counters: Arc<Counters>,
    system_id: String,
    version: Version,
    /// By URL and token, as gitlab-runner has a client for each: GitLab's word for the state of the queue, sent back so that
    /// GitLab can hold the request until it changes. An answer without the word leaves the old one.
    last_updates: Mutex<BTreeMap<(String, String), String>>,
}

impl Gitlab {
    pub(crate) fn new(counters: Arc<Counters>, system_id: String, version: Version) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .build(connector);
        Self {
            client,
            counters,
            system_id,
            version,
            last_updates: Mutex::default(),
        }
    }

    /// Asks for a job. Dropped half way, the connection is closed: a job GitLab was about to hand out may be lost.
    pub(crate) async fn request_job(&self, entry: &Entry) -> JobAnswer {
        let mut body = json!({"info": details(entry, self.version), "token": entry.token, "system_id": self.system_id});
        let own = (entry.url.clone(), entry.token.clone());
        if let Some(seen) = self.last_updates().get(&own) {
            body["last_update"] = Value::from(seen.as_str());
        }
        let body = body.to_string();
        let call = Call {
            endpoint: "request_job",
            method: Method::POST,
            path: "jobs/request".to_owned(),
            headers: vec![("runner-token", entry.token.clone())],
            content_type: "application/json",
            body: &body,
        };
        let answer = match self.call(entry, call).await {
            Ok(answer) => answer,
            Err(failure) => {
                log_line::warning(&format!("Checking for jobs... failed  error={failure}"));
                return if matches!(failure, Failure::Url) {
                    JobAnswer::Unhealthy
                } else {
                    JobAnswer::None
                };
            }
        };
        if let Some(seen) = answer.header("X-GitLab-Last-Update") {
            self.last_updates().insert(own, seen.to_owned());
        }
        match answer.status {
            StatusCode::CREATED => match serde_json::from_slice(&answer.body) {
                Ok(payload) => JobAnswer::Job(Box::new(payload)),
                Err(error) => {
                    log_line::warning(&format!(
                        "Checking for jobs... failed  error=decoding response: {error}"
                    ));
                    JobAnswer::None
                }
            },
            StatusCode::FORBIDDEN => JobAnswer::Unhealthy,
            _ => JobAnswer::None,
        }
    }

    fn last_updates(&self) -> MutexGuard<'_, BTreeMap<(String, String), String>> {
        self.last_updates
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Reports a job's state; `more` are the keys that only a finished job has.
    pub(crate) async fn update_job(
        &self,
        entry: &Entry,
        job: &Payload,
        state: &str,
        more: &Value,
    ) -> Result<Answer, Failure> {
        let mut body = json!({"info": details(entry, self.version), "token": job.token, "state": state, "output": {}});
        if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
            body.extend(more.clone());
        }
        let body = body.to_string();
        let call = Call {
            endpoint: "update_job",
            method: Method::PUT,
            path: format!("jobs/{}", job.id),
            headers: vec![("job-token", job.token.clone())],
            content_type: "application/json",
            body: &body,
        };
        self.call(entry, call).await
    }

    /// Replaces the entry's token. No authentication header: the token in the body is the right.
    pub(crate) async fn reset_token(&self, entry: &Entry) -> Result<Answer, Failure> {
        let body = json!({"token": entry.token}).to_string();
        let call = Call {
            endpoint: "reset_token",
            method: Method::POST,
            path: "runners/reset_authentication_token".to_owned(),
            headers: Vec::new(),
            content_type: "application/json",
            body: &body,
        };
        self.call(entry, call).await
    }

    /// The one way out: repeats by gitlab-runner's list of statuses, never after a transport error.
    pub(crate) async fn call(&self, entry: &Entry, call: Call<'_>) -> Result<Answer, Failure> {
        let url = format!(
            "{}/api/v4/{}",
            base(&entry.url).ok_or(Failure::Url)?,
            call.path
        );
        let request_id = request_id();
        let mut wait = FIRST_WAIT;
        let mut attempt = 1;
        loop {
            let answer = self.once(&url, &call, &request_id).await;
            self.count(entry, &call, answer.as_ref().ok());
            match answer {
                Ok(answer) if attempt < ATTEMPTS && repeatable(answer.status) => {
                    tokio::time::sleep(answer.wait().unwrap_or(wait)).await;
                    wait *= 2;
                    attempt += 1;
                }
                answer => return answer,
            }
        }
    }

    async fn once(&self, url: &str, call: &Call<'_>, request_id: &str) -> Result<Answer, Failure> {
        let mut request = Request::builder()
            .method(call.method.clone())
            .uri(url)
            .header(CONTENT_TYPE, call.content_type)
            .header("accept", "application/json")
            .header(
                "user-agent",
                format!("gitlab-runner {} (stand-in)", self.version),
            )
            .header("x-request-id", request_id);
        for (name, value) in &call.headers {
            let value = HeaderValue::from_str(value).map_err(|_| Failure::Url)?;
            request = request.header(HeaderName::from_static(name), value);
        }
        let request = request
            .body(Full::new(Bytes::copy_from_slice(call.body.as_bytes())))
            .map_err(|_| Failure::Url)?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| Failure::Transport(error.to_string()))?;
        let (head, body) = answer.into_parts();
        let body = body
            .collect()
            .await
            .map_err(|error| Failure::Transport(error.to_string()))?
            .to_bytes();
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            body,
        })
    }

    fn count(&self, entry: &Entry, call: &Call<'_>, answer: Option<&Answer>) {
        let status = answer.map_or_else(
            || "-1".to_owned(),
            |answer| answer.status.as_u16().to_string(),
        );
        let method = call.method.as_str().to_ascii_lowercase();
        let labels = [
            ("runner", short(&entry.token)),
            ("system_id", self.system_id.as_str()),
            ("endpoint", call.endpoint),
            ("status", status.as_str()),
            ("method", method.as_str()),
        ];
        self.counters.add(Name::ApiRequestStatuses, &labels, 1);
    }
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// Nothing was sent: gitlab-runner's "client error".
    Url,
    Transport(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url => f.write_str("client error"),
            Self::Transport(words) => write!(f, "execute request: {words}"),
        }
    }
}

/// gitlab-runner's rule: all slashes at the end go, then one `/ci`.
fn base(url: &str) -> Option<&str> {
    let trimmed = url.trim_end_matches('/');
    trimmed
        .starts_with("http://")
        .then(|| trimmed.strip_suffix("/ci").unwrap_or(trimmed))
}

fn repeatable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 429 | 500 | 502 | 503 | 504 | 512..)
}

fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    // Only for people who look for a request in a log.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::base;

    #[test]
    fn url_loses_its_slashes_and_one_ci() {
        assert_eq!(base("http://h/gitlab/ci///"), Some("http://h/gitlab"));
        assert_eq!(base("http://h:1/"), Some("http://h:1"));
        assert_eq!(base("ftp://h"), None);
    }
}
