//! Cases of the lists of runners of an instance and of a user.

use std::time::Duration;

use gitlab_simulator::{Job, JobStatus, Membership, NewRunner, Role, Simulator};
use serde_json::{Value, json};

use crate::client::{call, get, ids};
use crate::gitlab::{
    admin, group_runner, in_group, instance_runner, project_runner, start, user, with_groups,
};

fn verify(sim: &Simulator, token: &str, system_id: &str, version: &str) {
    let body = json!({"token": token, "system_id": system_id, "info": {"version": version}});
    assert_eq!(call(sim, "POST", "/runners/verify", &body).status, 200);
}

#[test]
fn case_76_own_runners_with_pages() {
    let sim = with_groups();
    instance_runner(&sim);
    let of_group = group_runner(&sim, 1).id;
    let of_project = project_runner(&sim, &[1]).id;
    project_runner(&sim, &[3]);
    let owner = in_group(&sim, Membership::Owner);
    let reply = get(&sim, &owner, "/runners");
    assert_eq!(ids(&reply), [of_group, of_project]);
    for (name, value) in [
        ("X-Page", "1"),
        ("X-Per-Page", "20"),
        ("X-Next-Page", ""),
        ("X-Total", "2"),
    ] {
        assert_eq!(reply.header(name).map(str::trim), Some(value), "{name}");
    }
    let second = get(&sim, &owner, "/runners?per_page=1&page=2");
    assert_eq!(ids(&second), [of_project]);
    assert_eq!(second.header("X-Total-Pages"), Some("2"));
    assert!(second.header("Link").unwrap().contains("rel=\"prev\""));
    assert!(
        get(&sim, &owner, "/runners?per_page=1")
            .header("Link")
            .unwrap()
            .contains("page=2&per_page=1>; rel=\"next\"")
    );
    assert_eq!(
        ids(&get(
            &sim,
            &in_group(&sim, Membership::Maintainer),
            "/runners"
        )),
        [of_project]
    );
}

#[test]
fn case_77_lists_want_api_or_read_api() {
    let sim = start();
    for (scope, status) in [
        ("api", 200),
        ("read_api", 200),
        ("manage_runner", 403),
        ("create_runner", 403),
    ] {
        let token = sim.add_access_token(&[scope], Role::user());
        assert_eq!(get(&sim, &token, "/runners").status, status, "{scope}");
    }
    assert_eq!(call(&sim, "GET", "/runners", &Value::Null).status, 401);
}

#[test]
fn case_78_filters_by_type_and_status() {
    let sim = start();
    let group = group_runner(&sim, 1);
    let project = project_runner(&sim, &[1]);
    sim.update(|state| state.runners[1].paused = true);
    verify(&sim, &group.token, "s_0123456789ab", "19.4.0");
    let owner = in_group(&sim, Membership::Owner);
    let check = |query: &str, expected: &[i64]| {
        assert_eq!(
            ids(&get(&sim, &owner, &format!("/runners?{query}"))),
            expected,
            "{query}"
        );
    };
    check("scope=paused", &[project.id]);
    check("paused=true", &[project.id]);
    check("paused=false", &[group.id]);
    check("status=paused", &[project.id]);
    check("status=active", &[group.id]);
    check("status=online", &[group.id]);
    check("status=never_contacted", &[project.id]);
    check("type=project_type", &[project.id]);
    for query in ["scope=x", "type=x", "status=x"] {
        let reply = get(&sim, &owner, &format!("/runners?{query}"));
        let name = query.split('=').next().unwrap();
        assert_eq!(
            (reply.status, reply.error()),
            (400, format!("{name} does not have a valid value"))
        );
    }
    sim.update(|state| state.clock_ahead = Duration::from_secs(3 * 3600));
    check("status=offline", &[group.id]);
    sim.update(|state| state.clock_ahead = Duration::from_secs(8 * 24 * 3600));
    check("status=stale", &[group.id, project.id]);
}

#[test]
fn case_79_all_tags_must_match() {
    let sim = start();
    let tagged = |tags: &[&str]| {
        let tags = tags.iter().map(ToString::to_string).collect();
        sim.add_runner(NewRunner {
            tags,
            ..NewRunner::default()
        })
        .id
    };
    tagged(&["tag1"]);
    let both = tagged(&["tag2", "tag1"]);
    assert_eq!(
        ids(&get(
            &sim,
            &admin(&sim, &["api"]),
            "/runners/all?tag_list=tag1,tag2"
        )),
        [both]
    );
}

#[test]
fn case_80_running_builds_make_a_runner_active() {
    let sim = start();
    let runner = instance_runner(&sim);
    let token = admin(&sim, &["api"]);
    let execution = || get(&sim, &token, "/runners/all").json()[0]["job_execution_status"].clone();
    assert_eq!(execution(), "idle");
    sim.queue_job(Job::default());
    assert_eq!(
        call(
            &sim,
            "POST",
            "/jobs/request",
            &json!({"token": runner.token})
        )
        .status,
        201
    );
    assert_eq!(execution(), "active");
    sim.update(|state| state.jobs[0].status = JobStatus::Canceling);
    assert_eq!(execution(), "idle");
}

