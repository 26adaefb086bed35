//! Owns secrets: a token is parsed once at the edge and can be sent, compared and stored, but never printed.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::kind::{CREATED, behind_prefix, is_created_runner};
use crate::sameness::digest_of;

/// How many characters of a token gitlab-runner shows.
const LABEL: usize = 9;

/// An authentication, registration or access token of GitLab.
///
/// There is no `Display`, and `Debug` shows a mask; the memory is zeroed when the token goes.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Zeroizing<String>);

/// Why a text cannot be a token. The text itself is never part of the message.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TokenError {
    /// Nothing is left after trimming.
    #[error("is empty")]
    Empty,
    /// It holds something that no HTTP header may carry, so GitLab could never have issued it.
    #[error(
        "contains a {kind} at position {position}: a token is one line of printable ASCII without spaces"
    )]
    Character {
        /// What kind of character it is.
        kind: &'static str,
        /// Where, in characters from 1, after trimming.
        position: usize,
    },
}

impl Token {
    /// Takes a token as an operator gives it: white space around it is trimmed, as Secrets and files end in a newline.
    ///
    /// # Errors
    /// When nothing is left, or when it holds a character that no header may carry.
    pub fn new(text: impl Into<String>) -> Result<Self, TokenError> {
        let text = Zeroizing::new(text.into());
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(TokenError::Empty);
        }
        if let Some((index, character)) = trimmed
            .chars()
            .enumerate()
            .find(|(_, c)| !c.is_ascii_graphic())
        {
            let kind = match character {
                '\n' | '\r' => "line break",
                c if c.is_whitespace() => "space",
                c if c.is_control() => "control character",
                _ => "character outside ASCII",
            };
            return Err(TokenError::Character {
                kind,
                position: index + 1,
            });
        }
        Ok(Self(Zeroizing::new(trimmed.to_owned())))
    }

    /// The secret itself, for a request, for `config.toml` and for nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// By which the same token is known again, without being one: 16 hex digits of its SHA-256.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        digest_of(&self.0)
    }

    /// Whether GitLab made the runner before this pod existed (`glrt-`, or `-glrt-` after an instance's own prefix).
    ///
    /// `glrtr-` is what a registration gives back and is not `glrt-`.
    #[must_use]
    pub fn is_created_runner(&self) -> bool {
        is_created_runner(&self.0)
    }

    /// Whether it begins with the literal `glrt-`, by which alone gitlab-runner's `register` knows such a token.
    #[must_use]
    pub fn begins_with_glrt(&self) -> bool {
        self.0.starts_with(CREATED)
    }
}

impl Token {
    /// The nine characters by which gitlab-runner names a token in labels and log lines, behind the prefix that tells its
    /// kind. Of a token that is too short to hide anything behind them, the prefix alone.
    #[must_use]
    pub fn short(&self) -> String {
        let (text, secret) = (self.expose(), behind_prefix(&self.0).len());
        let shown = if secret < 2 * LABEL { 0 } else { LABEL };
        text[..text.len() - secret + shown].to_owned()
    }

    /// The label `runner` of gitlab-runner's metrics: what follows the known prefixes, up to nine characters of it. It may
    /// be the whole of a short token, so it is compared and not shown.
    #[must_use]
    pub fn label(&self) -> &str {
        let rest = behind_prefix(&self.0);
        &rest[..rest.len().min(LABEL)]
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_around_a_token_is_trimmed() {
        for text in ["glrt-abc", "glrt-abc\n", "  glrt-abc\r\n", "\tglrt-abc "] {
            assert_eq!(Token::new(text).unwrap().expose(), "glrt-abc", "{text:?}");
        }
    }

    #[test]
    fn what_no_header_may_carry_is_refused_without_showing_it() {
        fn check(text: &str, want: &str) {
            let error = Token::new(text).unwrap_err().to_string();
            assert!(error.contains(want), "{error}");
            assert!(!error.contains("secret"), "{error}");
        }
        check(" \n", "empty");
        check("secret\nglrt-two", "line break at position 7");
        check("secret two", "space at position 7");
        check("secret\u{7f}", "control character");
        check("secretö", "outside ASCII at position 7");
    }

    #[test]
    fn debug_shows_a_mask() {
        assert_eq!(
            format!("{:?}", Token::new("glrt-secret").unwrap()),
            "Token(***)"
        );
    }

    #[test]
    fn short_form_is_that_of_gitlab_runner_behind_its_prefix() {
        fn check(text: &str, short: &str, label: &str) {
            let token = Token::new(text).unwrap();
            assert_eq!((token.short().as_str(), token.label()), (short, label));
        }
        let long = "abcdefghijklmnopqrst";
        let nine = "abcdefghi";
        for prefix in [
            "glrt-",
            "glrt-t1_",
            "t3_",
            "glrtr-",
            "glcbt-",
            "GR1348941",
            "",
        ] {
            check(&format!("{prefix}{long}"), &format!("{prefix}{nine}"), nine);
        }
        // A prefix of the instance's own is none to gitlab-runner.
        check("acme-glrt-abcdefghijklmnopqrst", "acme-glrt", "acme-glrt");
        check("GR13xyzdefghijklmnopqrst", "GR13xyzde", "GR13xyzde");
        // Half of a token would be too much.
        check("glrt-abcdefghijklmnopq", "glrt-", nine);
        check("glrt-abc", "glrt-", "abc");
        check("abc", "", "abc");
        check("GR1", "", "GR1");
    }

    #[test]
    fn only_glrt_marks_a_runner_that_a_person_made() {
        fn check(text: &str, want: bool) {
            assert_eq!(
                Token::new(text).unwrap().is_created_runner(),
                want,
                "{text}"
            );
        }
        check("glrt-abc", true);
        check("acme-glrt-abc", true);
        check("glrtr-abc", false);
        check("t1_abc", false);
        check("GR1348941abc", false);
        check("plain", false);
    }
}
