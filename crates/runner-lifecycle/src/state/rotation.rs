//! Owns what is remembered of a token that is being exchanged for another: from the answer on only the new one is good.

use crate::token::Token;

/// A reset of an authentication token that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The URL as it stands in `config.toml`.
    pub url: String,
    /// GitLab's id of the runner; 0 where the entry has none.
    pub id: i64,
    /// [`Token::fingerprint`] of the token before, by which its entries are found.
    pub of: String,
    /// When GitLab was asked, and once it has answered, when it did: in RFC 3339 UTC.
    pub at: String,
    /// The new token, once it was received; not in `config.toml` yet.
    pub token: Option<Token>,
    /// When the new token expires, as GitLab said.
    pub expires_at: Option<String>,
}
