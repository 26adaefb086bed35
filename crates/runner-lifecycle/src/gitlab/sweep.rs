//! Owns the calls of a sweep: lists and details with an access token, and the deletion of what was found. Each knows the type
//! of its answer; none decides what may go.

use std::time::SystemTime;

use reqwest::Method;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::answer::Answer;
use super::bodies;
use super::call::Call;
use super::calls::PRIVATE_TOKEN;
use super::verdict::{Outcome, Wanted};
use super::{Client, Error, Gone};
use crate::deadline::Deadline;
use crate::system_id::SystemId;
use crate::token::Token;

mod entities;

pub use entities::{Page, RunnerDetail, RunnerManager, RunnerRow, RunnersOf};

/// Largest answer that is read: a page of 100 runners has about 100 KiB.
const MOST: usize = 1024 * 1024;

/// What GitLab answered, and when.
#[derive(Clone, Debug)]
pub struct Heard<T> {
    /// What it answered.
    pub value: T,
    /// GitLab's clock at that moment, to the second; nothing where no `Date` came along.
    pub at: Option<SystemTime>,
}

/// What became of a deletion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deletion {
    /// GitLab deleted it now.
    Deleted,
    /// It was gone already.
    WasGone,
    /// It has changed since the moment that was named: GitLab left it.
    Changed,
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
        let call = get(path, query, Wanted::List, access_token);
        let (_, answer) = self.answered(&call, deadline).await?;
        let at = answer.date();
        let rows = parsed(&call, &answer)?;
        let value = Page::of(rows, &answer.headers).ok_or_else(|| {
            not_understood(
                &call,
                "it does not say which page of the list it is, or whether another follows",
            )
        })?;
        Ok(Heard { value, at })
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
        let call = get(path, query, Wanted::Details, access_token);
        self.details(&call, deadline).await
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
    ) -> Result<Option<Heard<Vec<RunnerManager>>>, Error> {
        let path = format!("runners/{id}/managers");
        let call = get(path, String::new(), Wanted::Details, access_token);
        self.details(&call, deadline).await
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
        let call = get(path, query, Wanted::Details, access_token);
        let jobs: Option<Heard<Vec<IgnoredAny>>> = self.details(&call, deadline).await?;
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
        let call = Call {
            token: (PRIVATE_TOKEN, access_token),
            once: true,
            unmodified_since: Some(unmodified_since),
            ..Call::new(
                Method::DELETE,
                format!("runners/{id}"),
                String::new(),
                Wanted::RunnerSwept,
                access_token,
            )
        };
        self.deletion(&call, deadline).await
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
        let wanted = Wanted::RunnerManagerSwept;
        let call = Call {
            once: true,
            unmodified_since: Some(unmodified_since),
            ..Call::new(Method::DELETE, "runners/managers", body, wanted, token)
        };
        self.deletion(&call, deadline).await
    }

    async fn details<T: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Option<Heard<T>>, Error> {
        let (outcome, answer) = self.answered(call, deadline).await?;
        if matches!(outcome, Outcome::Gone(_)) {
            return Ok(None);
        }
        Ok(Some(Heard {
            value: parsed(call, &answer)?,
            at: answer.date(),
        }))
    }

    async fn deletion(&self, call: &Call<'_>, deadline: Deadline) -> Result<Deletion, Error> {
        match self.request(call, deadline).await? {
            Outcome::Gone(Gone::Deleted) => Ok(Deletion::Deleted),
            Outcome::Gone(Gone::WasGone | Gone::Unknown) => Ok(Deletion::WasGone),
            Outcome::Changed => Ok(Deletion::Changed),
            Outcome::Credentials(_) | Outcome::Read => {
                Err(not_understood(call, "a deletion was answered like a list"))
            }
        }
    }
}

fn get(path: String, query: String, wanted: Wanted, access_token: &Token) -> Call<'_> {
    Call {
        token: (PRIVATE_TOKEN, access_token),
        query: Some(query).filter(|query| !query.is_empty()),
        most: MOST,
        ..Call::new(Method::GET, path, String::new(), wanted, access_token)
    }
}

fn parsed<T: DeserializeOwned>(call: &Call<'_>, answer: &Answer) -> Result<T, Error> {
    serde_json::from_slice(&answer.body).map_err(|_| {
        let why = if answer.body.len() >= call.most {
            "it is longer than 1 MiB"
        } else {
            "it is not what GitLab 15 to 19 answer"
        };
        not_understood(call, why)
    })
}

fn not_understood(call: &Call<'_>, why: &str) -> Error {
    Error::unusable(format!(
        "the answer to {} {} cannot be understood: {why}; see what is at --url, or use a release of this program that fits that GitLab",
        call.method, call.path
    ))
}
