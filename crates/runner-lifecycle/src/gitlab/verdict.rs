//! Owns what an answer means for the call it answers: done, wait, elsewhere, or no. Pure; it knows no socket.

use serde::Deserialize;
use serde_json::Value;

use super::answer::Answer;
use super::words::Said;
use super::{Credentials, Gone};
use crate::token::Token;

/// What a call is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
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
}

impl Wanted {
    /// Whether an attempt that is lost on the way may have made a runner.
    pub(super) fn creates(self) -> bool {
        matches!(self, Self::Registration | Self::Creation)
    }

    /// Whether it is a farewell: whoever stands in between may go away again inside the grace period.
    fn is_farewell(self) -> bool {
        matches!(self, Self::RunnerGone | Self::RunnerManagerGone)
    }
}

/// What a call came to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Credentials(Credentials),
    Gone(Gone),
}

/// What is to be done about an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is the answer that was asked for.
    Done(Outcome),
    /// Ask again later. `lost`: GitLab may have done what was asked.
    Later { lost: bool },
    /// It points elsewhere.
    Elsewhere,
    /// No, and asking again would not help.
    No(No),
}

/// The kinds of a final no; the words come from the answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum No {
    /// GitLab does not take the token.
    Token,
    /// GitLab does not take the request.
    Request,
    /// GitLab made a runner, but its answer does not name it.
    LostRunner,
    /// Whoever answers is not GitLab's API.
    NotGitlab,
}

/// How GitLab's API begins every refusal of a token; a read-only GitLab (Geo, maintenance mode) words its 403 otherwise.
const FORBIDDEN: &str = "403 Forbidden";

/// Judges an answer to a call with `token`.
pub(super) fn judge(wanted: Wanted, token: &Token, answer: &Answer) -> Verdict {
    let said = Said::of(answer.header("content-type"), &answer.body);
    match answer.status {
        200..=299 => success(wanted, token, answer, &said),
        300..=399 => Verdict::Elsewhere,
        // 503 and the early refusals say that nothing was begun.
        408 | 425 | 429 | 503 => Verdict::Later { lost: false },
        500 | 502 | 504 => Verdict::Later { lost: true },
        // nginx speaks of the request itself here, and 407 comes from the proxy that was configured.
        400 | 407 if !matches!(said, Said::Gitlab(_)) => Verdict::No(No::NotGitlab),
        401 | 403 | 404 | 410 if !matches!(said, Said::Gitlab(_)) => stranger(wanted),
        400..=499 if matches!(said, Said::Page(_)) => stranger(wanted),
        _ if matches!(said, Said::Page(_)) => Verdict::Later { lost: true },
        403 if read_only(&answer.body, said.text()) => Verdict::Later { lost: false },
        status => refusal(wanted, status, &said),
    }
}

/// Somebody in between refuses, not GitLab. At the end of life that is waited out: there is no other time to say goodbye.
fn stranger(wanted: Wanted) -> Verdict {
    if wanted.is_farewell() {
        Verdict::Later { lost: false }
    } else {
        Verdict::No(No::NotGitlab)
    }
}

fn refusal(wanted: Wanted, status: u16, said: &Said) -> Verdict {
    let words = said.text().trim();
    match (wanted, status) {
        // The token is unknown: its runner is gone, and every runner manager with it.
        (Wanted::RunnerGone | Wanted::RunnerManagerGone, 403) if words == FORBIDDEN => {
            Verdict::Done(Outcome::Gone(Gone::WasGone))
        }
        (Wanted::RunnerManagerGone, 404) if words.contains("Runner manager not found") => {
            Verdict::Done(Outcome::Gone(Gone::WasGone))
        }
        (_, 401 | 403 | 410) => Verdict::No(No::Token),
        _ => Verdict::No(No::Request),
    }
}

/// Whether an answer is the one with which GitLab refuses an authentication token: its runner is gone, or (about 17.11) that
/// runner's owner. A gateway may refuse in JSON too, and on its word no runner is given up.
pub(super) fn says_that_the_runner_is_gone(answer: &Answer) -> bool {
    let said = Said::of(answer.header("content-type"), &answer.body);
    let words = said.text().trim();
    answer.status == 403
        && matches!(said, Said::Gitlab(_))
        && (words == FORBIDDEN || words == "403 Forbidden - Runner is orphaned")
}

/// A 403 in JSON that does not come from the API: its own begin with the status, or have the key `error`.
fn read_only(body: &[u8], words: &str) -> bool {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    object.get("message").is_some() && !words.trim_start().starts_with("403")
}

/// What GitLab sends about a runner; unknown keys are its own business.
#[derive(Deserialize)]
struct Entity {
    id: Option<i64>,
    token: Option<String>,
    #[serde(default)]
    token_expires_at: Value,
}

fn success(wanted: Wanted, sent: &Token, answer: &Answer, said: &Said) -> Verdict {
    let creates = wanted.creates();
    if wanted.is_farewell() {
        return match answer.status {
            204 => Verdict::Done(Outcome::Gone(Gone::Deleted)),
            _ => Verdict::No(No::NotGitlab),
        };
    }
    let entity: Entity = match serde_json::from_slice(&answer.body) {
        Ok(entity) => entity,
        Err(error) if error.is_eof() && answer.body.starts_with(b"{") => {
            return Verdict::Later { lost: creates };
        }
        Err(_) if creates && !matches!(said, Said::Page(_)) => return Verdict::No(No::LostRunner),
        Err(_) => return Verdict::No(No::NotGitlab),
    };
    let token = entity.token.and_then(|text| Token::new(text).ok());
    // Verifying changes no token: an old GitLab that leaves it out means the one that was sent.
    let token = token.or_else(|| (!creates).then(|| sent.clone()));
    match (entity.id, token) {
        (Some(id), Some(token)) => {
            let expiry = entity.token_expires_at.as_str().filter(|at| !at.is_empty());
            let token_expires_at = expiry.map(str::to_owned);
            Verdict::Done(Outcome::Credentials(Credentials {
                id,
                token,
                token_expires_at,
            }))
        }
        _ if creates => Verdict::No(No::LostRunner),
        _ => Verdict::No(No::NotGitlab),
    }
}

#[cfg(test)]
mod tests;
