//! Cases of verify, unregister and token reset.

use gitlab_simulator::{NewRunner, Settings, Simulator};
use serde_json::json;

use crate::client::call;

fn start() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

#[test]
fn case_36_verify_without_token() {
    let reply = call(&start(), "POST", "/runners/verify", &json!({}));
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "token is missing")
    );
}

#[test]
fn case_41_each_system_id_makes_one_manager() {
    let sim = start();
    let runner = sim.add_runner(NewRunner::default());
    for system_id in ["s_0123456789ab", "s_0123456789ab", "r_0123456789ab"] {
        let reply = call(
            &sim,
            "POST",
            "/runners/verify",
            &json!({"token": runner.token, "system_id": system_id}),
        );
        assert_eq!(reply.status, 200);
        assert_eq!(
            reply.json(),
            json!({"id": runner.id, "token": runner.token, "token_expires_at": null})
        );
    }
    let managers: Vec<String> = sim.runners()[0]
        .managers
        .iter()
        .map(|manager| manager.system_id.clone())
        .collect();
    assert_eq!(managers, ["s_0123456789ab", "r_0123456789ab"]);
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
