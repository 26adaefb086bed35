//! Owns GitLab's prefixes, and what a token's own tells of it.

/// How the token of a created runner begins, by which alone gitlab-runner's `register` knows it.
pub(super) const CREATED: &str = "glrt-";

/// How a session cookie begins.
pub(super) const COOKIE: &str = "_gitlab_session=";

/// What a token with a known prefix is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
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
const PREFIXES: [(&str, TokenKind); 15] = {
    use TokenKind::{Access, Authentication, Other, Registration};
    [
        (CREATED, Authentication),
        ("glrtr-", Authentication),
        ("GR1348941", Registration),
        ("glpat-", Access),
        ("gldt-", Other("a deploy token")),
        ("gloas-", Other("the secret of an OAuth application")),
        ("glcbt-", Other("a job token")),
        ("glptt-", Other("a trigger token")),
        ("glft-", Other("a feed token")),
        ("glimt-", Other("an incoming mail token")),
        ("glagent-", Other("a token of the agent for Kubernetes")),
        ("glsoat-", Other("a SCIM token")),
        ("glffct-", Other("a feature flags client token")),
        ("glwt-", Other("a workspace token")),
        (COOKIE, Other("a session cookie")),
    ]
};

pub(super) fn prefixes() -> impl Iterator<Item = &'static str> {
    PREFIXES.iter().map(|(prefix, _)| *prefix)
}

impl TokenKind {
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

/// Whether it is the token of a runner that was created before a runner manager has it: `glrt-`, or `-glrt-` behind an
/// instance's own prefix. `glrtr-` is what a registration gives back and is not `glrt-`.
pub(super) fn is_created_runner(token: &str) -> bool {
    token.starts_with(CREATED) || token.contains("-glrt-")
}

/// What follows the prefixes that gitlab-runner leaves out where it names a token.
pub(super) fn behind_prefix(token: &str) -> &str {
    let rest = match token.strip_prefix(CREATED) {
        Some(rest) => without_type(rest).unwrap_or(rest),
        None => without_type(token)
            .or_else(|| token.strip_prefix("glrtr-"))
            .unwrap_or(token),
    };
    let rest = rest.strip_prefix("glcbt-").unwrap_or(rest);
    let old = rest.strip_prefix("GR").and_then(|tail| {
        let (seven, rest) = tail.split_at_checked(7)?;
        seven
            .bytes()
            .all(|byte| byte.is_ascii_hexdigit())
            .then_some(rest)
    });
    old.unwrap_or(rest)
}

/// `t1_`, `t2_`, `t3_`: an instance's, a group's, a project's runner.
fn without_type(text: &str) -> Option<&str> {
    let types = ["t1_", "t2_", "t3_"];
    types.iter().find_map(|prefix| text.strip_prefix(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_known_by_their_prefix() {
        fn check(token: &str, want: Option<TokenKind>) {
            assert_eq!(TokenKind::of(token), want, "{token}");
        }
        check("glrt-abc", Some(TokenKind::Authentication));
        check("acme-glrt-abc", Some(TokenKind::Authentication));
        check("glrtr-abc", Some(TokenKind::Authentication));
        check("GR1348941abc", Some(TokenKind::Registration));
        check("glpat-abc", Some(TokenKind::Access));
        check("acme-glpat-abc", Some(TokenKind::Access));
        check("gldt-abc", Some(TokenKind::Other("a deploy token")));
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
}
