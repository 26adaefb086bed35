//! Owns the rule that everything at the end follows from: where a runner came from decides what may be deleted.

use crate::token::Token;

/// The kind of token a runner entry came from (README, "Where a runner comes from").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A person made the runner; every replica shares its token.
    AuthenticationToken,
    /// The helper made the runner with `POST /user/runners`.
    AccessToken,
    /// The helper made the runner with `POST /runners`.
    RegistrationToken,
}

/// Who may delete the runner itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ownership {
    /// The runner serves other pods too: only this pod's runner manager may go.
    Shared,
    /// The runner was made for this pod and goes with it.
    Owned,
}

impl Source {
    /// Who owns a runner of this source.
    #[must_use]
    pub fn ownership(self) -> Ownership {
        match self {
            Self::AuthenticationToken => Ownership::Shared,
            Self::AccessToken | Self::RegistrationToken => Ownership::Owned,
        }
    }

    /// What is assumed of an entry that no state file knows: as stock does, but safer (an instance prefix counts too).
    #[must_use]
    pub fn of_foreign(token: &Token) -> Self {
        if token.is_created_runner() {
            Self::AuthenticationToken
        } else {
            Self::RegistrationToken
        }
    }

    /// Whether a runner of this source can have such a token. A registration never gives back one of this kind, so whoever finds
    /// it in its entry finds another runner's, put there by somebody.
    #[must_use]
    pub fn gives(self, token: &Token) -> bool {
        self != Self::RegistrationToken || !token.is_created_runner()
    }

    /// The source as the state file and `--output json` name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AuthenticationToken => "authentication-token",
            Self::AccessToken => "access-token",
            Self::RegistrationToken => "registration-token",
        }
    }

    /// The source of this [`Self::name`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [
            Self::AuthenticationToken,
            Self::AccessToken,
            Self::RegistrationToken,
        ]
        .into_iter()
        .find(|source| source.name() == name)
    }

    /// The source in the words of the documents and the logs.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AuthenticationToken => "authentication token",
            Self::AccessToken => "access token",
            Self::RegistrationToken => "registration token",
        }
    }

    /// The same words behind their article.
    #[must_use]
    pub fn with_article(self) -> &'static str {
        match self {
            Self::AuthenticationToken => "an authentication token",
            Self::AccessToken => "an access token",
            Self::RegistrationToken => "a registration token",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_helper_made_is_owned() {
        assert_eq!(Source::AuthenticationToken.ownership(), Ownership::Shared);
        assert_eq!(Source::AccessToken.ownership(), Ownership::Owned);
        assert_eq!(Source::RegistrationToken.ownership(), Ownership::Owned);
    }

    #[test]
    fn foreign_entry_is_judged_by_its_token() {
        fn check(token: &str, want: Ownership) {
            assert_eq!(
                Source::of_foreign(&Token::new(token).unwrap()).ownership(),
                want,
                "{token}"
            );
        }
        check("glrt-abc", Ownership::Shared);
        check("acme-glrt-abc", Ownership::Shared);
        check("glrtr-abc", Ownership::Owned);
        check("0123456789abcdef0123", Ownership::Owned);
    }
}
