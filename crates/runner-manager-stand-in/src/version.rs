//! Which gitlab-runner is played, and what that one has and does otherwise than the newest. Only facts; whoever asks draws the
//! conclusion.

use std::fmt;
use std::str::FromStr;

/// A version of gitlab-runner. What was true of it once stays true within a minor version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    major: u16,
    minor: u16,
}

impl Version {
    /// Played unless told otherwise.
    pub(crate) const NEWEST: Self = Self::of(19, 4);

    pub(crate) const fn of(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }

    /// `/debug/process/state` and the gauge of the same.
    pub(crate) fn says_its_state(self) -> bool {
        self >= Self::of(19, 1)
    }

    /// `/health/ready`.
    pub(crate) fn says_its_readiness(self) -> bool {
        self >= Self::of(19, 2)
    }

    /// Whether a token rotation keeps everybody from the configuration until GitLab has answered.
    pub(crate) fn locks_the_config_to_rotate(self) -> bool {
        self >= Self::of(18, 1)
    }

    /// `wrapper` is a command.
    pub(crate) fn has_a_wrapper(self) -> bool {
        self >= Self::of(17, 6)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.0", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let of = || {
            let (major, minor) = text.split_once('.')?;
            Some(Self::of(major.parse().ok()?, minor.parse().ok()?))
        };
        of().ok_or("a version such as 15.11, 17.11, 18.11 or 19.4")
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn minor_versions_are_numbers() {
        let parse = |text: &str| text.parse::<Version>().ok();
        assert!(parse("15.11") > parse("15.9"));
        assert_eq!(parse("19.4"), Some(Version::NEWEST));
        assert_eq!(Version::of(17, 11).to_string(), "17.11.0");
        for wrong in ["", "17", "17.", "17.x", "17.11.0", "v17.11"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }
}
