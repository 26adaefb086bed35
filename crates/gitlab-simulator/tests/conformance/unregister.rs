//! Cases of `DELETE /runners` and `DELETE /runners/managers`.

use gitlab_simulator::NewRunner;
use serde_json::{Value, json};

use crate::client::{call, call_with};
use crate::gitlab::{ONE, OTHER, is_forbidden, registered, start, verify};

#[test]
fn case_44_unregister_without_or_with_a_bad_token() {
    let sim = start();
    let reply = call(&sim, "DELETE", "/runners", &json!({}));
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "token is missing")
    );
    is_forbidden(&call(
        &sim,
        "DELETE",
        "/runners",
        &json!({"token": "rubbish"}),
    ));
}

#[test]
fn case_45_48_unregister_takes_the_runner_and_the_second_time_is_forbidden() {
    let sim = start();
    let token = registered(&sim).token;
    let reply = call(
        &sim,
        "DELETE",
        "/runners",
        &json!({"token": token, "system_id": ONE}),
    );
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert!(sim.runners().is_empty());
    is_forbidden(&call(&sim, "DELETE", "/runners", &json!({"token": token})));
    is_forbidden(&verify(&sim, &token, ONE));
}

#[test]
fn case_46_49_unregister_takes_all_managers_of_either_kind() {
    let sim = start();
    for runner in [registered(&sim), sim.add_runner(NewRunner::default())] {
        verify(&sim, &runner.token, ONE);
        verify(&sim, &runner.token, OTHER);
        assert_eq!(
            call(&sim, "DELETE", "/runners", &json!({"token": runner.token})).status,
            204
        );
        assert!(sim.look(|state| state.runner(runner.id).is_none()));
    }
    assert!(sim.runners().is_empty());
}

#[test]
fn case_47_unregister_only_if_unmodified() {
    let sim = start();
    let token = registered(&sim).token;
    let conditional = |since: &str| {
        let headers = [
            ("Content-Type", "application/json"),
            ("If-Unmodified-Since", since),
        ];
        call_with(
            &sim,
            &headers,
            "DELETE",
            "/runners",
            &json!({"token": token}).to_string(),
        )
    };
    let refused = conditional("Sun, 06 Nov 1994 08:49:37 GMT");
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (412, "412 Precondition Failed")
    );
    assert_eq!(sim.runners().len(), 1);
    assert_eq!(conditional("Thu, 01 Jan 2099 00:00:00 GMT").status, 204);
}

#[test]
fn case_50_unregister_manager_keeps_the_runner() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    verify(&sim, &runner.token, ONE);
    verify(&sim, &runner.token, OTHER);
    let delete = |system_id: &str| {
        call(
            &sim,
            "DELETE",
            "/runners/managers",
            &json!({"token": runner.token, "system_id": system_id}),
        )
    };
    assert_eq!(delete(ONE).status, 204);
    assert_eq!(sim.runners()[0].managers.len(), 1);
    assert!(sim.runners()[0].contacted_at.is_some());
    assert_eq!(delete(OTHER).status, 204);
    assert!(sim.runners()[0].managers.is_empty());
    assert_eq!(sim.runners()[0].contacted_at, None);
    assert_eq!(delete(OTHER).status, 404);
}

#[test]
fn case_51_unknown_manager_is_not_found_and_the_runner_stays() {
    let sim = start();
    let token = sim.add_runner(NewRunner::default()).token;
    for system_id in ["s_unknown_____", ""] {
        let body = json!({"token": token, "system_id": system_id});
        let reply = call(&sim, "DELETE", "/runners/managers", &body);
        assert_eq!(
            (reply.status, reply.message().as_str()),
            (404, "404 Runner manager not found Not Found")
        );
        assert_eq!(reply.header("Content-Type"), Some("application/json"));
    }
    assert_eq!(sim.runners().len(), 1);
}

#[test]
fn case_52_unregister_manager_needs_both_parameters() {
    let sim = start();
    let token = sim.add_runner(NewRunner::default()).token;
    let check = |body: Value, status: u16, error: &str| {
        let reply = call(&sim, "DELETE", "/runners/managers", &body);
        assert_eq!(
            (reply.status, reply.error().as_str()),
            (status, error),
            "{body}"
        );
    };
    check(json!({"token": token}), 400, "system_id is missing");
    check(json!({"system_id": ONE}), 400, "token is missing");
    check(json!({}), 400, "token is missing, system_id is missing");
    check(json!({"token": "rubbish", "system_id": ONE}), 403, "");
}

#[test]
fn case_52_unregister_manager_only_if_unmodified() {
    let sim = start();
    let token = sim.add_runner(NewRunner::default()).token;
    verify(&sim, &token, ONE);
    let headers = [
        ("Content-Type", "application/json"),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    let body = json!({"token": token, "system_id": ONE}).to_string();
    assert_eq!(
        call_with(&sim, &headers, "DELETE", "/runners/managers", &body).status,
        412
    );
    assert_eq!(sim.runners()[0].managers.len(), 1);
}
