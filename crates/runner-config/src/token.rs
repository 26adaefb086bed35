//! Owns what a token is: a secret that cannot be shown, and what the look of a text tells of one before anybody asks GitLab: its
//! kind, whether it can be one at all, and where tokens stand in any text, to be masked. One without a prefix cannot be known.

use std::borrow::Cow;

mod kind;
mod no_token;
mod secret;

pub use kind::TokenKind;
use kind::prefixes;
use no_token::no_token;
pub use no_token::reads_like_a_placeholder;
pub use secret::{Token, TokenError};

/// What stands in place of a token.
pub const MASK: &str = "***";

impl TokenKind {
    /// Why a text is not the token of this kind that is wanted, where that is certain: goes behind "the token". `advice` says where
    /// a token of another kind belongs. The text is never part of it.
    #[must_use]
    pub fn misgiven(self, text: &str, advice: impl FnOnce(Self) -> String) -> Option<String> {
        if let Some(why) = no_token(text) {
            return Some(why.to_owned());
        }
        let kind = Self::of(text.trim()).filter(|kind| *kind != self)?;
        Some(format!("is {}: {}", kind.words(), advice(kind)))
    }
}

/// The text with everything masked that looks like a token of GitLab, from its prefix to its end. Case of letters does not
/// count: a URL's host is turned to lower case.
#[must_use]
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    let mut masked = String::new();
    let mut rest = text;
    while let Some((start, prefix)) = next(rest) {
        let tail = &rest[start + prefix..];
        let end = tail.find(|c| !is_part(c)).unwrap_or(tail.len());
        masked.push_str(&rest[..start]);
        // "glrt-..." in an advice is no token.
        if tail[..end].contains(|c: char| c.is_ascii_alphanumeric()) {
            masked.push_str(MASK);
        } else {
            masked.push_str(&rest[start..start + prefix + end]);
        }
        rest = &tail[end..];
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    masked.push_str(rest);
    Cow::Owned(masked)
}

/// Where the next prefix begins, and how long it is.
fn next(text: &str) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    (0..bytes.len()).find_map(|start| {
        let prefix = prefixes().find(|prefix| {
            let there = bytes.get(start..start + prefix.len());
            there.is_some_and(|there| there.eq_ignore_ascii_case(prefix.as_bytes()))
        })?;
        Some((start, prefix.len()))
    })
}

/// Letters of a token; some have parts joined with dots.
fn is_part(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn token_of_another_kind_is_told_with_its_place_and_never_shown() {
        let check = |text: &str, want: Option<&str>| {
            let got = TokenKind::Access.misgiven(text, |kind| format!("for {}", kind.words()));
            assert_eq!(got.as_deref(), want, "{text}");
        };
        check("glpat-canary", None);
        check("canary", None);
        check(
            " gldt-canary\n",
            Some("is a deploy token: for a deploy token"),
        );
        // What can be no token comes first.
        check("'gldt-canary'", Some("is in quotes: remove them"));
    }

    #[test]
    fn tokens_are_masked_wherever_they_stand() {
        fn check(text: &str, want: &str) {
            assert_eq!(without_tokens(text), want);
        }
        check("plain", "plain");
        check(
            "reading glrt-AbC_1-2: No such file",
            "reading ***: No such file",
        );
        check("--tokenglrt-abc.01.x=1", "--token***=1");
        check("https://glrt-abc/x", "https://***/x");
        check(
            "https://GLRT-abc glpat-1 gr1348941xyz",
            "https://*** *** ***",
        );
        check("acme-glrt-abc", "acme-***");
        check("glrtr-a gloas-b glcbt-c", "*** *** ***");
        check("a token (glrt-...)", "a token (glrt-...)");
        check("ends in glrt-", "ends in glrt-");
        check("é glrt-aé", "é ***é");
    }
}
