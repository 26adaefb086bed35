//! Owns the question whose token an owned runner's entry has: what is deleted with it follows from the answer.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Client, Error};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::source::Source;
use runner_lifecycle::system_id::SystemId;

use crate::entries::Unregistration;
use crate::rotation;

/// Whose token an owned runner's entry has.
pub(super) enum Owner {
    /// The runner's own, as the state file says: nobody needs to ask.
    Known,
    /// The runner's own, as GitLab says: the runner manager has rotated it.
    Itself,
    /// Another runner's: somebody has put it there.
    Another(Runner),
    /// Nobody's any more.
    Nobody,
}

impl Owner {
    /// Asks whose token an owned runner's entry has, where it is not the one that GitLab has told to be its own. A deletion with
    /// that of a shared runner takes it from every replica, so nothing but GitLab's word counts.
    pub(super) async fn of(
        client: &Client,
        unregistration: &Unregistration,
        system_id: Option<&SystemId>,
        deadline: Deadline,
    ) -> Result<Self, Error> {
        let runner = &unregistration.runner;
        if !unregistration.is_unconfirmed {
            return Ok(Self::Known);
        }
        match client.check(&runner.token, system_id, deadline).await {
            Ok(found) if found.id == runner.id => Ok(Self::Itself),
            Ok(found) => Ok(Self::Another(Runner {
                id: found.id,
                source: Source::AuthenticationToken,
                ..runner.clone()
            })),
            Err(Error::TokenRefused { gone: true, .. }) => Ok(Self::Nobody),
            Err(error) => Err(error),
        }
    }

    /// Refuses to call a runner gone of whose own token nothing was heard.
    pub(super) fn account_for(&self, unregistration: &Unregistration) -> Result<(), Failure> {
        match self {
            Self::Another(_) if unregistration.is_accounted => Ok(()),
            Self::Another(theirs) if unregistration.state_token.is_none() => {
                Err(Failure::unusable(format!(
                    "its entry has the token of runner {}, and its own token is not known here: delete it in GitLab's list of runners",
                    theirs.id
                )))
            }
            Self::Another(_) if rotation::may_have_been(unregistration) => Err(Failure::refused(
                "its entry has another runner's token, and GitLab does not know its token in the state file, which the runner manager may have rotated \
                     before: if the runner is still in GitLab's list of runners, delete it there",
            )),
            _ => Ok(()),
        }
    }
}
