//! Owns the answer that tells of a runner: what is read of it, and what gitlab-runner would not take.

use serde_json::Value;
use toml_edit::Datetime;

use super::answer::Answer;
use super::call::{Call, CallPurpose};
use super::meaning::{FromAnswer, No, Not};
use super::words::SaidBy;
use crate::token::Token;

/// A runner as GitLab answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The runner's number at GitLab.
    pub id: i64,
    /// What the runner manager works with.
    pub token: Token,
    /// When the token ends, RFC 3339 as GitLab wrote it; most tokens never do.
    pub token_expires_at: Option<String>,
    /// The answer of an attempt before was lost on its way, so that another runner may have been made as well.
    pub maybe_another: bool,
}

impl FromAnswer for Credentials {
    fn of_success(call: &Call<'_>, answer: &Answer) -> Result<Self, Not> {
        let (creates, sent) = (call.purpose.creates(), call.token);
        let entity = match (
            answer.json.as_ref().and_then(Value::as_object),
            &answer.said,
        ) {
            (Some(entity), _) => entity,
            (None, _) if answer.is_cut_off => return Err(Not::Later { lost: creates }),
            (None, said) if creates && !matches!(said, SaidBy::Page(_)) => {
                return Err(No::LostRunner.into());
            }
            (None, _) => return Err(No::NotGitlab.into()),
        };
        let text = |key: &str| entity.get(key).and_then(Value::as_str);
        let token = match text("token").and_then(|text| Token::new(text).ok()) {
            Some(token) => token,
            None if creates => return Err(No::LostRunner.into()),
            None if !entity.contains_key("id") => return Err(No::NotGitlab.into()),
            // Verifying changes no token: an old GitLab that leaves it out means the one that was sent.
            None => sent.clone(),
        };
        // 0 is what gitlab-runner has where an answer names no runner, as that to a reset never does.
        let id = entity.get("id").and_then(Value::as_i64);
        let id = id.filter(|id| *id != 0);
        let id = id.or((call.purpose == CallPurpose::Reset).then_some(0));
        match (id, unfit(call, answer, entity.get("token_expires_at"))) {
            (Some(id), None) => {
                let expiry = text("token_expires_at").filter(|at| is_moment(at));
                Ok(Self {
                    id,
                    token,
                    token_expires_at: expiry.map(str::to_owned),
                    maybe_another: false,
                })
            }
            (_, why) => {
                let token = if creates { token } else { sent.clone() };
                let why = why.unwrap_or("without the runner's ID");
                Err(No::Unfit { token, why }.into())
            }
        }
    }

    fn after_loss(self) -> Self {
        Self {
            maybe_another: true,
            ..self
        }
    }
}

/// Why gitlab-runner would not take an answer that tells of a runner; neither would it take that GitLab's jobs then.
fn unfit(call: &Call<'_>, answer: &Answer, expiry: Option<&Value>) -> Option<&'static str> {
    // Of a token from before `glrt-` it only wants to hear that GitLab does not refuse it. After a reset only the new one is good.
    let is_old = call.purpose == CallPurpose::Verification && !call.token.begins_with_glrt();
    if is_old || call.purpose == CallPurpose::Reset {
        return None;
    }
    let status = if call.purpose.creates() { 201 } else { 200 };
    let kind = answer.header("content-type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    match expiry {
        _ if answer.status != status => Some("with an unexpected status"),
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
mod tests;
