//! Owns the record of what was to be unregistered, what is gone and what is left behind, and the last line that follows from
//! it.

use std::time::Duration;

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::files::Config;
use runner_lifecycle::gitlab::Gone;
use runner_lifecycle::runner::Runner;
use runner_lifecycle::session::Session;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use crate::args::Options;
use crate::entries::{self, Nowhere, Unregistration};
use crate::requests::{Answered, Clients};
use crate::stops::Stops;

mod count;

use count::Count;

/// What an answer that comes with its own deadline may need to be entered.
const ENTERING: Duration = Duration::from_millis(500);

/// The book of one run.
pub(crate) struct Ledger<'a> {
    options: &'a Options,
    session: &'a Session,
    stops: &'a Stops,
    clients: Clients<'a>,
    system_id: Option<SystemId>,
    /// What GitLab is being asked for.
    open: Vec<Unregistration>,
    /// What is gone, and how it came to be.
    gone: Vec<(Unregistration, Gone)>,
    /// The tokens of what GitLab deleted at our request, even if it was listed again afterwards.
    deleted: Vec<Token>,
    /// The runners whose newer token GitLab has told to be their own.
    own: Vec<Runner>,
    /// How often polling began again: what GitLab was asked for before that says nothing about what is listed now.
    round: u32,
    /// Entries whose token cannot be read here.
    unreadable: usize,
    /// What nobody can unregister from here and is not known to be gone.
    nowhere: Vec<Nowhere>,
    /// Entries, and runners without one, that were not to go.
    not_selected: usize,
    /// What is left behind, with the exit code that means.
    left: Vec<(Token, Exit)>,
    exit: Exit,
}

