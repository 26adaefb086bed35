//! Cases of `POST /runners`.

use gitlab_simulator::{AccessLevel, RunnerType, Simulator};
use serde_json::{Value, json};

use crate::client::{Reply, call, call_with};
use crate::gitlab::{start, with};

fn register(sim: &Simulator, mut body: Value) -> Reply {
    if body["token"].is_null() {
        body["token"] = json!("gitlabtoken");
    }
    call(sim, "POST", "/runners", &body)
}

fn refused(reply: &Reply, status: u16, message: &str) {
    assert_eq!((reply.status, reply.message().as_str()), (status, message));
}

#[test]
fn case_01_without_token_is_a_bad_request() {
    let reply = call(&start(), "POST", "/runners", &json!({}));
    assert_eq!(
        (reply.status, reply.error().as_str()),
        (400, "token is missing")
    );
}

#[test]
fn case_02_invalid_token_is_forbidden_and_makes_nothing() {
    let sim = start();
    refused(
        &register(&sim, json!({"token": "rubbish"})),
        403,
        "403 Forbidden - invalid token supplied",
    );
    assert!(sim.runners().is_empty());
}

#[test]
fn case_03_empty_token_is_forbidden_also_with_registration_off() {
    let sim = with(|settings| settings.allow_registration_tokens = false);
    refused(
        &register(&sim, json!({"token": ""})),
        403,
        "403 Forbidden - invalid token supplied",
    );
}

#[test]
fn case_04_instance_token_makes_an_instance_runner() {
    let sim = start();
    let reply = register(&sim, json!({}));
    let runner = sim.runners()[0].clone();
    assert_eq!(reply.status, 201);
    assert_eq!(
        reply.json(),
        json!({"id": runner.id, "token": runner.token, "token_expires_at": null})
    );
    assert_eq!(
        (runner.runner_type, runner.paused, runner.run_untagged),
        (RunnerType::Instance, false, true)
    );
    assert!(
        runner.token.starts_with("glrtr-") && runner.token.len() == 26,
        "{}",
        runner.token
    );
    assert_eq!(runner.contacted_at, None);
}

#[test]
fn case_05_full_parameter_set_is_stored() {
    let sim = start();
    let body = json!({"description": "d", "maintenance_note": "n", "tag_list": ["a", "b"], "locked": true,
        "paused": false, "access_level": "ref_protected", "maximum_timeout": 9000, "system_id": "ignored"});
    assert_eq!(register(&sim, body).status, 201);
    let runner = sim.runners()[0].clone();
    assert_eq!(runner.description.as_deref(), Some("d"));
    assert_eq!(runner.maintenance_note.as_deref(), Some("n"));
    assert_eq!(runner.tags, ["a", "b"]);
    assert_eq!(
        (runner.locked, runner.paused, runner.maximum_timeout),
        (true, false, Some(9000))
    );
    assert_eq!(runner.access_level, AccessLevel::RefProtected);
}

#[test]
fn case_06_maintainer_note_is_the_maintenance_note_of_old() {
    let sim = start();
    assert_eq!(register(&sim, json!({"maintainer_note": "n"})).status, 201);
    assert_eq!(sim.runners()[0].maintenance_note.as_deref(), Some("n"));
    let both = register(
        &sim,
        json!({"maintainer_note": "n", "maintenance_note": "n"}),
    );
    assert_eq!(
        (both.status, both.error().as_str()),
        (
            400,
            "maintenance_note, maintainer_note are mutually exclusive"
        )
    );
}

#[test]
fn case_07_active_false_pauses() {
    let sim = start();
    assert_eq!(register(&sim, json!({"active": false})).status, 201);
    assert!(sim.runners()[0].paused);
    let both = register(&sim, json!({"active": false, "paused": true}));
    assert_eq!(
        (both.status, both.error().as_str()),
        (400, "active, paused are mutually exclusive")
    );
}

#[test]
fn case_08_tag_list_may_be_one_text_with_commas() {
    let sim = start();
    assert_eq!(
        register(&sim, json!({"tag_list": "tag1, tag2,"})).status,
        201
    );
    assert_eq!(sim.runners()[0].tags, ["tag1", "tag2"]);
}

#[test]
fn case_09_tagged_only_with_tags() {
    let sim = start();
    assert_eq!(
        register(&sim, json!({"tag_list": "a", "run_untagged": false})).status,
        201
    );
    assert!(!sim.runners()[0].run_untagged);
}

#[test]
fn case_10_tagged_only_without_tags_is_refused() {
    let sim = start();
    let reply = register(&sim, json!({"run_untagged": false}));
    let text = "can not be empty when runner is not allowed to pick untagged jobs";
    assert_eq!(
        (reply.status, reply.json()),
        (400, json!({"message": {"tags_list": [text]}}))
    );
    assert!(sim.runners().is_empty());
}

#[test]
fn case_11_at_most_fifty_tags() {
    let sim = start();
    let tags = |count: usize| {
        (0..count)
            .map(|number| format!("t{number}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(register(&sim, json!({"tag_list": tags(50)})).status, 201);
    let reply = register(&sim, json!({"tag_list": tags(51)}));
    let text = "Too many tags specified. Please limit the number of tags to 50";
    assert_eq!(
        (reply.status, reply.json()),
        (400, json!({"message": {"tags_list": [text]}}))
    );
}

#[test]
fn case_12_maximum_timeout_is_ten_minutes_or_more() {
    let sim = start();
    assert_eq!(register(&sim, json!({"maximum_timeout": ""})).status, 201);
    assert_eq!(sim.runners()[0].maximum_timeout, None);
    assert_eq!(register(&sim, json!({"maximum_timeout": 600})).status, 201);
    let reply = register(&sim, json!({"maximum_timeout": 599}));
    let text = "needs to be at least 10 minutes";
    assert_eq!(
        (reply.status, reply.json()),
        (400, json!({"message": {"maximum_timeout": [text]}}))
    );
}

#[test]
fn case_21_info_gives_the_name_and_no_manager() {
    let sim = start();
    assert_eq!(
        register(
            &sim,
            json!({"info": {"name": "gitlab-runner", "version": "1"}})
        )
        .status,
        201
    );
    let runner = sim.runners()[0].clone();
    assert_eq!(runner.name.as_deref(), Some("gitlab-runner"));
    assert!(runner.managers.is_empty());
}

#[test]
fn parameters_may_come_as_form_or_query() {
    let sim = start();
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(
        call_with(
            &sim,
            &form,
            "POST",
            "/runners",
            "token=gitlabtoken&tag_list=a%2Cb&locked=true"
        )
        .status,
        201
    );
    assert_eq!(
        call_with(
            &sim,
            &[],
            "POST",
            "/runners?token=gitlabtoken&tag_list[]=a&tag_list[]=b&locked=1",
            ""
        )
        .status,
        201
    );
    for runner in sim.runners() {
        assert_eq!(
            (runner.tags, runner.locked),
            (vec!["a".to_owned(), "b".to_owned()], true)
        );
    }
}

#[test]
fn ill_typed_parameters_are_named_together() {
    let reply = register(
        &start(),
        json!({"locked": "perhaps", "maximum_timeout": "x", "access_level": "root"}),
    );
    let expected =
        "access_level does not have a valid value, locked is invalid, maximum_timeout is invalid";
    assert_eq!((reply.status, reply.error().as_str()), (400, expected));
}
