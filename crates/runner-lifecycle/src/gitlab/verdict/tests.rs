//! Every status and body form that GitLab, or somebody in between, can answer with.

use Wanted::{Creation, Registration, RunnerGone, RunnerManagerGone, Verification};

use super::*;

mod refusals;

const ALL: [Wanted; 5] = [
    Registration,
    Creation,
    Verification,
    RunnerGone,
    RunnerManagerGone,
];
const LATER: Verdict = Verdict::Later { lost: false };
pub(super) const PAGE: &str = "<html><title>nginx</title></html>";

fn sent() -> Token {
    Token::new("glrt-sent").unwrap()
}

pub(super) fn assessed(wanted: Wanted, status: u16, body: &str) -> Verdict {
    assess(wanted, &sent(), &answer(status, body))
}

pub(super) fn answer(status: u16, body: &str) -> Answer {
    let kind = if body.starts_with('<') {
        "text/html"
    } else {
        "application/json"
    };
    let headers = [("content-type".parse().unwrap(), kind.parse().unwrap())];
    let headers = headers.into_iter().collect();
    Answer {
        status,
        headers,
        body: body.as_bytes().to_vec(),
    }
}

fn runner(id: i64, token: &str, expiry: Option<&str>) -> Verdict {
    let token = Token::new(token).unwrap();
    let token_expires_at = expiry.map(str::to_owned);
    Verdict::Done(Outcome::Credentials(Credentials {
        id,
        token,
        token_expires_at,
        maybe_another: false,
    }))
}

fn gone(gone: Gone) -> Verdict {
    Verdict::Done(Outcome::Gone(gone))
}

/// The status with which GitLab itself answers such a call.
fn made(wanted: Wanted) -> u16 {
    if wanted.creates() { 201 } else { 200 }
}

fn unfit(token: &str, why: &'static str) -> Verdict {
    let token = Token::new(token).unwrap();
    Verdict::No(No::Unfit { token, why })
}

