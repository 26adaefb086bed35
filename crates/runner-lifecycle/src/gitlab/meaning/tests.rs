//! Every status and body form that GitLab, or somebody in between, can answer with.

use Purpose::{
    Creation, Details, List, Registration, RunnerGone, RunnerManagerGone, RunnerManagerSwept,
    RunnerSwept, Verification,
};
use reqwest::Method;

use super::*;
use crate::gitlab::{Credentials, Deletion, Gone, Heard, Page};

const ALL: [Purpose; 5] = [
    Registration,
    Creation,
    Verification,
    RunnerGone,
    RunnerManagerGone,
];
pub(in crate::gitlab) const LATER: Option<Not> = Some(Not::Later { lost: false });
const LOST: Option<Not> = Some(Not::Later { lost: true });
pub(in crate::gitlab) const PAGE: &str = "<html><title>nginx</title></html>";

pub(in crate::gitlab) fn sent() -> Token {
    Token::new("glrt-sent").unwrap()
}

pub(in crate::gitlab) fn answer(status: u16, body: &str) -> Answer {
    let kind = if body.starts_with('<') {
        "text/html"
    } else {
        "application/json"
    };
    let headers = [("content-type".parse().unwrap(), kind.parse().unwrap())];
    Answer::new(status, headers.into_iter().collect(), body.into())
}

/// What an answer to a call with `token` is read as.
pub(in crate::gitlab) fn assessed<T: FromAnswer>(
    purpose: Purpose,
    token: &Token,
    answer: &Answer,
) -> Result<T, Not> {
    let call = Call::new(Method::POST, "runners", purpose, token);
    assess(&call, answer)
}

/// What is to be done about an answer; nothing where it is what was asked for.
pub(in crate::gitlab) fn not_of(purpose: Purpose, answer: &Answer) -> Option<Not> {
    fn of<T: FromAnswer>(purpose: Purpose, answer: &Answer) -> Option<Not> {
        assessed::<T>(purpose, &sent(), answer).err()
    }
    match purpose {
        Registration | Creation | Verification => of::<Credentials>(purpose, answer),
        RunnerGone | RunnerManagerGone => of::<Gone>(purpose, answer),
        RunnerSwept | RunnerManagerSwept => of::<Deletion>(purpose, answer),
        List => of::<Heard<Page>>(purpose, answer),
        Details => of::<Option<Heard<Vec<()>>>>(purpose, answer),
    }
}

pub(in crate::gitlab) fn not(purpose: Purpose, status: u16, body: &str) -> Option<Not> {
    not_of(purpose, &answer(status, body))
}

pub(in crate::gitlab) fn for_good(no: No) -> Option<Not> {
    Some(Not::Final(no))
}

/// With a body that is marked as packed.
fn packed(purpose: Purpose, status: u16, body: &str) -> Option<Not> {
    let headers = [("content-encoding".parse().unwrap(), "gzip".parse().unwrap())];
    let headers = headers.into_iter().collect();
    not_of(purpose, &Answer::new(status, headers, body.into()))
}

#[test]
fn redirects_lead_elsewhere() {
    for purpose in ALL {
        for status in [301, 302, 303, 304, 307, 308] {
            assert_eq!(not(purpose, status, PAGE), Some(Not::Elsewhere));
        }
    }
}

#[test]
fn a_packed_answer_is_never_read_and_a_creation_never_repeated() {
    let body = r#"{"id":7,"token":"glrt-a"}"#;
    for purpose in [Registration, Creation] {
        assert_eq!(
            packed(purpose, 201, body),
            for_good(No::Packed { lost: true })
        );
        assert_eq!(
            packed(purpose, 403, body),
            for_good(No::Packed { lost: false })
        );
    }
    for status in [200, 403, 404] {
        let no = for_good(No::Packed { lost: false });
        assert_eq!(packed(Verification, status, body), no, "{status}");
    }
    for purpose in [RunnerGone, RunnerManagerGone] {
        assert_eq!(packed(purpose, 403, body), LATER);
        // Without a body nothing is packed.
        assert_eq!(packed(purpose, 204, ""), None);
    }
    for purpose in ALL {
        assert_eq!(packed(purpose, 503, body), LATER);
        assert_eq!(packed(purpose, 502, body), LOST);
        assert_eq!(packed(purpose, 302, body), Some(Not::Elsewhere));
    }
}

