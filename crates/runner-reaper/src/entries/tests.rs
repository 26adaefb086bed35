//! What each kind of entry comes to, and what has no entry.

use runner_config::config_toml::ConfigToml;
use runner_lifecycle::state::{Pending, Received, Unanswered};

use super::*;

mod lost;
mod record;

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
        state.remember(StateEntry::new("http://h", *id, *source));
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
        assert_eq!(found[0].runner.ownership(), want, "{id} {token}");
    }
    check(1, "glrt-a", SHARED);
    check(1, "plain", SHARED);
    check(2, "glrt-a", OWNED);
    check(3, "glrtr-a", OWNED);
    check(3, "plain", OWNED);
    check(3, "glrt-a", SHARED);
}

/// What an entry comes to beside others: of this id, with this token, that this state file tells of.
fn beside(state: &State, others: &str, id: i64, token: &str) -> (bool, Ownership) {
    let text = format!("{others}{}", entry(id, token));
    let found = unregistrations(&entries(&text), Some(state));
    let one = found.iter().find(|one| one.runner.token.expose() == token);
    let one = one.unwrap_or_else(|| panic!("{token}: {found:?}"));
    (one.known, one.runner.ownership())
}

#[test]
fn entry_that_the_state_file_does_not_know_is_judged_by_its_token() {
    for source in [
        Source::AuthenticationToken,
        Source::AccessToken,
        Source::RegistrationToken,
    ] {
        let state = state(&[(1, source)]);
        let others = entry(1, "glrt-known");
        for id in [0, 4] {
            let check = |token: &str, want: Ownership| {
                let got = beside(&state, &others, id, token);
                assert_eq!(got, (false, want), "{source:?} {id} {token}");
            };
            check("glrt-a", SHARED);
            check("acme-glrt-a", SHARED);
            check("glrtr-a", OWNED);
            check("acme-glrtr-a", OWNED);
            check("plain", OWNED);
        }
    }
}

#[test]
fn token_that_the_state_file_holds_is_judged_by_it() {
    for source in [Source::AuthenticationToken, Source::RegistrationToken] {
        let mut state = State::default();
        state.leaving.push(Runner {
            url: "http://h".into(),
            id: 6,
            source,
            token: Token::new("bare").unwrap(),
        });
        let got = beside(&state, "", 0, "bare");
        assert_eq!(got, (true, source.ownership()), "{source:?}");
        let elsewhere = "[[runners]]\nurl = \"http://other\"\ntoken = \"bare\"\n";
        let found = unregistrations(&entries(elsewhere), Some(&state));
        assert_eq!(
            (found[0].known, found[0].runner.ownership()),
            (false, OWNED)
        );
    }
}

#[test]
fn bare_token_that_may_be_that_of_a_shared_runner_deletes_none() {
    // Given by --token, verified as runner 1; the entry's id is missing or wrong.
    let mut state = state(&[(1, Source::AuthenticationToken)]);
    for id in [0, 4] {
        assert_eq!(beside(&state, "", id, "bare"), (false, SHARED));
        let has_entry = entry(1, "glrt-known");
        assert_eq!(beside(&state, &has_entry, id, "bare"), (false, OWNED));
    }
    state.entries[0].url = "http://other".into();
    assert_eq!(beside(&state, "", 0, "bare"), (false, OWNED));
}

