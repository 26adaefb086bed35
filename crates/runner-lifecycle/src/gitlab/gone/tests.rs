//! What says that something is gone, and what does not.

use Purpose::{
    Creation, Details, List, Registration, RunnerGone, RunnerManagerGone, RunnerManagerSwept,
    RunnerSwept, Verification,
};

use super::*;
use crate::gitlab::Heard;
use crate::gitlab::meaning::tests::{LATER, PAGE, answer, assessed, for_good, not, sent};

fn gone(purpose: Purpose, status: u16, body: &str) -> Option<Gone> {
    assessed(purpose, &sent(), &answer(status, body)).ok()
}

fn deletion(purpose: Purpose, status: u16, body: &str) -> Option<Deletion> {
    assessed(purpose, &sent(), &answer(status, body)).ok()
}

#[test]
fn gone_is_204_or_gitlabs_own_word_that_it_was() {
    const FORBIDDEN: &str = r#"{"message":"403 Forbidden"}"#;
    for purpose in [RunnerGone, RunnerManagerGone] {
        assert_eq!(gone(purpose, 204, ""), Some(Gone::Deleted));
        assert_eq!(gone(purpose, 403, FORBIDDEN), Some(Gone::Unknown));
        for (status, body) in [(200, PAGE), (200, ""), (202, "{}")] {
            assert_eq!(
                not(purpose, status, body),
                for_good(No::NotGitlab),
                "{status}"
            );
        }
        let wrong = r#"{"message":"403 Forbidden - Runner is orphaned"}"#;
        assert_eq!(not(purpose, 403, wrong), for_good(No::Token));
        assert_eq!(not(purpose, 404, PAGE), LATER);
    }
    for purpose in [Registration, Creation, Verification] {
        assert_eq!(not(purpose, 403, FORBIDDEN), for_good(No::Token));
    }
}

#[test]
fn a_404_means_gone_only_in_gitlabs_own_words_for_the_runner_manager() {
    fn check(body: &str, refused: Option<&Option<Not>>) {
        let got = gone(RunnerManagerGone, 404, body);
        assert_eq!(got, refused.is_none().then_some(Gone::WasGone), "{body}");
        if let Some(refused) = refused {
            assert_eq!(not(RunnerManagerGone, 404, body), *refused, "{body}");
        }
        // No route of GitLab answers so to the deletion of a runner.
        assert_eq!(gone(RunnerGone, 404, body), None, "{body}");
    }
    let refused = for_good(No::Request);
    check(
        r#"{"message":"404 Runner manager not found Not Found"}"#,
        None,
    );
    check(r#"{"message":"404 Not found"}"#, None);
    check(r#"{"message":"404 Not Found"}"#, Some(&refused));
    // An unknown route: another base URL, or a GitLab before runner managers.
    check(r#"{"error":"404 Not Found"}"#, Some(&refused));
    check(
        r#"{"error":"404 Not found","status":"404"}"#,
        Some(&refused),
    );
    // Gateways.
    check(
        r#"{"message":"no Route matched with those values"}"#,
        Some(&refused),
    );
    check(r#"{"message":"Not Found"}"#, Some(&refused));
    check(r#"{"message":"404 page not found"}"#, Some(&refused));
    check(r#"{"message":["404 Not found"]}"#, Some(&refused));
    check("404 page not found", Some(&LATER));
    check("", Some(&LATER));
    check(PAGE, Some(&LATER));
}

#[test]
fn only_gitlabs_own_words_say_that_a_runner_is_gone() {
    fn check(status: u16, body: &str, want: bool) {
        let answer = answer(status, body);
        assert_eq!(
            says_that_the_runner_is_gone(&answer),
            want,
            "{status} {body}"
        );
    }
    check(403, r#"{"message":"403 Forbidden"}"#, true);
    check(
        403,
        r#"{"message":"403 Forbidden - Runner is orphaned"}"#,
        true,
    );
    check(
        403,
        r#"{"message":"403 Forbidden - Your IP is blocked"}"#,
        false,
    );
    check(403, r#"{"message":"403 Forbidden by WAF"}"#, false);
    check(403, r#"{"error":"forbidden"}"#, false);
    check(403, r#"{"error":"403 Forbidden"}"#, false);
    check(403, "403 Forbidden", false);
    check(401, r#"{"message":"403 Forbidden"}"#, false);
    check(410, r#"{"message":"403 Forbidden"}"#, false);
}

/// Whether a 404 says that it is there; nothing where it is refused.
fn there(purpose: Purpose, body: &str) -> Option<bool> {
    match purpose {
        Details => {
            let heard: Result<Option<Heard<()>>, _> =
                assessed(purpose, &sent(), &answer(404, body));
            heard.ok().map(|heard| heard.is_some())
        }
        _ => deletion(purpose, 404, body).map(|deletion| deletion != Deletion::WasGone),
    }
}

#[test]
fn only_gitlabs_own_404_says_that_a_runner_is_gone() {
    for purpose in [Details, RunnerSwept, RunnerManagerSwept] {
        for body in [
            r#"{"message":"404 Runner Not Found"}"#,
            r#"{"message":"404 Not found"}"#,
            r#"{"message":"404 Runner manager not found Not Found"}"#,
        ] {
            assert_eq!(there(purpose, body), Some(false), "{body}");
        }
        // An unknown route, a gateway, an ingress.
        for body in [
            r#"{"error":"404 Not Found"}"#,
            r#"{"message":"no Route matched with those values"}"#,
            PAGE,
            "",
        ] {
            assert_eq!(there(purpose, body), None, "{body}");
        }
    }
    let group = r#"{"message":"404 Group Not Found"}"#;
    assert_eq!(not(List, 404, group), for_good(No::Request));
}

#[test]
fn a_deletion_is_done_with_204_alone_and_refused_with_what_changed() {
    for purpose in [RunnerSwept, RunnerManagerSwept] {
        assert_eq!(deletion(purpose, 204, ""), Some(Deletion::Deleted));
        for status in [200, 201, 202] {
            assert_eq!(not(purpose, status, "{}"), for_good(No::NotGitlab));
        }
        let changed = r#"{"message":"412 Precondition Failed"}"#;
        assert_eq!(deletion(purpose, 412, changed), Some(Deletion::Changed));
        // Unlike at the end of a pod a 403 says nothing about the runner: it is the access token that is refused.
        for words in ["403 Forbidden", "403 Forbidden - No access granted"] {
            let body = format!(r#"{{"message":"{words}"}}"#);
            assert_eq!(not(purpose, 403, &body), for_good(No::Token), "{body}");
        }
    }
}
