//! Owns the next step: what an operator can do about a refusal. Rules only, no wording of what happened.

use runner_config::token::reads_like_a_placeholder;

use super::call::CallPurpose;
use crate::token::{Token, TokenKind};

const OTHER_ADDRESS: &str = "that is not the address of GitLab's API: check --url, including a relative root such as /gitlab";

/// What to do about `status` with GitLab's `words` in answer to a call.
pub(super) fn next_step(purpose: CallPurpose, status: u16, words: &str) -> &'static str {
    use CallPurpose::{
        Creation, Details, List, Registration, Reset, RunnerGone, RunnerManagerGone,
        RunnerManagerSwept, RunnerSwept, Verification,
    };
    match (purpose, status) {
        (List, 404) if words.starts_with("404 Group") || words.starts_with("404 Project") => {
            "the user of the access token cannot see this group or project: check --group-id or --project-id"
        }
        (_, 404 | 405) => OTHER_ADDRESS,
        (Registration, 410) => {
            "registration tokens are disabled at this GitLab: create a runner in GitLab's UI or with POST /user/runners and give its glrt- token with --token-file"
        }
        (_, 410) => {
            "this GitLab no longer supports this request: use a release of this program that matches it"
        }
        (Registration, 401 | 403) => {
            "GitLab does not know the registration token: check it and --url, or give a glrt- token with --token-file"
        }
        (Creation, 401) => {
            "the access token is invalid, expired or revoked: create a new one with the scope create_runner and give it with --access-token-file"
        }
        (Creation, 403) if words.contains("insufficient_scope") => {
            "give the access token the scope create_runner"
        }
        (Creation, 403) => {
            "the user of the access token must be an administrator, an owner of the group or a maintainer of the project"
        }
        (List | Details | RunnerSwept, 401) => {
            "the access token is invalid, expired or revoked: create a new one with the scope api, or read_api and manage_runner, and give it with --access-token-file"
        }
        (List, 403) if words.contains("insufficient_scope") => {
            "give the access token the scope read_api, and manage_runner to delete, or api for both"
        }
        (Details | RunnerSwept, 403) if words.contains("insufficient_scope") => {
            "give the access token the scopes read_api and manage_runner, or api for both"
        }
        (List, 403) => {
            "the user of the access token must be an administrator, an owner of the group or a maintainer of the project"
        }
        (Details | RunnerSwept, 403) => {
            "the user of the access token must be an administrator, an owner of the group or a maintainer of the runner's only project"
        }
        (RunnerManagerSwept, 401 | 403) => {
            "the authentication token is invalid, expired or was reset: check --token-file"
        }
        (Reset, 403) if !words.starts_with("403 Forbidden") => {
            "GitLab refused to reset this runner's token: fix what its message says, and run this again"
        }
        (Reset, 422) => "change the runner at GitLab as its message says, and run this again",
        (Verification | Reset, 401 | 403) => {
            "the authentication token is invalid, expired or was reset: check it and --url"
        }
        (RunnerGone | RunnerManagerGone, 401 | 403) => "delete it in GitLab's list of runners",
        (Registration | Creation, 400 | 422) if words.contains("Maximum number") => {
            "remove unused runners, or ask for a higher limit"
        }
        (Registration | Creation, 400 | 422) => {
            "change the flag or variable that GitLab's message names"
        }
        (Verification, 422) => "the runner is orphaned or invalid: create a new one",
        (_, 409) => "something else is changing the same runner: run this again",
        _ => "search GitLab's log for the X-Request-Id",
    }
}

/// What the refused token itself may tell, behind the next step; nothing that is certain, or it would not have been sent.
pub(super) fn token_hint(purpose: CallPurpose, token: &Token) -> String {
    if reads_like_a_placeholder(token.expose()) {
        return " (it looks like a placeholder)".to_owned();
    }
    match (purpose, TokenKind::of(token.expose())) {
        (CallPurpose::Verification, None) => {
            " (if it is a registration token, give it with --registration-token)".to_owned()
        }
        (CallPurpose::Creation, None) => {
            " (it has no GitLab token prefix: it must be a personal, group or project access token)"
                .to_owned()
        }
        _ => String::new(),
    }
}

