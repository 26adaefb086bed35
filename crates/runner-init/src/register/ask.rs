//! Owns step four: which runner this volume gets, kept, finished or new. It asks GitLab through the one client and
//! puts every token on the disk before anything else happens to it.

use std::time::Duration;

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::{Client, Credentials, Endpoint, Error, TlsFiles};
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::Pending;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::attention::Attention;
use super::clock;
use super::existing::Ours;
use super::plan::Plan;
use super::publish::Desk;
use crate::args::Credential;

/// How long GitLab may stay silent about an entry that was verified before: the runner manager retries by itself.
const PATIENCE_WITH_KNOWN: Duration = Duration::from_secs(10);

/// The runner that goes into `config.toml`.
#[derive(Clone, Debug)]
pub(super) struct Runner {
    pub(super) id: i64,
    pub(super) url: String,
    pub(super) token: Token,
    pub(super) source: Source,
    /// RFC 3339, whole seconds.
    pub(super) obtained_at: String,
    pub(super) expires_at: Option<String>,
    /// The entry it stands in or takes the place of.
    pub(super) place: Option<usize>,
    /// Whether the entry's token stays as it is.
    pub(super) kept: bool,
}

/// One run's dealings with GitLab.
struct Asking<'a, 'b> {
    plan: &'a Plan<'b>,
    system_id: &'a SystemId,
    deadline: Deadline,
    attention: &'a mut Attention,
}

/// Finds the runner: what a killed run left is finished, a valid entry is kept, else GitLab is asked for one.
pub(super) async fn runner(
    plan: &Plan<'_>,
    desk: &mut Desk<'_>,
    system_id: &SystemId,
    deadline: Deadline,
    attention: &mut Attention,
) -> anyhow::Result<Runner> {
    let mut asking = Asking {
        plan,
        system_id,
        deadline,
        attention,
    };
    let finished = asking.finish_pending(desk).await?;
    let ours = desk.ours(plan);
    let place = ours.as_ref().map(|ours| ours.entry.index);
    if let Some(runner) = finished {
        return Ok(Runner { place, ..runner });
    }
    if let Some(ours) = &ours
        && let Some(runner) = asking.keep_or_replace(ours, desk).await?
    {
        return Ok(runner);
    }
    let runner = asking.make(desk).await?;
    Ok(Runner { place, ..runner })
}

impl Asking<'_, '_> {
    /// What a run that died has left in the state file: a token is used or given back, a lost creation is named.
    async fn finish_pending(&mut self, desk: &mut Desk<'_>) -> anyhow::Result<Option<Runner>> {
        let (url, source, id, token, obtained_at, expires_at) = match desk.state().pending.clone() {
            None => return Ok(None),
            Some(Pending::Creation {
                url,
                description,
                asked_at,
                ..
            }) => {
                log::warn!(
                    "an earlier run was stopped while {url} was making a runner for it at {asked_at}: if GitLab \
                     lists one more runner {description:?} created then and never used, delete it there"
                );
                desk.forget_pending();
                return Ok(None);
            }
            Some(Pending::Received {
                url,
                source,
                id,
                token,
                obtained_at,
                expires_at,
            }) => (url, source, id, token, obtained_at, expires_at),
        };
        let runner = Runner {
            id,
            url,
            token,
            source,
            obtained_at,
            expires_at,
            place: None,
            kept: false,
        };
        if desk.holds(&runner, self.plan) {
            log::info!("runner {id} of an earlier run stands in config.toml already");
            desk.remember(&runner)?;
            return Ok(None);
        }
        let here = Endpoint::parse(&runner.url).is_ok_and(|url| url.same_as(&self.plan.endpoint));
        if !here || source != self.plan.options.credential.source() {
            self.give_back(&runner, "it was made for another manifest")
                .await?;
            desk.forget_pending();
            return Ok(None);
        }
        let answer = self.verify(&runner.token, self.deadline).await?;
        match answer {
            Ok(_) => {
                log::info!("runner {id} of an earlier run that was stopped is finished now");
                desk.made(&runner);
                Ok(Some(runner))
            }
            Err(Error::TokenRefused { .. }) => {
                log::warn!("runner {id} of an earlier run is gone at GitLab: another is asked for");
                desk.forget_pending();
                Ok(None)
            }
            Err(error) => Err(error).context(format!("verifying runner {id} of an earlier run")),
        }
    }

