//! What slips into the wrong place: a token, a device, an address that is none.

use super::*;

#[test]
fn token_in_the_wrong_place_is_not_shown() {
    fn check(words: &[&str], want: &str) {
        let message = failure(words, &[]).message;
        assert!(message.contains(want), "{words:?}: {message}");
        assert!(!message.contains("canary"), "{words:?}: {message}");
    }
    check(&["--glrt-canary"], "unknown flag --***");
    check(&["--tokenglrt-canary"], "unknown flag --token***");
    check(&["---glpat-canary"], "not a flag");
    check(
        &["--limit", "glrt-canary"],
        "--limit: \"***\" is not a whole number",
    );
    check(&["--limit", "GR1348941canary"], "***");
    check(&["glrt-canary"], "argument 1");
    check(
        &["--access-token-file=/f", "--runner-type=glrt-canary"],
        "***",
    );
    check(&["--token=glrt-1", "--log-format=glrt-canary"], "***");
    check(
        &["--registration-token=R", "--access-level=glrt-canary"],
        "***",
    );
    check(&["--token=glrt-1", "--listen-address=glrt-canary:x"], "***");
    check(
        &["--token-file", "canary"],
        "--token-file does not name a file: give the token itself with --token",
    );
    check(
        &["--token-file", "glrt-canary"],
        "give the token itself with --token",
    );
    check(
        &["--token-file", "/none/glrt-canary"],
        "reading \"/none/***\"",
    );
    check(
        &["--registration-token-file=canary"],
        "give the token itself with --registration-token",
    );
    check(
        &["--access-token-file=canary", "--runner-type=instance"],
        "give the path of a file that contains the access token",
    );
}

#[test]
fn what_is_no_regular_file_is_no_token_file() {
    let message = failure(&["--token-file=/dev/zero"], &[]).message;
    assert!(message.contains("not a regular file"), "{message}");
}

#[test]
fn address_to_listen_at_is_checked() {
    let message = failure(&["--token=glrt-1", "--listen-address=9252"], &[]).message;
    assert!(message.contains("write \":9252\""), "{message}");
    assert_eq!(
        options(&["--listen-address=:9252"], &[])
            .globals
            .listen_address
            .as_deref(),
        Some(":9252")
    );
}
