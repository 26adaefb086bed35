//! Owns `/simulator/…`: what the library offers to tests, for those written in a shell or in Python. Not GitLab's, not journalled.

use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::access::Role;
use crate::answer::{Answer, Handled};
use crate::fault::Fault;
use crate::job::Job;
use crate::moment;
use crate::request::Request;
use crate::runner::NewRunner;
use crate::shared::Shared;
use crate::state::State;

#[derive(Deserialize)]
struct NewAccessToken {
    scopes: Vec<String>,
    #[serde(default)]
    role: Role,
}

#[derive(Deserialize)]
struct Clock {
    /// Seconds.
    #[serde(with = "moment::seconds")]
    ahead: Duration,
}

/// The answer, if the request is meant for the simulator itself.
pub(crate) fn handle(shared: &Arc<Shared>, request: &Request) -> Option<Answer> {
    let (_, place) = request.path.rsplit_once("/simulator/")?;
    Some(route(shared, request, place).unwrap_or_else(|refusal| refusal))
}

fn route(shared: &Shared, request: &Request, place: &str) -> Handled {
    match (request.method.as_str(), place) {
        ("GET", "journal") => shared.look(|state| shown(200, &state.journal)),
        ("GET", "runners") => shared.look(|state| shown(200, &state.runners)),
        ("GET", "jobs") => shared.look(|state| shown(200, &state.jobs)),
        ("GET", "connections") => shared.look(|state| {
            Ok(Answer::json(
                200,
                &json!({
                    "accepted": state.connections,
                    "open": state.open_connections,
                    "held_requests": state.held_requests,
                    "tls_handshakes": state.tls_handshakes,
                }),
            ))
        }),
        ("POST", "runners") => {
            let new: NewRunner = sent(request)?;
            shared.change(|state| shown(201, state.add_runner(new)))
        }
        ("POST", "jobs") => {
            let order: Job = sent(request)?;
            Ok(Answer::json(
                201,
                &json!({"id": shared.change(|state| state.queue_job(order))}),
            ))
        }
        ("POST", "access_tokens") => {
            let NewAccessToken { scopes, role } = sent(request)?;
            let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
            let token = shared.change(|state| state.add_access_token(&scopes, role));
            Ok(Answer::json(201, &json!({"token": token})))
        }
        ("POST", "clock") => {
            let Clock { ahead } = sent(request)?;
            shared.change(|state| state.clock_ahead = ahead);
            Ok(Answer::no_content())
        }
        ("POST", "background_jobs") => {
            shared.change(State::run_background_jobs);
            Ok(Answer::no_content())
        }
        ("POST", "faults") => {
            let fault = read_fault(request)?;
            shared.change(|state| state.faults.add(fault, state.settings.seed));
            Ok(Answer::no_content())
        }
        ("DELETE", "faults") => {
            shared.change(|state| state.faults.clear());
            Ok(Answer::no_content())
        }
        ("GET", "settings") => shared.look(|state| shown(200, &state.settings)),
        ("PATCH", "settings") => shared.change(|state| {
            let mut all = serde_json::to_value(&state.settings).map_err(|error| refused(&error))?;
            if let (Value::Object(all), Value::Object(changes)) = (&mut all, request.body_value()) {
                all.extend(changes);
            }
            state.settings = serde_json::from_value(all).map_err(|error| refused(&error))?;
            shown(200, &state.settings)
        }),
        _ => Err(Answer::error(404, "the simulator has nothing here")),
    }
}

fn shown<T: Serialize + ?Sized>(status: u16, what: &T) -> Handled {
    let value = serde_json::to_value(what).map_err(|error| refused(&error))?;
    Ok(Answer::json(status, &value))
}

fn sent<T: DeserializeOwned>(request: &Request) -> Result<T, Answer> {
    let body = if request.body.is_empty() {
        b"{}".as_slice()
    } else {
        &request.body
    };
    serde_json::from_slice(body).map_err(|error| refused(&error))
}

/// The effect may be left out: a status makes it an answer, none lets the call pass.
fn read_fault(request: &Request) -> Result<Fault, Answer> {
    let mut value: Value = sent(request)?;
    if let Some(keys) = value.as_object_mut() {
        let usual = if keys.contains_key("status") {
            "answer"
        } else {
            "pass"
        };
        keys.entry("effect").or_insert_with(|| usual.into());
    }
    serde_json::from_value(value).map_err(|error| refused(&error))
}

fn refused(error: &serde_json::Error) -> Answer {
    Answer::error(400, &error.to_string())
}
