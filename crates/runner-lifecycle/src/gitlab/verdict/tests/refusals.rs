//! Refusals: which are final, which may pass, and which mean that a runner or runner manager is gone.

use super::*;

#[test]
fn gone_is_204_or_gitlabs_own_word_that_it_was() {
    const FORBIDDEN: &str = r#"{"message":"403 Forbidden"}"#;
    for wanted in [RunnerGone, RunnerManagerGone] {
        assert_eq!(assessed(wanted, 204, ""), gone(Gone::Deleted));
        assert_eq!(assessed(wanted, 403, FORBIDDEN), gone(Gone::Unknown));
        for (status, body) in [(200, PAGE), (200, ""), (202, "{}")] {
            assert_eq!(
                assessed(wanted, status, body),
                Verdict::No(No::NotGitlab),
                "{status}"
            );
        }
        let wrong = r#"{"message":"403 Forbidden - Runner is orphaned"}"#;
        assert_eq!(assessed(wanted, 403, wrong), Verdict::No(No::Token));
        assert_eq!(assessed(wanted, 404, PAGE), LATER);
    }
    for wanted in [Registration, Creation, Verification] {
        assert_eq!(assessed(wanted, 403, FORBIDDEN), Verdict::No(No::Token));
    }
}

#[test]
fn a_404_means_gone_only_in_gitlabs_own_words_for_the_runner_manager() {
    fn check(body: &str, runner_manager: &Verdict) {
        assert_eq!(
            assessed(RunnerManagerGone, 404, body),
            *runner_manager,
            "{body}"
        );
        // No route of GitLab answers so to the deletion of a runner.
        let runner = assessed(RunnerGone, 404, body);
        assert!(!matches!(runner, Verdict::Done(_)), "{body}: {runner:?}");
    }
    let refused = Verdict::No(No::Request);
    check(
        r#"{"message":"404 Runner manager not found Not Found"}"#,
        &gone(Gone::WasGone),
    );
    check(r#"{"message":"404 Not found"}"#, &gone(Gone::WasGone));
    check(r#"{"message":"404 Not Found"}"#, &refused);
    // An unknown route: another base URL, or a GitLab before runner managers.
    check(r#"{"error":"404 Not Found"}"#, &refused);
    check(r#"{"error":"404 Not found","status":"404"}"#, &refused);
    // Gateways.
    check(
        r#"{"message":"no Route matched with those values"}"#,
        &refused,
    );
    check(r#"{"message":"Not Found"}"#, &refused);
    check(r#"{"message":"404 page not found"}"#, &refused);
    check(r#"{"message":["404 Not found"]}"#, &refused);
    check("404 page not found", &LATER);
    check("", &LATER);
    check(PAGE, &LATER);
}

#[test]
fn the_list_of_statuses_is_repeated_whatever_the_body() {
    for wanted in ALL {
        for body in [r#"{"message":"x"}"#, PAGE, "", "Retry later\n"] {
            for status in [408, 425, 429, 503] {
                assert_eq!(assessed(wanted, status, body), LATER, "{status}");
            }
            for status in [500, 502, 504, 512, 515, 520, 527, 599, 999] {
                assert_eq!(
                    assessed(wanted, status, body),
                    Verdict::Later { lost: true },
                    "{status}"
                );
            }
        }
    }
}

#[test]
fn gitlabs_own_refusals_are_final() {
    for wanted in ALL {
        for status in [401, 403, 410] {
            let body = format!(r#"{{"message":"{status} No - reason"}}"#);
            assert_eq!(
                assessed(wanted, status, &body),
                Verdict::No(No::Token),
                "{status}"
            );
            let body = r#"{"error":"insufficient_scope","error_description":"d"}"#;
            assert_eq!(
                assessed(wanted, status, body),
                Verdict::No(No::Token),
                "{status}"
            );
        }
        for status in [
            400, 404, 405, 409, 411, 412, 413, 415, 422, 431, 451, 501, 505, 511,
        ] {
            let body = format!(r#"{{"message":"{status} No"}}"#);
            assert_eq!(
                assessed(wanted, status, &body),
                Verdict::No(No::Request),
                "{status}"
            );
        }
    }
}

#[test]
fn a_page_or_a_stranger_cannot_refuse_for_gitlab() {
    for wanted in ALL {
        // A farewell has no other time; whoever starts hears at once that this is not GitLab.
        let farewell = matches!(wanted, RunnerGone | RunnerManagerGone);
        let refused = || match farewell {
            true => LATER,
            false => Verdict::No(No::NotGitlab),
        };
        for status in [401, 403, 404, 410] {
            for body in [PAGE, "", "RBAC: access denied", "{}"] {
                assert_eq!(assessed(wanted, status, body), refused(), "{status} {body}");
            }
        }
        for status in [405, 409, 418, 422] {
            assert_eq!(assessed(wanted, status, PAGE), refused(), "{status}");
        }
        // Who shows a page there is not GitLab, and GitLab may be back soon.
        for status in [501, 511] {
            assert_eq!(
                assessed(wanted, status, PAGE),
                Verdict::Later { lost: true },
                "{status}"
            );
        }
        // These two speak of the request as it is, and of the proxy that was named.
        for status in [400, 407] {
            assert_eq!(
                assessed(wanted, status, PAGE),
                Verdict::No(No::NotGitlab),
                "{status}"
            );
        }
    }
}

#[test]
fn a_read_only_gitlab_is_asked_again() {
    for wanted in ALL {
        for words in [
            "You cannot perform write operations on a read-only instance",
            "Maintenance: back soon",
        ] {
            assert_eq!(
                assessed(wanted, 403, &format!(r#"{{"message":"{words}"}}"#)),
                LATER
            );
        }
        let listed = r#"{"message":{"base":["no"]}}"#;
        assert_eq!(assessed(wanted, 403, listed), LATER);
    }
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
