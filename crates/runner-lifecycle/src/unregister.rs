//! Owns the unregistering of a runner by who owns it: the runner itself goes where it was made for this volume; of a shared
//! one only this volume's runner manager. It decides neither whether the time has come nor what to do where it fails.

use std::fmt;

use crate::deadline::Deadline;
use crate::exit::Failure;
use crate::gitlab::{Client, Gone};
use crate::source::{Ownership, Source};
use crate::system_id::SystemId;
use crate::token::Token;

/// What GitLab lists for this volume: a runner, or a runner manager of one.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'a> {
    /// Whether only the runner manager is this volume's, or the runner.
    pub ownership: Ownership,
    /// GitLab's id of the runner, where it is known; 0 stands for none.
    pub id: Option<i64>,
    /// The runner's name; empty where none is known.
    pub name: &'a str,
    /// Its authentication token.
    pub token: &'a Token,
    /// The system ID of this volume, where it is known.
    pub system_id: Option<&'a SystemId>,
}

impl<'a> Registered<'a> {
    /// A runner of this source, known by its id alone.
    #[must_use]
    pub fn of(source: Source, id: i64, token: &'a Token, system_id: &'a SystemId) -> Self {
        Self {
            ownership: source.ownership(),
            id: Some(id),
            name: "",
            token,
            system_id: Some(system_id),
        }
    }

    /// Has GitLab delete it, asked again until the deadline.
    ///
    /// # Errors
    /// A [`gitlab::Error`](crate::gitlab::Error), or a [`Failure`] where a runner manager's system ID is not known.
    pub async fn unregister(self, client: &Client, deadline: Deadline) -> anyhow::Result<Gone> {
        let gone = match (self.ownership, self.system_id) {
            (Ownership::Owned, _) => client.unregister_runner(self.token, deadline).await,
            (Ownership::Shared, Some(system_id)) => {
                client
                    .unregister_runner_manager(self.token, system_id, deadline)
                    .await
            }
            (Ownership::Shared, None) => {
                let words = "its system ID is not known: .runner_system_id is missing or contains none; delete it in GitLab's list of runners";
                return Err(Failure::unusable(words).into());
            }
        };
        Ok(gone?)
    }

    /// The runner in the words of a log line; never the token.
    #[must_use]
    pub fn runner(self) -> String {
        match (self.id.filter(|id| *id != 0), self.name) {
            (Some(id), "") => format!("runner {id}"),
            (Some(id), name) => format!("runner {id} {name:?}"),
            (None, "") => "a runner without an ID".to_owned(),
            (None, name) => format!("runner {name:?}"),
        }
    }
}

impl fmt::Display for Registered<'_> {
    /// What is unregistered, in the words of a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.ownership, self.system_id) {
            (Ownership::Owned, _) => {}
            (Ownership::Shared, Some(id)) => write!(f, "runner manager {id} of ")?,
            (Ownership::Shared, None) => f.write_str("this runner manager of ")?,
        }
        f.write_str(&self.runner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_what_goes_and_never_the_token() {
        let token = Token::new("canary").unwrap();
        let system_id = SystemId::parse("r_0123456789ab").unwrap();
        let check = |ownership, id, name, known: bool, want: &str| {
            let registered = Registered {
                ownership,
                id,
                name,
                token: &token,
                system_id: Some(&system_id).filter(|_| known),
            };
            assert_eq!(registered.to_string(), want);
            assert!(!format!("{registered:?}").contains("canary"));
        };
        let (owned, shared) = (Ownership::Owned, Ownership::Shared);
        check(owned, Some(7), "", true, "runner 7");
        check(owned, Some(7), "a\nb", false, "runner 7 \"a\\nb\"");
        check(owned, Some(0), "", true, "a runner without an ID");
        check(owned, None, "a", true, "runner \"a\"");
        let of = "runner manager r_0123456789ab of runner 7";
        check(shared, Some(7), "", true, of);
        check(
            shared,
            Some(7),
            "",
            false,
            "this runner manager of runner 7",
        );
    }
}
