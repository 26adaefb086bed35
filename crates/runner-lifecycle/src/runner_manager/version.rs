//! Owns what a version of gitlab-runner says about what can be seen of it. Pure.

use std::fmt;

/// A version of gitlab-runner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// The first whose polling can be watched: `worker_feeds_total` and `worker_slots_number` exist since then.
    pub const OLDEST: Self = Self {
        major: 15,
        minor: 11,
    };

    /// Reads the label `version` of `version_info`, such as `17.11.0` or `19.4.0~pre.12.g0123abcd`. Nothing for a build of
    /// somebody's own that is numbered otherwise.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.strip_prefix('v').unwrap_or(text).split('.');
        let mut number = || {
            let text = numbers.next()?;
            let digits = text.split(|letter: char| !letter.is_ascii_digit()).next();
            digits?.parse().ok()
        };
        Some(Self {
            major: number()?,
            minor: number()?,
        })
    }

    /// Whether nobody can read its configuration, its metrics page included, while a token rotation waits for GitLab
    /// (since 18.1). Earlier the pages answer meanwhile, and nothing shows that a rotation is under way.
    #[must_use]
    pub fn is_silent_while_rotating(self) -> bool {
        let first = Self {
            major: 18,
            minor: 1,
        };
        self >= first
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_of_the_page_is_read() {
        fn check(text: &str, want: Option<(u32, u32)>) {
            let got = Version::parse(text).map(|version| (version.major, version.minor));
            assert_eq!(got, want, "{text}");
        }
        check("15.11.0", Some((15, 11)));
        check("19.4.0~pre.12.g0123abcd", Some((19, 4)));
        check("v18.0.3", Some((18, 0)));
        check("17.11", Some((17, 11)));
        check("17.11-rc1", Some((17, 11)));
        check("dev", None);
        check("17", None);
        check("", None);
    }

    #[test]
    fn rotation_silences_the_page_since_18_1() {
        fn check(text: &str, silent: bool) {
            let version = Version::parse(text).unwrap();
            assert_eq!(version.is_silent_while_rotating(), silent, "{text}");
        }
        check("15.11.0", false);
        check("18.0.5", false);
        check("18.1.0", true);
        check("18.11.0", true);
        check("19.4.0", true);
        assert!(Version::parse("15.9.1") < Some(Version::OLDEST));
    }
}
