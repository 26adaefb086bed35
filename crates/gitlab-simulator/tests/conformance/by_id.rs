//! Cases of one runner by its number: show, change, delete, managers.

use gitlab_simulator::{Membership, NewRunner, Role, Simulator};
use serde_json::{Value, json};

use crate::client::{Reply, call_as, call_with};
use crate::gitlab::{
    admin, group_runner, in_group, in_project, instance_runner, project_runner, start, user, with,
    with_groups,
};

fn get(sim: &Simulator, token: Option<&str>, endpoint: &str) -> Reply {
    call_as(sim, token, "GET", endpoint, &Value::Null)
}

fn put(sim: &Simulator, token: Option<&str>, id: i64, body: &Value) -> Reply {
    call_as(sim, token, "PUT", &format!("/runners/{id}"), body)
}

fn delete(sim: &Simulator, token: Option<&str>, id: i64) -> Reply {
    call_as(
        sim,
        token,
        "DELETE",
        &format!("/runners/{id}"),
        &Value::Null,
    )
}

#[test]
fn case_83_instance_runner_is_everybodys_to_see_without_the_note() {
    let sim = with(|settings| settings.admin_mode = true);
    let runner = instance_runner(&sim);
    let body = json!({"token": runner.token, "system_id": "s_0123456789ab", "info": {"version": "19.4.0", "architecture": "amd64"}});
    assert_eq!(
        call_as(&sim, None, "POST", "/runners/verify", &body).status,
        200
    );
    let path = format!("/runners/{}", runner.id);
    let shown = get(&sim, Some(&user(&sim)), &path);
    assert_eq!(shown.status, 200);
    let shown = shown.json();
    assert_eq!(
        (
            &shown["maintenance_note"],
            &shown["version"],
            &shown["architecture"]
        ),
        (&Value::Null, &json!("19.4.0"), &json!("amd64"))
    );
    assert_eq!(
        (&shown["tag_list"], &shown["status"], &shown["online"]),
        (&json!([]), &json!("online"), &json!(true))
    );
    assert!(shown["contacted_at"].is_string() && shown.get("token").is_none());
    assert_eq!(
        get(&sim, Some(&admin(&sim, &["api", "admin_mode"])), &path).json()["maintenance_note"],
        "note"
    );
}

#[test]
fn case_84_project_runner_is_shown_to_its_maintainers() {
    let sim = with(|settings| settings.admin_mode = true);
    let path = format!("/runners/{}", project_runner(&sim, &[1]).id);
    let shown = get(
        &sim,
        Some(&in_project(&sim, 1, Membership::Maintainer)),
        &path,
    );
    assert_eq!(
        (shown.status, &shown.json()["projects"][0]["id"]),
        (200, &json!(1))
    );
    let refused = get(&sim, Some(&user(&sim)), &path);
    assert_eq!(
        (refused.status, refused.message().as_str()),
        (403, "403 Forbidden - No access granted")
    );
    assert_eq!(get(&sim, Some(&admin(&sim, &["api"])), &path).status, 403);
    let missing = get(&sim, Some(&user(&sim)), "/runners/99");
    assert_eq!(
        (missing.status, missing.message().as_str()),
        (404, "404 Runner Not Found")
    );
    assert_eq!(get(&sim, None, &path).status, 401);
}

#[test]
fn case_85_group_runner_shows_its_note_to_the_owner() {
    let sim = start();
    let path = format!("/runners/{}", group_runner(&sim, 1).id);
    let by = |membership| get(&sim, Some(&in_group(&sim, membership)), &path);
    let owner = by(Membership::Owner).json();
    assert_eq!(
        (&owner["maintenance_note"], &owner["groups"][0]["id"]),
        (&json!("note"), &json!(1))
    );
    let maintainer = by(Membership::Maintainer);
    assert_eq!(
        (maintainer.status, &maintainer.json()["maintenance_note"]),
        (200, &Value::Null)
    );
    assert_eq!(by(Membership::Developer).status, 403);
    assert_eq!(
        get(
            &sim,
            Some(&in_project(&sim, 1, Membership::Maintainer)),
            &path
        )
        .status,
        200,
        "the project inherits it"
    );
}

#[test]
fn case_86_projects_may_be_left_out_and_scopes_count() {
    let sim = start();
    let path = format!("/runners/{}", project_runner(&sim, &[1]).id);
    let shown = get(
        &sim,
        Some(&admin(&sim, &["api"])),
        &format!("{path}?include_projects=false"),
    );
    assert!(shown.status == 200 && shown.json().get("projects").is_none());
    for (scope, status) in [
        ("manage_runner", 200),
        ("read_api", 200),
        ("create_runner", 403),
    ] {
        assert_eq!(
            get(&sim, Some(&admin(&sim, &[scope])), &path).status,
            status,
            "{scope}"
        );
    }
}

#[test]
fn case_87_managers_are_listed() {
    let sim = start();
    let runner = instance_runner(&sim);
    let path = format!("/runners/{}/managers", runner.id);
    let token = user(&sim);
    assert_eq!(get(&sim, Some(&token), &path).json(), json!([]));
    let body = json!({"token": runner.token, "system_id": "s_0123456789ab", "info": {"version": "19.4.0", "architecture": "amd64"}});
    assert_eq!(
        call_as(&sim, None, "POST", "/runners/verify", &body).status,
        200
    );
    let row = get(&sim, Some(&token), &path).json()[0].clone();
    assert_eq!(
        (&row["system_id"], &row["version"], &row["architecture"]),
        (&json!("s_0123456789ab"), &json!("19.4.0"), &json!("amd64"))
    );
    assert_eq!(
        (&row["status"], &row["job_execution_status"]),
        (&json!("online"), &json!("idle"))
    );
    assert!(row["id"].is_i64());
    assert_eq!(get(&sim, None, &path).status, 401);
}

