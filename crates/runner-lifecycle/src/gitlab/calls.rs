//! Owns the five calls of a runner: which token goes into which header, which body to which address. It does not assess answers.

use reqwest::Method;
use reqwest::header::HeaderName;

use super::bodies;
use super::call::{Call, RUNNER_TOKEN};
use super::verdict::{Outcome, Wanted};
use super::{Attributes, Client, Creation, Credentials, Error, Gone, RunnerInfo};
use crate::deadline::Deadline;
use crate::system_id::SystemId;
use crate::token::Token;

/// Where GitLab looks for an access token.
pub(super) const PRIVATE_TOKEN: HeaderName = HeaderName::from_static("private-token");

impl Client {
    /// `POST /runners`: trades a registration token for a new runner.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::maybe_created`] says whether a runner may have been made all the same.
    pub async fn register(
        &self,
        registration_token: &Token,
        attributes: &Attributes,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let info = RunnerInfo::empty();
        let body = bodies::register(attributes, &info, registration_token.expose());
        let call = Call {
            token: (RUNNER_TOKEN, registration_token),
            mark: Some(attributes.mark()),
            ..Call::new(
                Method::POST,
                "runners",
                body,
                Wanted::Registration,
                registration_token,
            )
        };
        self.credentials(&call, deadline).await
    }

    /// `POST /user/runners`: makes a new runner with an access token.
    ///
    /// # Errors
    /// As [`Client::register`].
    pub async fn create(
        &self,
        access_token: &Token,
        creation: &Creation,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let body = bodies::create(creation);
        let call = Call {
            token: (PRIVATE_TOKEN, access_token),
            mark: Some(creation.attributes.mark()),
            ..Call::new(
                Method::POST,
                "user/runners",
                body,
                Wanted::Creation,
                access_token,
            )
        };
        self.credentials(&call, deadline).await
    }

    /// `POST /runners/verify`: asks whether the token is good; with a system ID GitLab then lists the runner manager.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn verify(
        &self,
        token: &Token,
        system_id: Option<&SystemId>,
        info: &RunnerInfo,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let system_id = system_id.map(SystemId::as_str);
        let body = bodies::verify(info, token.expose(), system_id);
        let call = Call::new(
            Method::POST,
            "runners/verify",
            body,
            Wanted::Verification,
            token,
        );
        self.credentials(&call, deadline).await
    }

    /// `DELETE /runners`: destroys the runner with all its runner managers. Only for a runner that the helper made.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn unregister_runner(
        &self,
        token: &Token,
        deadline: Deadline,
    ) -> Result<Gone, Error> {
        let body = bodies::unregister_runner(token.expose());
        let call = Call::new(Method::DELETE, "runners", body, Wanted::RunnerGone, token);
        self.gone(&call, deadline).await
    }

    /// `DELETE /runners/managers`: takes one runner manager off the runner, which stays.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn unregister_runner_manager(
        &self,
        token: &Token,
        system_id: &SystemId,
        deadline: Deadline,
    ) -> Result<Gone, Error> {
        let body = bodies::unregister_runner_manager(token.expose(), system_id.as_str());
        let wanted = Wanted::RunnerManagerGone;
        let call = Call::new(Method::DELETE, "runners/managers", body, wanted, token);
        self.gone(&call, deadline).await
    }

    async fn credentials(&self, call: &Call<'_>, deadline: Deadline) -> Result<Credentials, Error> {
        match self.request(call, deadline).await? {
            Outcome::Credentials(credentials) => Ok(credentials),
            Outcome::Gone(_) | Outcome::Read | Outcome::Changed => {
                Err(Error::unusable("a creation was answered like a deletion"))
            }
        }
    }

    async fn gone(&self, call: &Call<'_>, deadline: Deadline) -> Result<Gone, Error> {
        match self.request(call, deadline).await? {
            Outcome::Gone(gone) => Ok(gone),
            Outcome::Credentials(_) | Outcome::Read | Outcome::Changed => {
                Err(Error::unusable("a deletion was answered like a creation"))
            }
        }
    }
}
