//! Cases of the two ways to reset an authentication token.

use std::time::Duration;

use gitlab_simulator::{Membership, Role};
use serde_json::json;

use crate::client::{call, call_as};
use crate::gitlab::{
    ONE, admin, group_runner, in_group, in_project, is_forbidden, project_runner, registered,
    start, verify, with,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn case_53_reset_by_token_voids_the_old_one() {
    let sim = start();
    let old = registered(&sim).token;
    let reply = call(
        &sim,
        "POST",
        "/runners/reset_authentication_token",
        &json!({"token": old}),
    );
    let new = sim.runners()[0].token.clone();
    assert_eq!(
        (reply.status, reply.json()),
        (201, json!({"token": new, "token_expires_at": null}))
    );
    assert!(new != old && new.starts_with("glrtr-"));
    assert_eq!(sim.runners()[0].managers[0].system_id, "<legacy>");
    is_forbidden(&verify(&sim, &old, ONE));
    assert_eq!(verify(&sim, &new, ONE).status, 200);
}

#[test]
fn case_54_reset_starts_the_expiry_of_the_group_again() {
    let sim = with(|settings| settings.token_expiry.group = Some(5 * DAY));
    let runner = group_runner(&sim, 1);
    sim.update(|state| state.clock_ahead = 2 * DAY);
    let reply = call(
        &sim,
        "POST",
        "/runners/reset_authentication_token",
        &json!({"token": runner.token}),
    );
    assert!(reply.json()["token_expires_at"].is_string());
    let ends = sim.runners()[0].token_expires_at.unwrap();
    assert!(ends >= runner.created_at + 7 * DAY, "{ends:?}");
}

#[test]
fn case_55_reset_of_expired_or_garbage_tokens() {
    let sim = with(|settings| settings.token_expiry.instance = Some(DAY));
    let token = registered(&sim).token;
    sim.update(|state| state.clock_ahead = 2 * DAY);
    for token in [token.as_str(), "rubbish"] {
        is_forbidden(&call(
            &sim,
            "POST",
            "/runners/reset_authentication_token",
            &json!({"token": token}),
        ));
    }
    assert_eq!(sim.runners()[0].token, token);
}

#[test]
fn case_56_reset_by_id_is_for_those_who_may_change_the_runner() {
    let sim = start();
    let (group, project) = (group_runner(&sim, 1).id, project_runner(&sim, &[1]).id);
    let check = |token: Option<&str>, id: i64, status: u16| {
        let reply = call_as(
            &sim,
            token,
            "POST",
            &format!("/runners/{id}/reset_authentication_token"),
            &json!({}),
        );
        assert_eq!(reply.status, status, "{token:?} {id}");
        reply
    };
    check(Some(&admin(&sim, &["api"])), group, 201);
    check(Some(&admin(&sim, &["manage_runner"])), group, 201);
    check(Some(&in_group(&sim, Membership::Owner)), group, 201);
    check(
        Some(&in_project(&sim, 1, Membership::Maintainer)),
        project,
        201,
    );
    for low in [
        Membership::Guest,
        Membership::Reporter,
        Membership::Developer,
        Membership::Maintainer,
    ] {
        let reply = check(Some(&in_group(&sim, low)), group, 403);
        assert_eq!(reply.message(), "403 Forbidden - No access granted");
    }
    for scope in ["read_api", "create_runner"] {
        check(
            Some(&sim.add_access_token(&[scope], Role::admin())),
            group,
            403,
        );
    }
    let missing = check(Some(&admin(&sim, &["api"])), 99, 404);
    assert_eq!(missing.message(), "404 Runner Not Found");
    check(None, group, 401);
}

#[test]
fn case_57_project_runner_without_project_cannot_be_reset() {
    let sim = start();
    let runner = project_runner(&sim, &[]);
    let reply = call(
        &sim,
        "POST",
        "/runners/reset_authentication_token",
        &json!({"token": runner.token}),
    );
    assert_eq!(reply.status, 422);
    assert!(!reply.error().is_empty());
    assert_eq!(sim.runners()[0].token, runner.token);
}
