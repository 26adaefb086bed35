//! Owns the unregistering of a runner by who owns it: the runner itself goes where it was made for this volume; of a shared
//! one only this volume's runner manager. It decides neither whether the time has come nor what to do where it fails.

use std::fmt;

use crate::deadline::Deadline;
use crate::exit::Failure;
use crate::gitlab::{Client, Gone};
use crate::runner::Runner;
use crate::source::Ownership;
use crate::system_id::SystemId;

/// What GitLab lists for this volume: a runner, or a runner manager of one.
#[derive(Clone, Copy, Debug)]
pub struct Registered<'a> {
    /// The runner.
    pub runner: &'a Runner,
    /// Its name; empty where none is known.
    pub name: &'a str,
    /// The system ID of this volume, where it is known.
    pub system_id: Option<&'a SystemId>,
}

impl<'a> Registered<'a> {
    /// What is known by the runner's id alone.
    #[must_use]
    pub fn of(runner: &'a Runner, system_id: &'a SystemId) -> Self {
        Self {
            runner,
            name: "",
            system_id: Some(system_id),
        }
    }

    /// Has GitLab delete it, asked again until the deadline.
    ///
    /// # Errors
    /// A [`gitlab::Error`](crate::gitlab::Error), or a [`Failure`] where a runner manager's system ID is not known.
    pub async fn unregister(self, client: &Client, deadline: Deadline) -> anyhow::Result<Gone> {
        let token = &self.runner.token;
        let gone = match (self.runner.ownership(), self.system_id) {
            (Ownership::Owned, _) => client.unregister_runner(token, deadline).await,
            (Ownership::Shared, Some(system_id)) => {
                client
                    .unregister_runner_manager(token, system_id, deadline)
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
    pub fn named(self) -> String {
        match (self.runner.id, self.name) {
            (0, "") => "a runner without an ID".to_owned(),
            (0, name) => format!("runner {name:?}"),
            (id, "") => format!("runner {id}"),
            (id, name) => format!("runner {id} {name:?}"),
        }
    }
}

impl fmt::Display for Registered<'_> {
    /// What is unregistered, in the words of a log line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.runner.ownership(), self.system_id) {
            (Ownership::Owned, _) => {}
            (Ownership::Shared, Some(id)) => write!(f, "runner manager {id} of ")?,
            (Ownership::Shared, None) => f.write_str("this runner manager of ")?,
        }
        f.write_str(&self.named())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::token::Token;

    #[test]
    fn a_line_names_what_goes_and_never_the_token() {
        let system_id = SystemId::parse("r_0123456789ab").unwrap();
        let check = |source, id, name, known: bool, want: &str| {
            let runner = Runner {
                url: "http://h".to_owned(),
                id,
                source,
                token: Token::new("canary").unwrap(),
            };
            let registered = Registered {
                runner: &runner,
                name,
                system_id: Some(&system_id).filter(|_| known),
            };
            assert_eq!(registered.to_string(), want);
            assert!(!format!("{registered:?}").contains("canary"));
        };
        let (owned, shared) = (Source::AccessToken, Source::AuthenticationToken);
        check(owned, 7, "", true, "runner 7");
        check(owned, 7, "a\nb", false, "runner 7 \"a\\nb\"");
        check(owned, 0, "", true, "a runner without an ID");
        check(owned, 0, "a", true, "runner \"a\"");
        let of = "runner manager r_0123456789ab of runner 7";
        check(shared, 7, "", true, of);
        check(shared, 7, "", false, "this runner manager of runner 7");
    }
}