impl<'a> Ledger<'a> {
    /// An empty book.
    pub(crate) fn new(options: &'a Options, session: &'a Session, stops: &'a Stops) -> Self {
        Self {
            options,
            session,
            stops,
            clients: Clients::new(options),
            system_id: session.files.system_id(),
            open: Vec::new(),
            gone: Vec::new(),
            deleted: Vec::new(),
            own: Vec::new(),
            round: 0,
            unreadable: 0,
            nowhere: Vec::new(),
            not_selected: 0,
            left: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// An empty book with clients that are ready.
    pub(crate) fn with_clients(
        options: &'a Options,
        session: &'a Session,
        clients: Clients<'a>,
        stops: &'a Stops,
    ) -> Self {
        Self {
            clients,
            ..Self::new(options, session, stops)
        }
    }

    /// Takes the system ID that the live process shows for more than the file's: a runner manager that could not write the
    /// file has one of its own.
    pub(crate) fn trust(&mut self, shown: SystemId) {
        self.system_id = Some(shown);
    }

    /// The runner manager has ended: it writes no new token any more.
    pub(crate) fn nobody_writes(&mut self) {
        self.clients.nobody_writes();
    }

    /// Notes that there was, or may have been, polling since the last deletion: a runner manager that polls brings its
    /// deleted record back, so it has to be deleted again. A runner does not come back.
    pub(crate) fn may_be_back(&mut self) {
        let stays = |known: &Unregistration| !known.is_shared();
        self.round += 1;
        self.gone.retain(|(known, _)| stays(known));
        // Its answer is still to come, but may be of the time before.
        self.open.retain(stays);
    }

    /// What of this configuration is still to go, with the runners that have no entry.
    pub(crate) fn unregistrations(&self, config: &Config) -> Vec<Unregistration> {
        let found = entries::all(&self.entries(config), self.session.state.as_ref());
        let here = |unregistration: &Unregistration| {
            let token = &unregistration.runner.token;
            let same = |other: &Unregistration| other.runner.token == *token;
            !self.gone.iter().any(|(known, _)| same(known)) && !self.open.iter().any(same)
        };
        found.into_iter().filter(here).collect()
    }

    /// What of it is shared.
    pub(crate) fn shared(&self, config: &Config) -> Vec<Unregistration> {
        let mut all = self.unregistrations(config);
        all.retain(Unregistration::is_shared);
        all
    }

    /// Says what of a whole configuration cannot be unregistered from here.
    pub(crate) fn say_what_cannot_go(&mut self, config: &Config) {
        let all = self.entries(config);
        self.say_unreadable(&all);
        self.say_nowhere(config, |_| true);
    }

    /// Names what the state file knows and nothing here has the token of, at such a GitLab; the others were not selected.
    pub(crate) fn say_nowhere(&mut self, config: &Config, such: impl Fn(&str) -> bool) {
        let Some(state) = &self.session.state else {
            return;
        };
        let mut nowhere = entries::nowhere(state, &self.entries(config));
        let others = nowhere.extract_if(.., |one| !such(&one.url)).count();
        self.not_selected(others);
        for one in &nowhere {
            log::error!("{one}");
            self.exit = self.exit.graver(Exit::Unusable);
        }
        self.nowhere = nowhere;
    }

    /// Notes that so many more stay because nobody asked for their end.
    pub(crate) fn not_selected(&mut self, runners: usize) {
        self.not_selected += runners;
    }

    /// Logs which of these entries name a token that cannot be read here.
    pub(crate) fn say_unreadable(&mut self, some: &[RunnerEntry]) {
        let all = self.entries(&self.session.config);
        for entry in entries::unreadable(some, &all, self.session.state.as_ref()) {
            log::error!(
                "{entry}: it was not unregistered; give this program the token in the same way as the runner manager"
            );
            self.unreadable += 1;
            self.note(Exit::Unusable);
        }
    }

    /// The runner entries of a configuration.
    pub(crate) fn entries(&self, config: &Config) -> Vec<RunnerEntry> {
        let lookup = |name: &str| self.options.environment.get(name).map(str::to_owned);
        config.toml.entries(&lookup)
    }

    /// What is gone.
    pub(crate) fn gone(&self) -> impl Iterator<Item = &Unregistration> {
        self.gone.iter().map(|(known, _)| known)
    }

    /// Takes the tokens of what is gone off the disk. Of the entries in the file only `stay` are to stay there. Where that cannot
    /// be written, GitLab tells the next run that they are gone.
    pub(crate) fn record(&self, stay: &[RunnerEntry], there: &[RunnerEntry]) {
        let gone: Vec<&Unregistration> = self.gone().collect();
        let files = &self.session.files;
        // Read anew: this run is not the only thing that changes it.
        let recorded = files.state().and_then(|before| {
            let after =
                before.and_then(|before| entries::record(&before, &gone, &self.own, stay, there));
            after.map_or(Ok(()), |after| files.save_state(&after))
        });
        if let Err(error) = recorded {
            log::warn!(
                "tokens of runners that are gone could not be removed from the state file: {error:#}"
            );
        }
    }

    /// Notes an end that is graver than what was noted before.
    pub(crate) fn note(&mut self, exit: Exit) {
        self.exit = self.exit.graver(exit);
    }

    /// Begins to unregister these; what was left behind before is tried again with them.
    pub(crate) fn begin(&mut self, mut unregistrations: Vec<Unregistration>, deadline: Deadline) {
        for again in &mut unregistrations {
            // Whose runner manager this run has deleted before may have no other one.
            again.known |= self.deleted.contains(&again.runner.token);
        }
        self.left.retain(|(token, _)| {
            !unregistrations
                .iter()
                .any(|again| again.runner.token == *token)
        });
        self.open.extend(unregistrations.iter().cloned());
        self.clients.begin(
            unregistrations,
            self.system_id.as_ref(),
            deadline,
            self.round,
        );
    }

    /// Waits so long for what GitLab is being asked for; the rest goes on by itself.
    pub(crate) async fn settle_within(&mut self, patience: Duration) {
        let limit = tokio::time::Instant::now() + patience;
        while let Ok(Some(outcome)) = tokio::time::timeout_at(limit, self.clients.next()).await {
            self.enter(outcome);
        }
    }

    /// Enters what has come to an end meanwhile.
    pub(crate) fn settle_ready(&mut self) {
        while let Some(outcome) = self.clients.ready() {
            self.enter(outcome);
        }
    }

    /// Waits for all that GitLab is being asked for, no longer than to this deadline and what an answer at its very end needs.
    /// The stop signal of this number ends the waiting.
    pub(crate) async fn settle(&mut self, last_stop: u32, until: Deadline) {
        let limit = until.instant() + ENTERING;
        let stops = self.stops;
        let why = loop {
            tokio::select! {
                biased;
                outcome = self.clients.next() => match outcome {
                    Some(outcome) => self.enter(outcome),
                    None => break "a request failed because of a bug",
                },
                () = stops.reached(last_stop) => break "stopped by a second signal",
                () = tokio::time::sleep_until(limit) => break "GitLab did not answer in time",
            }
        };
        let open = std::mem::take(&mut self.open);
        self.give_up(&open, why);
    }

    /// Whether GitLab owes no answer.
    pub(crate) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    fn enter(&mut self, outcome: Answered) {
        let exit = outcome.exit();
        let Answered {
            unregistration,
            round,
            is_own,
            result,
        } = outcome;
        if is_own {
            self.own.push(unregistration.runner.clone());
        }
        if matches!(result, Ok(Gone::Deleted)) {
            self.deleted.push(unregistration.runner.token.clone());
        }
        if round < self.round && unregistration.is_shared() {
            return;
        }
        let token = &unregistration.runner.token;
        self.open.retain(|open| open.runner.token != *token);
        match result {
            Ok(gone) => self.gone.push((unregistration, gone)),
            Err(_) => self.left.push((unregistration.runner.token, exit)),
        }
    }

    /// Names what is left behind because its jobs would hang without it.
    pub(crate) fn keep(&mut self, unregistrations: &[Unregistration], why: &str, jobs: &[String]) {
        for unregistration in unregistrations {
            let what = unregistration.registered(self.system_id.as_ref());
            let jobs = jobs.join(", ");
            log::warn!(
                "{what} is left behind at {}: {why}: {jobs}",
                unregistration.runner.url
            );
            self.left
                .push((unregistration.runner.token.clone(), Exit::JobsRunning));
        }
    }

    /// Names what is left behind because nobody waits any more.
    pub(crate) fn give_up(&mut self, unregistrations: &[Unregistration], why: &str) {
        for unregistration in unregistrations {
            let what = unregistration.registered(self.system_id.as_ref());
            let url = &unregistration.runner.url;
            log::error!("{what} may be left behind at {url}: {why}");
            self.left
                .push((unregistration.runner.token.clone(), Exit::Unreachable));
        }
    }

    /// Names jobs that were killed with their runner manager: GitLab did not hear of it.
    pub(crate) fn jobs_were_killed(&mut self, why: &str, jobs: &[String]) {
        let list = match jobs {
            [] => "it is not known whether jobs were running".to_owned(),
            jobs => jobs.join(", "),
        };
        log::warn!(
            "{why}: GitLab shows them as running until they time out, up to an hour: {list}"
        );
        self.note(Exit::JobsRunning);
    }

    /// Says what is now true, once the disk does.
    pub(crate) fn last_words(&self, jobs: usize) -> Exit {
        let now = self.session.files.config().ok().flatten();
        let there = self.entries(now.as_ref().unwrap_or(&self.session.config));
        self.record(&there, &there);
        let exit = self
            .left
            .iter()
            .fold(self.exit, |worst, (_, exit)| worst.graver(*exit));
        let were_gone = self.gone.iter().filter(|(_, how)| *how != Gone::Deleted);
        let count = Count {
            gone: self.gone.len(),
            were_gone: were_gone.count(),
            left: self.left.len() + self.unreadable,
            nowhere: &self.nowhere,
            not_selected: self.not_selected,
            jobs,
        };
        let (level, words) = count.last_words(exit);
        log::log!(level, "{words}");
        exit
    }
}
