//! Owns the requests that unregister: sends them all at once and reports the result of each. It never decides when to send
//! them.

use std::sync::Arc;
use std::time::SystemTime;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::ending;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::gitlab::{Client, Endpoint, Gone, TlsFiles};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;
use runner_lifecycle::unregister::Registered;
use tokio::task::JoinSet;

use crate::args::Options;
use crate::entries::Unregistration;
use crate::rotation::{self, Newest};

mod owner;

use owner::Owner;

/// What is used to speak with the instances of GitLab, kept from one request to the next.
pub(crate) struct Clients<'a> {
    options: &'a Options,
    /// One for each instance and set of TLS files.
    made: Vec<(Endpoint, TlsFiles, Arc<Client>)>,
    asking: JoinSet<Answered>,
    /// What is being asked for now.
    under_way: Vec<Unregistration>,
    /// What is asked for once the request under way for the same has ended; the newest of each.
    next: Vec<Request>,
    newest: Newest,
}

/// One thing to ask for.
struct Request {
    unregistration: Unregistration,
    system_id: Option<SystemId>,
    deadline: Deadline,
    round: u32,
}

/// What became of an unregistration.
#[derive(Debug)]
pub(crate) struct Answered {
    /// What was to go.
    pub unregistration: Unregistration,
    /// In which round of the run GitLab was asked.
    pub round: u32,
    /// Whether GitLab has told that the token is this runner's.
    pub is_own: bool,
    /// Whether it is gone.
    pub result: anyhow::Result<Gone>,
}

impl<'a> Clients<'a> {
    /// No client yet; each is made when it is needed first.
    pub(crate) fn new(options: &'a Options) -> Self {
        Self {
            options,
            made: Vec::new(),
            asking: JoinSet::new(),
            under_way: Vec::new(),
            next: Vec::new(),
            newest: Newest::of(options),
        }
    }

    /// The runner manager has ended: it writes no new token any more.
    pub(crate) fn nobody_writes(&mut self) {
        self.newest.nobody_writes();
    }

    /// The client for an unregistration.
    ///
    /// Fails when the URL or a TLS file cannot be used.
    pub(crate) fn of(&mut self, unregistration: &Unregistration) -> anyhow::Result<Arc<Client>> {
        let endpoint = Endpoint::parse(&unregistration.runner.url)?;
        let files = self.options.tls.for_entry(&unregistration.tls_files);
        let known = self
            .made
            .iter()
            .find(|(made, with, _)| made.same_as(&endpoint) && *with == files);
        if let Some((_, _, client)) = known {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(Client::new(&endpoint, &files, &self.options.proxies)?);
        self.made.push((endpoint, files, Arc::clone(&client)));
        Ok(client)
    }

    /// Begins to unregister these, all at once, each retried until the deadline; one that fails stops no other. The outcomes
    /// name the round. Dropping the value ends the requests.
    ///
    /// What is being asked for already is asked for again only when that request has ended: a `config.toml` that changes all the
    /// time begins many rounds, and a GitLab that does not answer must not get a request of each of them at once.
    pub(crate) fn begin(
        &mut self,
        unregistrations: Vec<Unregistration>,
        system_id: Option<&SystemId>,
        deadline: Deadline,
        round: u32,
    ) {
        for unregistration in unregistrations {
            let request = Request {
                unregistration,
                system_id: system_id.cloned(),
                deadline,
                round,
            };
            let same = |other: &Unregistration| other.is_same(&request.unregistration);
            if self.under_way.iter().any(same) {
                self.next.retain(|older| !same(&older.unregistration));
                self.next.push(request);
            } else {
                self.spawn(request);
            }
        }
    }

    fn spawn(&mut self, request: Request) {
        let Request {
            unregistration,
            system_id,
            deadline,
            round,
        } = request;
        self.under_way.push(unregistration.clone());
        let client = self.of(&unregistration);
        let newest = self.newest.clone();
        self.asking.spawn(async move {
            let id = system_id.as_ref();
            let mut is_own = false;
            let result = match client {
                Ok(client) => match Owner::of(&client, &unregistration, id, deadline).await {
                    Ok(owner) => {
                        is_own = matches!(owner, Owner::Itself);
                        ask(&client, &unregistration, owner, id, deadline, &newest).await
                    }
                    Err(error) => Err(error.into()),
                },
                Err(error) => Err(error),
            };
            let outcome = Answered {
                unregistration,
                round,
                is_own,
                result,
            };
            outcome.say(system_id.as_ref());
            outcome
        });
    }

    /// Goes on with what waited for the end of this one.
    fn ended(&mut self, outcome: Answered) -> Answered {
        let unregistration = &outcome.unregistration;
        self.under_way.retain(|one| !one.is_same(unregistration));
        let waits = |request: &mut Request| request.unregistration.is_same(unregistration);
        let mut next: Vec<Request> = self.next.extract_if(.., waits).collect();
        if let Some(mut request) = next.pop() {
            // Whose runner manager was deleted before may have no other one.
            request.unregistration.known |= matches!(outcome.result, Ok(Gone::Deleted));
            self.spawn(request);
        }
        outcome
    }

    /// The next one that came to an end; nothing, if all have.
    pub(crate) async fn next(&mut self) -> Option<Answered> {
        loop {
            match self.asking.join_next().await? {
                Ok(outcome) => return Some(self.ended(outcome)),
                // What a panic says may quote what it worked on.
                Err(_) => log::error!("a request failed because of a bug, please report it"),
            }
        }
    }

    /// One that has come to an end already.
    pub(crate) fn ready(&mut self) -> Option<Answered> {
        let outcome = self.asking.try_join_next()?.ok()?;
        Some(self.ended(outcome))
    }
}

impl Answered {
    /// The exit code that this outcome alone would mean.
    pub(crate) fn exit(&self) -> Exit {
        self.result
            .as_ref()
            .map_or_else(ending::exit_of, |_| Exit::Done)
    }

