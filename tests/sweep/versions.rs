//! A GitLab that says less: what is not known is never a reason to delete.

use gitlab_simulator::{Fault, JobStatus, Settings};
use serde_json::json;

use super::world::{FLEET, HOUR, World, mark};

#[test]
fn before_gitlab_18_jobs_are_asked_for_and_unknown_ages_are_kept() {
    let world = World::with(Settings {
        before_18: true,
        ..Settings::default()
    });
    let dead = world.dead();
    let never = world.runner(mark(FLEET), None);
    let busy = world.dead();
    world.give_job(busy, JobStatus::Running);
    let canceling = world.dead();
    world.give_job(canceling, JobStatus::Canceling);
    let ended = world.ends(&["--yes"], 0);
    for said in [
        "2 kept: has a running job",
        "1 kept: never contacted, and GitLab does not show when it was created",
        "not known: this GitLab (before about 18) does not show which runners have jobs",
        "not known: 1 of these, for the reasons above; none of them is deleted",
        "1 to delete;",
    ] {
        assert!(ended.stdout.contains(said), "{said}: {}", ended.stdout);
    }
    assert_eq!(world.asked_to_go(), [dead].into());
    assert_eq!(world.there(), [never, busy, canceling].into());
}

#[test]
fn runner_whose_contact_is_not_said_or_cannot_be_read_stays() {
    for contacted_at in [None, Some(json!("a while ago")), Some(json!("2020-01-01"))] {
        let world = World::new();
        let id = world.dead();
        let mut detail = json!({
            "id": id, "maintenance_note": mark(FLEET), "job_execution_status": "idle",
            "created_at": "2020-01-01T00:00:00.000Z",
        });
        if let Some(at) = &contacted_at {
            detail["contacted_at"] = at.clone();
        }
        let path = format!("GET /runners/{id}");
        world
            .gitlab
            .fault(Fault::on(&path).forever().status(200).json(detail));
        let ended = world.ends(&["--yes"], 0);
        let said = "GitLab does not show its last contact";
        assert!(
            ended.stdout.contains(said),
            "{contacted_at:?}: {}",
            ended.stdout
        );
        world.is_untouched(1, said);
    }
}

#[test]
fn jobs_that_cannot_be_seen_keep_the_runner() {
    let world = World::new();
    let hidden = world.dead();
    let dead = world.dead();
    let path = format!("GET /runners/{hidden}/jobs");
    let refused = json!({"message": "403 Forbidden - No access granted"});
    world
        .gitlab
        .fault(Fault::on(&path).forever().status(403).json(refused));
    let ended = world.ends(&["--yes"], 0);
    assert!(
        ended
            .stderr
            .contains("the access token cannot read it or its jobs"),
        "{}",
        ended.stderr
    );
    assert_eq!(world.asked_to_go(), [dead].into());
    assert_eq!(world.there(), [hidden].into());
}

#[test]
fn gitlab_that_knows_no_canceling_jobs_is_swept_all_the_same() {
    let world = World::new();
    let dead = world.dead();
    let unknown = json!({"error": "status does not have a valid value"});
    let fault = Fault::on("GET /runners/*/jobs").after(1);
    world.gitlab.fault(fault.status(400).json(unknown));
    world.ends(&["--yes"], 0);
    let asked = world.gitlab.calls("GET /runners/*/jobs");
    let struck: Vec<&str> = asked
        .iter()
        .filter(|call| call.fault)
        .map(|call| &*call.query)
        .collect();
    assert_eq!(struck, ["status=canceling&per_page=1"]);
    assert_eq!(world.asked_to_go(), [dead].into());
    // Of the status that every GitLab knows such an answer is no answer.
    let dead = world.dead();
    let broken = json!({"error": "status does not have a valid value"});
    world
        .gitlab
        .fault(Fault::on("GET /runners/*/jobs").status(400).json(broken));
    world.ends(&["--yes"], 78);
    assert!(world.there().contains(&dead));
}

#[test]
fn clock_zone_of_gitlab_does_not_matter() {
    let world = World::new();
    let id = world.runner(mark(FLEET), Some(9 * HOUR));
    // Two hours ago, in a zone nine hours ahead.
    let now = std::time::SystemTime::now();
    let at = now + 9 * HOUR - HOUR / 2 * 5;
    let text = without_zone(at);
    let detail = json!({
        "id": id, "maintenance_note": mark(FLEET), "job_execution_status": "idle",
        "created_at": "2020-01-01T00:00:00.000+09:00", "contacted_at": format!("{text}+09:00"),
    });
    let path = format!("GET /runners/{id}");
    world
        .gitlab
        .fault(Fault::on(&path).forever().status(200).json(detail));
    let ended = world.ends(&["--yes"], 0);
    assert!(
        ended.stdout.contains("contacted 2h30m ago"),
        "{}",
        ended.stdout
    );
    world.is_untouched(1, "zone");
}

/// `2026-01-31T10:10:10.000`, the clock of UTC without a zone.
fn without_zone(at: std::time::SystemTime) -> String {
    let seconds = at.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let output = std::process::Command::new("date")
        .args(["-u", "-d", &format!("@{seconds}"), "+%Y-%m-%dT%H:%M:%S.000"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