#[test]
fn case_88_each_attribute_can_be_changed() {
    let sim = start();
    let id = instance_runner(&sim).id;
    let token = admin(&sim, &["api"]);
    for (name, value) in [
        ("description", json!("new")),
        ("active", json!(false)),
        ("paused", json!(false)),
        ("tag_list", json!(["a", "b"])),
        ("run_untagged", json!(false)),
        ("locked", json!(true)),
        ("access_level", json!("ref_protected")),
        ("maximum_timeout", json!(1234)),
        ("maintenance_note", json!("new note")),
    ] {
        let before = sim.runners()[0].queue_value.clone();
        let reply = put(&sim, Some(&token), id, &json!({name: value}));
        assert_eq!((reply.status, &reply.json()[name]), (200, &value), "{name}");
        assert_ne!(sim.runners()[0].queue_value, before, "{name}");
    }
    let none = put(&sim, Some(&token), id, &json!({}));
    assert!(
        none.status == 400
            && none
                .error()
                .ends_with("are missing, at least one parameter must be provided")
    );
    assert_eq!(
        put(
            &sim,
            Some(&token),
            id,
            &json!({"active": true, "paused": true})
        )
        .status,
        400
    );
    assert_eq!(
        put(&sim, Some(&token), 99, &json!({"paused": true})).status,
        404
    );
    assert_eq!(
        put(&sim, Some(&token), id, &json!({"maximum_timeout": 1})).status,
        400
    );
}

#[test]
fn case_89_changing_is_for_those_who_may() {
    let sim = start();
    let (shared, project) = (instance_runner(&sim).id, project_runner(&sim, &[1]).id);
    let check = |token: Option<&str>, id: i64, status: u16| {
        assert_eq!(
            put(&sim, token, id, &json!({"paused": true})).status,
            status,
            "{token:?} {id}"
        );
    };
    check(Some(&user(&sim)), shared, 403);
    check(
        Some(&in_project(&sim, 1, Membership::Maintainer)),
        project,
        200,
    );
    check(Some(&user(&sim)), project, 403);
    check(None, project, 401);
    for (scope, status) in [
        ("manage_runner", 200),
        ("read_api", 403),
        ("create_runner", 403),
    ] {
        check(Some(&admin(&sim, &[scope])), project, status);
    }
}

#[test]
fn case_90_too_many_tags_of_old_do_not_hinder_other_changes() {
    let sim = start();
    let tags = (0..60).map(|number| format!("t{number}")).collect();
    let id = sim
        .add_runner(NewRunner {
            tags,
            ..NewRunner::default()
        })
        .id;
    let token = admin(&sim, &["api"]);
    assert_eq!(
        put(&sim, Some(&token), id, &json!({"paused": true})).status,
        200
    );
    assert!(sim.runners()[0].paused && sim.runners()[0].tags.len() == 60);
}

#[test]
fn case_91_administrator_deletes_once_and_only_if_unmodified() {
    let sim = start();
    let id = instance_runner(&sim).id;
    let token = admin(&sim, &["api"]);
    let headers = [
        ("PRIVATE-TOKEN", token.as_str()),
        ("If-Unmodified-Since", "Sun, 06 Nov 1994 08:49:37 GMT"),
    ];
    assert_eq!(
        call_with(&sim, &headers, "DELETE", &format!("/runners/{id}"), "").status,
        412
    );
    let reply = delete(&sim, Some(&token), id);
    assert_eq!((reply.status, reply.body.as_str()), (204, ""));
    assert_eq!(delete(&sim, Some(&token), id).status, 404);
}

#[test]
fn case_92_93_project_and_instance_runners_of_others_stay() {
    let sim = with_groups();
    let maintainer = in_project(&sim, 1, Membership::Maintainer);
    let shared = instance_runner(&sim).id;
    assert_eq!(delete(&sim, Some(&maintainer), shared).status, 403);
    let two = project_runner(&sim, &[1, 2]).id;
    let reply = delete(&sim, Some(&maintainer), two);
    assert_eq!(
        (reply.status, reply.message().as_str()),
        (
            403,
            "403 Forbidden - Runner associated with more than one project"
        )
    );
    let one = project_runner(&sim, &[1]).id;
    assert_eq!(delete(&sim, Some(&user(&sim)), one).status, 403);
    assert_eq!(delete(&sim, Some(&maintainer), one).status, 204);
    assert_eq!(sim.runners().len(), 2);
}

#[test]
fn case_94_group_runner_is_the_owners_to_delete() {
    let sim = with_groups();
    let (root, sub) = (group_runner(&sim, 1).id, group_runner(&sim, 2).id);
    for low in [
        Membership::Guest,
        Membership::Reporter,
        Membership::Developer,
        Membership::Maintainer,
    ] {
        assert_eq!(delete(&sim, Some(&in_group(&sim, low)), root).status, 403);
    }
    let owner = in_group(&sim, Membership::Owner);
    assert_eq!(delete(&sim, Some(&owner), root).status, 204);
    assert_eq!(delete(&sim, Some(&owner), sub).status, 204, "inherited");
}

#[test]
fn case_95_scopes_of_deletion() {
    let sim = start();
    let id = instance_runner(&sim).id;
    assert_eq!(delete(&sim, None, id).status, 401);
    for scope in ["create_runner", "read_api"] {
        assert_eq!(
            delete(
                &sim,
                Some(&sim.add_access_token(&[scope], Role::admin())),
                id
            )
            .status,
            403
        );
    }
    assert_eq!(
        delete(&sim, Some(&admin(&sim, &["manage_runner"])), id).status,
        204
    );
}
