//! The search for canaries finds them in every form, and nothing else.

use acceptance::canary::form;

const SECRET: &str = "canary?key>1";

#[test]
fn every_form_of_bytes_is_found() {
    let reversed: String = SECRET.chars().rev().collect();
    let bytes = SECRET.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let list: Vec<String> = bytes.iter().map(|byte| format!("0x{byte:02X}")).collect();
    for (said, want) in [
        (format!("a {SECRET} b"), "as text"),
        (format!("a {reversed} b"), "reversed"),
        (format!("end marker: {bytes:?}"), "in decimal"),
        (format!("{bytes:#?}"), "in decimal"),
        (format!("{:?}", reversed.as_bytes()), "reversed in decimal"),
        (format!("x{hex}y"), "in hex"),
        (hex.to_uppercase(), "in hex"),
        (format!("{bytes:x?}"), "in hex"),
        (list.join(", "), "in hex"),
        // base64 of the secret behind none, one and two other bytes, and in the alphabet for URLs.
        ("Y2FuYXJ5P2tleT4x".to_owned(), "in base64"),
        ("LWNhbmFyeT9rZXk+MQ==".to_owned(), "in base64"),
        ("LS1jYW5hcnk/a2V5PjE=".to_owned(), "in base64"),
        ("LWNhbmFyeT9rZXk-MQ".to_owned(), "in base64"),
        ("LS1jYW5hcnk_a2V5PjE".to_owned(), "in base64"),
        ("LS1jYW5h\ncnk/a2V5PjE=".to_owned(), "in base64"),
    ] {
        assert_eq!(form(&said, SECRET), Some(want), "{said}");
    }
}

#[test]
fn what_only_looks_alike_is_not_found() {
    for said in [
        "canary?key",
        "[99, 97, 110, 97, 114]",
        "63616e617279",
        "Y2FuYXJ5",
        "",
    ] {
        assert_eq!(form(said, SECRET), None, "{said}");
    }
    assert_eq!(form("anything", ""), None);
}

/// What a parser said of a key on one line before its words were replaced.
#[test]
fn words_that_once_leaked_a_key_are_caught() {
    let line = "-----BEGIN PRIVATE KEY----- canary?key>1 -----END PRIVATE KEY-----";
    let said = format!(
        "is no PEM file: missing section end marker: {:?}",
        &line.as_bytes()[11..]
    );
    assert!(
        !said.contains(SECRET),
        "a search for text alone finds nothing"
    );
    assert_eq!(form(&said, SECRET), Some("in decimal"));
}
