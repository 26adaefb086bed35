//! What each kind of entry comes to, and what has no entry.

use runner_lifecycle::config_toml::ConfigToml;
use runner_lifecycle::state::{Leaving, StateEntry};

use super::*;

const OWNED: Ownership = Ownership::Owned;
const SHARED: Ownership = Ownership::Shared;

fn entries(text: &str) -> Vec<RunnerEntry> {
    ConfigToml::parse(text).unwrap().entries(&|_| None)
}

fn entry(id: i64, token: &str) -> String {
    format!("[[runners]]\nurl = \"http://h/\"\nid = {id}\ntoken = \"{token}\"\n")
}

fn state(known: &[(i64, Source)]) -> State {
    let mut state = State::default();
    for (id, source) in known {
        state.remember(StateEntry {
            url: "http://h".into(),
            id: *id,
            source: *source,
            adopted: false,
        });
    }
    state
}

#[test]
fn state_file_decides_and_not_the_token() {
    fn check(id: i64, token: &str, want: Ownership) {
        let state = state(&[
            (1, Source::AuthenticationToken),
            (2, Source::AccessToken),
            (3, Source::RegistrationToken),
        ]);
        let found = unregistrations(&entries(&entry(id, token)), Some(&state));
        assert_eq!(found[0].ownership, want, "{id} {token}");
    }
    check(1, "glrt-a", SHARED);
    check(1, "plain", SHARED);
    check(2, "glrt-a", OWNED);
    check(3, "glrtr-a", OWNED);
    check(3, "plain", OWNED);
    check(3, "glrt-a", SHARED);
    check(4, "glrtr-unknown", SHARED);
    check(0, "plain", SHARED);
}

#[test]
fn without_a_state_file_the_token_decides() {
    fn check(token: &str, want: Ownership) {
        assert_eq!(
            unregistrations(&entries(&entry(0, token)), None)[0].ownership,
            want,
            "{token}"
        );
    }
    check("glrt-a", SHARED);
    check("acme-glrt-a", SHARED);
    check("glrtr-a", OWNED);
    check("plain", OWNED);
}

#[test]
fn one_token_is_one_request() {
    let text = [
        entry(0, "t"),
        entry(2, "t"),
        entry(9, "other"),
        entry(0, ""),
    ]
    .concat();
    let found = unregistrations(&entries(&text), Some(&state(&[(2, Source::AccessToken)])));
    assert_eq!(found.len(), 2);
    assert_eq!((found[0].id, found[0].ownership), (Some(2), OWNED));
    assert_eq!((found[1].id, found[1].ownership), (Some(9), SHARED));
}

#[test]
fn received_runner_that_was_never_written_goes_too() {
    let received = |source| {
        let mut state = State::default();
        state.pending = Some(Pending::Received {
            url: "http://h".into(),
            source,
            id: 5,
            token: Token::new("glrtr-lost").unwrap(),
            obtained_at: String::new(),
            expires_at: None,
        });
        state
    };
    let mut state = received(Source::RegistrationToken);
    let lost = without_entry(&state, &[]);
    assert_eq!((lost[0].ownership, lost[0].id), (OWNED, Some(5)));
    let written = entries(&entry(5, "glrtr-lost"));
    assert!(without_entry(&state, &written).is_empty());
    assert!(without_entry(&State::default(), &[]).is_empty());
    state.leaving.push(Leaving {
        url: "http://h".into(),
        id: 6,
        source: Source::AuthenticationToken,
        token: Token::new("glrt-replaced").unwrap(),
    });
    let both = without_entry(&state, &[]);
    assert_eq!((both[1].ownership, both[1].id), (SHARED, Some(6)));
}

#[test]
fn entry_whose_token_is_none_here_is_named() {
    let text = "[[runners]]\nname = \"a\"\ntoken = \"$TOKEN\"\n[[runners]]\nname = \"b\"\ntoken = \"canary two\"\n[[runners]]\nname = \"c\"\ntoken = \"\"\n";
    let named = unreadable(&entries(text));
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].contains("\"a\"") && named[0].contains("$TOKEN, which is not set"));
    assert!(named[1].contains("\"b\"") && named[1].contains("blank"));
    assert!(!named[1].contains("canary"), "{named:?}");
    assert!(unregistrations(&entries(text), None).is_empty());
}

#[test]
fn entry_that_was_removed_by_hand_is_missed() {
    let state = state(&[(1, Source::AccessToken), (2, Source::AccessToken)]);
    assert_eq!(missing(&state, &entries(&entry(2, "t"))), [("http://h", 1)]);
    assert!(missing(&State::default(), &[]).is_empty());
}

#[test]
fn runner_is_named_without_its_token() {
    let found = unregistrations(
        &entries("[[runners]]\nname = \"a\"\nid = 7\ntoken = \"canary\""),
        None,
    );
    assert_eq!(found[0].runner(), "runner 7 \"a\"");
    assert!(!format!("{:?}", found[0]).contains("canary"));
}
