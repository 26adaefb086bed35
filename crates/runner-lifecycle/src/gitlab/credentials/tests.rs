//! What is read of a runner, and what gitlab-runner would not take either.

use CallPurpose::{Creation, Registration, Verification};

use super::*;
use crate::gitlab::meaning::tests::{PAGE, answer, assessed, check, sent};

type Read = Result<Credentials, Not>;

fn read(purpose: CallPurpose, status: u16, body: &str) -> Read {
    assessed(purpose, &sent(), &answer(status, body))
}

fn runner(id: i64, token: &str, expiry: Option<&str>) -> Read {
    Ok(Credentials {
        id,
        token: Token::new(token).unwrap(),
        token_expires_at: expiry.map(str::to_owned),
        maybe_another: false,
    })
}

/// The status with which GitLab itself answers such a call.
fn made(purpose: CallPurpose) -> u16 {
    if purpose.creates() { 201 } else { 200 }
}

fn refused(token: &str, why: &'static str) -> Read {
    let token = Token::new(token).unwrap();
    Err(No::Unfit { token, why }.into())
}

#[test]
fn credentials_are_read_with_keys_to_spare_or_missing() {
    for purpose in [Registration, Creation, Verification] {
        let check = |body: &str, want: Read| {
            assert_eq!(read(purpose, made(purpose), body), want, "{body}");
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
    for purpose in [Registration, Creation, Verification] {
        // The token that was sent names a runner manager; a new one names a runner.
        let token = if purpose.creates() { "t" } else { "glrt-sent" };
        let check = |status: u16, body: &str, want: &'static str| {
            assert_eq!(
                read(purpose, status, body),
                refused(token, want),
                "{status} {body}"
            );
        };
        for status in [200, 201, 202, 203, 206] {
            if status != made(purpose) {
                check(status, GOOD, "with an unexpected status");
            }
        }
        for id in ["null", "0", "\"7\"", "1.5", "true", "{}"] {
            let body = format!(r#"{{"id":{id},"token":"t"}}"#);
            check(made(purpose), &body, "without the runner's ID");
        }
        check(made(purpose), r#"{"token":"t"}"#, "without the runner's ID");
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
                made(purpose),
                &body,
                "with a token_expires_at that is not an RFC 3339 time",
            );
        }
        for kind in [Some("text/html"), Some("text/plain"), None] {
            let mut answer = answer(made(purpose), GOOD);
            answer.headers.clear();
            if let Some(kind) = kind {
                answer.headers.insert("content-type", kind.parse().unwrap());
            }
            let got: Read = assessed(purpose, &sent(), &answer);
            assert_eq!(got, refused(token, "not marked as JSON"), "{kind:?}");
        }
        let mut marked = answer(made(purpose), GOOD);
        let kind = "Application/JSON; charset=utf-8".parse().unwrap();
        marked.headers.insert("content-type", kind);
        assert_eq!(assessed(purpose, &sent(), &marked), runner(1, "t", None));
    }
}

#[test]
fn of_an_older_token_only_the_runners_id_is_wanted() {
    let older = Token::new("older").unwrap();
    let read =
        |status: u16, body: &str| -> Read { assessed(Verification, &older, &answer(status, body)) };
    for status in [200, 201, 202] {
        let body = r#"{"id":1,"token":"t","token_expires_at":"bad"}"#;
        assert_eq!(read(status, body), runner(1, "t", None), "{status}");
    }
    let nameless = refused("older", "without the runner's ID");
    assert_eq!(read(200, r#"{"id":0,"token":"t"}"#), nameless);
}

#[test]
fn a_creation_whose_answer_names_no_runner_is_lost() {
    let nameless = [
        r#"{"id":1}"#,
        r#"{"id":1,"token":""}"#,
        "{}",
        "200",
        "",
        "[]",
    ];
    let cut_off = r#"{"id":1,"tok"#;
    let creations = [Registration, Creation];
    check(&creations, &[201], &nameless, No::LostRunner);
    check(&creations, &[201], &[PAGE], No::NotGitlab);
    check(&creations, &[201], &[cut_off], Not::Later { lost: true });
}

#[test]
fn verification_takes_the_token_as_known_but_not_the_runner() {
    let known = runner(4, "glrt-sent", None);
    assert_eq!(read(Verification, 200, r#"{"id":4}"#), known);
    let others = ["200", "", "{}", r#"{"ok":1}"#, PAGE, "\"ok\""];
    check(&[Verification], &[200], &others, No::NotGitlab);
    let cut_off = Not::Later { lost: false };
    check(&[Verification], &[200], &[r#"{"id":1,"#], cut_off);
}

#[test]
fn after_a_lost_attempt_there_may_be_another_runner() {
    let made = runner(1, "t", None).unwrap();
    assert!(made.after_loss().maybe_another);
}
