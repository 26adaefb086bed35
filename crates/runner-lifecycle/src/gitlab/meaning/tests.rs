//! Every status and body form that GitLab, or somebody in between, can answer with.

use CallPurpose::{
    Creation, Details, List, Registration, RunnerGone, RunnerManagerGone, RunnerManagerSwept,
    RunnerSwept, Verification,
};
use reqwest::Method;

use super::*;
use crate::gitlab::{Credentials, Deletion, Gone, Heard, Page};

const STARTS: &[CallPurpose] = &[Registration, Creation, Verification];
const FAREWELLS: &[CallPurpose] = &[RunnerGone, RunnerManagerGone];
const LATER: Not = Not::Later { lost: false };
const LOST: Not = Not::Later { lost: true };
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
    with_header(status, "content-type", kind, body)
}

fn with_header(status: u16, name: &str, value: &str, body: &str) -> Answer {
    let headers = [(name.parse().unwrap(), value.parse().unwrap())];
    Answer::new(status, headers.into_iter().collect(), body.into())
}

/// What an answer to a call with `token` is read as.
pub(in crate::gitlab) fn assessed<T: FromAnswer>(
    purpose: CallPurpose,
    token: &Token,
    answer: &Answer,
) -> Result<T, Not> {
    let call = Call::new(Method::POST, "runners", purpose, token);
    assess(&call, answer)
}

/// What is to be done about an answer; nothing where it is what was asked for.
fn not(purpose: CallPurpose, answer: &Answer) -> Option<Not> {
    fn of<T: FromAnswer>(purpose: CallPurpose, answer: &Answer) -> Option<Not> {
        assessed::<T>(purpose, &sent(), answer).err()
    }
    match purpose {
        Registration | Creation | Verification | CallPurpose::Reset => {
            of::<Credentials>(purpose, answer)
        }
        RunnerGone | RunnerManagerGone => of::<Gone>(purpose, answer),
        RunnerSwept | RunnerManagerSwept => of::<Deletion>(purpose, answer),
        List => of::<Heard<Page>>(purpose, answer),
        Details => of::<Option<Heard<Vec<()>>>>(purpose, answer),
    }
}

/// Holds what each of these answers means for each of these calls.
pub(in crate::gitlab) fn check(
    purposes: &[CallPurpose],
    statuses: &[u16],
    bodies: &[&str],
    want: impl Into<Not>,
) {
    let want = Some(want.into());
    for (purpose, status) in pairs(purposes, statuses) {
        for body in bodies {
            let not = not(purpose, &answer(status, body));
            assert_eq!(not, want, "{purpose:?} {status} {body}");
        }
    }
}

fn pairs(purposes: &[CallPurpose], statuses: &[u16]) -> impl Iterator<Item = (CallPurpose, u16)> {
    purposes
        .iter()
        .flat_map(|purpose| statuses.iter().map(|status| (*purpose, *status)))
}

#[test]
fn redirects_lead_elsewhere() {
    let redirects = [301, 302, 303, 304, 307, 308];
    for purposes in [STARTS, FAREWELLS] {
        check(purposes, &redirects, &[PAGE], Not::Elsewhere);
    }
}

#[test]
fn a_packed_answer_is_never_read_and_a_creation_never_repeated() {
    const BODY: &str = r#"{"id":7,"token":"glrt-a"}"#;
    fn check(purposes: &[CallPurpose], statuses: &[u16], want: impl Into<Not>) {
        let want = Some(want.into());
        for (purpose, status) in pairs(purposes, statuses) {
            let packed = with_header(status, "content-encoding", "gzip", BODY);
            assert_eq!(not(purpose, &packed), want, "{purpose:?} {status}");
        }
    }
    check(&[Registration, Creation], &[201], No::Packed { lost: true });
    check(
        &[Registration, Creation],
        &[403],
        No::Packed { lost: false },
    );
    check(
        &[Verification],
        &[200, 403, 404],
        No::Packed { lost: false },
    );
    check(&[List, Details], &[200], No::Packed { lost: false });
    check(FAREWELLS, &[403], LATER);
    for purposes in [STARTS, FAREWELLS] {
        check(purposes, &[503], LATER);
        check(purposes, &[502], LOST);
        check(purposes, &[302], Not::Elsewhere);
    }
    // Without a body nothing is packed.
    let empty = with_header(204, "content-encoding", "gzip", "");
    assert_eq!(not(RunnerGone, &empty), None);
}

#[test]
fn the_list_of_statuses_is_repeated_whatever_the_body() {
    let bodies = [r#"{"message":"x"}"#, PAGE, "", "Retry later\n"];
    let in_trouble = [500, 502, 504, 512, 515, 520, 527, 599, 999];
    for purposes in [STARTS, FAREWELLS] {
        check(purposes, &[408, 425, 429, 503], &bodies, LATER);
        check(purposes, &in_trouble, &bodies, LOST);
    }
}

#[test]
fn gitlabs_own_refusals_are_final() {
    let scope = r#"{"error":"insufficient_scope","error_description":"d"}"#;
    let others = [
        400, 404, 405, 409, 411, 412, 413, 415, 422, 431, 451, 501, 505, 511,
    ];
    for purposes in [STARTS, FAREWELLS] {
        for status in [401, 403, 410] {
            let body = format!(r#"{{"message":"{status} No - reason"}}"#);
            check(purposes, &[status], &[&body, scope], No::Token);
        }
        for status in others {
            let body = format!(r#"{{"message":"{status} No"}}"#);
            check(purposes, &[status], &[&body], No::Request);
        }
    }
}

#[test]
fn a_page_or_a_stranger_cannot_refuse_for_gitlab() {
    let strangers = [PAGE, "", "RBAC: access denied", "{}"];
    // A farewell has no other time; whoever starts hears at once that this is not GitLab.
    check(STARTS, &[401, 403, 404, 410], &strangers, No::NotGitlab);
    check(FAREWELLS, &[401, 403, 404, 410], &strangers, LATER);
    check(STARTS, &[405, 409, 418, 422], &[PAGE], No::NotGitlab);
    check(FAREWELLS, &[405, 409, 418, 422], &[PAGE], LATER);
    for purposes in [STARTS, FAREWELLS] {
        // Who shows a page there is not GitLab, and GitLab may be back soon.
        check(purposes, &[501, 511], &[PAGE], LOST);
        // These two speak of the request as it is, and of the proxy that was named.
        check(purposes, &[400, 407], &[PAGE], No::NotGitlab);
    }
}

#[test]
fn a_read_only_gitlab_is_asked_again() {
    let bodies = [
        r#"{"message":"You cannot perform write operations on a read-only instance"}"#,
        r#"{"message":"Maintenance: back soon"}"#,
        r#"{"message":{"base":["no"]}}"#,
    ];
    for purposes in [STARTS, FAREWELLS] {
        check(purposes, &[403], &bodies, LATER);
    }
}

#[test]
fn a_body_counts_only_with_200_and_as_no_page() {
    assert_eq!(not(Details, &answer(200, "[]")), None);
    let lists = [List, Details];
    check(&lists, &[200], &[PAGE], No::NotGitlab);
    check(&lists, &[201, 204, 206], &["[]", ""], No::NotGitlab);
    let other = No::NotUnderstood("it is not an answer of GitLab 15 to 19");
    check(&lists, &[200], &["{}", "null", "\"text\"", "text"], other);
    let page = "it does not say which page of the list it is, or whether there are more";
    check(&[List], &[200], &["[]"], No::NotUnderstood(page));
}
