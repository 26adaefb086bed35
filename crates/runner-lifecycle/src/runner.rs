//! Owns what a runner is to both helpers: at which GitLab it is, by which id and token it is known there, and where it came from.
//! Whoever holds one adds what he knows of it beside that.

use crate::gitlab::same_url;
use crate::source::{Ownership, Source};
use crate::token::Token;
use runner_config::config_toml::RunnerEntry;

/// A runner at GitLab.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// GitLab's URL as it stands, or is to stand, in `config.toml`.
    pub url: String,
    /// GitLab's id of it; 0 where nobody here knows it.
    pub id: i64,
    /// Where it came from, and so what may be deleted.
    pub source: Source,
    /// Its authentication token.
    pub token: Token,
}

impl Runner {
    /// Who may delete it.
    #[must_use]
    pub fn ownership(&self) -> Ownership {
        self.source.ownership()
    }

    /// Whether it is the one of this URL and id.
    #[must_use]
    pub fn is(&self, url: &str, id: i64) -> bool {
        self.id == id && same_url(&self.url, url)
    }

    /// Whether it is the one that an entry names by its id, be it with another token: tokens rotate.
    #[must_use]
    pub fn has_id_of(&self, entry: &RunnerEntry) -> bool {
        entry.id.is_some_and(|id| self.is(&entry.url, id))
    }

    /// Whether an entry has its token.
    #[must_use]
    pub fn has_token_of(&self, entry: &RunnerEntry) -> bool {
        entry.token.as_ref() == Some(&self.token) && same_url(&self.url, &entry.url)
    }

    /// Whether both have one token, and so are one to GitLab.
    #[must_use]
    pub fn shares_token_with(&self, other: &Self) -> bool {
        self.token == other.token && same_url(&self.url, &other.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runner_is_found_again_by_its_id_and_by_its_token_at_its_own_gitlab_alone() {
        let token = |text: &str| Token::new(text).unwrap();
        let runner = Runner {
            url: "http://h".to_owned(),
            id: 7,
            source: Source::AccessToken,
            token: token("t"),
        };
        let check = |url: &str, id: i64, text: &str, by_id: bool, by_token: bool| {
            let entry = RunnerEntry {
                url: url.to_owned(),
                id: Some(id).filter(|id| *id != 0),
                token: Some(token(text)),
                ..RunnerEntry::default()
            };
            let other = Runner {
                url: url.to_owned(),
                token: token(text),
                ..runner.clone()
            };
            assert_eq!(runner.is(url, id), by_id, "{entry:?}");
            assert_eq!(runner.has_id_of(&entry), by_id, "{entry:?}");
            assert_eq!(runner.has_token_of(&entry), by_token, "{entry:?}");
            assert_eq!(runner.shares_token_with(&other), by_token, "{entry:?}");
        };
        check("http://h/ci/", 7, "rotated", true, false);
        check("http://h/", 7, "t", true, true);
        check("http://h", 8, "t", false, true);
        check("http://h", 0, "u", false, false);
        check("http://other", 7, "t", false, false);
        // One without an id is in no entry by it.
        let unnumbered = Runner { id: 0, ..runner };
        assert!(!unnumbered.has_id_of(&RunnerEntry {
            url: "http://h".to_owned(),
            ..RunnerEntry::default()
        }));
    }
}
