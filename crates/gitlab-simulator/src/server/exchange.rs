//! Owns the story of one call: note it, let a fault strike, handle it, hold it, answer it. Decides no answer itself.

use std::sync::Arc;
use std::time::Duration;

use hyper::StatusCode;
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout_at};

use super::gzip;
use crate::answer::Answer;
use crate::api;
use crate::fault::{Effect, Strike};
use crate::journal::Call;
use crate::request::Request;
use crate::shared::Shared;
use crate::state::State;
use crate::steering;

const REQUEST_ID: &str = "X-Request-Id";

/// What goes back to the client.
pub(super) enum Outcome {
    Answer(Answer),
    /// The head and half of the body.
    Half(Answer),
    /// Nothing: the connection ends.
    Cut {
        reset: bool,
    },
}

pub(super) async fn exchange(shared: &Arc<Shared>, request: &Request, connection: u64) -> Outcome {
    if let Some(answer) = steering::handle(shared, request) {
        return Outcome::Answer(answer);
    }
    let (number, strike) = shared.change(|state| note(state, request, connection));
    let mut ending = Ending {
        shared,
        number,
        job: None,
        over: false,
    };
    let Some(Strike {
        delay_before,
        delay,
        effect,
    }) = strike
    else {
        let answer = handled(shared, request, &mut ending).await;
        return ending.answered(answer);
    };
    pause(delay_before).await;
    match effect {
        Effect::DropBefore => return ending.cut(false),
        Effect::ResetBefore => return ending.cut(true),
        Effect::Hang => return std::future::pending().await,
        Effect::Html { status } => {
            pause(delay).await;
            return ending.answered(Answer::html(status));
        }
        Effect::Answer {
            status,
            headers,
            body,
        } => {
            pause(delay).await;
            let answer = ordered(status, &body);
            let answer = headers
                .iter()
                .fold(answer, |answer, (name, value)| answer.header(name, value));
            return ending.answered(answer);
        }
        Effect::Pass
        | Effect::DropAfter
        | Effect::ResetAfter
        | Effect::Truncate
        | Effect::Gzip
        | Effect::HangAfter => {}
    }
    let answer = handled(shared, request, &mut ending).await;
    pause(delay).await;
    match effect {
        Effect::DropAfter => ending.cut(false),
        Effect::ResetAfter => ending.cut(true),
        Effect::HangAfter => std::future::pending().await,
        Effect::Gzip => {
            let body = gzip::packed(&answer.body);
            let packed = Answer { body, ..answer };
            ending.answered(packed.header("Content-Encoding", "gzip"))
        }
        Effect::Truncate => match ending.answered(answer) {
            Outcome::Answer(answer) => Outcome::Half(answer),
            other => other,
        },
        _ => ending.answered(answer),
    }
}

fn note(state: &mut State, request: &Request, connection: u64) -> (u64, Option<Strike>) {
    let strike = state.faults.strike(&request.method, &request.endpoint);
    state.last_call += 1;
    let number = state.last_call;
    state.journal.push(Call {
        number,
        request_id: request_id(number),
        at: state.started.elapsed(),
        ended_at: None,
        connection,
        method: request.method.clone(),
        path: request.path.clone(),
        endpoint: request.endpoint.clone(),
        query: request.query.clone(),
        headers: request.headers.clone(),
        body: request.body_value(),
        status: None,
        fault: strike.is_some(),
        abandoned: false,
    });
    (number, strike)
}

/// The rules' answer. Where long polling is on, a `jobs/request` may be held in front of them.
async fn handled(shared: &Shared, request: &Request, ending: &mut Ending<'_>) -> Answer {
    if !api::is_job_request(request) {
        return shared.change(|state| api::handle(state, request));
    }
    let answer = job_request(shared, request).await;
    if answer.job.is_some() {
        ending.job = answer.job;
        pause(shared.look(|state| state.settings.request_delay)).await;
    }
    answer
}

/// As Workhorse in front of Rails does it: a request that knows the queue value of now is held, and the rules never hear of it.
/// It ends with 204 when the value changes, too, since the client may be gone by then: the next request gets the job. Only a
/// change tells: a runner that is destroyed takes its value along without a word, and the request is held to its end.
async fn job_request(shared: &Shared, request: &Request) -> Answer {
    let mut version = shared.version.subscribe();
    let hold = shared.change(|state| {
        let known = api::known_queue_value(state, request)?;
        let end = Instant::now() + state.settings.long_poll?;
        state.held_requests += 1;
        Some((end, known))
    });
    let Some((end, known)) = hold else {
        return shared.change(|state| api::handle(state, request));
    };
    let _held = Held(shared);
    while !shared.look(|state| api::has_queue_changed(state, &known)) {
        if timeout_at(end, version.changed()).await.is_err() {
            break;
        }
    }
    // Without the queue value: that header is Rails' own.
    Answer::no_content()
}

/// Counts a request as held, until it ends or its client hangs up.
struct Held<'a>(&'a Shared);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.change(|state| state.held_requests -= 1);
    }
}

/// As long as GitLab's, and telling the number of the call.
fn request_id(number: u64) -> String {
    format!("01{number:024}")
}

async fn pause(span: Duration) {
    if !span.is_zero() {
        sleep(span).await;
    }
}

/// The answer that a fault brought along; GitLab's usual message where it named no body.
fn ordered(status: u16, body: &Value) -> Answer {
    match body {
        _ if status == 204 => Answer::no_content(),
        Value::Null => {
            let reason = StatusCode::from_u16(status)
                .ok()
                .and_then(|status| status.canonical_reason());
            Answer::message(status, format!("{status} {}", reason.unwrap_or("Unknown")))
        }
        Value::String(text) => Answer::text(status, text),
        json => Answer::json(status, json),
    }
}

/// Writes into the journal how a call ended, also when its client hangs up and the call's future is dropped.
struct Ending<'a> {
    shared: &'a Shared,
    number: u64,
    /// Handed out in the answer that is still to be written.
    job: Option<i64>,
    over: bool,
}

impl Ending<'_> {
    fn answered(mut self, answer: Answer) -> Outcome {
        self.end(Some(answer.status), false);
        // Pages of a proxy in between have none, and a fault may bring its own.
        let known = |(name, value): &(String, String)| {
            name.eq_ignore_ascii_case(REQUEST_ID) || value.starts_with("text/html")
        };
        let dated = answer
            .headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("date"));
        let answer = match dated {
            true => answer,
            false => {
                let now = self.shared.look(State::now);
                answer.header("Date", httpdate::fmt_http_date(now))
            }
        };
        let answer = match answer.headers.iter().any(known) {
            true => answer,
            false => answer.header(REQUEST_ID, request_id(self.number)),
        };
        Outcome::Answer(answer)
    }

    fn cut(mut self, reset: bool) -> Outcome {
        self.end(None, false);
        Outcome::Cut { reset }
    }

    fn end(&mut self, status: Option<u16>, abandoned: bool) {
        self.over = true;
        let lost = self.job.filter(|_| status.is_none());
        self.shared.change(|state| {
            let now = state.started.elapsed();
            if let Some(call) = state
                .journal
                .iter_mut()
                .rfind(|call| call.number == self.number)
            {
                call.status = status;
                call.abandoned = abandoned;
                call.ended_at = Some(now);
            }
            if let Some(job) = lost {
                api::put_back(state, job);
            }
        });
    }
}

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if !self.over {
            self.end(None, true);
        }
    }
}
