//! Owns the sending: the one place through which every call passes, attempt after attempt, until the deadline.

use std::time::SystemTime;

use reqwest::Method;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, IF_UNMODIFIED_SINCE,
};
use tokio::sync::watch;

use super::answer::Answer;
use super::call::Call;
use super::course::{Course, Heard};
use super::trouble::Trouble;
use super::verdict::{Outcome, Verdict, assess};
use super::{Client, Error, Phase, tunnel};
use crate::backoff::Backoff;
use crate::deadline::Deadline;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const IDENTITY: HeaderValue = HeaderValue::from_static("identity");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

impl Client {
    /// [`Client::answered`], for calls whose outcome tells everything.
    pub(super) async fn request(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<Outcome, Error> {
        Ok(self.answered(call, deadline).await?.0)
    }

    /// Sends `call` until it is answered in a way that counts, or until the deadline leaves no room.
    pub(super) async fn answered(
        &self,
        call: &Call<'_>,
        deadline: Deadline,
    ) -> Result<(Outcome, Answer), Error> {
        let mut url = self.endpoint.call(&call.path);
        url.set_query(call.query.as_deref());
        let mut course = Course::new(call, url, self.way.as_ref(), request_id());
        if deadline.passed() {
            let what = "no time was left".to_owned();
            let heard = Heard {
                what,
                status: None,
                lost: false,
                asked_wait: None,
            };
            return Err(course.unreachable(&heard, Some("allow more time")));
        }
        loop {
            course.attempts += 1;
            let heard = match self.attempt(&course, deadline).await {
                Ok(answer) => match assess(call.wanted, call.token.1, &answer) {
                    Verdict::Done(outcome) => return Ok((course.done(outcome), answer)),
                    Verdict::No(no) => return Err(course.refused(no, &answer)),
                    Verdict::Elsewhere => {
                        course.follow(&answer)?;
                        continue;
                    }
                    Verdict::Later { lost } => Heard {
                        what: course.answer(&answer),
                        status: Some(answer.status),
                        lost,
                        asked_wait: answer.asked_wait(SystemTime::now()),
                    },
                },
                Err(Trouble::Passing { why, lost }) => Heard {
                    what: why,
                    status: None,
                    lost,
                    asked_wait: None,
                },
                // Why is asked inside of the attempt.
                Err(trouble @ Trouble::NoTunnel) => Heard {
                    what: trouble.words().to_owned(),
                    status: None,
                    lost: false,
                    asked_wait: None,
                },
                Err(Trouble::NoSuchHost { why, next }) => {
                    let heard = Heard {
                        what: why,
                        status: None,
                        lost: false,
                        asked_wait: None,
                    };
                    return Err(course.unreachable(&heard, Some(&next)));
                }
                Err(Trouble::Lasting { why, next, lost }) => {
                    return Err(course.unusable(&why, &next, lost));
                }
            };
            let left = deadline.left();
            let wait = match heard.asked_wait {
                Some(asked) => Backoff::throw_asked(asked, left),
                None => self.pace.backoff.throw(course.attempts),
            };
            // Sleeping into the deadline would only delay the bad news.
            if wait >= left || call.once {
                return Err(course.unreachable(&heard, None));
            }
            let lost = course.repeat(heard, wait, left);
            let _between = Between::of(&self.phase, lost);
            tokio::time::sleep(wait).await;
        }
    }

    /// One attempt, inside its own limit and what is left of the deadline.
    async fn attempt(&self, course: &Course<'_>, deadline: Deadline) -> Result<Answer, Trouble> {
        let call = course.call;
        let (header, token) = &call.token;
        let mut token = HeaderValue::from_str(token.expose()).map_err(|_| Trouble::bad_token())?;
        token.set_sensitive(true);
        let mut request = self
            .http
            .request(call.method.clone(), course.url.clone())
            // Nothing here can unpack; what is packed all the same is told apart by its header.
            .header(ACCEPT_ENCODING, IDENTITY)
            .header(REQUEST_ID, &course.request_id)
            .header(header.clone(), token);
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
                Ok(response) => match Answer::read(response, call.most).await {
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
        let limit = self.pace.limit(call.wanted.creates(), course.attempts);
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

/// A wait between two attempts, over when it is dropped, whoever drops it.
struct Between<'a>(&'a watch::Sender<Phase>);

impl<'a> Between<'a> {
    fn of(phase: &'a watch::Sender<Phase>, lost: bool) -> Self {
        phase.send_replace(Phase::Between { lost });
        Self(phase)
    }
}

impl Drop for Between<'_> {
    fn drop(&mut self) {
        self.0.send_replace(Phase::Asking);
    }
}

/// 32 hex digits, as GitLab's own.
fn request_id() -> String {
    let mut bytes = [0_u8; 16];
    // Without random bytes the calls merely cannot be told apart in GitLab's log.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
