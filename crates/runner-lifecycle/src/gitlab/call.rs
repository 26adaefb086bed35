//! Owns what one call is: its method, path, body and token, and which answer is wanted.

use reqwest::Method;
use reqwest::header::HeaderName;

use super::verdict::Wanted;
use crate::token::Token;

/// Where gitlab-runner carries a runner's token beside the body.
pub(super) const RUNNER_TOKEN: HeaderName = HeaderName::from_static("runner-token");

/// One call of the API.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Relative to `/api/v4/`.
    pub(super) path: &'static str,
    pub(super) body: Vec<u8>,
    pub(super) wanted: Wanted,
    /// The token and the header that carries it.
    pub(super) token: (HeaderName, &'a Token),
    /// For a creation: what to look for when it is not known whether it happened.
    pub(super) mark: Option<String>,
}

impl<'a> Call<'a> {
    /// A call with a runner's token that makes no runner.
    pub(super) fn new(
        method: Method,
        path: &'static str,
        body: Vec<u8>,
        wanted: Wanted,
        token: &'a Token,
    ) -> Self {
        Self {
            method,
            path,
            body,
            wanted,
            token: (RUNNER_TOKEN, token),
            mark: None,
        }
    }
}
