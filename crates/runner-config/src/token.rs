//! Owns what a token is: a secret that cannot be shown, known by GitLab's prefixes, and masked in any text. One without a
//! prefix cannot be known in a text.

use std::borrow::Cow;

mod secret;

pub use secret::{Token, TokenError};

/// What stands in place of a token.
pub const MASK: &str = "***";

/// How a session cookie begins.
pub const COOKIE: &str = "_gitlab_session=";

/// What a token with a known prefix is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A runner's own.
    Authentication,
    /// It trades for a runner's own.
    Registration,
    /// A personal, group or project access token: the three look alike.
    Access,
    /// GitLab's, and never for a runner.
    Other(&'static str),
}

/// GitLab's prefixes (docs.gitlab.com, "Token overview"). `GR1348941` is fixed for groups and projects.
const PREFIXES: [(&str, Kind); 15] = [
    ("glrt-", Kind::Authentication),
    ("glrtr-", Kind::Authentication),
    ("GR1348941", Kind::Registration),
    ("glpat-", Kind::Access),
    ("gldt-", Kind::Other("a deploy token")),
    ("gloas-", Kind::Other("the secret of an OAuth application")),
    ("glcbt-", Kind::Other("a job token")),
    ("glptt-", Kind::Other("a trigger token")),
    ("glft-", Kind::Other("a feed token")),
    ("glimt-", Kind::Other("an incoming mail token")),
    (
        "glagent-",
        Kind::Other("a token of the agent for Kubernetes"),
    ),
    ("glsoat-", Kind::Other("a SCIM token")),
    ("glffct-", Kind::Other("a feature flags client token")),
    ("glwt-", Kind::Other("a workspace token")),
    (COOKIE, Kind::Other("a session cookie")),
];

/// The prefixes, for masking.
pub fn prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.iter().map(|(prefix, _)| *prefix)
}

impl Kind {
    /// The kind of a token whose prefix is GitLab's, behind an instance's own prefix too; nothing for any other.
    #[must_use]
    pub fn of(token: &str) -> Option<Self> {
        let known = |prefix: &str| {
            let behind_another = || token.contains(&format!("-{prefix}"));
            token.starts_with(prefix) || prefix.starts_with("gl") && behind_another()
        };
        let mut kinds = PREFIXES.iter();
        kinds.find_map(|(prefix, kind)| known(prefix).then_some(*kind))
    }

    /// In the words of GitLab's pages, for "the token is …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Authentication => "a runner's authentication token",
            Self::Registration => "a registration token",
            Self::Access => "a personal, group or project access token",
            Self::Other(words) => words,
        }
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
    fn kinds_are_known_by_their_prefix() {
        fn check(token: &str, want: Option<Kind>) {
            assert_eq!(Kind::of(token), want, "{token}");
        }
        check("glrt-abc", Some(Kind::Authentication));
        check("acme-glrt-abc", Some(Kind::Authentication));
        check("glrtr-abc", Some(Kind::Authentication));
        check("GR1348941abc", Some(Kind::Registration));
        check("glpat-abc", Some(Kind::Access));
        check("acme-glpat-abc", Some(Kind::Access));
        check("gldt-abc", Some(Kind::Other("a deploy token")));
        for plain in [
            "abc",
            "t1_abc",
            "gitlabtoken",
            "gr1348941",
            "xGR1348941",
            "glabc",
            "",
        ] {
            check(plain, None);
        }
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