    /// Verifies an entry of ours: `None` means that it must be replaced.
    async fn keep_or_replace(
        &mut self,
        ours: &Ours,
        desk: &mut Desk<'_>,
    ) -> anyhow::Result<Option<Runner>> {
        let Some(token) = &ours.entry.token else {
            log::warn!(
                "runner entry {:?} has no token: it gets one",
                ours.entry.name
            );
            return Ok(None);
        };
        let given = match &self.plan.options.credential {
            Credential::AuthenticationToken(given) => Some(given),
            _ => None,
        };
        let patience = self.deadline.earlier(PATIENCE_WITH_KNOWN);
        let credentials = match self.verify(token, patience).await? {
            Ok(credentials) => credentials,
            Err(error @ Error::TokenRefused { status: 403, .. }) => {
                if given == Some(token) {
                    return Err(error).context("verifying the given authentication token");
                }
                log::warn!(
                    "runner entry {:?} is refused by GitLab: {error}",
                    ours.entry.name
                );
                if let Some(id) = ours.entry.id {
                    desk.forget(&ours.entry.url, id);
                }
                return Ok(None);
            }
            Err(error @ Error::Unreachable(_)) if ours.known.is_some() => {
                log::warn!(
                    "keeping runner entry {:?} as it is, it was verified before and the runner manager retries by \
                     itself: {error}",
                    ours.entry.name
                );
                return Ok(Some(kept(ours, token, ours.entry.id.unwrap_or_default())));
            }
            Err(error) => {
                return Err(error).context(format!("verifying runner entry {:?}", ours.entry.name));
            }
        };
        let current = kept(ours, token, credentials.id);
        if let Some(given) = given
            && given != token
            && let Some(other) = self.other_runner(given, credentials.id).await?
        {
            self.take_off(&current, ours, desk).await?;
            let other = Runner {
                place: Some(ours.entry.index),
                ..other
            };
            desk.made(&other);
            return Ok(Some(other));
        }
        Ok(Some(current))
    }

    /// Whether a given token stands for another runner than the entry's, whose own token is still good.
    async fn other_runner(&mut self, given: &Token, id: i64) -> anyhow::Result<Option<Runner>> {
        match self
            .verify(given, self.deadline.earlier(PATIENCE_WITH_KNOWN))
            .await?
        {
            Ok(credentials) if credentials.id == id => Ok(None),
            Ok(credentials) => {
                log::info!(
                    "the given token is that of runner {}, not {id}",
                    credentials.id
                );
                Ok(Some(self.new_runner(&credentials, given)))
            }
            Err(Error::TokenRefused { .. }) => {
                log::info!("the given token is no longer valid, the one in config.toml is: kept");
                Ok(None)
            }
            Err(error) => {
                log::warn!(
                    "keeping the entry's token, the given one could not be verified: {error}"
                );
                Ok(None)
            }
        }
    }

    /// Takes the runner of an entry off GitLab's list, by its source, before its entry is given to another.
    async fn take_off(
        &mut self,
        old: &Runner,
        ours: &Ours,
        desk: &mut Desk<'_>,
    ) -> anyhow::Result<()> {
        if ours.known.is_none() && old.source.ownership() == Ownership::Owned {
            log::warn!(
                "runner {} stays at GitLab: config.toml held it, but not by our doing; delete it there if nobody else uses it",
                old.id
            );
            return Ok(());
        }
        self.give_back(old, "its entry goes to another runner")
            .await?;
        desk.forget(&old.url, old.id);
        Ok(())
    }

    /// Unregisters what this volume no longer needs. Failing here must not keep a pod from starting.
    async fn give_back(&mut self, runner: &Runner, why: &str) -> Result<(), Failure> {
        let client = client_of(self.plan, &runner.url);
        let client = match client.as_ref() {
            Ok(client) => client.as_ref().unwrap_or(&self.plan.client),
            Err(error) => {
                log::warn!("runner {} stays at {}: {error}", runner.id, runner.url);
                return Ok(());
            }
        };
        let deadline = self.deadline.earlier(PATIENCE_WITH_KNOWN);
        let gone = unregister(client, runner, self.system_id, deadline);
        match self.attention.during(gone).await? {
            Ok(_) => log::info!("runner {} unregistered at {}: {why}", runner.id, runner.url),
            Err(error) => {
                log::warn!(
                    "runner {} is left behind at {}: {error}",
                    runner.id,
                    runner.url
                );
            }
        }
        Ok(())
    }

