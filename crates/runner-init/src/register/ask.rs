//! Owns step four: which runner this volume gets, kept, finished or new. It asks GitLab through the one client and
//! puts every token on the disk before anything else happens to it.

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Credentials, Error};
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::asking::Asking;
use super::clock;
use super::files::Files;
use super::pending::Earlier;
use super::plan::Plan;
use super::runner::Runner;
use super::stops::{Interrupted, Stops};
use crate::args::Credential;

/// Finds the runner: what a killed run left is finished, a valid entry is kept, else GitLab is asked for one.
pub(super) async fn runner(
    plan: &Plan<'_>,
    files: &mut Files<'_>,
    system_id: &SystemId,
    deadline: Deadline,
    stops: &mut Stops,
) -> anyhow::Result<Runner> {
    let mut asking = Asking {
        plan,
        system_id,
        deadline,
        stops,
    };
    let (mut pending, is_done) = match asking.settle_pending(files)? {
        Earlier::Nothing => (None, false),
        Earlier::Done => (None, true),
        Earlier::Unfinished(unfinished) => (Some(unfinished), false),
    };
    let mut ours = files.ours(plan);
    let place = ours.as_ref().and_then(|ours| ours.place);
    // A pending runner of this pod is meant for this entry; of that of another pod only the entry itself can tell.
    if let Some(pending) = pending.take_if(|pending| pending.is_this_pods)
        && let Some(runner) = asking.finish(pending.runner, files).await?
    {
        let known = ours.filter(|_| place.is_none()).and_then(|ours| ours.known);
        let known = known.map(Box::new);
        return Ok(Runner {
            place,
            known,
            ..runner
        });
    }
    // What an earlier run was stopped at is not done twice.
    if plan.options.anew
        && !is_done
        && let Some(ours) = &ours
    {
        if let Some(pending) = pending {
            files.leaves(&pending.runner)?;
        }
        return asking.anew(ours, files).await;
    }
    while let Some(candidate) = ours {
        if let Some(runner) = asking.keep_or_replace(&candidate, files).await? {
            if let Some(pending) = pending {
                files.leaves(&pending.runner)?;
            }
            return Ok(Runner { place, ..runner });
        }
        files.is_refused(&candidate);
        ours = files.lost(plan);
    }
    let finished = match pending {
        Some(pending) => asking.finish(pending.runner, files).await?,
        None => None,
    };
    let runner = match finished {
        Some(runner) => runner,
        None => asking.make(files).await?,
    };
    Ok(Runner { place, ..runner })
}

impl Asking<'_, '_> {
    /// Asks GitLab for a runner, in the way of the source.
    pub(super) async fn make(&mut self, files: &mut Files<'_>) -> anyhow::Result<Runner> {
        let plan = self.plan;
        match &plan.options.credential {
            Credential::AuthenticationToken(token) => {
                let verified = self.verify(token, self.deadline).await;
                if let Err(Interrupted {
                    unanswered: true, ..
                }) = &verified
                {
                    // GitLab may list the runner manager by now; whether it does, the way back finds out.
                    files.made(&unnamed(plan, token), plan);
                }
                let verified = verified?;
                if let Err(Error::Unfit { token, .. }) = &verified {
                    files.made(&unnamed(plan, token), plan);
                }
                let credentials = verified.context("verifying the authentication token")?;
                let runner = self.new_runner(&credentials, token);
                files.made(&runner, plan);
                Ok(runner)
            }
            Credential::AccessToken { token, runner_type } => {
                let creation = plan.creation(*runner_type);
                let call = plan.client.create(token, &creation, self.deadline);
                let runner = create(files, plan, self.stops, call)
                    .await
                    .context("creating a runner with the access token")?;
                let verified = self.verify(&runner.token, self.deadline).await?;
                verified.context(format!("verifying the new runner {}", runner.id))?;
                Ok(runner)
            }
            Credential::RegistrationToken(token) => {
                let call = plan.client.register(token, &plan.attributes, self.deadline);
                create(files, plan, self.stops, call)
                    .await
                    .context("registering a runner with the registration token")
            }
        }
    }

    /// Verifies a token; the outer failure is a signal.
    pub(super) async fn verify(
        &mut self,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Result<Credentials, Error>, Interrupted> {
        let plan = self.plan;
        let call = plan
            .client
            .verify(token, Some(self.system_id), &plan.info, deadline);
        self.stops.during(&plan.client, call).await
    }

    /// The runner of a token that was verified.
    pub(super) fn new_runner(&self, credentials: &Credentials, token: &Token) -> Runner {
        // The given token counts, not the answer's: some servers mask it.
        let mut runner = new_runner(self.plan, credentials, token.clone());
        if !token.begins_with_glrt() {
            // gitlab-runner does not look, and so never rotates a token that replicas may share.
            runner.expires_at = None;
        }
        runner
    }
}

/// Sends a creation with what is pending on the disk before and after it.
async fn create(
    files: &mut Files<'_>,
    plan: &Plan<'_>,
    stops: &mut Stops,
    call: impl Future<Output = Result<Credentials, Error>>,
) -> anyhow::Result<Runner> {
    stops.check()?;
    files.about_to_create(plan)?;
    if let Err(stopped) = stops.check() {
        // Nothing was asked yet, so nothing can have been lost.
        files.nothing_created(plan);
        return Err(stopped.into());
    }
    let answer = match stops.during(&plan.client, call).await {
        Ok(answer) => answer,
        Err(interrupted) if interrupted.unanswered => {
            let mark = plan.attributes.mark();
            let line =
                format!("GitLab did not answer but may have created a runner: look for {mark}");
            return Err(anyhow::Error::from(interrupted).context(line));
        }
        Err(interrupted) => {
            files.nothing_created(plan);
            return Err(interrupted.into());
        }
    };
    match answer {
        Ok(credentials) => {
            let token = credentials.token.clone();
            let mut runner = new_runner(plan, &credentials, token);
            runner.sent = Some(plan.sent.clone());
            if credentials.maybe_another {
                // Nobody heard of the one before, and the pod's last line must not say that nothing is left.
                files.set_aside_unanswered();
            }
            files.made(&runner, plan);
            files.received(&runner, plan)?;
            Ok(runner)
        }
        Err(error) => {
            if let Error::Unfit { token, .. } = &error {
                let mut runner = unnamed(plan, token);
                runner.sent = Some(plan.sent.clone());
                files.made(&runner, plan);
                files.received(&runner, plan)?;
            } else if !error.maybe_created() {
                files.nothing_created(plan);
            }
            Err(error.into())
        }
    }
}

/// A runner of which the answer told no more than the token, to be taken back.
pub(super) fn unnamed(plan: &Plan<'_>, token: &Token) -> Runner {
    let credentials = Credentials {
        id: 0,
        token: token.clone(),
        token_expires_at: None,
        maybe_another: false,
    };
    new_runner(plan, &credentials, token.clone())
}

fn new_runner(plan: &Plan<'_>, credentials: &Credentials, token: Token) -> Runner {
    Runner {
        id: credentials.id,
        url: plan.wish.url.clone(),
        token,
        source: plan.options.credential.source(),
        adopted: false,
        obtained_at: clock::now(),
        expires_at: credentials.token_expires_at.clone(),
        place: None,
        known: None,
        sent: None,
        kept: false,
    }
}
