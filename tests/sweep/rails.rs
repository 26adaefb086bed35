//! What ends a run before anything is deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use gitlab_simulator::Fault;
use serde_json::{Value, json};

use super::world::{FLEET, World, mark};

/// A page as GitLab answers it, changed on its way.
fn page(ids: &[i64], number: u32, next: &str, total: &str) -> Fault {
    let row = |id: &i64| json!({"id": id, "online": false, "status": "offline"});
    let rows: Vec<Value> = ids.iter().map(row).collect();
    let fault = Fault::on("GET /runners/all").status(200).json(json!(rows));
    let headers = BTreeMap::from([
        ("X-Page", number.to_string()),
        ("X-Per-Page", "100".to_owned()),
        ("X-Next-Page", next.to_owned()),
        ("X-Total", total.to_owned()),
    ]);
    headers
        .iter()
        .fold(fault, |fault, (name, value)| fault.header(name, value))
}

#[test]
fn a_list_that_is_cut_short_or_out_of_order_ends_the_run_before_anything_is_deleted() {
    fn check(fault: Fault, want: &str) {
        let world = World::new();
        for _ in 0..3 {
            world.dead();
        }
        world.gitlab.fault(fault);
        let ended = world.ends(&["--yes"], 78);
        assert!(ended.stderr.contains(want), "{want}: {}", ended.stderr);
        assert!(
            ended.stderr.contains("nothing was deleted"),
            "{}",
            ended.stderr
        );
        assert_eq!(ended.stdout, "", "no plan");
        world.is_untouched(3, want);
    }
    let all = Fault::on("GET /runners/all");
    check(page(&[1, 2], 1, "", "3"), "cut short");
    check(page(&[1, 2], 1, "2", "3"), "cut short");
    check(page(&[1, 3, 2], 1, "", "3"), "not in the order");
    check(page(&[1, 2, 2], 1, "", "3"), "not in the order");
    check(page(&[1, 2, 3], 2, "", "3"), "another page");
    check(page(&[1, 2, 3], 1, "", ""), "cut short");
    check(page(&[1, 2, 3], 1, "soon", "3"), "cannot be understood");
    let unknown = "cannot be understood";
    check(all.clone().status(200).json(json!([])), unknown);
    check(
        all.clone().status(200).json(json!({"runners": []})),
        unknown,
    );
    check(
        all.clone()
            .status(200)
            .json(json!([{"name": "without a number"}])),
        unknown,
    );
    check(all.clone().status(200).body("[{\"id\":1"), unknown);
    check(all.clone().html(), "GitLab");
    check(
        all.status(404).json(json!({"error": "404 Not Found"})),
        "--url",
    );
}

#[test]
fn a_runner_that_is_answered_as_another_ends_the_run() {
    let world = World::new();
    let (dead, alive) = (world.dead(), world.dead());
    world.contact(alive);
    let detail = json!({
        "id": alive, "contacted_at": "2020-01-01T00:00:00.000Z", "maintenance_note": mark(FLEET),
        "job_execution_status": "idle", "created_at": "2020-01-01T00:00:00.000Z",
    });
    let mixed_up = Fault::on("GET /runners/*")
        .after(1)
        .status(200)
        .json(detail);
    world.gitlab.fault(mixed_up);
    let ended = world.ends(&["--yes"], 78);
    let want = format!("answered a request for runner {dead} with runner {alive}");
    assert!(ended.stderr.contains(&want), "{}", ended.stderr);
    world.is_untouched(2, &want);
}

/// Whether all answers are of another time, or that about one runner alone.
#[test]
fn clocks_that_disagree_end_the_run_at_any_answer() {
    fn check(disturb: impl FnOnce(&World)) {
        let world = World::new();
        world.dead();
        disturb(&world);
        let ended = world.ends(&["--yes"], 78);
        let said = "the clock of this machine";
        assert!(ended.stderr.contains(said), "{}", ended.stderr);
        world.is_untouched(1, said);
    }
    check(|world| {
        let ahead = Duration::from_secs(7200);
        world.gitlab.update(|state| state.clock_ahead = ahead);
    });
    check(|world| {
        let detail = json!({"id": 1, "contacted_at": null, "maintenance_note": mark(FLEET)});
        let fault = Fault::on("GET /runners/1").status(200).json(detail);
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        world.gitlab.fault(fault.header("Date", date));
    });
}