    /// Asks GitLab for a runner, in the way of the source.
    async fn make(&mut self, desk: &mut Desk<'_>) -> anyhow::Result<Runner> {
        let plan = self.plan;
        match &plan.options.credential {
            Credential::AuthenticationToken(token) => {
                let verified = self.verify(token, self.deadline).await?;
                let credentials = verified.context("verifying the authentication token")?;
                let runner = self.new_runner(&credentials, token);
                desk.made(&runner);
                Ok(runner)
            }
            Credential::AccessToken { token, runner_type } => {
                let creation = plan.creation(*runner_type);
                let call = plan.client.create(token, &creation, self.deadline);
                let runner = create(desk, plan, self.attention, call)
                    .await
                    .context("creating a runner with the access token")?;
                let verified = self.verify(&runner.token, self.deadline).await?;
                verified.context(format!("verifying the new runner {}", runner.id))?;
                Ok(runner)
            }
            Credential::RegistrationToken(token) => {
                let call = plan.client.register(token, &plan.attributes, self.deadline);
                create(desk, plan, self.attention, call)
                    .await
                    .context("registering a runner with the registration token")
            }
        }
    }

    async fn verify(
        &mut self,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Result<Credentials, Error>, Failure> {
        let plan = self.plan;
        let call = plan
            .client
            .verify(token, Some(self.system_id), &plan.info, deadline);
        let answer = self.attention.during(call).await?;
        Ok(answer)
    }

    fn new_runner(&self, credentials: &Credentials, token: &Token) -> Runner {
        // The given token counts, not the answer's: some servers mask it.
        new_runner(self.plan, credentials, token.clone())
    }
}

/// Sends a creation with what is pending on the disk before and after it.
async fn create(
    desk: &mut Desk<'_>,
    plan: &Plan<'_>,
    attention: &mut Attention,
    call: impl Future<Output = Result<Credentials, Error>>,
) -> anyhow::Result<Runner> {
    desk.about_to_create(plan)?;
    match attention.during(call).await? {
        Ok(credentials) => {
            let token = credentials.token.clone();
            let runner = new_runner(plan, &credentials, token);
            desk.made(&runner);
            desk.received(&runner)?;
            Ok(runner)
        }
        Err(error) => {
            if !error.maybe_created() {
                desk.nothing_created();
            }
            Err(error.into())
        }
    }
}

fn new_runner(plan: &Plan<'_>, credentials: &Credentials, token: Token) -> Runner {
    Runner {
        id: credentials.id,
        url: plan.wish.url.clone(),
        token,
        source: plan.options.credential.source(),
        obtained_at: clock::now(),
        expires_at: credentials.token_expires_at.clone(),
        place: None,
        kept: false,
    }
}

fn kept(ours: &Ours, token: &Token, id: i64) -> Runner {
    Runner {
        id,
        url: ours.entry.url.clone(),
        token: token.clone(),
        source: ours.source(),
        obtained_at: clock::now(),
        expires_at: None,
        place: Some(ours.entry.index),
        kept: true,
    }
}

/// Takes a runner back, by the rule of its source.
pub(super) async fn unregister(
    client: &Client,
    runner: &Runner,
    system_id: &SystemId,
    deadline: Deadline,
) -> Result<(), Error> {
    match runner.source.ownership() {
        Ownership::Owned => client.unregister_runner(&runner.token, deadline).await,
        Ownership::Shared => {
            client
                .unregister_runner_manager(&runner.token, system_id, deadline)
                .await
        }
    }
    .map(|_| ())
}

/// A client for another URL than the plan's, or `None` where it is the same.
fn client_of(plan: &Plan<'_>, url: &str) -> Result<Option<Client>, Error> {
    let endpoint = Endpoint::parse(url)?;
    if endpoint.same_as(&plan.endpoint) {
        return Ok(None);
    }
    let tls = TlsFiles {
        ca_file: None,
        cert_file: None,
        key_file: None,
        ..plan.tls.clone()
    };
    Client::new(&endpoint, &tls, &plan.proxies).map(Some)
}
