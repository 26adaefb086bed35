//! Owns the calls of a sweep: lists and details with an access token, and the deletion of what was found. Each knows the type
//! of its answer; none decides what may go.

use std::time::SystemTime;

use reqwest::Method;

use super::answer::Answer;
use super::bodies;
use super::call::{Call, CallPurpose};
use super::gone::{Deletion, says_that_it_is_not_there};
use super::meaning::{FromAnswer, No, Not};
use super::words::SaidBy;
use super::{Client, Error};
use crate::deadline::Deadline;
use crate::system_id::SystemId;
use crate::token::Token;

mod entities;
mod reading;

pub use entities::{ListedManager, Page, RunnerDetail, RunnerRow, RunnersOf};
use reading::FromJson;

/// What GitLab answered, and when.
#[derive(Clone, Debug)]
pub struct Heard<T> {
    /// What it answered.
    pub value: T,
    /// GitLab's clock at that moment, to the second; nothing where no `Date` came along.
    pub at: Option<SystemTime>,
}

impl Client {
    /// One page of a list of runners, 100 a page, the first being 1.
    ///
    /// # Errors
    /// See [`Error`]; [`Error::Unusable`] for an answer that is no such list.
    pub async fn runners(
        &self,
        access_token: &Token,
        of: RunnersOf,
        page: u64,
        deadline: Deadline,
    ) -> Result<Heard<Page>, Error> {
        let (path, narrowed) = of.path();
        let query = format!("{narrowed}page={page}&per_page={}", Page::SIZE);
        let call = get(path, query, CallPurpose::List, access_token);
        self.ask(&call, deadline).await
    }

    /// One runner; none where there is none (any more).
    ///
    /// # Errors
    /// As [`Client::runners`].
    pub async fn runner(
        &self,
        access_token: &Token,
        id: i64,
        deadline: Deadline,
    ) -> Result<Option<Heard<RunnerDetail>>, Error> {
        let path = format!("runners/{id}");
        // A runner may have thousands of projects, and nobody here asks for them.
        let query = "include_projects=false".to_owned();
        let call = get(path, query, CallPurpose::Details, access_token);
        self.ask(&call, deadline).await
    }

    /// The runner managers of a runner, all of them; none where there is no such runner.
    ///
    /// # Errors
    /// As [`Client::runners`].
    pub async fn runner_managers(
        &self,
        access_token: &Token,
        id: i64,
        deadline: Deadline,
    ) -> Result<Option<Heard<Vec<ListedManager>>>, Error> {
        let path = format!("runners/{id}/managers");
        let call = get(path, String::new(), CallPurpose::Details, access_token);
        self.ask(&call, deadline).await
    }

    /// Whether a runner, or one runner manager of it, has a job in this status; nothing where there is no such runner.
    ///
    /// # Errors
    /// As [`Client::runners`].
    pub async fn has_job(
        &self,
        access_token: &Token,
        id: i64,
        status: &'static str,
        system_id: Option<&SystemId>,
        deadline: Deadline,
    ) -> Result<Option<bool>, Error> {
        let path = format!("runners/{id}/jobs");
        // A valid system ID holds nothing that a query would have to escape.
        let manager = system_id.map(|id| format!("&system_id={id}"));
        let query = format!("status={status}&per_page=1{}", manager.unwrap_or_default());
        let call = get(path, query, CallPurpose::Details, access_token);
        let jobs: Option<Heard<Vec<()>>> = self.ask(&call, deadline).await?;
        Ok(jobs.map(|jobs| !jobs.value.is_empty()))
    }

    /// `DELETE /runners/:id`, in one attempt: before another one the caller has to look again.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_runner(
        &self,
        access_token: &Token,
        id: i64,
        unmodified_since: SystemTime,
        deadline: Deadline,
    ) -> Result<Deletion, Error> {
        let path = format!("runners/{id}");
        let call = Call {
            unmodified_since: Some(unmodified_since),
            ..Call::new(Method::DELETE, path, CallPurpose::RunnerSwept, access_token)
        };
        self.ask(&call, deadline).await
    }

    /// `DELETE /runners/managers` with the runner's authentication token, in one attempt.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_runner_manager(
        &self,
        token: &Token,
        system_id: &SystemId,
        unmodified_since: SystemTime,
        deadline: Deadline,
    ) -> Result<Deletion, Error> {
        let body = bodies::unregister_runner_manager(token.expose(), system_id.as_str());
        let purpose = CallPurpose::RunnerManagerSwept;
        let call = Call {
            unmodified_since: Some(unmodified_since),
            ..Call::new(Method::DELETE, "runners/managers", purpose, token)
        };
        self.ask(&call.with_body(body), deadline).await
    }
}

fn get(path: String, query: String, purpose: CallPurpose, access_token: &Token) -> Call<'_> {
    Call {
        query: Some(query).filter(|query| !query.is_empty()),
        ..Call::new(Method::GET, path, purpose, access_token)
    }
}

impl FromAnswer for Heard<Page> {
    fn of_success(call: &Call<'_>, answer: &Answer) -> Result<Self, Not> {
        let page = Page::of(read(call, answer)?, &answer.headers);
        let value = page.ok_or(No::NotUnderstood(
            "it does not say which page of the list it is, or whether there are more",
        ))?;
        let at = answer.date();
        Ok(Self { value, at })
    }
}

impl<T: FromJson> FromAnswer for Option<Heard<T>> {
    fn of_success(call: &Call<'_>, answer: &Answer) -> Result<Self, Not> {
        let value = read(call, answer)?;
        let at = answer.date();
        Ok(Some(Heard { value, at }))
    }

    fn of_refusal(_: &Call<'_>, answer: &Answer) -> Option<Self> {
        says_that_it_is_not_there(answer).then_some(None)
    }
}

fn read<T: FromJson>(call: &Call<'_>, answer: &Answer) -> Result<T, Not> {
    if answer.status != 200 || matches!(answer.said, SaidBy::Page(_)) {
        return Err(No::NotGitlab.into());
    }
    let value = answer.json.as_ref().and_then(T::from_json);
    value.ok_or_else(|| {
        let why = if answer.length >= call.purpose.most() {
            "it is longer than 1 MiB"
        } else {
            "it is not an answer of GitLab 15 to 19"
        };
        No::NotUnderstood(why).into()
    })
}
