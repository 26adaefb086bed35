//! Owns what is said where GitLab may have reset a token and its answer was lost: it asks GitLab whether the previous token is
//! still valid, and says what to do.

use std::time::Duration;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::gitlab::{Client, Error, RunnerInfo};
use runner_lifecycle::source::Ownership;
use runner_lifecycle::system_id::SystemId;

use super::choice::Choice;

/// How long GitLab may take to tell whether the token before is still good.
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of a reset without an answer.
pub(super) struct LostAnswer {
    pub(super) failure: Failure,
    /// Whether the token was reset, as GitLab itself tells it.
    pub(super) was_reset: Option<bool>,
}

/// Asks whether the token before is still good.
pub(super) async fn settle(
    choice: &Choice,
    client: &Client,
    system_id: Option<&SystemId>,
    error: &Error,
) -> LostAnswer {
    let Choice { entry, token, .. } = choice;
    let info = RunnerInfo {
        executor: Some(entry.executor.clone()),
        shell: Some(entry.shell.clone()).filter(|shell| !shell.is_empty()),
        ..RunnerInfo::empty()
    };
    let deadline = Deadline::after(PATIENCE);
    let verified = client.verify(token, system_id, &info, deadline).await;
    let runner = choice.runner();
    let advice = advice(choice);
    let (exit, words, was_reset) = match verified {
        Ok(_) => (
            Exit::Unreachable,
            format!("the token of {runner} is still valid, so nothing was reset: run this again"),
            Some(false),
        ),
        Err(Error::TokenRefused { gone: true, .. }) => (
            Exit::Refused,
            format!("the token of {runner} was reset, but the new one was lost: {advice}"),
            Some(true),
        ),
        Err(_) => (
            Exit::Unreachable,
            format!(
                "the token of {runner} is probably invalid: run this again, and if GitLab refuses it, {advice}"
            ),
            None,
        ),
    };
    let message = format!("{words} ({error})");
    LostAnswer {
        failure: Failure { exit, message },
        was_reset,
    }
}

/// What to do once the token before is void and nobody knows the new one.
pub(super) fn advice(choice: &Choice) -> String {
    let runner = choice.runner();
    match choice.ownership {
        Ownership::Owned => format!(
            "run runner-init register, which puts a new runner in the entry, and delete {runner} at GitLab"
        ),
        Ownership::Shared => format!(
            "reset the token of {runner} at GitLab (POST /runners/ID/reset_authentication_token with an access token), and give the new \
             one to runner-init with --token-file"
        ),
    }
}
