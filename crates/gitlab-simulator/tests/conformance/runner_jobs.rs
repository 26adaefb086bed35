//! Cases of `GET /runners/:id/jobs`.

use gitlab_simulator::{Job, JobStatus, Membership, Runner, Simulator};
use serde_json::{Value, json};

use crate::client::{Reply, call, call_as, ids};
use crate::gitlab::{admin, in_project, instance_runner, project_runner, start, user, with_groups};

fn jobs(sim: &Simulator, token: Option<&str>, runner: &Runner, query: &str) -> Reply {
    call_as(
        sim,
        token,
        "GET",
        &format!("/runners/{}/jobs{query}", runner.id),
        &Value::Null,
    )
}

/// Lets a manager of the runner take a new job of a project.
fn take(sim: &Simulator, runner: &Runner, system_id: &str, project: i64) -> i64 {
    let id = sim.queue_job(Job {
        project_id: Some(project),
        ..Job::default()
    });
    let body = json!({"token": runner.token, "system_id": system_id});
    assert_eq!(call(sim, "POST", "/jobs/request", &body).json()["id"], id);
    id
}

#[test]
fn case_96_jobs_of_an_instance_runner_are_for_administrators() {
    let sim = start();
    let (shared, own) = (instance_runner(&sim), project_runner(&sim, &[1]));
    let first = take(&sim, &shared, "s_1", 1);
    assert_eq!(
        ids(&jobs(&sim, Some(&admin(&sim, &["api"])), &shared, "")),
        [first]
    );
    assert_eq!(jobs(&sim, Some(&user(&sim)), &shared, "").status, 403);
    let second = take(&sim, &own, "s_1", 1);
    assert_eq!(
        ids(&jobs(
            &sim,
            Some(&in_project(&sim, 1, Membership::Maintainer)),
            &own,
            ""
        )),
        [second]
    );
}

#[test]
fn case_97_filters_and_order() {
    let sim = start();
    let runner = instance_runner(&sim);
    let token = admin(&sim, &["read_api"]);
    let (one, two) = (take(&sim, &runner, "s_1", 1), take(&sim, &runner, "s_1", 1));
    sim.update(|state| state.jobs[0].status = JobStatus::Failed);
    let check = |query: &str, expected: &[i64]| {
        assert_eq!(
            ids(&jobs(&sim, Some(&token), &runner, query)),
            expected,
            "{query}"
        );
    };
    check("", &[one, two]);
    check("?status=failed", &[one]);
    check("?status=running", &[two]);
    check("?order_by=id", &[two, one]);
    check("?order_by=id&sort=asc", &[one, two]);
    for query in ["?status=x", "?order_by=name", "?sort=up"] {
        assert_eq!(
            jobs(&sim, Some(&token), &runner, query).status,
            400,
            "{query}"
        );
    }
}

#[test]
fn case_98_jobs_of_one_manager_without_totals() {
    let sim = start();
    let runner = instance_runner(&sim);
    let token = admin(&sim, &["api"]);
    take(&sim, &runner, "s_1", 1);
    let second = take(&sim, &runner, "s_2", 1);
    let reply = jobs(&sim, Some(&token), &runner, "?system_id=s_2");
    assert_eq!(ids(&reply), [second]);
    assert_eq!(
        (reply.header("X-Total"), reply.header("X-Total-Pages")),
        (None, None)
    );
    assert_eq!(
        jobs(&sim, Some(&token), &runner, "").header("X-Total"),
        Some("2")
    );
    assert_eq!(
        ids(&jobs(&sim, Some(&token), &runner, "?system_id=s_3")),
        [0; 0]
    );
}

#[test]
fn case_99_only_visible_projects_count() {
    let sim = with_groups();
    let runner = project_runner(&sim, &[1, 3]);
    let first = take(&sim, &runner, "s_1", 1);
    take(&sim, &runner, "s_1", 3);
    let maintainer = in_project(&sim, 1, Membership::Maintainer);
    assert_eq!(ids(&jobs(&sim, Some(&maintainer), &runner, "")), [first]);
    sim.update(|state| state.settings.projects[0].builds_enabled = false);
    assert_eq!(ids(&jobs(&sim, Some(&maintainer), &runner, "")), [0; 0]);
    assert_eq!(jobs(&sim, None, &runner, "").status, 401);
    let missing = Runner { id: 99, ..runner };
    assert_eq!(jobs(&sim, Some(&maintainer), &missing, "").status, 404);
}

#[test]
fn case_99_keyset_pages_lead_to_the_end() {
    let sim = start();
    let runner = instance_runner(&sim);
    let token = admin(&sim, &["api"]);
    let all: Vec<i64> = (0..3).map(|_| take(&sim, &runner, "s_1", 1)).collect();
    let mut query = "?pagination=keyset&order_by=id&sort=asc&per_page=2".to_owned();
    let first = jobs(&sim, Some(&token), &runner, &query);
    assert_eq!(ids(&first), all[..2]);
    assert_eq!(first.header("X-Page"), None);
    let next = first
        .header("Link")
        .unwrap()
        .split_once('?')
        .unwrap()
        .1
        .split('>')
        .next()
        .unwrap();
    query = format!("?{next}");
    let second = jobs(&sim, Some(&token), &runner, &query);
    assert_eq!(
        (ids(&second).as_slice(), second.header("Link")),
        (&all[2..], None)
    );
}