#[test]
fn the_list_of_statuses_is_repeated_whatever_the_body() {
    for purpose in ALL {
        for body in [r#"{"message":"x"}"#, PAGE, "", "Retry later\n"] {
            for status in [408, 425, 429, 503] {
                assert_eq!(not(purpose, status, body), LATER, "{status}");
            }
            for status in [500, 502, 504, 512, 515, 520, 527, 599, 999] {
                assert_eq!(not(purpose, status, body), LOST, "{status}");
            }
        }
    }
}

#[test]
fn gitlabs_own_refusals_are_final() {
    for purpose in ALL {
        for status in [401, 403, 410] {
            let body = format!(r#"{{"message":"{status} No - reason"}}"#);
            assert_eq!(not(purpose, status, &body), for_good(No::Token), "{status}");
            let body = r#"{"error":"insufficient_scope","error_description":"d"}"#;
            assert_eq!(not(purpose, status, body), for_good(No::Token), "{status}");
        }
        for status in [
            400, 404, 405, 409, 411, 412, 413, 415, 422, 431, 451, 501, 505, 511,
        ] {
            let body = format!(r#"{{"message":"{status} No"}}"#);
            assert_eq!(
                not(purpose, status, &body),
                for_good(No::Request),
                "{status}"
            );
        }
    }
}

#[test]
fn a_page_or_a_stranger_cannot_refuse_for_gitlab() {
    for purpose in ALL {
        // A farewell has no other time; whoever starts hears at once that this is not GitLab.
        let farewell = matches!(purpose, RunnerGone | RunnerManagerGone);
        let refused = || match farewell {
            true => LATER,
            false => for_good(No::NotGitlab),
        };
        for status in [401, 403, 404, 410] {
            for body in [PAGE, "", "RBAC: access denied", "{}"] {
                assert_eq!(not(purpose, status, body), refused(), "{status} {body}");
            }
        }
        for status in [405, 409, 418, 422] {
            assert_eq!(not(purpose, status, PAGE), refused(), "{status}");
        }
        // Who shows a page there is not GitLab, and GitLab may be back soon.
        for status in [501, 511] {
            assert_eq!(not(purpose, status, PAGE), LOST, "{status}");
        }
        // These two speak of the request as it is, and of the proxy that was named.
        for status in [400, 407] {
            assert_eq!(
                not(purpose, status, PAGE),
                for_good(No::NotGitlab),
                "{status}"
            );
        }
    }
}

#[test]
fn a_read_only_gitlab_is_asked_again() {
    for purpose in ALL {
        for words in [
            "You cannot perform write operations on a read-only instance",
            "Maintenance: back soon",
        ] {
            assert_eq!(
                not(purpose, 403, &format!(r#"{{"message":"{words}"}}"#)),
                LATER
            );
        }
        let listed = r#"{"message":{"base":["no"]}}"#;
        assert_eq!(not(purpose, 403, listed), LATER);
    }
}

#[test]
fn a_body_counts_only_with_200_and_as_no_page() {
    assert_eq!(not(Details, 200, "[]"), None);
    for purpose in [List, Details] {
        for (status, body) in [(200, PAGE), (201, "[]"), (204, ""), (206, "[]")] {
            let want = for_good(No::NotGitlab);
            assert_eq!(not(purpose, status, body), want, "{status} {body}");
        }
        let no = for_good(No::Packed { lost: false });
        assert_eq!(packed(purpose, 200, "[]"), no);
        for body in ["{}", "null", "\"text\"", "text"] {
            let no = not(purpose, 200, body);
            assert!(
                matches!(no, Some(Not::Final(No::NotUnderstood(_)))),
                "{body}: {no:?}"
            );
        }
    }
    // A list has to say which page it is.
    let no = not(List, 200, "[]");
    assert!(
        matches!(no, Some(Not::Final(No::NotUnderstood(_)))),
        "{no:?}"
    );
}
