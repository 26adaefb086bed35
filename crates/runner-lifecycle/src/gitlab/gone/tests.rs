//! What says that something is gone, and what does not.

use CallPurpose::{
    Creation, Details, List, Registration, RunnerGone, RunnerManagerGone, RunnerManagerSwept,
    RunnerSwept, Verification,
};

use super::*;
use crate::gitlab::Heard;
use crate::gitlab::meaning::tests::{PAGE, answer, assessed, check, sent};

const LATER: Not = Not::Later { lost: false };
const FORBIDDEN: &str = r#"{"message":"403 Forbidden"}"#;

/// What an answer is read as; nothing where it is no such thing.
fn read<T: FromAnswer>(purpose: CallPurpose, status: u16, body: &str) -> Option<T> {
    assessed(purpose, &sent(), &answer(status, body)).ok()
}

#[test]
fn gone_is_204_or_gitlabs_own_word_that_it_was() {
    let farewells = [RunnerGone, RunnerManagerGone];
    for purpose in farewells {
        assert_eq!(read(purpose, 204, ""), Some(Gone::Deleted));
        assert_eq!(read(purpose, 403, FORBIDDEN), Some(Gone::Unknown));
    }
    check(&farewells, &[200, 202], &[PAGE, "", "{}"], No::NotGitlab);
    let wrong = r#"{"message":"403 Forbidden - Runner is orphaned"}"#;
    check(&farewells, &[403], &[wrong], No::Token);
    check(&farewells, &[404], &[PAGE], LATER);
    let others = [Registration, Creation, Verification];
    check(&others, &[403], &[FORBIDDEN], No::Token);
}

#[test]
fn a_404_means_gone_only_in_gitlabs_own_words_for_the_runner_manager() {
    let gone = [
        r#"{"message":"404 Runner manager not found Not Found"}"#,
        r#"{"message":"404 Not found"}"#,
    ];
    let refused = [
        r#"{"message":"404 Not Found"}"#,
        // An unknown route: another base URL, or a GitLab before runner managers.
        r#"{"error":"404 Not Found"}"#,
        r#"{"error":"404 Not found","status":"404"}"#,
        // Gateways.
        r#"{"message":"no Route matched with those values"}"#,
        r#"{"message":"Not Found"}"#,
        r#"{"message":"404 page not found"}"#,
        r#"{"message":["404 Not found"]}"#,
    ];
    let strangers = ["404 page not found", "", PAGE];
    for body in gone {
        let read: Option<Gone> = read(RunnerManagerGone, 404, body);
        assert_eq!(read, Some(Gone::WasGone), "{body}");
    }
    check(&[RunnerManagerGone], &[404], &refused, No::Request);
    check(&[RunnerManagerGone], &[404], &strangers, LATER);
    // No route of GitLab answers so to the deletion of a runner.
    check(&[RunnerGone], &[404], &gone, No::Request);
    check(&[RunnerGone], &[404], &refused, No::Request);
    check(&[RunnerGone], &[404], &strangers, LATER);
}

#[test]
fn only_gitlabs_own_words_say_that_a_runner_is_gone() {
    for (status, body, want) in [
        (403, FORBIDDEN, true),
        (
            403,
            r#"{"message":"403 Forbidden - Runner is orphaned"}"#,
            true,
        ),
        (
            403,
            r#"{"message":"403 Forbidden - Your IP is blocked"}"#,
            false,
        ),
        (403, r#"{"message":"403 Forbidden by WAF"}"#, false),
        (403, r#"{"error":"forbidden"}"#, false),
        (403, r#"{"error":"403 Forbidden"}"#, false),
        (403, "403 Forbidden", false),
        (401, FORBIDDEN, false),
        (410, FORBIDDEN, false),
    ] {
        let said = says_that_the_runner_is_gone(&answer(status, body));
        assert_eq!(said, want, "{status} {body}");
    }
}

#[test]
fn only_gitlabs_own_404_says_that_a_runner_is_gone() {
    for body in [
        r#"{"message":"404 Runner Not Found"}"#,
        r#"{"message":"404 Not found"}"#,
        r#"{"message":"404 Runner manager not found Not Found"}"#,
    ] {
        let detail: Option<Option<Heard<()>>> = read(Details, 404, body);
        assert!(matches!(detail, Some(None)), "{body}");
        for purpose in [RunnerSwept, RunnerManagerSwept] {
            let deletion: Option<Deletion> = read(purpose, 404, body);
            assert_eq!(deletion, Some(Deletion::WasGone), "{body}");
        }
    }
    let sweep = [Details, RunnerSwept, RunnerManagerSwept];
    let unknown_route = r#"{"error":"404 Not Found"}"#;
    let gateway = r#"{"message":"no Route matched with those values"}"#;
    check(&sweep, &[404], &[unknown_route, gateway], No::Request);
    check(&sweep, &[404], &[PAGE, ""], No::NotGitlab);
    let group = r#"{"message":"404 Group Not Found"}"#;
    check(&[List], &[404], &[group], No::Request);
}

#[test]
fn a_deletion_is_done_with_204_alone_and_refused_with_what_changed() {
    let deletions = [RunnerSwept, RunnerManagerSwept];
    for purpose in deletions {
        assert_eq!(read(purpose, 204, ""), Some(Deletion::Deleted));
        let changed = r#"{"message":"412 Precondition Failed"}"#;
        assert_eq!(read(purpose, 412, changed), Some(Deletion::Changed));
    }
    check(&deletions, &[200, 201, 202], &["{}"], No::NotGitlab);
    // Unlike at the end of a pod a 403 says nothing about the runner: it is the access token that is refused.
    let no_access = r#"{"message":"403 Forbidden - No access granted"}"#;
    check(&deletions, &[403], &[FORBIDDEN, no_access], No::Token);
}
