//! Owns the six calls of a runner: which token goes into which header, which body to which address. It does not assess answers.

use reqwest::Method;

use super::bodies;
use super::call::{Call, CallPurpose};
use super::{Attributes, Client, Creation, Credentials, Error, Gone, RunnerInfo};
use crate::deadline::Deadline;
use crate::system_id::SystemId;
use crate::token::Token;

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
            mark: Some(attributes.mark()),
            ..Call::new(
                Method::POST,
                "runners",
                CallPurpose::Registration,
                registration_token,
            )
        };
        self.ask(&call.with_body(body), deadline).await
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
            mark: Some(creation.attributes.mark()),
            ..Call::new(
                Method::POST,
                "user/runners",
                CallPurpose::Creation,
                access_token,
            )
        };
        self.ask(&call.with_body(body), deadline).await
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
        self.verification(token, system_id, Some(info), deadline)
            .await
    }

    /// `POST /runners/verify` for a runner manager that works: it says nothing about itself, so what GitLab lists of it stays
    /// as it is. Where GitLab lists none of this system ID, it does so from then on.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn check(
        &self,
        token: &Token,
        system_id: Option<&SystemId>,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        self.verification(token, system_id, None, deadline).await
    }

    async fn verification(
        &self,
        token: &Token,
        system_id: Option<&SystemId>,
        info: Option<&RunnerInfo>,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let system_id = system_id.map(SystemId::as_str);
        let body = bodies::verify(info, token.expose(), system_id);
        let call = Call::new(
            Method::POST,
            "runners/verify",
            CallPurpose::Verification,
            token,
        );
        self.ask(&call.with_body(body), deadline).await
    }

    /// `POST /runners/reset_authentication_token`: another token in place of this one, which is void from the answer on. The
    /// answer names no runner: its id is 0. Without a system ID GitLab lists a runner manager `<legacy>`.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::maybe_created`] says whether the token may have been reset all the same.
    pub async fn reset_token(
        &self,
        token: &Token,
        system_id: Option<&SystemId>,
        deadline: Deadline,
    ) -> Result<Credentials, Error> {
        let body = bodies::reset(token.expose(), system_id.map(SystemId::as_str));
        let path = "runners/reset_authentication_token";
        let call = Call::new(Method::POST, path, CallPurpose::Reset, token);
        self.ask(&call.with_body(body), deadline).await
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
        let call = Call::new(Method::DELETE, "runners", CallPurpose::RunnerGone, token);
        self.ask(&call.with_body(body), deadline).await
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
        let purpose = CallPurpose::RunnerManagerGone;
        let call = Call::new(Method::DELETE, "runners/managers", purpose, token);
        self.ask(&call.with_body(body), deadline).await
    }
}