#[test]
fn credentials_are_read_with_keys_to_spare_or_missing() {
    for wanted in [Registration, Creation, Verification] {
        let check = |body: &str, want: Verdict| {
            assert_eq!(assessed(wanted, made(wanted), body), want, "{body}");
        };
        check(
            r#"{"id":1,"token":"t","token_expires_at":null}"#,
            runner(1, "t", None),
        );
        check(r#"{"id":1,"token":"t"}"#, runner(1, "t", None));
        check(r#"{"id":1,"token":"t","more":[{}]}"#, runner(1, "t", None));
        for at in [
            "2684-10-16T13:25:59.000Z",
            "2030-01-02T03:04:05Z",
            "2030-01-02T03:04:05.123456+02:00",
        ] {
            let body = format!(r#"{{"id":9,"token":"t","token_expires_at":"{at}"}}"#);
            check(&body, runner(9, "t", Some(at)));
        }
    }
}

#[test]
fn an_answer_that_gitlab_runner_would_not_take_names_what_is_to_be_taken_back() {
    const GOOD: &str = r#"{"id":1,"token":"t"}"#;
    for wanted in [Registration, Creation, Verification] {
        // The token that was sent names a runner manager; a new one names a runner.
        let token = if wanted.creates() { "t" } else { "glrt-sent" };
        let check = |status: u16, body: &str, want: &'static str| {
            assert_eq!(
                assessed(wanted, status, body),
                unfit(token, want),
                "{status} {body}"
            );
        };
        for status in [200, 201, 202, 203, 206] {
            if status != made(wanted) {
                check(status, GOOD, "with another status than GitLab's");
            }
        }
        for id in ["null", "0", "\"7\"", "1.5", "true", "{}"] {
            let body = format!(r#"{{"id":{id},"token":"t"}}"#);
            check(made(wanted), &body, "without the runner's id");
        }
        check(made(wanted), r#"{"token":"t"}"#, "without the runner's id");
        for at in [
            "\"bad\"",
            "\"\"",
            "5",
            "true",
            "{}",
            "\"2030-01-02\"",
            "\"03:04:05Z\"",
            "\"2030-01-02T03:04:05\"",
            "\"2030-01-02 03:04:05Z\"",
            "\"2030-01-02T03:04:05z\"",
            "\"2030-01-02T03:04Z\"",
            "\"2030-01-02T03:04:60Z\"",
            "\"2030-02-30T03:04:05Z\"",
        ] {
            let body = format!(r#"{{"id":1,"token":"t","token_expires_at":{at}}}"#);
            check(
                made(wanted),
                &body,
                "with a token_expires_at that is not an RFC 3339 time",
            );
        }
        for kind in [Some("text/html"), Some("text/plain"), None] {
            let mut answer = answer(made(wanted), GOOD);
            answer.headers.clear();
            if let Some(kind) = kind {
                answer.headers.insert("content-type", kind.parse().unwrap());
            }
            let verdict = assess(wanted, &sent(), &answer);
            assert_eq!(verdict, unfit(token, "not marked as JSON"), "{kind:?}");
        }
        let mut marked = answer(made(wanted), GOOD);
        let kind = "Application/JSON; charset=utf-8".parse().unwrap();
        marked.headers.insert("content-type", kind);
        assert_eq!(assess(wanted, &sent(), &marked), runner(1, "t", None));
    }
}

#[test]
fn of_an_older_token_only_the_runners_id_is_wanted() {
    let older = Token::new("older").unwrap();
    let assessed = |status: u16, body: &str| assess(Verification, &older, &answer(status, body));
    for status in [200, 201, 202] {
        let body = r#"{"id":1,"token":"t","token_expires_at":"bad"}"#;
        assert_eq!(assessed(status, body), runner(1, "t", None), "{status}");
    }
    let nameless = unfit("older", "without the runner's id");
    assert_eq!(assessed(200, r#"{"id":0,"token":"t"}"#), nameless);
}

#[test]
fn a_creation_whose_answer_names_no_runner_is_lost() {
    for wanted in [Registration, Creation] {
        for body in [
            "{\"id\":1}",
            "{\"id\":1,\"token\":\"\"}",
            "{}",
            "200",
            "",
            "[]",
        ] {
            assert_eq!(
                assessed(wanted, 201, body),
                Verdict::No(No::LostRunner),
                "{body}"
            );
        }
        assert_eq!(assessed(wanted, 201, PAGE), Verdict::No(No::NotGitlab));
        assert_eq!(
            assessed(wanted, 201, "{\"id\":1,\"tok"),
            Verdict::Later { lost: true }
        );
    }
}

#[test]
fn verification_takes_the_token_as_known_but_not_the_runner() {
    assert_eq!(
        assessed(Verification, 200, r#"{"id":4}"#),
        runner(4, "glrt-sent", None)
    );
    for body in ["200", "", "{}", "{\"ok\":1}", PAGE, "\"ok\""] {
        assert_eq!(
            assessed(Verification, 200, body),
            Verdict::No(No::NotGitlab),
            "{body}"
        );
    }
    assert_eq!(assessed(Verification, 200, "{\"id\":1,"), LATER);
}

#[test]
fn redirects_lead_elsewhere() {
    for wanted in ALL {
        for status in [301, 302, 303, 304, 307, 308] {
            assert_eq!(assessed(wanted, status, PAGE), Verdict::Elsewhere);
        }
    }
}

#[test]
fn a_packed_answer_is_never_read_and_a_creation_never_repeated() {
    let packed = |wanted: Wanted, status: u16, body: &str| {
        let mut answer = answer(status, body);
        let packing = "gzip".parse().unwrap();
        answer.headers.insert("content-encoding", packing);
        assess(wanted, &sent(), &answer)
    };
    let body = r#"{"id":7,"token":"glrt-a"}"#;
    for wanted in [Registration, Creation] {
        assert_eq!(
            packed(wanted, 201, body),
            Verdict::No(No::Packed { lost: true })
        );
        assert_eq!(
            packed(wanted, 403, body),
            Verdict::No(No::Packed { lost: false })
        );
    }
    for status in [200, 403, 404] {
        let no = Verdict::No(No::Packed { lost: false });
        assert_eq!(packed(Verification, status, body), no, "{status}");
    }
    for wanted in [RunnerGone, RunnerManagerGone] {
        assert_eq!(packed(wanted, 403, body), LATER);
        // Without a body nothing is packed.
        assert_eq!(packed(wanted, 204, ""), gone(Gone::Deleted));
    }
    for wanted in ALL {
        assert_eq!(packed(wanted, 503, body), LATER);
        assert_eq!(packed(wanted, 502, body), Verdict::Later { lost: true });
        assert_eq!(packed(wanted, 302, body), Verdict::Elsewhere);
    }
}
