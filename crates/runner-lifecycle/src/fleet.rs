//! Owns the name of a fleet: the runners of one deployment, told apart at GitLab from those of everybody else. Pure.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use thiserror::Error;

/// The digits of base 62.
pub(crate) const ALPHABET: &[u8; 62] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Longest name, as that of a Kubernetes label's value: it stands in a maintenance note beside names of pods.
const LONGEST: usize = 63;

/// How many characters of a system ID tell the fleet.
pub(crate) const MARK_LENGTH: usize = 4;

/// The name of a fleet: 1 to 63 letters, digits, `-`, `_` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fleet(String);

/// Why a text is no name of a fleet. The text itself is not part of the message: it may be a token in the wrong place.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
#[error("a fleet's name is 1 to 63 letters, digits, '-', '_' and '.'")]
pub struct NotAFleet;

impl FromStr for Fleet {
    type Err = NotAFleet;

    /// White space around it does not count. Inside it would end the name in the maintenance note.
    fn from_str(text: &str) -> Result<Self, NotAFleet> {
        let text = text.trim();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let right = (1..=LONGEST).contains(&text.len()) && text.bytes().all(plain);
        right.then(|| Self(text.to_owned())).ok_or(NotAFleet)
    }
}

impl Fleet {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The four characters that a system ID of this fleet begins with, after `r_`.
    ///
    /// 62^4 values: of a foreign system ID one in 14.8 million looks like one of this fleet's, so the mark alone is only asked for
    /// among the runner managers of one runner that was named.
    #[must_use]
    pub fn mark(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"runner-lifecycle fleet\0");
        hash.update(self.0.as_bytes());
        let hash = hash.finalize();
        let number = hash
            .iter()
            .take(16)
            .fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        let digit = |place: u32| {
            let digit = usize::try_from(number / 62_u128.pow(place) % 62).unwrap_or_default();
            char::from(ALPHABET[digit])
        };
        (0..MARK_LENGTH as u32).map(digit).collect()
    }
}

impl fmt::Display for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_word_that_ends_where_it_seems_to_end() {
        fn check(text: &str, want: Option<&str>) {
            let fleet: Option<Fleet> = text.parse().ok();
            assert_eq!(fleet.as_ref().map(Fleet::as_str), want, "{text:?}");
        }
        check("ci", Some("ci"));
        check(" gitlab-runner.a_1\n", Some("gitlab-runner.a_1"));
        check(&"a".repeat(63), Some(&"a".repeat(63)));
        check(&"a".repeat(64), None);
        check("", None);
        check(" ", None);
        check("a b", None);
        check("a=b", None);
        check("ö", None);
    }

    #[test]
    fn the_mark_of_a_fleet_never_changes_between_releases() {
        // System IDs on volumes carry it: changed, sweep would find none of them.
        let mark = |name: &str| name.parse::<Fleet>().unwrap().mark();
        assert_eq!(mark("gitlab-runner"), "k15e");
        assert_ne!(mark("gitlab-runner"), mark("gitlab-runner-2"));
    }
}
