//! What the answers to the calls of a sweep mean.

use Wanted::{Details, List, RunnerManagerSwept, RunnerSwept};

use super::tests::{PAGE, answer, assessed};
use super::*;

const GONE: Verdict = Verdict::Done(Outcome::Gone(Gone::WasGone));

#[test]
fn a_body_counts_as_read_only_with_200_and_as_no_page() {
    for wanted in [List, Details] {
        assert_eq!(assessed(wanted, 200, "[]"), Verdict::Done(Outcome::Read));
        for (status, body) in [(200, PAGE), (201, "[]"), (204, ""), (206, "[]")] {
            let verdict = assessed(wanted, status, body);
            assert_eq!(verdict, Verdict::No(No::NotGitlab), "{status} {body}");
        }
    }
    let mut packed = answer(200, "[]");
    packed
        .headers
        .insert("content-encoding", "gzip".parse().unwrap());
    let token = Token::new("glpat-sent").unwrap();
    assert!(matches!(assess(List, &token, &packed), Verdict::No(_)));
}

#[test]
fn only_gitlabs_own_404_says_that_a_runner_is_gone() {
    for wanted in [Details, RunnerSwept, RunnerManagerSwept] {
        for body in [
            r#"{"message":"404 Runner Not Found"}"#,
            r#"{"message":"404 Not found"}"#,
            r#"{"message":"404 Runner manager not found Not Found"}"#,
        ] {
            assert_eq!(assessed(wanted, 404, body), GONE, "{body}");
        }
        // An unknown route, a gateway, an ingress.
        for body in [
            r#"{"error":"404 Not Found"}"#,
            r#"{"message":"no Route matched with those values"}"#,
            PAGE,
            "",
        ] {
            assert!(
                matches!(assessed(wanted, 404, body), Verdict::No(_)),
                "{body}"
            );
        }
    }
    let group = r#"{"message":"404 Group Not Found"}"#;
    assert_eq!(assessed(List, 404, group), Verdict::No(No::Request));
}

#[test]
fn a_deletion_is_done_with_204_alone_and_refused_with_what_changed() {
    for wanted in [RunnerSwept, RunnerManagerSwept] {
        let deleted = Verdict::Done(Outcome::Gone(Gone::Deleted));
        assert_eq!(assessed(wanted, 204, ""), deleted);
        for status in [200, 201, 202] {
            assert_eq!(assessed(wanted, status, "{}"), Verdict::No(No::NotGitlab));
        }
        let changed = r#"{"message":"412 Precondition Failed"}"#;
        assert_eq!(
            assessed(wanted, 412, changed),
            Verdict::Done(Outcome::Changed)
        );
        // Unlike at the end of a pod a 403 says nothing about the runner: it is the access token that is refused.
        for words in ["403 Forbidden", "403 Forbidden - No access granted"] {
            let body = format!(r#"{{"message":"{words}"}}"#);
            assert_eq!(
                assessed(wanted, 403, &body),
                Verdict::No(No::Token),
                "{body}"
            );
        }
    }
}