    fn say(&self, system_id: Option<&SystemId>) {
        let url = &self.unregistration.runner.url;
        let what = self.unregistration.registered(system_id);
        match &self.result {
            Ok(Gone::Deleted) => log::info!("{what} unregistered from {url}"),
            Ok(Gone::WasGone | Gone::Unknown) => log::info!("{what} was already gone at {url}"),
            Err(error) => log::error!("{what} is left behind at {url}: {error:#}"),
        }
    }
}

async fn ask(
    client: &Client,
    unregistration: &Unregistration,
    owner: Owner,
    system_id: Option<&SystemId>,
    deadline: Deadline,
    newest: &Newest,
) -> anyhow::Result<Gone> {
    let registered = unregistration.registered(system_id);
    let with_token = |token: &Token| Runner {
        token: token.clone(),
        ..unregistration.runner.clone()
    };
    let mut gone = match &owner {
        Owner::Another(theirs) => {
            let manager = Registered {
                runner: theirs,
                ..registered
            };
            log::warn!(
                "the token of {} in config.toml is that of runner {}, which others may use: only this runner manager is unregistered from it",
                registered.named(),
                theirs.id
            );
            manager.unregister(client, deadline).await?;
            Gone::Unknown
        }
        Owner::Nobody => Gone::Unknown,
        Owner::Itself | Owner::Known => registered.unregister(client, deadline).await?,
    };
    if gone == Gone::Unknown
        && let Some(token) = &unregistration.state_token
    {
        let older = Registered {
            runner: &with_token(token),
            ..registered
        };
        gone = older.unregister(client, deadline).await?;
    }
    if gone == Gone::Unknown {
        owner.account_for(unregistration)?;
    }
    if gone == Gone::Unknown && !unregistration.has_entry && rotation::may_have_been(unregistration)
    {
        let words = "GitLab does not know its token in the state file, but the runner manager may have rotated it before config.toml lost the entry: if the runner is still in GitLab's list of runners, delete it there, and its table in .runner-lifecycle.toml";
        return Err(Failure::refused(words).into());
    }
    let rotated = gone == Gone::Unknown && rotation::may_be_under_way(unregistration);
    if rotated {
        log::info!(
            "GitLab does not know the token of {}, which is due to be rotated: looking for the new one in config.toml",
            registered.named()
        );
        if let Some(token) = newest.token(unregistration, deadline).await {
            let newer = Registered {
                runner: &with_token(&token),
                ..registered
            };
            return newer.unregister(client, deadline).await;
        }
    }
    if gone == Gone::Unknown
        && let Some(at) = &unregistration.reset_at
    {
        let words = format!(
            "GitLab does not know its token, which runner-init had reset at {at} without getting the new one: delete it in GitLab's list of runners"
        );
        return Err(Failure::refused(words).into());
    }
    // An expired token is unknown to GitLab, but its runner is there.
    if gone == Gone::Unknown
        && let Some(at) = unregistration.expires_at
        && at <= SystemTime::now()
    {
        let at = humantime::format_rfc3339_seconds(at);
        let words = format!(
            "GitLab does not know its token, which expired at {at}: delete it in GitLab's list of runners"
        );
        return Err(Failure::refused(words).into());
    }
    if gone == Gone::WasGone && !unregistration.known {
        // It may be listed under a system ID that this volume has lost.
        let words = "GitLab has no runner manager with this system ID, and the state file does not list the runner: it may still exist; look for it in GitLab's list of runners";
        return Err(Failure::unusable(words).into());
    }
    if rotated {
        let words = "GitLab does not know its token, which was due to be rotated, and config.toml did not get a new one: if the runner is still in GitLab's list of runners, delete it there";
        return Err(Failure::refused(words).into());
    }
    Ok(gone)
}
