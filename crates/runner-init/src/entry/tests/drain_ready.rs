//! The two keys that let a runner manager be paused and watched: added, following, given, edited, taken back.

use toml_edit::DocumentMut;

use super::super::*;
use super::{entry_of, file, wished};

#[test]
fn limit_follows_concurrent_until_somebody_else_sets_it() {
    let mut document: DocumentMut = file(&wished(&["--executor=shell"], ""), None)
        .parse()
        .unwrap();
    assert!(limit_follows_concurrent(entry_of(&mut document), 1, 1));
    assert!(!limit_follows_concurrent(entry_of(&mut document), 1, 1));
    let text = document.to_string();
    assert!(
        text.contains("  name = \"host\"\n  # Written by runner-init: with a limit"),
        "{text}"
    );
    assert!(text.contains("\n  limit = 1\n"), "{text}");
    assert!(limit_follows_concurrent(entry_of(&mut document), 1, 4));
    assert!(document.to_string().contains("\n  limit = 4\n"));
    let given = wished(&["--executor=shell", "--limit=2"], "");
    assert!(apply(&given, entry_of(&mut document)));
    let text = document.to_string();
    assert!(text.contains("  name = \"host\"\n  limit = 2\n"), "{text}");
    assert!(!limit_follows_concurrent(entry_of(&mut document), 4, 9));
    assert_eq!(document.to_string(), text);
}

#[test]
fn limit_that_was_edited_is_the_operators_and_ours_can_be_taken_back() {
    let plain = file(&wished(&["--executor=shell"], ""), None);
    let mut document: DocumentMut = plain.parse().unwrap();
    assert!(limit_follows_concurrent(entry_of(&mut document), 4, 4));
    assert!(listen_on_loopback(&mut document, || 9252));
    let edited = document.to_string().replace("limit = 4", "limit = 2");
    let mut edited: DocumentMut = edited.parse().unwrap();
    assert!(!limit_follows_concurrent(entry_of(&mut edited), 4, 4));
    assert!(take_limit_back(entry_of(&mut edited), 4));
    let text = edited.to_string();
    assert!(text.contains("  name = \"host\"\n  limit = 2\n"), "{text}");
    let moved = document.to_string().replace("127.0.0.1:9252", ":9300");
    let mut moved: DocumentMut = moved.parse().unwrap();
    assert!(take_listen_address_back(&mut moved));
    let text = moved.to_string();
    assert!(text.contains("0\nlisten_address = \":9300\"\n"), "{text}");
    assert!(take_limit_back(entry_of(&mut document), 4));
    assert!(take_listen_address_back(&mut document));
    assert_eq!(document.to_string(), plain);
    assert!(!take_limit_back(entry_of(&mut document), 4));
    assert!(!take_listen_address_back(&mut document));
}

#[test]
fn operators_keys_in_another_case_are_theirs_too() {
    let text = "Listen_Address = \":1\"\n[[runners]]\nLimit = 2\n";
    let mut document: DocumentMut = text.parse().unwrap();
    assert!(!listen_on_loopback(&mut document, || panic!(
        "no port is needed"
    )));
    assert!(!limit_follows_concurrent(entry_of(&mut document), 4, 4));
    assert_eq!(document.to_string(), text);
}

#[test]
fn listen_address_is_added_once_and_never_changed() {
    let mut document: DocumentMut = "# ours\nconcurrent = 2\n\n[session_server]\n"
        .parse()
        .unwrap();
    assert!(listen_on_loopback(&mut document, || 9252));
    assert!(!listen_on_loopback(&mut document, || panic!(
        "no port is needed"
    )));
    let text = document.to_string();
    assert!(
        text.starts_with("# ours\nconcurrent = 2\n# Written by runner-init: runner-reaper watches"),
        "{text}"
    );
    assert!(
        text.contains("\nlisten_address = \"127.0.0.1:9252\"\n\n[session_server]\n"),
        "{text}"
    );
}
