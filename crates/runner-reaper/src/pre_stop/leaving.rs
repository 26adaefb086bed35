//! Owns the book of what was to go, what is gone and what is left behind, and the last words that follow from it.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::still_here;
use crate::args::Options;
use crate::entries::Departure;
use crate::entries::farewell::{Clients, Outcome, what};
use crate::files::Config;
use crate::scene::Scene;
use crate::stops::Stops;

/// The book of one run.
pub struct Leaving<'a> {
    options: &'a Options,
    scene: &'a Scene,
    stops: &'a Stops,
    clients: Clients<'a>,
    system_id: Option<SystemId>,
    gone: Vec<Token>,
    left: usize,
    exit: Exit,
}

impl<'a> Leaving<'a> {
    /// An empty book. The system ID that the live process shows counts more than the file: a runner manager that could
    /// not write the file has one of its own.
    pub fn new(
        options: &'a Options,
        scene: &'a Scene,
        shown: Option<SystemId>,
        stops: &'a Stops,
    ) -> Self {
        Self {
            options,
            scene,
            stops,
            clients: Clients::new(options),
            system_id: shown.or_else(|| scene.files.system_id()),
            gone: Vec::new(),
            left: 0,
            exit: Exit::Done,
        }
    }

    /// An empty book with clients that are ready.
    pub fn with_clients(
        options: &'a Options,
        scene: &'a Scene,
        clients: Clients<'a>,
        stops: &'a Stops,
    ) -> Self {
        Self {
            clients,
            ..Self::new(options, scene, None, stops)
        }
    }

    /// What of this configuration is still to go.
    pub fn departures(&self, config: &Config) -> Vec<Departure> {
        still_here(&config.toml, self.scene, self.options, &self.gone)
    }

    /// The tokens of what is gone.
    #[must_use]
    pub fn gone(&self) -> &[Token] {
        &self.gone
    }

    /// Notes an end that is graver than what was noted before.
    pub fn note(&mut self, exit: Exit) {
        self.exit = self.exit.graver(exit);
    }

    /// Unregisters these now. A second stop signal ends the waiting for GitLab.
    pub async fn unregister(&mut self, departures: Vec<Departure>, deadline: Deadline) {
        self.unregister_unless(2, departures, deadline).await;
    }

    /// Unregisters these because a second stop signal asked for it: a third one ends the waiting for GitLab.
    pub async fn unregister_now(&mut self, departures: Vec<Departure>, deadline: Deadline) {
        self.unregister_unless(3, departures, deadline).await;
    }

    async fn unregister_unless(
        &mut self,
        stops: u32,
        departures: Vec<Departure>,
        deadline: Deadline,
    ) {
        if departures.is_empty() {
            return;
        }
        let asked = departures.clone();
        let outcomes = tokio::select! {
            biased;
            outcomes = self.clients.unregister(departures, self.system_id.as_ref(), deadline) => outcomes,
            () = self.stops.reached(stops) => {
                self.give_up(&asked);
                return;
            }
        };
        for outcome in outcomes {
            self.enter(outcome);
        }
    }

    fn enter(&mut self, outcome: Outcome) {
        self.exit = self.exit.graver(outcome.exit());
        match outcome.result {
            Ok(_) => self.gone.push(outcome.departure.token),
            Err(_) => self.left += 1,
        }
    }

    /// Names what is left behind because its jobs would hang without it.
    pub fn keep(&mut self, departures: &[Departure], why: &str, jobs: &[String]) {
        for departure in departures {
            let what = what(departure, self.system_id.as_ref());
            log::warn!(
                "{what} is left behind at {}: {why}: {}",
                departure.url,
                jobs.join(", ")
            );
            self.left += 1;
            self.exit = self.exit.graver(Exit::JobsRunning);
        }
    }

    /// Names what is left behind because nobody waits any more.
    pub fn give_up(&mut self, departures: &[Departure]) -> Exit {
        for departure in departures {
            let what = what(departure, self.system_id.as_ref());
            log::error!(
                "{what} may be left behind at {}: told twice to stop",
                departure.url
            );
            self.left += 1;
            self.exit = self.exit.graver(Exit::Unreachable);
        }
        self.exit
    }

    /// Says what is now true.
    pub fn last_words(&self, jobs: usize) -> Exit {
        let (gone, left) = (self.gone.len(), self.left);
        let jobs = match jobs {
            0 => String::new(),
            1 => ", 1 job still running".to_owned(),
            n => format!(", {n} jobs still running"),
        };
        match (left, gone) {
            (0, 0) => log::info!("done: nothing was to be unregistered{jobs}"),
            (0, _) => log::info!("done: {gone} unregistered, nothing is left at GitLab{jobs}"),
            _ => log::error!(
                "{left} left behind at GitLab, {gone} unregistered{jobs} (exit {})",
                self.exit.code()
            ),
        }
        self.exit
    }
}
