//! Owns what an answer means for the call it answers: the answer that the call wants, wait, a redirect, or a refusal. Pure; it
//! knows no socket.
//!
//! What is the same for all calls is decided here; what one kind of answer means for those that want it is beside its type.

use super::answer::Answer;
use super::call::{Call, CallPurpose};
use super::words::SaidBy;
use crate::token::Token;

/// What a call may ask for.
pub(super) trait FromAnswer: Sized {
    /// Reads an answer of 2xx that is not compressed.
    fn of_success(call: &Call<'_>, answer: &Answer) -> Result<Self, Not>;

    /// Reads a refusal in GitLab's own words, where it says what was asked for all the same: that something is not there.
    fn of_refusal(_: &Call<'_>, _: &Answer) -> Option<Self> {
        None
    }

    /// The same, after an attempt that was lost on its way and may have made a runner.
    #[must_use]
    fn after_loss(self) -> Self {
        self
    }
}

/// What is to be done about an answer that is not what was asked for.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Not {
    /// Ask again later. `lost`: GitLab may have done what was asked.
    Later { lost: bool },
    /// It points elsewhere.
    Elsewhere,
    /// No, and asking again would not help.
    Final(No),
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
    /// GitLab tells of a runner in a way that gitlab-runner would not take: what was made for `token` is to be taken back.
    Unfit { token: Token, why: &'static str },
    /// The answer is packed, which nobody asked for. `lost`: it may tell of a runner that was made.
    Packed { lost: bool },
    /// Whoever answers is not GitLab's API.
    NotGitlab,
    /// It is an answer of GitLab, and not one of a version that is known.
    NotUnderstood(&'static str),
}

impl From<No> for Not {
    fn from(no: No) -> Self {
        Self::Final(no)
    }
}

/// Reads an answer as what `call` asked for.
pub(super) fn assess<T: FromAnswer>(call: &Call<'_>, answer: &Answer) -> Result<T, Not> {
    if let Some(not) = before_reading(call.purpose, answer) {
        return Err(not);
    }
    match answer.status {
        200..=299 => T::of_success(call, answer),
        status => T::of_refusal(call, answer).ok_or(Not::Final(match status {
            401 | 403 | 410 => No::Token,
            _ => No::Request,
        })),
    }
}

/// What an answer means whatever was asked for; nothing where it is GitLab's own and for good.
fn before_reading(purpose: CallPurpose, answer: &Answer) -> Option<Not> {
    let is_packed = answer.packing().is_some();
    let is_gitlab = matches!(answer.said, SaidBy::Gitlab(_));
    let is_page = matches!(answer.said, SaidBy::Page(_));
    Some(match answer.status {
        200..=299 if !is_packed => return None,
        300..=399 => Not::Elsewhere,
        // 503 and the early refusals say that nothing was begun.
        408 | 425 | 429 | 503 => Not::Later { lost: false },
        // From 512 on there are only the statuses of those who deliver GitLab, such as a content delivery network.
        500 | 502 | 504 | 512.. => Not::Later { lost: true },
        status if is_packed => packed(purpose, status),
        // nginx speaks of the request itself here, and 407 comes from the proxy that was configured.
        400 | 407 if !is_gitlab => No::NotGitlab.into(),
        401 | 403 | 404 | 410 if !is_gitlab => stranger(purpose),
        400..=499 if is_page => stranger(purpose),
        _ if is_page => Not::Later { lost: true },
        403 if is_read_only(answer) => Not::Later { lost: false },
        _ => return None,
    })
}

/// A status of which only the body would tell what it means. A creation that went well is not asked for again: each time
/// would make one more runner.
fn packed(purpose: CallPurpose, status: u16) -> Not {
    let lost = purpose.creates() && (200..300).contains(&status);
    match stranger(purpose) {
        Not::Final(_) => No::Packed { lost }.into(),
        later => later,
    }
}

/// Somebody in between refuses, not GitLab. At the end of life that is waited out: there is no other time to unregister.
fn stranger(purpose: CallPurpose) -> Not {
    if purpose.is_farewell() {
        Not::Later { lost: false }
    } else {
        No::NotGitlab.into()
    }
}

/// A 403 in JSON that does not come from the API: its own begin with the status, or have the key `error`.
fn is_read_only(answer: &Answer) -> bool {
    let message = answer.json.as_ref().and_then(|json| json.get("message"));
    message.is_some() && !answer.said.text().trim_start().starts_with("403")
}

#[cfg(test)]
pub(super) mod tests;
