//! What kind of pod a test wants.

use gitlab_simulator::Settings;

/// Where a runner comes from: one of three sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A runner that replicas share.
    AuthenticationToken,
    /// A runner of the pod's own, made with a user's access token.
    AccessToken,
    /// A runner of the pod's own, made with a registration token.
    RegistrationToken,
}

impl Source {
    /// All there are.
    pub const ALL: [Self; 3] = [
        Self::AuthenticationToken,
        Self::AccessToken,
        Self::RegistrationToken,
    ];

    /// One for each rule of the end.
    pub const SHARED_AND_OWNED: [Self; 2] = [Self::AuthenticationToken, Self::RegistrationToken];

    /// Whether the runner is the pod's own.
    pub fn owned(self) -> bool {
        self != Self::AuthenticationToken
    }

    /// The one call that takes this pod off GitLab's list.
    pub fn farewell(self) -> &'static str {
        if self.owned() {
            "DELETE /runners"
        } else {
            "DELETE /runners/managers"
        }
    }
}

/// What kind of pod it shall be.
pub struct Plan {
    /// GitLab's.
    pub settings: Settings,
    /// Where its runner comes from.
    pub source: Source,
    /// How many jobs at once.
    pub concurrent: usize,
    /// Whether the entry has `limit` = `concurrent`.
    pub limit: bool,
    /// Whether there is a metrics port.
    pub port: bool,
    /// Between two requests for jobs of one entry, seconds.
    pub check_interval: u32,
}

impl Plan {
    /// An ordinary pod: one slot, a limit, a metrics port.
    pub fn of(source: Source) -> Self {
        Self {
            settings: Settings::default(),
            source,
            concurrent: 1,
            limit: true,
            port: true,
            check_interval: 1,
        }
    }
}
