//! Owns what is remembered of a token that is being exchanged for another: from the answer on only the new one is good.

use super::State;
use crate::gitlab::same_url;
use crate::source::Ownership;
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

impl State {
    /// Keeps in mind that GitLab was asked for another token and nobody heard its answer. A token just received was heard.
    pub fn reset_is_lost(&mut self, rotation: Rotation) {
        self.token_is_good(&rotation.of);
        self.lost_resets.push(Rotation {
            token: None,
            expires_at: None,
            ..rotation
        });
    }

    /// The reset of this token whose answer never came.
    #[must_use]
    pub fn lost_reset_of(&self, url: &str, token: &Token) -> Option<&Rotation> {
        let of = token.fingerprint();
        let mut all = self.lost_resets.iter();
        all.find(|lost| lost.of == of && same_url(&lost.url, url))
    }

    /// GitLab took the token of this fingerprint, or deleted its runner with it: it was not reset after all.
    pub fn token_is_good(&mut self, fingerprint: &str) {
        self.lost_resets.retain(|lost| lost.of != fingerprint);
    }

    /// GitLab has told that this token is the one of the runner of this URL and id.
    pub fn token_is_of(&mut self, url: &str, id: i64, token: &Token) {
        self.token_is_good(&token.fingerprint());
        for known in &mut self.entries {
            let owned = known.source.ownership() == Ownership::Owned && known.source.gives(token);
            if known.is(url, id) && owned {
                known.token = Some(token.clone());
            } else if known.id != id
                && same_url(&known.url, url)
                && known.token.as_ref() == Some(token)
            {
                known.token = None;
            }
        }
    }

    /// The runner of this URL and id has another token by now, which GitLab takes.
    pub fn has_another_token(&mut self, url: &str, id: i64, token: &Token) {
        let of = token.fingerprint();
        self.lost_resets
            .retain(|lost| lost.id != id || lost.of == of || !same_url(&lost.url, url));
    }
}