#[test]
fn without_a_state_file_the_token_decides() {
    fn check(token: &str, want: Ownership) {
        assert_eq!(
            unregistrations(&entries(&entry(0, token)), None)[0]
                .runner
                .ownership(),
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
        entry(9, "glrt-other"),
        entry(0, ""),
    ]
    .concat();
    let found = unregistrations(&entries(&text), Some(&state(&[(2, Source::AccessToken)])));
    assert_eq!(found.len(), 2);
    assert_eq!(
        (found[0].runner.id, found[0].runner.ownership()),
        (2, OWNED)
    );
    assert_eq!(
        (found[1].runner.id, found[1].runner.ownership()),
        (9, SHARED)
    );
}

#[test]
fn received_runner_that_was_never_written_goes_too() {
    let received = |source| {
        let pending = Pending::Received(Received {
            runner: Runner {
                url: "http://h".into(),
                id: 5,
                source,
                token: Token::new("glrtr-lost").unwrap(),
            },
            obtained_at: String::new(),
            expires_at: None,
            name: None,
            name_given: false,
            sent: None,
        });
        State {
            pending: Some(pending),
            ..State::default()
        }
    };
    let mut state = received(Source::RegistrationToken);
    let lost = without_entry(&state, &[]);
    assert_eq!((lost[0].runner.ownership(), lost[0].runner.id), (OWNED, 5));
    let written = entries(&entry(5, "glrtr-lost"));
    assert!(without_entry(&state, &written).is_empty());
    assert!(without_entry(&State::default(), &[]).is_empty());
    state.leaving.push(Runner {
        url: "http://h".into(),
        id: 6,
        source: Source::AuthenticationToken,
        token: Token::new("glrt-replaced").unwrap(),
    });
    let both = without_entry(&state, &[]);
    assert_eq!((both[1].runner.ownership(), both[1].runner.id), (SHARED, 6));
}

#[test]
fn entry_whose_token_is_none_here_is_named() {
    let text = "[[runners]]\nname = \"a\"\ntoken = \"$TOKEN\"\n[[runners]]\nname = \"b\"\ntoken = \"canary two\"\n[[runners]]\nname = \"c\"\ntoken = \"\"\n";
    let named = unreadable(&entries(text), &entries(text), None);
    assert_eq!(named.len(), 2, "{named:?}");
    assert!(named[0].contains("\"a\"") && named[0].contains("$TOKEN, which is not set"));
    assert!(named[1].contains("\"b\"") && named[1].contains("space"));
    assert!(!named[1].contains("canary"), "{named:?}");
    assert!(unregistrations(&entries(text), None).is_empty());
}

/// What is named of a state file that knows runners 1 and 2, beside these entries.
fn named(state: &State, text: &str) -> Vec<String> {
    let found = nowhere(state, &entries(text));
    found.iter().map(ToString::to_string).collect()
}

#[test]
fn runner_whose_token_is_in_no_entry_is_named_with_what_to_do() {
    let both = state(&[(1, Source::AccessToken), (2, Source::AccessToken)]);
    let found = nowhere(&both, &entries(&entry(2, "t")));
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        (found[0].runner.as_str(), found[0].url.as_str()),
        ("runner 1", "http://h")
    );
    let words = found[0].to_string();
    assert!(
        words.starts_with("runner 1 at http://h: no entry"),
        "{words}"
    );
    assert!(
        words.contains("delete it in GitLab's list of runners"),
        "{words}"
    );
    // An entry that lost its token is no entry; one whose token is a variable of others is named for itself.
    assert_eq!(
        named(&both, &[entry(1, ""), entry(2, "t")].concat()).len(),
        1
    );
    assert_eq!(
        named(&both, &[entry(1, "$ONLY_THERE"), entry(2, "t")].concat()).len(),
        0
    );
    // The same id at another GitLab is another runner.
    let elsewhere = entry(1, "t").replace("http://h/", "http://other/");
    assert_eq!(named(&both, &[elsewhere, entry(2, "t")].concat()).len(), 1);
    assert!(named(&State::default(), "").is_empty());
    assert!(named(&both, &[entry(1, "a"), entry(2, "t")].concat()).is_empty());
}

#[test]
fn advice_is_that_of_the_owner() {
    fn check(source: Source, adopted: bool, words: &str) {
        let mut state = state(&[(1, source)]);
        state.entries[0].adopted = adopted;
        let named = named(&state, "");
        assert!(named.len() == 1 && named[0].contains(words), "{named:?}");
    }
    check(
        Source::RegistrationToken,
        false,
        "; delete it in GitLab's list",
    );
    check(Source::AccessToken, false, "; delete it in GitLab's list");
    check(
        Source::RegistrationToken,
        true,
        "runner-init did not register it: if nobody uses it",
    );
    check(
        Source::AuthenticationToken,
        false,
        "after 7 days without contact",
    );
}

#[test]
fn what_is_on_its_way_out_is_asked_for_and_not_named() {
    let mut state = state(&[(6, Source::RegistrationToken)]);
    state.leaving.push(Runner {
        url: "http://h/".into(),
        id: 6,
        source: Source::RegistrationToken,
        token: Token::new("glrtr-left").unwrap(),
    });
    assert!(named(&state, "").is_empty());
    assert_eq!(without_entry(&state, &[]).len(), 1);
}

#[test]
fn creation_without_an_answer_is_named() {
    let pending = Pending::Creation {
        source: Source::RegistrationToken,
        asked: Unanswered {
            url: "http://h".into(),
            description: "build".into(),
            asked_at: "2026-01-02T03:04:05Z".into(),
        },
    };
    let state = State {
        pending: Some(pending),
        ..State::default()
    };
    let named = named(&state, "");
    assert_eq!(named.len(), 1);
    for words in [
        "a runner \"build\" at http://h",
        "2026-01-02T03:04:05Z",
        "delete it there",
    ] {
        assert!(named[0].contains(words), "{named:?}");
    }
}

#[test]
fn runner_is_named_without_its_token() {
    let found = unregistrations(
        &entries("[[runners]]\nname = \"a\"\nid = 7\ntoken = \"canary\""),
        None,
    );
    assert_eq!(found[0].registered(None).named(), "runner 7 \"a\"");
    assert!(!format!("{:?}", found[0]).contains("canary"));
}
