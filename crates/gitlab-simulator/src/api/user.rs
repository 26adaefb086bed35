//! Owns who is behind a request with an access token, and whether the token's scopes suffice; never what the user may do.

use serde_json::json;

use crate::access::{AccessToken, Validity};
use crate::answer::Answer;
use crate::request::Request;
use crate::state::State;

/// The access token of a request: `PRIVATE-TOKEN`, `Authorization: Bearer`, or a parameter.
fn sent_token(request: &Request) -> Option<String> {
    let header = request.header("private-token").map(str::to_owned);
    let bearer = || {
        request
            .header("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .map(str::to_owned)
    };
    let parameter = || {
        let mut params = request.params().ok()?;
        params
            .text("private_token")
            .or_else(|| params.text("access_token"))
    };
    header.or_else(bearer).or_else(parameter)
}

fn find<'a>(state: &'a State, request: &Request) -> Option<&'a AccessToken> {
    let sent = sent_token(request)?;
    state.access_tokens.iter().find(|own| own.token == sent)
}

/// Who signed the request, if the access token is valid, whatever its scopes.
pub(super) fn signed_in<'a>(state: &'a State, request: &Request) -> Option<&'a str> {
    let own = find(state, request).filter(|own| own.validity == Validity::Valid)?;
    Some(&own.username)
}

/// The user, if the token is valid and carries one of the scopes.
pub(super) fn authenticate(
    state: &State,
    request: &Request,
    scopes: &[&str],
) -> Result<AccessToken, Answer> {
    let own = find(state, request).ok_or_else(|| Answer::message(401, "401 Unauthorized"))?;
    match own.validity {
        Validity::Valid => {}
        Validity::Expired => {
            return Err(invalid(
                "Token is expired. You can either do re-authorization or token refresh.",
            ));
        }
        Validity::Revoked => {
            return Err(invalid(
                "Token was revoked. You have to re-authorize from the user.",
            ));
        }
    }
    if scopes.iter().any(|scope| own.has_scope(scope)) {
        return Ok(own.clone());
    }
    Err(Answer::json(
        403,
        &json!({
            "error": "insufficient_scope",
            "error_description": "The request requires higher privileges than provided by the access token.",
            "scope": scopes.join(" "),
        }),
    ))
}

fn invalid(description: &str) -> Answer {
    let challenge = format!(
        "Bearer realm=\"Protected by OAuth 2.0\", error=\"invalid_token\", error_description=\"{description}\""
    );
    Answer::json(
        401,
        &json!({"error": "invalid_token", "error_description": description}),
    )
    .header("WWW-Authenticate", challenge)
}
