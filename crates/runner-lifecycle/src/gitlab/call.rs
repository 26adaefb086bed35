//! Owns what one call is: its method, path, body and token, and what it is for.

use std::borrow::Cow;
use std::time::SystemTime;

use reqwest::Method;
use reqwest::header::HeaderName;

use super::answer::USUAL;
use crate::token::Token;

/// Where gitlab-runner carries a runner's token beside the body.
pub(super) const RUNNER_TOKEN: HeaderName = HeaderName::from_static("runner-token");

/// Where GitLab looks for an access token.
pub(super) const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

/// One call of the API.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Relative to `/api/v4/`.
    pub(super) path: Cow<'static, str>,
    /// Behind the question mark; nothing secret.
    pub(super) query: Option<String>,
    pub(super) body: String,
    pub(super) purpose: Purpose,
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
        purpose: Purpose,
        token: &'a Token,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            query: None,
            body,
            purpose,
            token: (RUNNER_TOKEN, token),
            mark: None,
            most: USUAL,
            once: false,
            unmodified_since: None,
        }
    }
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// A new runner for a registration token.
    Registration,
    /// A new runner for an access token.
    Creation,
    /// The runner that an authentication token stands for.
    Verification,
    /// The end of a runner.
    RunnerGone,
    /// The end of a runner manager.
    RunnerManagerGone,
    /// A list of runners.
    List,
    /// What there is to know of one runner: itself, its runner managers, its jobs.
    Details,
    /// The end of a runner, by its number.
    RunnerSwept,
    /// The end of a runner manager that nothing was heard of.
    RunnerManagerSwept,
}

impl Purpose {
    /// Whether an attempt that is lost on the way may have made a runner.
    pub(super) fn creates(self) -> bool {
        matches!(self, Self::Registration | Self::Creation)
    }

    /// Whether it is a farewell: whoever stands in between may go away again inside the grace period.
    pub(super) fn is_farewell(self) -> bool {
        matches!(self, Self::RunnerGone | Self::RunnerManagerGone)
    }
}
