//! Cases of `POST /runners` about whose registration token it is, and what that allows.

use std::time::Duration;

use gitlab_simulator::{RunnerType, Simulator};
use serde_json::json;

use crate::client::{Reply, call};
use crate::gitlab::{start, with};

const PROJECT: &str = "GR1348941ProjectProjectProj01";
const GROUP: &str = "GR1348941GroupGroupGroupGr01";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn register(sim: &Simulator, token: &str) -> Reply {
    call(sim, "POST", "/runners", &json!({"token": token}))
}

fn refused(reply: &Reply, status: u16, message: &str) {
    assert_eq!((reply.status, reply.message().as_str()), (status, message));
}

#[test]
fn case_13_expiry_of_the_instance_is_told_in_milliseconds() {
    let sim = with(|settings| settings.token_expiry.instance = Some(5 * DAY));
    let reply = register(&sim, "gitlabtoken");
    let ends = sim.runners()[0].token_expires_at.unwrap();
    assert_eq!(ends, sim.runners()[0].created_at + 5 * DAY);
    let text = reply.json()["token_expires_at"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        text.len() == 24 && text.ends_with('Z') && text.as_bytes()[19] == b'.',
        "{text}"
    );
}

#[test]
fn case_14_project_token_makes_a_project_runner() {
    let sim = start();
    assert_eq!(register(&sim, PROJECT).status, 201);
    let runner = sim.runners()[0].clone();
    assert_eq!(
        (runner.runner_type, runner.projects.as_slice()),
        (RunnerType::Project, [1].as_slice())
    );
    assert_ne!(runner.token, PROJECT);
}

#[test]
fn case_15_project_at_its_limit_is_refused() {
    let sim = with(|settings| settings.projects[0].runner_limit = Some(1));
    assert_eq!(register(&sim, PROJECT).status, 201);
    let reply = register(&sim, PROJECT);
    let text = "Maximum number of ci registered project runners (1) exceeded";
    assert_eq!(
        (reply.status, reply.json()),
        (400, json!({"message": {"runner_projects.base": [text]}}))
    );
    assert_eq!(
        register(&sim, "gitlabtoken").status,
        201,
        "instance runners are not limited"
    );
}

#[test]
fn case_16_stale_runners_do_not_count_for_the_limit() {
    let sim = with(|settings| settings.projects[0].runner_limit = Some(1));
    assert_eq!(register(&sim, PROJECT).status, 201);
    sim.update(|state| state.clock_ahead = 8 * DAY);
    assert_eq!(register(&sim, PROJECT).status, 201);
}

#[test]
fn case_17_group_token_makes_a_group_runner_within_the_limit() {
    let sim = with(|settings| settings.runner_limit = 1);
    assert_eq!(register(&sim, GROUP).status, 201);
    let runner = sim.runners()[0].clone();
    assert_eq!(
        (runner.runner_type, runner.groups.as_slice()),
        (RunnerType::Group, [1].as_slice())
    );
    let reply = register(&sim, GROUP);
    let text = "Maximum number of ci registered group runners (1) exceeded";
    assert_eq!(
        (reply.status, reply.json()),
        (400, json!({"message": {"runner_namespaces.base": [text]}}))
    );
    sim.update(|state| state.clock_ahead = 8 * DAY);
    assert_eq!(register(&sim, GROUP).status, 201);
}

#[test]
fn case_18_registrars_may_leave_out_projects_and_groups() {
    let sim = with(|settings| settings.registrars = vec![RunnerType::Group]);
    refused(
        &register(&sim, PROJECT),
        403,
        "403 Forbidden - invalid token supplied",
    );
    assert_eq!(register(&sim, GROUP).status, 201);
    sim.update(|state| state.settings.registrars = vec![RunnerType::Project]);
    refused(
        &register(&sim, GROUP),
        403,
        "403 Forbidden - invalid token supplied",
    );
}

#[test]
fn case_19_registration_off_is_gone_for_any_token() {
    let sim = with(|settings| settings.allow_registration_tokens = false);
    for token in ["gitlabtoken", PROJECT, GROUP, "rubbish", "glrt-rubbish"] {
        refused(
            &register(&sim, token),
            410,
            "410 Gone - runner registration disallowed",
        );
    }
    assert!(sim.runners().is_empty());
}

#[test]
fn case_20_the_root_groups_setting_counts_for_group_and_project() {
    let sim = with(|settings| settings.groups[0].allow_registration_tokens = false);
    for token in [PROJECT, GROUP] {
        refused(
            &register(&sim, token),
            410,
            "410 Gone - runner registration disallowed",
        );
    }
    assert_eq!(register(&sim, "gitlabtoken").status, 201);
}
