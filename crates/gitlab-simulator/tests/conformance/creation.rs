//! Cases of `POST /user/runners`.

use gitlab_simulator::{Membership, RegistrationType, Role, RunnerType, Simulator, Validity};
use serde_json::{Value, json};

use crate::client::{Reply, call, call_as, call_with};
use crate::gitlab::{admin, in_group, in_project, start, user, with};

fn create(sim: &Simulator, token: &str, body: &Value) -> Reply {
    call_as(sim, Some(token), "POST", "/user/runners", body)
}

fn instance() -> Value {
    json!({"runner_type": "instance_type"})
}

#[test]
fn case_24_without_or_with_a_bad_access_token() {
    let sim = start();
    let reply = call(&sim, "POST", "/user/runners", &instance());
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (401, "401 Unauthorized")
    );
    assert_eq!(create(&sim, "glpat-unknown", &instance()).status, 401);
}

#[test]
fn case_24_expired_and_revoked_access_tokens_say_so() {
    let sim = start();
    let token = admin(&sim, &["api"]);
    for (validity, text) in [
        (
            Validity::Expired,
            "Token is expired. You can either do re-authorization or token refresh.",
        ),
        (
            Validity::Revoked,
            "Token was revoked. You have to re-authorize from the user.",
        ),
    ] {
        sim.update(|state| state.access_tokens[0].validity = validity);
        let reply = create(&sim, &token, &instance());
        assert_eq!(reply.status, 401);
        assert_eq!(
            reply.json(),
            json!({"error": "invalid_token", "error_description": text})
        );
        assert!(
            reply
                .header("WWW-Authenticate")
                .unwrap()
                .contains("invalid_token")
        );
    }
}

#[test]
fn case_25_scope_decides() {
    let sim = start();
    for (scope, status) in [
        ("create_runner", 201),
        ("api", 201),
        ("read_api", 403),
        ("manage_runner", 403),
    ] {
        let reply = create(&sim, &admin(&sim, &[scope]), &instance());
        assert_eq!(reply.status, status, "{scope}");
        assert_eq!(
            reply.error(),
            if status == 403 {
                "insufficient_scope"
            } else {
                ""
            }
        );
    }
}

#[test]
fn case_25_bearer_and_parameter_count_too() {
    let sim = start();
    let token = admin(&sim, &["create_runner"]);
    let bearer = format!("Bearer {token}");
    let headers = [
        ("Authorization", bearer.as_str()),
        ("Content-Type", "application/json"),
    ];
    assert_eq!(
        call_with(
            &sim,
            &headers,
            "POST",
            "/user/runners",
            &instance().to_string()
        )
        .status,
        201
    );
    let endpoint = format!("/user/runners?private_token={token}");
    assert_eq!(call(&sim, "POST", &endpoint, &instance()).status, 201);
}

#[test]
fn case_26_admin_mode_wants_its_scope() {
    let sim = with(|settings| settings.admin_mode = true);
    assert_eq!(
        create(&sim, &admin(&sim, &["api", "admin_mode"]), &instance()).status,
        201
    );
    assert_eq!(
        create(&sim, &admin(&sim, &["api"]), &instance()).status,
        403
    );
}

#[test]
fn case_27_plain_user_makes_no_instance_runner() {
    let sim = start();
    let reply = create(&sim, &user(&sim), &instance());
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (403, "403 Forbidden - Insufficient permissions")
    );
    assert!(sim.runners().is_empty());
}

#[test]
fn case_28_group_runner_is_the_owners_to_make() {
    let sim = start();
    let body = json!({"runner_type": "group_type", "group_id": 1});
    assert_eq!(
        create(&sim, &in_group(&sim, Membership::Owner), &body).status,
        201
    );
    assert_eq!(
        create(&sim, &in_group(&sim, Membership::Maintainer), &body).status,
        403
    );
    assert_eq!(create(&sim, &user(&sim), &body).status, 403);
    assert_eq!(sim.runners()[0].groups, [1]);
    let nowhere = create(
        &sim,
        &user(&sim),
        &json!({"runner_type": "group_type", "group_id": 99}),
    );
    assert_eq!(
        (nowhere.status, nowhere.message().as_str()),
        (400, "400 Bad request - Missing/invalid scope")
    );
}

#[test]
fn case_29_group_type_needs_the_group() {
    let sim = start();
    let reply = create(
        &sim,
        &admin(&sim, &["api"]),
        &json!({"runner_type": "group_type"}),
    );
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "group_id is missing")
    );
}

#[test]
fn case_30_project_runner_is_the_maintainers_to_make() {
    let sim = start();
    let body = json!({"runner_type": "project_type", "project_id": 1});
    for (membership, status) in [
        (Membership::Owner, 201),
        (Membership::Maintainer, 201),
        (Membership::Developer, 403),
    ] {
        assert_eq!(
            create(&sim, &in_project(&sim, 1, membership), &body).status,
            status
        );
    }
    assert_eq!(sim.runners()[0].projects, [1]);
}

#[test]
fn case_31_project_type_needs_the_project() {
    let sim = start();
    let reply = create(
        &sim,
        &admin(&sim, &["api"]),
        &json!({"runner_type": "project_type"}),
    );
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "project_id is missing")
    );
}

#[test]
fn case_32_runner_type_is_missing() {
    let sim = start();
    let reply = create(&sim, &admin(&sim, &["api"]), &json!({}));
    let text = "runner_type is missing, runner_type does not have a valid value";
    assert_eq!((reply.status, reply.error().as_str()), (400, text));
}

#[test]
fn case_33_runner_type_is_unknown() {
    let sim = start();
    let reply = create(
        &sim,
        &admin(&sim, &["api"]),
        &json!({"runner_type": "galaxy_type"}),
    );
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "runner_type does not have a valid value")
    );
}

#[test]
fn case_34_model_errors_are_sentences() {
    let sim = start();
    let body = json!({"runner_type": "instance_type", "run_untagged": false, "maximum_timeout": 1});
    let reply = create(&sim, &admin(&sim, &["api"]), &body);
    let text = "400 Bad request - Tags list can not be empty when runner is not allowed to pick untagged jobs, \
                Maximum timeout needs to be at least 10 minutes";
    assert_eq!((reply.status, reply.message().as_str()), (400, text));
}

#[test]
fn case_35_created_runner_carries_its_marks() {
    let sim = start();
    let token = sim.add_access_token(&["create_runner"], Role::admin());
    let body = json!({"runner_type": "instance_type", "description": "d", "maintenance_note": "n", "tag_list": "a,b",
        "locked": true, "paused": true});
    let reply = create(&sim, &token, &body);
    let runner = sim.runners()[0].clone();
    assert_eq!(
        reply.json(),
        json!({"id": runner.id, "token": runner.token, "token_expires_at": null})
    );
    assert!(
        runner.token.starts_with("glrt-") && runner.token.len() == 25,
        "{}",
        runner.token
    );
    assert_eq!(
        runner.registration_type,
        RegistrationType::AuthenticatedUser
    );
    assert_eq!(runner.runner_type, RunnerType::Instance);
    assert!(
        runner.creator.is_some() && runner.managers.is_empty() && runner.contacted_at.is_none()
    );
    assert!(runner.locked && runner.paused && !runner.creation_finished);
}
