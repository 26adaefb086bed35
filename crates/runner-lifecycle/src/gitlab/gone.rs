//! Owns the answers to a deletion: it is gone, it was gone, or it stays. It also tells GitLab's own words for a runner that
//! is gone from anybody else's.

use super::answer::Answer;
use super::call::{Call, CallPurpose};
use super::meaning::{FromAnswer, No, Not};

/// How GitLab's API begins every refusal of a token; a read-only GitLab (Geo, maintenance mode) words its 403 otherwise.
const FORBIDDEN: &str = "403 Forbidden";

/// How an entry came to be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// GitLab deleted it now.
    Deleted,
    /// GitLab does not know it (any more).
    WasGone,
    /// GitLab does not know the token: its runner is gone, or the token has expired.
    Unknown,
}

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// GitLab deleted it now.
    Deleted,
    /// It was gone already.
    WasGone,
    /// It has changed since the moment that was named: GitLab left it.
    Changed,
}

impl FromAnswer for Gone {
    fn of_success(_: &Call<'_>, answer: &Answer) -> Result<Self, Not> {
        deleted(answer, Self::Deleted)
    }

    fn of_refusal(call: &Call<'_>, answer: &Answer) -> Option<Self> {
        let words = answer.message()?;
        match (call.purpose, answer.status) {
            // The token is unknown: its runner is gone, and every runner manager with it.
            (_, 403) if words == FORBIDDEN => Some(Self::Unknown),
            (CallPurpose::RunnerManagerGone, 404) if is_no_runner_manager(words) => {
                Some(Self::WasGone)
            }
            _ => None,
        }
    }
}

impl FromAnswer for Deletion {
    fn of_success(_: &Call<'_>, answer: &Answer) -> Result<Self, Not> {
        deleted(answer, Self::Deleted)
    }

    fn of_refusal(_: &Call<'_>, answer: &Answer) -> Option<Self> {
        match answer.status {
            404 if says_that_it_is_not_there(answer) => Some(Self::WasGone),
            412 => Some(Self::Changed),
            _ => None,
        }
    }
}

fn deleted<T>(answer: &Answer, done: T) -> Result<T, Not> {
    match answer.status {
        204 => Ok(done),
        _ => Err(No::NotGitlab.into()),
    }
}

/// `404 Runner Not Found`, older `404 Not found`; an unknown route says it under the key `error`.
pub(super) fn says_that_it_is_not_there(answer: &Answer) -> bool {
    let message = answer.message();
    answer.status == 404 && message.is_some_and(|words| words.starts_with("404 "))
}

/// GitLab's two ways to say that it lists no such runner manager: when it looks, and when the runner manager goes between the
/// look and the deletion. The second is what it says of any record that is not there, to the letter; a gateway says
/// otherwise, and an unknown route has `error`.
fn is_no_runner_manager(words: &str) -> bool {
    words == "404 Not found" || words.contains("Runner manager not found")
}

/// Whether an answer is the one with which GitLab refuses an authentication token: its runner is gone, or (about 17.11) that
/// runner's owner. A gateway may refuse in JSON too, and on its word no runner is given up.
pub(super) fn says_that_the_runner_is_gone(answer: &Answer) -> bool {
    let orphaned = "403 Forbidden - Runner is orphaned";
    let message = answer.message();
    answer.status == 403 && message.is_some_and(|words| words == FORBIDDEN || words == orphaned)
}

#[cfg(test)]
mod tests;
