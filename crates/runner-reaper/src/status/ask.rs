//! Owns the questions to GitLab: which entries it is asked about, and why not about others. A question with a token and a system
//! ID makes a runner manager there if there is none, so only what is polled just now is asked for.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::ending;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::report::one_line;
use runner_lifecycle::state::State;
use runner_lifecycle::system_id::SystemId;
use tokio::task::JoinSet;

use super::facts::{Activity, AtGitlab, Entry, Unasked};
use super::manager::Seen;
use crate::args::Options;
use crate::entries::unregistrations;
use crate::requests::Clients;

/// Everything that decides whether to ask.
pub(super) struct Questions<'a> {
    pub(super) options: &'a Options,
    pub(super) offline: bool,
    /// Whether another helper works on the volume: it may be unregistering.
    pub(super) locked: bool,
    pub(super) state: Option<&'a State>,
    pub(super) seen: &'a Seen,
    pub(super) system_id: Option<SystemId>,
    pub(super) deadline: Deadline,
}

impl Questions<'_> {
    /// Asks about all entries at once, and enters what GitLab says.
    pub(super) async fn ask(self, written: &[RunnerEntry], shown: &mut [Entry]) {
        let mut clients = Clients::new(self.options);
        let mut asked = JoinSet::new();
        let mut answers = Vec::new();
        for one in unregistrations(written, self.state) {
            let is_this = |entry: &&RunnerEntry| one.runner.has_token_of(entry);
            let places: Vec<usize> = written.iter().filter(is_this).map(|e| e.index).collect();
            let system_id = match self.allowed(written.iter().filter(is_this)) {
                Ok(system_id) => system_id.clone(),
                Err(why) => {
                    answers.push((places, AtGitlab::NotAsked(why)));
                    continue;
                }
            };
            let client = match clients.of(&one) {
                Ok(client) => client,
                Err(error) => {
                    let failed = failed(ending::exit_of(&error), &format!("{error:#}"));
                    answers.push((places, failed));
                    continue;
                }
            };
            let deadline = self.deadline;
            asked.spawn(async move {
                match client
                    .check(&one.runner.token, Some(&system_id), deadline)
                    .await
                {
                    Ok(credentials) => (places, AtGitlab::Valid(credentials.id)),
                    Err(error) => (places, failed(error.exit(), &error.to_string())),
                }
            });
        }
        while let Some(answered) = asked.join_next().await {
            // A panic would have ended the process.
            answers.extend(answered.ok());
        }
        for (places, answer) in answers {
            for place in places {
                if let Some(entry) = shown.get_mut(place) {
                    entry.gitlab = answer.clone();
                }
            }
        }
    }

    /// The system ID to ask with, or why nobody is asked.
    fn allowed<'e>(
        &self,
        mut entries: impl Iterator<Item = &'e RunnerEntry>,
    ) -> Result<&SystemId, Unasked> {
        if self.offline {
            return Err(Unasked::Offline);
        }
        if self.locked {
            return Err(Unasked::Locked);
        }
        match self.seen.runner_manager.activity {
            Activity::Polling => {}
            Activity::NotRunning => return Err(Unasked::NoRunnerManager),
            _ => return Err(Unasked::NotPolling),
        }
        if !entries.any(|entry| self.seen.polls(entry)) {
            return Err(Unasked::NotPolledYet);
        }
        self.system_id.as_ref().ok_or(Unasked::NoSystemId)
    }
}

fn failed(exit: Exit, words: &str) -> AtGitlab {
    AtGitlab::Failed(exit, one_line(words))
}
