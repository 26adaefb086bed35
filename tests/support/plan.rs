//! What kind of pod a test wants.

use std::path::Path;
use std::time::Duration;

use gitlab_simulator::{NewRunner, Role, Settings, Simulator};

use crate::pod::put;

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

    /// The flags with which `runner-init` gets such a runner from this GitLab. The token is in a file of this directory, as
    /// pods mount a Secret.
    pub fn flags(self, gitlab: &Simulator, secrets: &Path) -> Vec<String> {
        let (flag, token) = match self {
            Self::AuthenticationToken => ("token", gitlab.add_runner(NewRunner::default()).token),
            Self::AccessToken => (
                "access-token",
                gitlab.add_access_token(&["create_runner"], Role::admin()),
            ),
            Self::RegistrationToken => (
                "registration-token",
                gitlab.look(|state| state.settings.registration_token.clone()),
            ),
        };
        let path = secrets.join(flag);
        put(&path, &format!("{token}\n"));
        let mut flags = vec![format!("--{flag}-file={}", path.display())];
        if self == Self::AccessToken {
            flags.push("--runner-type=instance".to_owned());
        }
        flags
    }

    /// Requests with which `runner-init` gets such a runner, of which none is refused.
    pub fn requests(self) -> usize {
        match self {
            // It creates, then verifies.
            Self::AccessToken => 2,
            Self::AuthenticationToken | Self::RegistrationToken => 1,
        }
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

    /// The same beside a GitLab that holds a request for jobs for so long.
    pub fn held_for(mut self, hold: Duration) -> Self {
        self.settings.long_poll = Some(hold);
        self
    }
}
