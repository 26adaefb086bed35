//! When a token is due, and which one is the newest.

use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Source;

use super::*;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

fn known(id: Option<i64>, name: &str, token: &str) -> Unregistration {
    Unregistration {
        runner: Runner {
            url: "http://h/".into(),
            id: id.unwrap_or_default(),
            source: Source::AccessToken,
            token: Token::new(token).unwrap(),
        },
        known: true,
        has_entry: true,
        name: name.into(),
        is_unconfirmed: false,
        is_accounted: false,
        state_token: None,
        expires_at: None,
        obtained_at: None,
        reset_at: None,
        tls_files: [None, None, None],
    }
}

#[test]
fn token_is_due_at_three_quarters_of_its_life() {
    assert_eq!(due_at(Some(at(1000)), Some(at(1800))), Some(at(1600)));
    assert_eq!(due_at(Some(at(1000)), Some(at(1000))), Some(at(1000)));
    // Nobody knows, or it never is.
    assert_eq!(due_at(Some(at(1000)), None), None);
    assert_eq!(due_at(None, Some(at(1800))), None);
    assert_eq!(due_at(Some(at(1800)), Some(at(1000))), None);
}

#[test]
fn refusal_near_a_rotation_is_not_believed_at_once() {
    let check = |obtained: i64, expires: i64, want: bool| {
        let now = SystemTime::now();
        let moment = |seconds: i64| {
            let distance = Duration::from_secs(seconds.unsigned_abs());
            if seconds < 0 {
                now - distance
            } else {
                now + distance
            }
        };
        let unregistration = Unregistration {
            obtained_at: Some(moment(obtained)),
            expires_at: Some(moment(expires)),
            ..known(Some(1), "", "t")
        };
        let got = may_be_under_way(&unregistration);
        assert_eq!(got, want, "{obtained} {expires}");
    };
    check(-700, 100, true);
    // Due in half a minute.
    check(-570, 230, true);
    check(-400, 400, false);
    check(-2000, -1000, true);
}

#[test]
fn token_that_never_expires_was_not_rotated_in_an_entry_that_is_lost() {
    fn check(obtained: Option<SystemTime>, expires: Option<SystemTime>, want: bool) {
        let unregistration = Unregistration {
            has_entry: false,
            obtained_at: obtained,
            expires_at: expires,
            ..known(Some(1), "", "t")
        };
        let got = may_have_been(&unregistration);
        assert_eq!(got, want, "{obtained:?} {expires:?}");
    }
    let now = SystemTime::now();
    let day = Duration::from_secs(86_400);
    check(None, None, false);
    check(Some(now - day), None, false);
    check(None, Some(now + day), true);
    check(Some(now - day), Some(now + 9 * day), false);
    check(Some(now - 9 * day), Some(now + day), true);
    check(Some(now - 9 * day), Some(now - day), true);
}

fn newest(text: &str, known: &Unregistration) -> Option<Token> {
    use std::io::Write as _;
    let mut file = tempfile::Builder::new().suffix(".toml").tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    let newest = Newest {
        path: file.path().to_owned(),
        environment: Environment::default(),
        may_come: false,
    };
    newest.read(known)
}

#[test]
fn newest_token_is_that_of_the_same_runner() {
    let text = r#"
[[runners]]
name = "other"
url = "http://elsewhere"
id = 7
token = "elsewhere"
[[runners]]
name = "a"
url = "http://h"
id = 7
token = "new"
[[runners]]
name = "b"
url = "http://h"
token = "unnumbered"
"#;
    let check = |known: &Unregistration, want: Option<&str>| {
        let want = want.map(|text| Token::new(text).unwrap());
        assert_eq!(newest(text, known), want, "{known:?}");
    };
    check(&known(Some(7), "renamed", "old"), Some("new"));
    check(&known(Some(7), "a", "new"), None);
    check(&known(Some(8), "a", "old"), None);
    check(&known(None, "b", "old"), Some("unnumbered"));
    check(&known(None, "c", "old"), None);
    // Somebody removed the id, which the state file tells.
    check(&known(Some(9), "b", "old"), Some("unnumbered"));
    assert_eq!(newest("[[runners", &known(Some(7), "a", "old")), None);
    assert_eq!(newest("", &known(Some(7), "a", "old")), None);
}
