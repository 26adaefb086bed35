//! The state as it is written, read again, and asked.

use std::time::{Duration, SystemTime};

use super::*;
use crate::token::Token;

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

/// A runner of this volume.
pub(super) fn runner_of(url: &str, id: i64) -> Runner {
    Runner {
        url: url.to_owned(),
        id,
        source: Source::AccessToken,
        token: Token::new("glrt-gone").unwrap(),
    }
}

fn full() -> State {
    State {
        pod: Some(Pod {
            name: Some("runner-0".into()),
            ..Pod::default()
        }),
        unanswered: vec![Unanswered {
            url: "http://gitlab.example/".into(),
            description: "build".into(),
            asked_at: "2026-01-31T10:10:09Z".into(),
        }],
        leaving: vec![Runner {
            url: "http://gitlab.example/".into(),
            id: 2,
            source: Source::AccessToken,
            token: Token::new("glrt-leaving").unwrap(),
        }],
        pending: Some(Pending::Received(Received {
            runner: Runner {
                url: "http://gitlab.example/".into(),
                id: 7,
                source: Source::RegistrationToken,
                token: Token::new("glrtr-canary").unwrap(),
            },
            obtained_at: "2026-01-31T10:10:10Z".into(),
            expires_at: None,
            name: Some("build".into()),
            name_given: true,
            sent: Some(Sent::default()),
        })),
        entries: vec![StateEntry {
            name: Some("build".into()),
            refused: true,
            token: Some(Token::new("glrtr-owned").unwrap()),
            fingerprint: Some("0011223344556677".into()),
            token_obtained_at: Some(at(1_700_000_000)),
            token_expires_at: Some(at(1_800_000_000)),
            pod: Some(Pod {
                name: Some("runner-0".into()),
                ..Pod::default()
            }),
            sent: Some(Sent {
                tags: "a,b".into(),
                maximum_timeout: 600,
                mark: Some("runner-lifecycle pod=runner-0 fleet=ci".into()),
                ..Sent::default()
            }),
            written: Some(
                ["docker.image", "#limit", "docker.sysctls.\"net.a\""]
                    .map(|path| (path.to_owned(), "00ff".to_owned()))
                    .into(),
            ),
            ..StateEntry::new("http://gitlab.example", 3, Source::AuthenticationToken)
        }],
        pause: Some(PauseByHand {
            by: "root on node-1".into(),
            at: "2026-01-31T10:10:11Z".into(),
        }),
        written: Some([("concurrent".to_owned(), "01".to_owned())].into()),
        rotation: Some(Rotation {
            url: "http://gitlab.example/".into(),
            id: 7,
            of: "0011223344556677".into(),
            at: "2026-01-31T10:10:12Z".into(),
            token: Some(Token::new("glrtr-canary-new").unwrap()),
            expires_at: Some("2027-01-31T10:10:12.000Z".into()),
        }),
        lost_resets: vec![Rotation {
            url: "http://gitlab.example/".into(),
            id: 8,
            of: "8899aabbccddeeff".into(),
            at: "2026-01-31T10:10:13Z".into(),
            token: None,
            expires_at: None,
        }],
        other_files: vec![OfFile {
            file: Some("b.toml".into()),
            pause: Some(PauseByHand {
                by: "ann on node-1".into(),
                at: "2026-01-31T10:10:14Z".into(),
            }),
            written: Some([("concurrent".to_owned(), "02".to_owned())].into()),
            pending: None,
            leaving: vec![Runner {
                url: "http://gitlab.example/".into(),
                id: 4,
                source: Source::RegistrationToken,
                token: Token::new("glrtr-leaving").unwrap(),
            }],
        }],
        ..State::default()
    }
}

#[test]
fn what_is_written_is_read_again() {
    let text = full().to_text();
    assert_eq!(State::parse(&text).unwrap(), full());
    assert_eq!(State::parse(&text).unwrap().to_text(), text);
    let creation = State {
        pending: Some(Pending::Creation {
            source: Source::AccessToken,
            asked: Unanswered {
                url: "u".into(),
                description: "d".into(),
                asked_at: "t".into(),
            },
        }),
        ..full()
    };
    assert_eq!(State::parse(&creation.to_text()).unwrap(), creation);
}

#[test]
fn text_is_that_of_every_program_that_writes_version_2() {
    assert_eq!(full().to_text(), include_str!("tests/version-2.toml"));
    let text = format!(
        "{HEADER}version = 2\n\n[pending]\nstep = \"creation\"\nurl = \"u\"\nsource = \"access-token\"\n\
         description = \"d\"\nasked_at = \"t\"\n"
    );
    let state = State::parse(&text).unwrap();
    assert!(matches!(&state.pending, Some(Pending::Creation { asked, .. }) if asked.url == "u"));
    assert_eq!(state.to_text(), text);
}

#[test]
fn version_1_is_read_and_what_it_does_not_tell_is_unknown() {
    let text = "version = 1\n[pod]\nname = \"runner-0\"\n[[entry]]\nurl = \"http://h\"\nid = 3\n\
                source = \"registration-token\"\nadopted = true\n";
    let state = State::parse(text).unwrap();
    let want = StateEntry {
        adopted: true,
        ..StateEntry::new("http://h", 3, Source::RegistrationToken)
    };
    assert_eq!(state.entries, [want]);
    assert_eq!((&state.written, &state.pause), (&None, &None));
    assert!(state.to_text().contains("version = 2\n"));
}

