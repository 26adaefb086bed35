//! Owns the record of the requests that came in; never judges them.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use crate::moment;

/// One request, in the order in which they were handled.
#[derive(Debug, Clone, Serialize)]
pub struct Call {
    /// 1 for the first.
    pub number: u64,
    /// `X-Request-Id` of the answer.
    pub request_id: String,
    /// Since the simulator's start (monotonic, seconds in JSON).
    #[serde(with = "moment::seconds")]
    pub at: Duration,
    /// When the answer was decided on or the client found gone.
    #[serde(with = "moment::maybe_seconds")]
    pub ended_at: Option<Duration>,
    /// Number of the TCP connection it came over, 1 for the first.
    pub connection: u64,
    /// In capitals.
    pub method: String,
    /// As sent, without the query.
    pub path: String,
    /// Behind the relative root and `/api/v4`: `/runners/verify`. Empty for other paths.
    pub endpoint: String,
    /// As sent, without `?`.
    pub query: String,
    /// Names in small letters; the last of equal ones.
    pub headers: BTreeMap<String, String>,
    /// JSON as it came, a form as an object, anything else as text, null when there was none.
    pub body: Value,
    /// Status answered; none when there was no answer (yet).
    pub status: Option<u16>,
    /// A fault had a hand in it.
    pub fault: bool,
    /// The client hung up before the answer was there.
    pub abandoned: bool,
}

impl Call {
    /// Whether this is a call of `"METHOD /endpoint"`, for example `"POST /runners/verify"`; numbers match `*`.
    pub fn is(&self, pattern: &str) -> bool {
        crate::fault::matches(pattern, &self.method, &self.endpoint)
    }
}
