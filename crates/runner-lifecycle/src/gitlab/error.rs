//! Owns the ways in which GitLab can fail us: a variant exists because a caller does something different.

use std::fmt;

use thiserror::Error;

use crate::exit::Exit;
use crate::token::Token;

/// Why a call to GitLab came to nothing. Each shows as one line that ends in the next step; no token is ever in it.
#[derive(Debug, Error)]
pub enum Error {
    /// The deadline came before an answer that counts: no connection, no answer, or only errors that may pass.
    #[error("{0}")]
    Unreachable(Explained),
    /// GitLab itself refused the token: 401, 403 or 410.
    #[error("{said}")]
    TokenRefused {
        /// 401, 403 or 410.
        status: u16,
        /// Whether that is GitLab's own word for an authentication token whose runner is gone.
        gone: bool,
        /// Whether the access token lacks a scope, so that every call of this kind will be refused.
        scope: bool,
        /// What GitLab said and what to do.
        said: Explained,
    },
    /// GitLab refused the request for another reason, or does not know the address.
    #[error("{said}")]
    Rejected {
        /// The status of the answer.
        status: u16,
        /// What GitLab said and what to do.
        said: Explained,
    },
    /// GitLab's answer tells of a runner and cannot be worked with: what it made for the call is to be taken back.
    #[error("{said}")]
    Unfit {
        /// The token that was made, or verified.
        token: Token,
        /// What is wrong with the answer.
        said: Explained,
    },
    /// The URL, a TLS file, a certificate or whoever answers at that address cannot be used; waiting would not help.
    #[error("{0}")]
    Unusable(Explained),
}

/// One line for the operator.
#[derive(Clone, PartialEq, Eq)]
pub struct Explained {
    /// Method, URL, status, GitLab's words, request ID and the next step.
    pub line: String,
    /// An attempt to create a runner was lost on the way, so that a runner may have been made all the same.
    pub maybe_created: bool,
}

impl Error {
    /// A mistake in what the client was given; no request was made.
    pub(super) fn unusable(line: impl Into<String>) -> Self {
        Self::Unusable(Explained {
            line: line.into(),
            maybe_created: false,
        })
    }

    /// The code a program ends with when this is why it ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Unreachable(_) => Exit::Unreachable,
            Self::TokenRefused { .. } => Exit::Refused,
            Self::Rejected { .. } | Self::Unfit { .. } | Self::Unusable(_) => Exit::Unusable,
        }
    }

    /// Whether GitLab may have made a runner, or reset a token, although no answer came: what is pending must not be forgotten
    /// then.
    #[must_use]
    pub fn maybe_created(&self) -> bool {
        match self {
            Self::Unreachable(said) | Self::Unusable(said) => said.maybe_created,
            Self::TokenRefused { said, .. }
            | Self::Rejected { said, .. }
            | Self::Unfit { said, .. } => said.maybe_created,
        }
    }
}

impl fmt::Display for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl fmt::Debug for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_variant_has_its_exit_code() {
        let said = || Explained {
            line: "x".into(),
            maybe_created: false,
        };
        assert_eq!(Error::Unreachable(said()).exit(), Exit::Unreachable);
        assert_eq!(
            Error::TokenRefused {
                status: 403,
                gone: true,
                scope: false,
                said: said()
            }
            .exit(),
            Exit::Refused
        );
        assert_eq!(
            Error::Rejected {
                status: 422,
                said: said()
            }
            .exit(),
            Exit::Unusable
        );
        let token = Token::new("glrt-1").unwrap();
        let unfit = Error::Unfit {
            token,
            said: said(),
        };
        assert_eq!(unfit.exit(), Exit::Unusable);
        assert_eq!(Error::Unusable(said()).exit(), Exit::Unusable);
    }

    #[test]
    fn a_lost_creation_is_not_forgotten_by_a_later_refusal() {
        let said = Explained {
            line: "x".into(),
            maybe_created: true,
        };
        let refused = Error::TokenRefused {
            status: 403,
            gone: false,
            scope: false,
            said,
        };
        assert!(refused.maybe_created());
        assert!(!Error::unusable("x").maybe_created());
    }
}