/// What to do when only troubles that may pass were heard until the deadline.
pub(super) fn in_time(status: Option<u16>) -> &'static str {
    match status {
        None => "check that GitLab can be reached from here (--url, DNS, proxy, network policy)",
        Some(429) => {
            "GitLab limits requests from this address: allow more time, or raise the limit"
        }
        Some(404) => {
            "that page is not GitLab's API: check --url, its relative root and any proxy in between"
        }
        Some(401 | 403 | 410) => {
            "GitLab is read-only, or a proxy or another server answered in GitLab's place: check what runs at --url"
        }
        Some(_) => "check that GitLab is up, and run this again",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trouble_that_lasted_has_its_own_next_step() {
        fn check(status: Option<u16>, want: &str) {
            assert!(in_time(status).contains(want), "{status:?}");
        }
        check(None, "network policy");
        check(Some(429), "limits requests");
        check(Some(403), "read-only");
        check(Some(404), "relative root");
        check(Some(502), "check that GitLab is up");
    }

    #[test]
    fn a_token_that_was_refused_tells_what_it_may_be() {
        fn check(purpose: CallPurpose, token: &str, want: &str) {
            let hint = token_hint(purpose, &Token::new(token).unwrap());
            assert!(hint.contains(want), "{hint}");
            assert!(want.is_empty() == hint.is_empty(), "{hint}");
            assert!(!hint.contains(token), "{hint}");
        }
        check(CallPurpose::Registration, "REPLACE_ME", "placeholder");
        check(CallPurpose::Verification, "your-token-here", "placeholder");
        check(CallPurpose::Verification, "aBcD", "--registration-token");
        check(CallPurpose::Creation, "aBcD", "access token");
        check(CallPurpose::Verification, "glrt-aBcD", "");
        check(CallPurpose::Registration, "aBcD", "");
    }

    #[test]
    fn every_refusal_has_its_own_next_step() {
        use CallPurpose::{
            Creation, Details, List, Registration, Reset, RunnerGone, RunnerManagerGone,
            RunnerManagerSwept, RunnerSwept, Verification,
        };
        for (purpose, status, words, want) in [
            (List, 401, "401 Unauthorized", "--access-token-file"),
            (List, 403, "insufficient_scope: requires", "read_api"),
            (List, 403, "403 Forbidden", "administrator"),
            (List, 404, "404 Group Not Found", "--group-id"),
            (List, 404, "404 Not Found", "relative root"),
            (
                Details,
                403,
                "insufficient_scope: requires",
                "manage_runner",
            ),
            (
                RunnerSwept,
                401,
                "invalid_token: Token is expired.",
                "create a new one",
            ),
            (
                RunnerSwept,
                403,
                "insufficient_scope: requires",
                "manage_runner",
            ),
            (
                RunnerSwept,
                403,
                "403 Forbidden - No access granted",
                "only project",
            ),
            (RunnerManagerSwept, 403, "403 Forbidden", "--token-file"),
            (
                Registration,
                403,
                "403 Forbidden - invalid token supplied",
                "registration token",
            ),
            (
                Registration,
                410,
                "410 Gone - runner registration disallowed",
                "--token-file",
            ),
            (
                Registration,
                400,
                "tags_list: can not be empty",
                "change the flag",
            ),
            (
                Registration,
                400,
                "Maximum number of ci registered",
                "a higher limit",
            ),
            (Registration, 422, "", "change the flag"),
            (Creation, 401, "401 Unauthorized", "--access-token-file"),
            (
                Creation,
                403,
                "insufficient_scope: requires",
                "scope create_runner",
            ),
            (
                Creation,
                403,
                "403 Forbidden - Insufficient permissions",
                "owner of the group",
            ),
            (Verification, 403, "403 Forbidden", "was reset"),
            (Reset, 403, "403 Forbidden", "was reset"),
            (
                Reset,
                403,
                "rotation deadline has passed",
                "refused to reset",
            ),
            (Reset, 422, "Runner needs a project", "change the runner"),
            (Verification, 422, "Runner is orphaned", "orphaned"),
            (
                Verification,
                410,
                "API V3 is no longer supported.",
                "no longer supports",
            ),
            (RunnerGone, 404, "404 Not Found", "relative root"),
            (RunnerManagerGone, 404, "404 Not Found", "relative root"),
            (
                RunnerManagerGone,
                403,
                "403 Forbidden - why",
                "list of runners",
            ),
            (
                RunnerGone,
                409,
                "409 Conflict: Resource lock",
                "run this again",
            ),
            (RunnerGone, 412, "412 Precondition Failed", "GitLab's log"),
        ] {
            let step = next_step(purpose, status, words);
            assert!(step.contains(want), "{purpose:?} {status} {words}: {step}");
        }
    }
}
