//! Owns what an answer means for the call it answers: done, wait, elsewhere, or no. Pure; it knows no socket.

use serde_json::{Map, Value};
use toml_edit::Datetime;

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
    /// A list of runners.
    List,
    /// What there is to know of one runner: itself, its runner managers, its jobs.
    Details,
    /// The end of a runner, by its number.
    RunnerSwept,
    /// The end of a runner manager that nothing was heard of.
    RunnerManagerSwept,
}

impl Wanted {
    /// Whether an attempt that is lost on the way may have made a runner.
    pub(super) fn creates(self) -> bool {
        matches!(self, Self::Registration | Self::Creation)
    }

    /// Whether it deletes what somebody else has left behind.
    pub(super) fn sweeps(self) -> bool {
        matches!(self, Self::RunnerSwept | Self::RunnerManagerSwept)
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
    /// The body is what was asked for.
    Read,
    /// It is another one than that of the moment that was named: nothing was done.
    Changed,
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
    /// GitLab tells of a runner in a way that gitlab-runner would not take: what was made for `token` is to be taken back.
    Unfit { token: Token, why: &'static str },
    /// The answer is packed, which nobody asked for. `lost`: it may tell of a runner that was made.
    Packed { lost: bool },
    /// Whoever answers is not GitLab's API.
    NotGitlab,
}

/// How GitLab's API begins every refusal of a token; a read-only GitLab (Geo, maintenance mode) words its 403 otherwise.
const FORBIDDEN: &str = "403 Forbidden";

/// Assesses an answer to a call with `token`.
pub(super) fn assess(wanted: Wanted, token: &Token, answer: &Answer) -> Verdict {
    let said = Said::of(answer.header("content-type"), &answer.body);
    match answer.status {
        200..=299 if answer.packing().is_none() => success(wanted, token, answer, &said),
        300..=399 => Verdict::Elsewhere,
        // 503 and the early refusals say that nothing was begun.
        408 | 425 | 429 | 503 => Verdict::Later { lost: false },
        // From 512 on there are only the statuses of those who deliver GitLab, such as a content delivery network.
        500 | 502 | 504 | 512.. => Verdict::Later { lost: true },
        _ if answer.packing().is_some() => packed(wanted, answer.status),
        // nginx speaks of the request itself here, and 407 comes from the proxy that was configured.
        400 | 407 if !matches!(said, Said::Gitlab(_)) => Verdict::No(No::NotGitlab),
        401 | 403 | 404 | 410 if !matches!(said, Said::Gitlab(_)) => stranger(wanted),
        400..=499 if matches!(said, Said::Page(_)) => stranger(wanted),
        _ if matches!(said, Said::Page(_)) => Verdict::Later { lost: true },
        403 if read_only(&answer.body, said.text()) => Verdict::Later { lost: false },
        status => refusal(wanted, status, answer),
    }
}

/// A status of which only the body would tell what it means. A creation that went well is not asked for again: each time
/// would make one more runner.
fn packed(wanted: Wanted, status: u16) -> Verdict {
    let lost = wanted.creates() && (200..300).contains(&status);
    match stranger(wanted) {
        Verdict::No(_) => Verdict::No(No::Packed { lost }),
        later => later,
    }
}

/// Somebody in between refuses, not GitLab. At the end of life that is waited out: there is no other time to unregister.
fn stranger(wanted: Wanted) -> Verdict {
    if wanted.is_farewell() {
        Verdict::Later { lost: false }
    } else {
        Verdict::No(No::NotGitlab)
    }
}

fn refusal(wanted: Wanted, status: u16, answer: &Answer) -> Verdict {
    let words = message_of(answer).unwrap_or_default();
    match (wanted, status) {
        // The token is unknown: its runner is gone, and every runner manager with it.
        (Wanted::RunnerGone | Wanted::RunnerManagerGone, 403) if words == FORBIDDEN => {
            Verdict::Done(Outcome::Gone(Gone::Unknown))
        }
        (Wanted::RunnerManagerGone, 404) if is_no_runner_manager(&words) => {
            Verdict::Done(Outcome::Gone(Gone::WasGone))
        }
        // `404 Runner Not Found`, older `404 Not found`; an unknown route says it under the key `error`.
        (Wanted::Details | Wanted::RunnerSwept | Wanted::RunnerManagerSwept, 404)
            if words.starts_with("404 ") =>
        {
            Verdict::Done(Outcome::Gone(Gone::WasGone))
        }
        (Wanted::RunnerSwept | Wanted::RunnerManagerSwept, 412) => Verdict::Done(Outcome::Changed),
        (_, 401 | 403 | 410) => Verdict::No(No::Token),
        _ => Verdict::No(No::Request),
    }
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
    let message = message_of(answer);
    let orphaned = "403 Forbidden - Runner is orphaned";
    answer.status == 403 && message.is_some_and(|words| words == FORBIDDEN || words == orphaned)
}

/// What GitLab's API says under the key of its refusals; a gateway's JSON has others.
fn message_of(answer: &Answer) -> Option<String> {
    let object: Value = serde_json::from_slice(&answer.body).ok()?;
    Some(object.get("message")?.as_str()?.trim().to_owned())
}

/// A 403 in JSON that does not come from the API: its own begin with the status, or have the key `error`.
fn read_only(body: &[u8], words: &str) -> bool {
    let object: Value = serde_json::from_slice(body).unwrap_or_default();
    object.get("message").is_some() && !words.trim_start().starts_with("403")
}

fn success(wanted: Wanted, sent: &Token, answer: &Answer, said: &Said) -> Verdict {
    let creates = wanted.creates();
    if matches!(wanted, Wanted::List | Wanted::Details) {
        return match answer.status {
            200 if !matches!(said, Said::Page(_)) => Verdict::Done(Outcome::Read),
            _ => Verdict::No(No::NotGitlab),
        };
    }
    if wanted.is_farewell() || wanted.sweeps() {
        return match answer.status {
            204 => Verdict::Done(Outcome::Gone(Gone::Deleted)),
            _ => Verdict::No(No::NotGitlab),
        };
    }
    let entity: Map<String, Value> = match serde_json::from_slice(&answer.body) {
        Ok(entity) => entity,
        Err(error) if error.is_eof() && answer.body.starts_with(b"{") => {
            return Verdict::Later { lost: creates };
        }
        Err(_) if creates && !matches!(said, Said::Page(_)) => return Verdict::No(No::LostRunner),
        Err(_) => return Verdict::No(No::NotGitlab),
    };
    let text = |key: &str| entity.get(key).and_then(Value::as_str);
    let token = text("token").and_then(|text| Token::new(text).ok());
    let token = match token {
        Some(token) => token,
        None if creates => return Verdict::No(No::LostRunner),
        None if !entity.contains_key("id") => return Verdict::No(No::NotGitlab),
        // Verifying changes no token: an old GitLab that leaves it out means the one that was sent.
        None => sent.clone(),
    };
    // 0 is what gitlab-runner has where an answer names no runner.
    let id = entity.get("id").and_then(Value::as_i64);
    let id = id.filter(|id| *id != 0);
    match (id, unfit(wanted, sent, answer, &entity)) {
        (Some(id), None) => {
            let expiry = text("token_expires_at").filter(|at| is_moment(at));
            Verdict::Done(Outcome::Credentials(Credentials {
                id,
                token,
                token_expires_at: expiry.map(str::to_owned),
                maybe_another: false,
            }))
        }
        (_, why) => Verdict::No(No::Unfit {
            token: if creates { token } else { sent.clone() },
            why: why.unwrap_or("without the runner's id"),
        }),
    }
}

/// Why gitlab-runner would not take an answer that tells of a runner; neither would it take that GitLab's jobs then.
fn unfit(
    wanted: Wanted,
    sent: &Token,
    answer: &Answer,
    entity: &Map<String, Value>,
) -> Option<&'static str> {
    // Of a token from before `glrt-` it only wants to hear that GitLab does not refuse it.
    if wanted == Wanted::Verification && !sent.begins_with_glrt() {
        return None;
    }
    let status = if wanted.creates() { 201 } else { 200 };
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match entity.get("token_expires_at") {
        _ if answer.status != status => Some("with another status than GitLab's"),
        _ if !kind.eq_ignore_ascii_case("application/json") => Some("not marked as JSON"),
        None | Some(Value::Null) => None,
        Some(Value::String(at)) if is_moment(at) => None,
        Some(_) => Some("with a token_expires_at that is not an RFC 3339 time"),
    }
}

/// Whether Go reads it as a moment: RFC 3339 to the letter, with seconds and zone.
fn is_moment(text: &str) -> bool {
    let moment = text.parse::<Datetime>().ok();
    let moment = moment.filter(|moment| moment.date.is_some() && moment.offset.is_some());
    let time = moment.and_then(|moment| moment.time);
    time.is_some_and(|time| time.second.is_some_and(|second| second < 60))
        && text.as_bytes().get(10) == Some(&b'T')
        && !text.ends_with('z')
}

#[cfg(test)]
mod sweep_tests;
#[cfg(test)]
mod tests;
