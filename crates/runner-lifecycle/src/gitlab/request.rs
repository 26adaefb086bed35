//! Owns the sending: the one place through which every call passes, attempt after attempt, until the deadline.

use std::time::SystemTime;

use reqwest::Method;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_UNMODIFIED_SINCE,
};

use super::answer::Answer;
use super::call::Call;
use super::course::Course;
use super::meaning::{FromAnswer, assess};
use super::trouble::Trouble;
use super::{Client, Error, tunnel};
use crate::backoff::Backoff;
use crate::deadline::Deadline;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Client {
    /// Sends `call` until it is answered in a way that counts, or until the deadline leaves no room.
    pub(super) async fn ask<T: FromAnswer>(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<T, Error> {
        let mut course = Course::new(self, call);
        if deadline.passed() {
            return Err(course.too_late());
        }
        loop {
            let answer = self.next_answer(&mut course, deadline).await?;
            match assess::<T>(call, &answer) {
                Ok(wanted) if course.lost => return Ok(wanted.after_loss()),
                Ok(wanted) => return Ok(wanted),
                Err(not) => course.go_on(not, &answer)?,
            }
        }
    }

    /// The answer to the next attempt that brings one.
    async fn next_answer(
        &self,
        course: &mut Course<'_>,
        deadline: Deadline,
    ) -> Result<Answer, Error> {
        loop {
            self.wait(course, deadline).await?;
            course.attempts += 1;
            match self.attempt(course, deadline).await {
                Ok(answer) => return Ok(answer),
                Err(trouble) => course.go_on_after(trouble)?,
            }
        }
    }

    /// Waits where the last attempt came to nothing.
    async fn wait(&self, course: &mut Course<'_>, deadline: Deadline) -> Result<(), Error> {
        let Some(setback) = course.setback.take() else {
            return Ok(());
        };
        let left = deadline.left();
        let wait = match setback.asked_wait {
            Some(asked) => Backoff::throw_asked(asked, left),
            None => self.pace.backoff.throw(course.attempts),
        };
        let purpose = course.call.purpose;
        let room = left.saturating_sub(self.pace.room(purpose.creates()));
        // Sleeping into the deadline would only delay the bad news.
        if wait >= room || purpose.sweeps() {
            return Err(course.unreachable(&setback, None));
        }
        let lost = course.repeat(setback, wait, left);
        let _between = self.between.wait(lost);
        tokio::time::sleep(wait).await;
        Ok(())
    }

    /// One attempt, inside its own limit and what is left of the deadline.
    async fn attempt(&self, course: &Course<'_>, deadline: Deadline) -> Result<Answer, Trouble> {
        let call = course.call;
        let token = HeaderValue::from_str(call.token.expose());
        let mut token = token.map_err(|_| Trouble::bad_token())?;
        token.set_sensitive(true);
        let mut request = self
            .http
            .request(call.method.clone(), course.url.clone())
            // Nothing here can unpack; what is packed all the same is told apart by its header.
            .header(ACCEPT_ENCODING, IDENTITY)
            .header(REQUEST_ID, &course.request_id)
            .header(call.purpose.token_header(), token);
        if !call.body.is_empty() {
            request = request.header(CONTENT_TYPE, JSON).body(call.body.clone());
        }
        if let Some(since) = call.unmodified_since {
            request = request.header(IF_UNMODIFIED_SINCE, httpdate::fmt_http_date(since));
        }
        if call.method != Method::DELETE {
            request = request.header(ACCEPT, JSON);
        }
        let exchange = async {
            let error = match request.send().await {
                Ok(response) => match Answer::read(response, call.purpose.most()).await {
                    Ok(answer) => return Ok(answer),
                    Err(error) => error,
                },
                Err(error) => error,
            };
            match (Trouble::of(&error, &course.url, course.way), course.way) {
                (Trouble::NoTunnel, Some(way)) => {
                    Err(tunnel::refusal(&self.http, way, &course.url).await)
                }
                (trouble, _) => Err(trouble),
            }
        };
        let limit = self.pace.limit(call.purpose.creates(), course.attempts);
        let limit = deadline.earlier(limit);
        match tokio::time::timeout_at(limit.instant(), exchange).await {
            Ok(answer) => {
                if let Ok(answer) = &answer {
                    self.allowance.note(answer, SystemTime::now());
                }
                answer
            }
            Err(_) => Err(Trouble::timed_out()),
        }
    }
}
