//! Owns step four: which runner this volume gets, kept, finished or new. It asks GitLab through the one client and
//! puts every token on the disk before anything else happens to it.

use anyhow::Context as _;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::gitlab::{Credentials, Error};
use runner_lifecycle::runner::Runner;
use runner_lifecycle::system_id::SystemId;
use runner_lifecycle::token::Token;

use super::asking::Asking;
use super::clock;
use super::contents::Contents;
use super::graceful_stop::{GracefulStop, Interrupted};
use super::pending::Earlier;
use super::plan::Plan;
use super::registration::Registration;
use crate::args::Credential;

/// Finds the runner: what a killed run left is finished, a valid entry is kept, else GitLab is asked for one.
pub(super) async fn runner(
    plan: &Plan<'_>,
    files: &mut Contents<'_>,
    system_id: &SystemId,
    deadline: Deadline,
    stops: &mut GracefulStop,
) -> anyhow::Result<Registration> {
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
        && let Some(finished) = asking.finish(pending.registration, files).await?
    {
        let known = ours.filter(|_| place.is_none()).and_then(|ours| ours.known);
        let known = known.map(Box::new);
        return Ok(Registration {
            place,
            known,
            ..finished
        });
    }
    // What an earlier run was stopped at is not done twice.
    if plan.options.anew
        && !is_done
        && let Some(ours) = &ours
    {
        if let Some(pending) = pending {
            files.leaves(&pending.registration.runner)?;
        }
        return asking.anew(ours, files).await;
    }
    while let Some(candidate) = ours {
        if let Some(kept) = asking.keep_or_replace(&candidate, files).await? {
            if let Some(pending) = pending {
                files.leaves(&pending.registration.runner)?;
            }
            return Ok(Registration { place, ..kept });
        }
        ours = match candidate.with_confirmed_token() {
            Some(other) => Some(other),
            None => {
                files.is_refused(&candidate);
                files.lost(plan)
            }
        };
    }
    let finished = match pending {
        Some(pending) => asking.finish(pending.registration, files).await?,
        None => None,
    };
    let found = match finished {
        Some(finished) => finished,
        None => asking.make(files).await?,
    };
    Ok(Registration { place, ..found })
}

impl Asking<'_, '_> {
    /// Asks GitLab for a runner, in the way of the source.
    pub(super) async fn make(&mut self, files: &mut Contents<'_>) -> anyhow::Result<Registration> {
        let plan = self.plan;
        match &plan.options.credential {
            Credential::AuthenticationToken(token) => {
                let verified = self.verify(token, self.deadline).await;
                if let Err(Interrupted {
                    unanswered: true, ..
                }) = &verified
                {
                    // GitLab may list the runner manager by now; whether it does, the way back finds out.
                    files.made(&unnamed(plan, token).runner, plan);
                }
                let verified = verified?;
                if let Err(Error::Unfit { token, .. }) = &verified {
                    files.made(&unnamed(plan, token).runner, plan);
                }
                let credentials = verified.context("verifying the authentication token")?;
                let registration = self.registration(&credentials, token);
                files.made(&registration.runner, plan);
                Ok(files.as_known(registration))
            }
            Credential::AccessToken { token, runner_type } => {
                let creation = plan.creation(*runner_type);
                let call = plan.client.create(token, &creation, self.deadline);
                let created = create(files, plan, self.stops, call)
                    .await
                    .context("creating a runner with the access token")?;
                let runner = &created.runner;
                let verified = self.verify(&runner.token, self.deadline).await?;
                verified.context(format!("verifying the new runner {}", runner.id))?;
                Ok(created)
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
    pub(super) fn registration(&self, credentials: &Credentials, token: &Token) -> Registration {
        // gitlab-runner does not look otherwise, and so never rotates a token that replicas may share.
        let expires_at = credentials.token_expires_at.as_deref();
        let expires_at = expires_at.filter(|_| token.begins_with_glrt());
        // The given token counts, not the answer's: some servers mask it.
        registration(self.plan, credentials.id, token, expires_at)
    }
}

/// Sends a creation with what is pending on the disk before and after it.
async fn create(
    files: &mut Contents<'_>,
    plan: &Plan<'_>,
    stops: &mut GracefulStop,
    call: impl Future<Output = Result<Credentials, Error>>,
) -> anyhow::Result<Registration> {
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
            let expires_at = credentials.token_expires_at.as_deref();
            let mut created = registration(plan, credentials.id, &credentials.token, expires_at);
            created.sent = Some(plan.sent.clone());
            if credentials.maybe_another {
                // Nobody heard of the one before, and the pod's last line must not say that nothing is left.
                files.set_aside_unanswered();
            }
            files.made(&created.runner, plan);
            files.received(&created, plan)?;
            Ok(created)
        }
        Err(error) => {
            if let Error::Unfit { token, .. } = &error {
                let mut created = unnamed(plan, token);
                created.sent = Some(plan.sent.clone());
                files.made(&created.runner, plan);
                files.received(&created, plan)?;
            } else if !error.maybe_created() {
                files.nothing_created(plan);
            }
            Err(error.into())
        }
    }
}

/// A runner of which the answer told no more than the token, to be taken back.
pub(super) fn unnamed(plan: &Plan<'_>, token: &Token) -> Registration {
    registration(plan, 0, token, None)
}

/// The runner that GitLab gave for what is asked.
fn registration(plan: &Plan<'_>, id: i64, token: &Token, expires_at: Option<&str>) -> Registration {
    let runner = Runner {
        url: plan.wish.url.clone(),
        id,
        source: plan.options.credential.source(),
        token: token.clone(),
    };
    Registration::new(runner, clock::now(), expires_at.map(str::to_owned))
}