#[test]
fn empty_file_is_an_empty_state() {
    assert_eq!(State::parse("").unwrap(), State::default());
}

#[test]
fn what_cannot_be_understood_names_file_and_line_and_shows_no_token() {
    fn check(text: &str, want: &str) {
        let error = State::parse(text).unwrap_err().to_string();
        assert!(error.contains(want) && error.contains(STATE), "{error}");
        assert!(!error.contains("canary"), "{error}");
        assert!(!error.contains('\n'), "{error}");
    }
    check("version = 1\n[pending\ntoken = \"glrt-canary\"", "line 2");
    check(
        "version = 1\n\n[[entry]]\nurl = 5\nid = \"glrt-canary\"\n",
        "line",
    );
    check("version = 99\n", "newer");
    check(
        "[pending]\nstep = \"received\"\ntoken = \"glrt canary\"\n",
        "",
    );
}

#[test]
fn runner_that_was_received_is_known_before_its_entry_is_remembered() {
    let state = full();
    let known = |url, id| state.known(url, id);
    assert_eq!(
        known("http://gitlab.example", 7),
        Some((Source::RegistrationToken, false))
    );
    assert_eq!(known("http://other.example", 7), None);
    assert_eq!(
        known("http://gitlab.example/", 3),
        Some((Source::AuthenticationToken, false))
    );
}

#[test]
fn entries_are_known_by_url_and_id_not_by_token() {
    let mut state = full();
    assert!(state.entry("http://gitlab.example/ci/", 3).is_some());
    assert!(state.entry("http://gitlab.example", 4).is_none());
    assert!(state.entry("https://gitlab.example", 3).is_none());
    let newer = StateEntry {
        source: Source::AccessToken,
        ..state.entries[0].clone()
    };
    state.remember(newer.clone());
    assert_eq!(state.entries, [newer]);
    state.forget(&runner_of("http://gitlab.example//", 3));
    assert!(state.entries.is_empty());
}

#[test]
fn state_that_does_not_fit_is_explained_in_own_words() {
    fn check(text: &str, want: &str) {
        let error = State::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(&format!("{STATE}: {want}")), "{error}");
        assert!(!error.contains("canary"), "{error}");
    }
    check(
        "version = one\n",
        "line 1, column 11: the value of version has no quotes",
    );
    check(
        "version = \"canary\"\n",
        "line 1, column 1: the value of version is not valid",
    );
    check(
        "version = 1\n[[entry]]\nurl = \"h\"\nid = \"canary\"\nsource = \"access-token\"\n",
        "line 4, column 1: the value of id is not valid",
    );
    check(
        "version = 1\n[[entry]]\nid = 3\n",
        "line 2, column 1: a key of entry is missing",
    );
    check(
        "[pending]\nstep = \"canary\"\n",
        "line 2, column 1: the value of step is not valid",
    );
}

#[test]
fn creation_without_an_answer_is_kept_in_mind_when_another_is_asked_for() {
    let ask = |state: &mut State, number: usize| {
        state.pending = Some(Pending::Creation {
            source: Source::RegistrationToken,
            asked: Unanswered {
                url: "http://h".into(),
                description: format!("d{number}"),
                asked_at: "t".into(),
            },
        });
    };
    let mut state = State::default();
    ask(&mut state, 0);
    assert_eq!(state.all_unanswered().len(), 1);
    state.set_aside_unanswered();
    assert_eq!(state.pending, None);
    assert!(state.knows_a_runner());
    let read = State::parse(&state.to_text()).unwrap();
    assert_eq!(read.all_unanswered()[0].description, "d0");
    for number in 1..=30 {
        ask(&mut state, number);
        state.set_aside_unanswered();
    }
    assert_eq!(state.unanswered.len(), MOST_UNANSWERED);
    assert_eq!(state.unanswered.last().unwrap().description, "d30");
    // A token that was received is another matter.
    let mut received = full();
    let before = received.pending.clone();
    received.set_aside_unanswered();
    assert_eq!(received.pending, before);
}

#[test]
fn entry_is_remembered_in_place_of_what_was_known_of_it() {
    let entry = |id: i64, name: &str| StateEntry {
        name: Some(name.to_owned()).filter(|name| !name.is_empty()),
        ..StateEntry::new("http://h", id, Source::RegistrationToken)
    };
    let known = |state: &State| -> Vec<(i64, String)> {
        let all = state.entries.iter();
        all.map(|known| (known.id, known.name.clone().unwrap_or_default()))
            .collect()
    };
    let mut state = State::default();
    for (id, name) in [(1, ""), (1, "a"), (2, "b"), (1, "c"), (1, "a")] {
        state.remember(entry(id, name));
    }
    let named = |id: i64, name: &str| (id, name.to_owned());
    assert_eq!(known(&state), [named(1, "a"), named(2, "b"), named(1, "c")]);
    state.replace(&entry(1, "a"), entry(1, "renamed"));
    state.replace(&entry(2, "b"), entry(3, "b"));
    state.replace(&entry(9, "nobody"), entry(4, "d"));
    let want = [
        named(1, "renamed"),
        named(3, "b"),
        named(1, "c"),
        named(4, "d"),
    ];
    assert_eq!(known(&state), want);
    state.replace(&entry(1, "c"), entry(1, "renamed"));
    assert_eq!(
        known(&state),
        [named(3, "b"), named(1, "renamed"), named(4, "d")]
    );
    state.forget(&runner_of("http://h/", 1));
    assert_eq!(known(&state), [named(3, "b"), named(4, "d")]);
}
