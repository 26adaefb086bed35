//! Owns what one call is: its method, path, body and token, and which answer is wanted.

use std::borrow::Cow;
use std::time::SystemTime;

use reqwest::Method;
use reqwest::header::HeaderName;

use super::answer::USUAL;
use super::verdict::Wanted;
use crate::token::Token;

/// Where gitlab-runner carries a runner's token beside the body.
pub(super) const RUNNER_TOKEN: HeaderName = HeaderName::from_static("runner-token");

/// One call of the API.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Relative to `/api/v4/`.
    pub(super) path: Cow<'static, str>,
    /// Behind the question mark; nothing secret.
    pub(super) query: Option<String>,
    pub(super) body: String,
    pub(super) wanted: Wanted,
    /// The token and the header that carries it.
    pub(super) token: (HeaderName, &'a Token),
    /// For a creation: what to look for when it is not known whether it happened.
    pub(super) mark: Option<String>,
    /// How much of an answer is read, in bytes.
    pub(super) most: usize,
    /// One attempt only: before another one the caller has to look again.
    pub(super) once: bool,
    /// GitLab refuses with 412 what has changed since.
    pub(super) unmodified_since: Option<SystemTime>,
}

impl<'a> Call<'a> {
    /// A call with a runner's token that makes no runner.
    pub(super) fn new(
        method: Method,
        path: impl Into<Cow<'static, str>>,
        body: String,
        wanted: Wanted,
        token: &'a Token,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            query: None,
            body,
            wanted,
            token: (RUNNER_TOKEN, token),
            mark: None,
            most: USUAL,
            once: false,
            unmodified_since: None,
        }
    }
}
