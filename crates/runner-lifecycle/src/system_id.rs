//! Owns the system ID, which names a runner manager of a runner. It is parsed once and right ever after.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::fleet::{ALPHABET, Fleet, MARK_LENGTH};

const LENGTH: usize = 12;

/// A system ID: `s_` or `r_` and twelve letters or digits (gitlab-runner's own pattern).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemId(String);

impl SystemId {
    /// Reads a system ID as gitlab-runner does: white space around it does not count.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let rest = text
            .strip_prefix("s_")
            .or_else(|| text.strip_prefix("r_"))?;
        let right = rest.len() == LENGTH && rest.bytes().all(|b| b.is_ascii_alphanumeric());
        right.then(|| Self(text.to_owned()))
    }

    /// The same seed gives the same system ID, so a pod that comes back is the same runner manager.
    ///
    /// 62^12 values: among a million pods a collision has a chance of about 1 in 6 billion.
    #[must_use]
    pub fn derive(seed: &str) -> Self {
        let mut hash = Sha256::new();
        // A prefix of our own keeps the value apart from any other hash of the same seed.
        hash.update(b"runner-lifecycle system id\0");
        hash.update(seed.as_bytes());
        Self::of_bytes(&hash.finalize())
    }

    /// The same system ID with the mark of a fleet in front: `r_`, 4 characters that tell the fleet, and 8 of its own, so that
    /// `runner-reaper sweep` knows which runner managers of a shared runner are the fleet's.
    ///
    /// 62^8 values are left: among 10,000 pods of one fleet a collision has a chance of about 1 in 4 million.
    #[must_use]
    pub fn of_fleet(self, fleet: &Fleet) -> Self {
        let own: String = self.0.chars().skip("r_".len() + MARK_LENGTH).collect();
        Self(format!("r_{}{own}", fleet.mark()))
    }

    /// Whether it carries the mark of this fleet.
    #[must_use]
    pub fn is_of_fleet(&self, fleet: &Fleet) -> bool {
        let rest = self.0.strip_prefix("r_");
        rest.is_some_and(|rest| rest.starts_with(&fleet.mark()))
    }

    /// A fresh system ID, for a pod that is not known by name.
    ///
    /// # Errors
    /// When the kernel gives no random bytes.
    pub fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0_u8; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self::of_bytes(&bytes))
    }

    fn of_bytes(bytes: &[u8]) -> Self {
        // Base 62 of the first 16 bytes, least digit first: the bias of the modulus is below 2^-56.
        let mut number = bytes
            .iter()
            .take(16)
            .fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        let mut text = String::from("r_");
        for _ in 0..LENGTH {
            let digit = usize::try_from(number % 62).unwrap_or_default();
            text.push(char::from(ALPHABET[digit]));
            number /= 62;
        }
        Self(text)
    }

    /// The system ID as GitLab and the file know it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SystemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_what_gitlab_runner_accepts_and_nothing_else() {
        fn check(text: &str, want: Option<&str>) {
            assert_eq!(
                SystemId::parse(text).as_ref().map(SystemId::as_str),
                want,
                "{text:?}"
            );
        }
        check("s_c2d22f638c25", Some("s_c2d22f638c25"));
        check("\n r_AbCdEf012345 \n", Some("r_AbCdEf012345"));
        check("", None);
        check("0123456789", None);
        check("x_c2d22f638c25", None);
        check("s_c2d22f638c2", None);
        check("s_c2d22f638c251", None);
        check("garbage\ns_c2d22f638c25", None);
        check("s_c2d22f63-c25", None);
    }

    #[test]
    fn derived_system_id_is_valid_stable_and_differs_by_seed() {
        let one = SystemId::derive("ci/runner-0");
        assert_eq!(one, SystemId::derive("ci/runner-0"));
        assert_ne!(one, SystemId::derive("ci/runner-1"));
        assert_eq!(SystemId::parse(one.as_str()), Some(one));
    }

    #[test]
    fn derivation_never_changes_between_releases() {
        // A changed value would leave one stale runner manager behind for every pod that is upgraded.
        assert_eq!(SystemId::derive("ci/runner-0").as_str(), "r_sKfkX8IIByFb");
    }

    #[test]
    fn system_id_of_a_fleet_is_valid_stable_and_tells_it() {
        let fleet = |name: &str| name.parse::<Fleet>().unwrap();
        let derive = |seed: &str, name: &str| SystemId::derive(seed).of_fleet(&fleet(name));
        let one = derive("ci/runner-0", "gitlab-runner");
        assert_eq!(one.as_str(), "r_k15eX8IIByFb");
        assert_eq!(SystemId::parse(one.as_str()), Some(one.clone()));
        assert_ne!(one, derive("ci/runner-1", "gitlab-runner"));
        assert_ne!(one, derive("ci/runner-0", "other"));
        assert!(one.is_of_fleet(&fleet("gitlab-runner")));
        assert!(!one.is_of_fleet(&fleet("other")));
        // The plain form of every release so far, and gitlab-runner's own.
        for other in [
            SystemId::derive("ci/runner-0"),
            SystemId::parse("s_c2d22f638c25").unwrap(),
        ] {
            assert!(!other.is_of_fleet(&fleet("gitlab-runner")), "{other}");
        }
    }

    #[test]
    fn random_system_ids_are_valid_and_differ() {
        let (one, two) = (SystemId::random().unwrap(), SystemId::random().unwrap());
        assert_ne!(one, two);
        assert!(SystemId::parse(one.as_str()).is_some());
    }
}