#[test]
fn case_81_administrators_see_all_with_their_marks() {
    let sim = start();
    let shared = instance_runner(&sim).id;
    group_runner(&sim, 1);
    assert_eq!(
        call(&sim, "POST", "/runners", &json!({"token": "gitlabtoken"})).status,
        201
    );
    let reply = get(&sim, &admin(&sim, &["api"]), "/runners/all");
    assert_eq!(ids(&reply).len(), 3);
    let rows = reply.json();
    assert_eq!(rows[0]["id"], shared);
    assert_eq!(
        (&rows[0]["is_shared"], &rows[0]["runner_type"]),
        (&json!(true), &json!("instance_type"))
    );
    assert_eq!(
        (&rows[0]["active"], &rows[0]["paused"], &rows[0]["online"]),
        (&json!(true), &json!(false), &Value::Null)
    );
    assert_eq!(rows[0]["created_by"]["username"], "root");
    assert_eq!(rows[0]["status"], "never_contacted");
    assert!(rows[0]["created_at"].is_string());
    assert_eq!(rows[2]["created_by"], Value::Null);
    for absent in ["tag_list", "contacted_at", "token", "maintenance_note"] {
        assert!(rows[0].get(absent).is_none(), "{absent}");
    }
}

#[test]
fn case_82_all_is_for_administrators_and_has_its_filters() {
    let sim = start();
    let shared = instance_runner(&sim);
    let group = group_runner(&sim, 1).id;
    verify(&sim, &shared.token, "s_1_4567890abc", "15.0.3");
    verify(&sim, &shared.token, "s_2_4567890abc", "16.11.0~pre");
    assert_eq!(get(&sim, &user(&sim), "/runners/all").status, 403);
    assert_eq!(
        get(&sim, &admin(&sim, &["manage_runner"]), "/runners/all").status,
        403
    );
    assert_eq!(call(&sim, "GET", "/runners/all", &Value::Null).status, 401);
    let token = admin(&sim, &["read_api"]);
    let all = |query: &str| get(&sim, &token, &format!("/runners/all?{query}"));
    assert_eq!(ids(&all("scope=shared")), [shared.id]);
    assert_eq!(ids(&all("scope=specific")), [group]);
    assert_eq!(ids(&all("version_prefix=15.0")), [shared.id]);
    assert_eq!(ids(&all("version_prefix=16")), [shared.id]);
    assert_eq!(ids(&all("version_prefix=25")), [0; 0]);
    assert_eq!(
        (
            all("version_prefix=V15").status,
            all("version_prefix=V15").error().as_str()
        ),
        (400, "version_prefix is invalid")
    );
    let auditor = sim.add_access_token(
        &["api"],
        Role {
            auditor: true,
            ..Role::default()
        },
    );
    assert_eq!(get(&sim, &auditor, "/runners/all").status, 200);
}

#[test]
fn list_of_more_than_ten_thousand_is_not_counted_but_has_its_next_page() {
    let sim = start();
    let admin = admin(&sim, &["read_api"]);
    sim.update(|state| {
        for _ in 0..10_000 {
            state.add_runner(NewRunner::default());
        }
    });
    let counted = get(&sim, &admin, "/runners/all?per_page=100&page=100");
    assert_eq!(counted.header("X-Total"), Some("10000"));
    assert_eq!(counted.header("X-Next-Page").map(str::trim), Some(""));
    instance_runner(&sim);
    let page = get(&sim, &admin, "/runners/all?per_page=100&page=100");
    assert_eq!(
        (page.header("X-Total"), page.header("X-Total-Pages")),
        (None, None)
    );
    assert_eq!(page.header("X-Next-Page"), Some("101"));
    assert_eq!(ids(&page).len(), 100);
    let last = get(&sim, &admin, "/runners/all?per_page=100&page=101");
    assert_eq!(
        (ids(&last).len(), last.header("X-Next-Page").map(str::trim)),
        (1, Some(""))
    );
}

#[test]
fn before_gitlab_18_a_runner_tells_neither_its_age_nor_its_jobs() {
    let sim = start();
    let admin = admin(&sim, &["read_api"]);
    let runner = instance_runner(&sim);
    verify(&sim, &runner.token, "r_1", "15.0");
    let path = format!("/runners/{}", runner.id);
    let keys = ["created_by", "created_at", "job_execution_status"];
    for before_18 in [false, true] {
        sim.update(|state| state.settings.before_18 = before_18);
        let list = get(&sim, &admin, "/runners/all").json()[0].clone();
        let detail = get(&sim, &admin, &path).json();
        for key in keys {
            for row in [&list, &detail] {
                assert_eq!(row.get(key).is_none(), before_18, "{key}: {row}");
            }
        }
        let manager = get(&sim, &admin, &format!("{path}/managers")).json()[0].clone();
        assert!(manager["created_at"].is_string());
        assert_eq!(manager.get("job_execution_status").is_none(), before_18);
    }
}

#[test]
fn answers_tell_the_time_of_gitlabs_clock() {
    let sim = start();
    let admin = admin(&sim, &["read_api"]);
    let day = Duration::from_secs(24 * 3600);
    sim.update(|state| state.clock_ahead = day);
    let reply = get(&sim, &admin, "/runners/all");
    let date = httpdate::parse_http_date(reply.header("Date").unwrap()).unwrap();
    let ahead = date.duration_since(std::time::SystemTime::now()).unwrap();
    assert!(ahead > day / 2, "{ahead:?}");
}
