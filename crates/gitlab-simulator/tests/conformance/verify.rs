//! Cases of `POST /runners/verify`.

use std::time::Duration;

use gitlab_simulator::NewRunner;
use serde_json::json;

use crate::client::call;
use crate::gitlab::{ONE, OTHER, is_forbidden, registered, start, verify, with};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn case_36_verify_without_token() {
    let reply = call(&start(), "POST", "/runners/verify", &json!({}));
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "token is missing")
    );
}

#[test]
fn case_37_verify_with_a_bad_token() {
    let sim = start();
    is_forbidden(&call(
        &sim,
        "POST",
        "/runners/verify",
        &json!({"token": "rubbish"}),
    ));
    is_forbidden(&call(
        &sim,
        "POST",
        "/runners/verify",
        &json!({"token": ""}),
    ));
}

#[test]
fn case_38_39_40_verify_answers_both_kinds_alike() {
    let sim = start();
    for runner in [registered(&sim), sim.add_runner(NewRunner::default())] {
        let reply = verify(&sim, &runner.token, ONE);
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({"id": runner.id, "token": runner.token, "token_expires_at": null})
        );
        assert!(sim.look(|state| state.runner(runner.id).unwrap().contacted_at.is_some()));
    }
}

#[test]
fn case_41_each_system_id_makes_one_manager() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    for system_id in [ONE, ONE, OTHER] {
        assert_eq!(verify(&sim, &runner.token, system_id).status, 200);
    }
    let managers: Vec<String> = sim.runners()[0]
        .managers
        .iter()
        .map(|manager| manager.system_id.clone())
        .collect();
    assert_eq!(managers, [ONE, OTHER]);
    assert!(
        !sim.runners()[0].creation_finished,
        "verify does not finish the creation"
    );
}

#[test]
fn case_42_no_system_id_makes_the_legacy_manager() {
    let sim = start();
    let runner = registered(&sim);
    assert_eq!(
        call(
            &sim,
            "POST",
            "/runners/verify",
            &json!({"token": runner.token})
        )
        .status,
        200
    );
    assert_eq!(sim.runners()[0].managers[0].system_id, "<legacy>");
    assert_eq!(verify(&sim, &runner.token, &"x".repeat(65)).status, 500);
}

#[test]
fn case_43_expired_token_is_unknown() {
    let sim = with(|settings| settings.token_expiry.instance = Some(10 * DAY));
    let runner = registered(&sim);
    assert_eq!(verify(&sim, &runner.token, ONE).status, 200);
    sim.update(|state| state.clock_ahead = 11 * DAY);
    is_forbidden(&verify(&sim, &runner.token, ONE));
}
