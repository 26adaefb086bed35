//! Owns what one call is: its method, path, body and token, and what it is for.

use std::borrow::Cow;
use std::time::SystemTime;

use reqwest::Method;
use reqwest::header::HeaderName;

use crate::token::Token;

/// Most answers of GitLab are well below a kilobyte; a page of somebody else is read no further than its title.
const USUAL: usize = 64 * 1024;

/// A page of 100 runners has about 100 KiB.
const MOST_OF_A_LIST: usize = 1024 * 1024;

/// Where gitlab-runner carries a runner's token beside the body.
const RUNNER_TOKEN: HeaderName = HeaderName::from_static("runner-token");

/// Where GitLab looks for an access token.
const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

/// One call of the API.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    /// Relative to `/api/v4/`.
    pub(super) path: Cow<'static, str>,
    /// Behind the question mark; nothing secret.
    pub(super) query: Option<String>,
    /// JSON, or nothing.
    pub(super) body: String,
    pub(super) purpose: CallPurpose,
    pub(super) token: &'a Token,
    /// For a creation: what to look for when it is not known whether it happened.
    pub(super) mark: Option<String>,
    /// GitLab refuses with 412 what has changed since.
    pub(super) unmodified_since: Option<SystemTime>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        method: Method,
        path: impl Into<Cow<'static, str>>,
        purpose: CallPurpose,
        token: &'a Token,
    ) -> Self {
        Self {
            method,
            path: path.into(),
            query: None,
            body: String::new(),
            purpose,
            token,
            mark: None,
            unmodified_since: None,
        }
    }

    pub(super) fn with_body(self, body: String) -> Self {
        Self { body, ..self }
    }
}

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallPurpose {
    /// A new runner for a registration token.
    Registration,
    /// A new runner for an access token.
    Creation,
    /// The runner that an authentication token belongs to.
    Verification,
    /// Another authentication token in place of the one that is sent.
    Reset,
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

impl CallPurpose {
    /// Whether an answer that is lost on the way may have held a token that nobody else knows.
    pub(super) fn creates(self) -> bool {
        matches!(self, Self::Registration | Self::Creation | Self::Reset)
    }

    /// Whether it deletes what somebody else has left behind. It is sent once: before another attempt the caller has to look
    /// again.
    pub(super) fn sweeps(self) -> bool {
        matches!(self, Self::RunnerSwept | Self::RunnerManagerSwept)
    }

    /// The header that carries the token: an access token has one of its own.
    pub(super) fn token_header(self) -> HeaderName {
        match self {
            Self::Creation | Self::List | Self::Details | Self::RunnerSwept => PRIVATE_TOKEN,
            _ => RUNNER_TOKEN,
        }
    }

    /// How much of an answer is read, in bytes.
    pub(super) fn most(self) -> usize {
        match self {
            Self::List | Self::Details => MOST_OF_A_LIST,
            _ => USUAL,
        }
    }

    /// Whether it unregisters: a server that answers in GitLab's place may go away again inside the grace period.
    pub(super) fn is_farewell(self) -> bool {
        matches!(self, Self::RunnerGone | Self::RunnerManagerGone)
    }
}
