//! Owns how a word that somebody gave is shown again: bounded, in quotes, and with every token in it masked. A token
//! slips into the place of a path, a URL or a flag easily. It cannot know tokens that have no prefix.

use std::borrow::Cow;
use std::path::Path;

pub use crate::token::{MASK, without_tokens};

/// How much of a word a message shows, in characters.
const SHOWN: usize = 60;

/// The longest run of letters that still is a word rather than a token, and of letters mixed with digits or of both cases.
const LONGEST_WORD: usize = 16;
const LONGEST_MIXED: usize = 7;

/// The word in quotes, without tokens, its end left out where it is long.
#[must_use]
pub fn shown(text: &str) -> String {
    let text = without_tokens(text);
    let short: String = text.chars().take(SHOWN).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}

/// A path as it is, without tokens. What is no path but a file's content, given where its path belongs, is not shown.
#[must_use]
pub fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    if is_content(path) {
        return "(a file's content instead of its path)".to_owned();
    }
    without_tokens(&text).into_owned()
}

/// Whether a file's content was given where its path belongs: `--tls-key-file "$(cat key.pem)"`.
#[must_use]
pub fn is_content(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    let has = |part: &[u8]| bytes.windows(part.len()).any(|there| there == part);
    // No path of a manifest holds these, and the system knows none that is longer.
    has(b"-----") || has(b"\n") || has(b"\\n") || bytes.len() > 4096
}

/// Whether a word that stands where none was expected may be a secret: it has a token's prefix, or holds something that
/// nobody would write by hand, such as 20 letters of both cases. A secret that is a plain short word is not known.
#[must_use]
pub fn looks_secret(word: &str) -> bool {
    if matches!(without_tokens(word), Cow::Owned(_)) {
        return true;
    }
    // What stands before an at sign or behind an equals sign may be a password, however plain.
    if word.contains(['@', '=']) {
        return true;
    }
    let mut parts = word.split(|c: char| !c.is_ascii_alphanumeric());
    parts.any(|part| {
        let digits = part.bytes().any(|byte| byte.is_ascii_digit());
        let letters = part.bytes().any(|byte| byte.is_ascii_alphabetic());
        // The first letter of a name may be large.
        let tail = part.get(1..).unwrap_or_default();
        let mixed = tail.bytes().any(|byte| byte.is_ascii_uppercase())
            && tail.bytes().any(|byte| byte.is_ascii_lowercase());
        part.len() > LONGEST_WORD || part.len() > LONGEST_MIXED && (digits && letters || mixed)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_in_place_of_a_path_is_not_shown() {
        fn check(text: &str, want: &str) {
            assert_eq!(path(Path::new(text)), want);
        }
        check("/etc/ssl/ca.pem", "/etc/ssl/ca.pem");
        check("/none/glrt-abc", "/none/***");
        let instead = "(a file's content instead of its path)";
        check("-----BEGIN PRIVATE KEY----- canary", instead);
        check("a = 1\npassword = \"canary\"", instead);
        check("canary\\ncanary", instead);
        check(&"canary/".repeat(600), instead);
    }

    #[test]
    fn word_that_may_be_a_token_is_told_from_a_word() {
        fn check(word: &str, want: bool) {
            assert_eq!(looks_secret(word), want, "{word}");
        }
        for word in [
            "stray",
            "T",
            "alpine:3.20",
            "container-builder-production",
            "/etc/gitlab-runner/config.toml",
            "true",
            "mysql8",
            "Backend",
            "https://gitlab.example",
            "--",
            "é",
            "NAME",
            "x86_64",
            "linux/amd64",
            "1234567890",
        ] {
            check(word, false);
        }
        for word in [
            "glrt-abc",
            "gDRhSyzgvU9jYsnKsMxZ",
            "GR1348941abcdef",
            "glpat-1",
            "abcdefghijklmnopqrst",
            "0123456789abcdef",
            "me:secret@h",
            "PASSWORD=x",
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCY",
            "hunter2hunter2",
        ] {
            check(word, true);
        }
    }

    #[test]
    fn word_is_quoted_and_bounded_after_masking() {
        assert_eq!(shown("a\nb"), "\"a\\nb\"");
        assert_eq!(shown(&"x".repeat(61)), format!("{:?}…", "x".repeat(60)));
        let cut = format!("{}glrt-secret", "x".repeat(53));
        assert!(!shown(&cut).contains("gl"), "{}", shown(&cut));
    }
}
