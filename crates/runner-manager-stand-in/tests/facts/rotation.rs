//! Token rotation, fact 24 above all.

use std::fs;
use std::time::{Duration, SystemTime};

use gitlab_simulator::{Fault, Settings};
use rustix::process::Signal;

use crate::scene::{Config, Entry, LIMIT, Scene, real, wait_for};

const LOADED: &str = "gitlab_runner_configuration_loaded_total";
const SAVED: &str = "gitlab_runner_configuration_saved_total";
const RESET: &str = "POST /runners/reset_authentication_token";

/// How long GitLab's answer is on its way: time for a busy machine to do what a test does meanwhile.
pub(crate) const ON_ITS_WAY: Duration = Duration::from_secs(4);

/// A file whose one token is due after so many seconds from now, or up to one less.
fn due_in(scene: &Scene, seconds: i64) -> Config {
    let mut config = scene.config(1, 1, "");
    config.entries[0].more = lives(-600 + seconds, 200 + seconds);
    config
}

/// Three quarters of 800 seconds after the first moment it is due.
pub(crate) fn lives(from: i64, to: i64) -> String {
    format!(
        "  token_obtained_at = {}\n  token_expires_at = {}\n",
        moment(from),
        moment(to)
    )
}

fn moment(seconds: i64) -> String {
    let now = i64::try_from(
        SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs(),
    )
    .unwrap();
    let at = time::OffsetDateTime::from_unix_timestamp(now + seconds).unwrap();
    at.format(&time::format_description::well_known::Rfc3339)
        .unwrap()
}

/// Sees a rotation begin and hold: GitLab's answer is on its way.
fn rotation_under_way(scene: &Scene) {
    assert!(
        scene
            .gitlab
            .wait_until(LIMIT, |state| state.count(RESET) == 1),
        "{}",
        scene.log()
    );
}

#[test]
fn token_is_replaced_at_three_quarters_of_its_life_and_the_file_rewritten() {
    let scene = Scene::new(Settings::default());
    let config = due_in(&scene, 1);
    let config = Config {
        head: format!("# a comment\n{}", config.head),
        ..config
    };
    let old = config.entries[0].token.clone();
    let scene = scene.running(&config);
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    let new = scene.gitlab.runners()[0].token.clone();
    assert_ne!(new, old);
    let text = fs::read_to_string(scene.file()).unwrap();
    assert!(
        text.contains(&format!("token = \"{new}\"")) && !text.contains(&old),
        "{text}"
    );
    assert!(!text.contains("a comment"));
    assert!(
        text.contains("token_expires_at = 0001-01-01T00:00:00Z"),
        "{text}"
    );
    let polled_with_new = |call: &gitlab_simulator::Call| call.body["token"].as_str() == Some(&new);
    assert!(
        scene
            .gitlab
            .wait_until(LIMIT, |state| state.journal.iter().any(polled_with_new))
    );
    assert_eq!(
        scene.metric(LOADED, ""),
        2,
        "its own load counts; its own save is not loaded again"
    );
}

#[test]
fn fact_24_rotation_in_flight_overwrites_the_paused_file() {
    let scene = Scene::new(Settings::default());
    let config = due_in(&scene, 0);
    // Over before it looks at the file of its own accord, three seconds from its start.
    scene
        .gitlab
        .fault(Fault::on(RESET).delay(Duration::from_millis(1500)));
    let scene = scene.started(&config);
    rotation_under_way(&scene);
    let before = scene.polls();
    scene.publish(&config.paused());
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    let new = scene.gitlab.runners()[0].token.clone();
    assert!(
        fs::read_to_string(scene.file()).unwrap().contains(&new),
        "the pause is overwritten"
    );
    assert_eq!(scene.metric(LOADED, ""), 2);
    assert!(
        scene
            .page("/metrics")
            .unwrap()
            .contains("gitlab_runner_limit{"),
        "the metrics show that the pause is not in force"
    );
    scene.polled(before + 2);
    let last = scene.gitlab.calls("POST /jobs/request").pop().unwrap();
    assert_eq!(last.body["token"].as_str(), Some(new.as_str()));
}

#[test]
fn configuration_cannot_be_read_while_gitlab_is_asked_for_the_new_token() {
    let scene = Scene::new(Settings::default());
    let config = due_in(&scene, 1);
    scene.gitlab.fault(Fault::on(RESET).delay(ON_ITS_WAY));
    let scene = scene.started(&config);
    rotation_under_way(&scene);
    assert_eq!(
        scene.gitlab.calls(RESET)[0].status,
        None,
        "not answered yet"
    );
    assert!(scene.page("/metrics").is_some());
    let answered = scene.gitlab.calls(RESET)[0].status;
    assert_eq!(
        answered,
        Some(201),
        "the metrics page waits for the rotation"
    );
}

#[test]
fn entry_that_left_the_file_is_not_rotated() {
    let scene = Scene::new(Settings::default());
    let config = due_in(&scene, 3);
    let scene = scene.running(&config);
    // Not loaded yet when the rotation begins: the rotation itself finds out.
    scene.publish(&config.paused());
    wait_for("the complaint", || {
        scene.log().contains("token reset").then_some(())
    });
    assert_eq!(scene.metric(SAVED, ""), 0);
    assert!(scene.gitlab.calls(RESET).is_empty());
}

#[test]
fn refused_rotation_saves_nothing_and_is_tried_again_at_once() {
    let scene = Scene::new(Settings::default());
    let config = due_in(&scene, 1);
    scene.gitlab.fault(Fault::on(RESET).times(3).status(403));
    let scene = scene.running(&config);
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    assert_eq!(scene.gitlab.calls(RESET).len(), 4);
}

#[test]
fn earliest_of_several_tokens_is_first() {
    let scene = Scene::new(Settings::default());
    let mut config = scene.config(1, 3, "");
    let [never, late, soon] = &mut config.entries[..] else {
        panic!("three entries")
    };
    never.more =
        "  token_obtained_at = 2022-01-01T00:00:00Z\n  token_expires_at = 0001-01-01T00:00:00Z\n"
            .into();
    late.more = lives(-590, 2000);
    soon.more = lives(-599, 201);
    let soon = Entry {
        token: soon.token.clone(),
        more: String::new(),
    };
    let scene = scene.running(&config);
    rotation_under_way(&scene);
    assert_eq!(
        scene.gitlab.calls(RESET)[0].body["token"].as_str(),
        Some(soon.token.as_str())
    );
}

#[test]
fn rotate_now_signal_and_pause_make_the_overlap_at_any_moment() {
    if real().is_some() {
        // Switches of the stand-in only.
        return;
    }
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    scene.publish(&config);
    let address = scene.address.clone();
    scene.start(&[
        "run",
        "--listen-address",
        &address,
        "--rotation-pause",
        "4s",
    ]);
    scene.is_up();
    scene.signal(Signal::USR1);
    rotation_under_way(&scene);
    scene.publish(&config.paused());
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    let new = scene.gitlab.runners()[0].token.clone();
    assert!(fs::read_to_string(scene.file()).unwrap().contains(&new));
}

#[test]
fn hangup_during_a_rotation_ends_with_the_new_token_in_the_file_and_polled_or_with_neither() {
    let scene = Scene::new(Settings::default());
    // Later than a busy machine takes until the signals are taken over.
    let config = due_in(&scene, 6);
    scene.gitlab.fault(Fault::on(RESET).delay(ON_ITS_WAY));
    let scene = scene.running(&config);
    rotation_under_way(&scene);
    scene.publish(&config.paused());
    scene.signal(Signal::HUP);
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    let new = scene.gitlab.runners()[0].token.clone();
    if fs::read_to_string(scene.file()).unwrap().contains(&new) {
        // Whatever the reload has read, the next look finds the saved file: the pause is over.
        let polled = |call: &gitlab_simulator::Call| call.body["token"].as_str() == Some(&new);
        assert!(
            scene
                .gitlab
                .wait_until(LIMIT, |state| state.journal.iter().any(polled))
        );
    } else {
        assert!(
            real().is_some(),
            "the stand-in loses a token only when it is told to"
        );
        assert!(
            !scene
                .page("/metrics")
                .unwrap()
                .contains("gitlab_runner_limit{")
        );
    }
}

/// What is seen at once after the save: the file has the new token, `concurrent` in force, an entry in force.
#[track_caller]
fn overlap(word: &str, new_token_in_file: bool, concurrent: i64, entry: bool) {
    if real().is_some() {
        // The real one chooses by itself.
        return;
    }
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(2, 1, "");
    scene.publish(&config);
    let address = scene.address.clone();
    scene.start(&[
        "run",
        "--listen-address",
        &address,
        "--rotation-overlap",
        word,
    ]);
    scene.is_up();
    scene.gitlab.fault(Fault::on(RESET).delay(ON_ITS_WAY));
    scene.signal(Signal::USR1);
    rotation_under_way(&scene);
    scene.publish(&Config {
        head: crate::scene::head(3),
        entries: Vec::new(),
    });
    scene.signal(Signal::HUP);
    wait_for("the save", || (scene.metric(SAVED, "") == 1).then_some(()));
    wait_for("the reload", || {
        (scene.metric(LOADED, "") == 3).then_some(())
    });
    let new = scene.gitlab.runners()[0].token.clone();
    let page = scene.page("/metrics").unwrap();
    assert_eq!(
        fs::read_to_string(scene.file()).unwrap().contains(&new),
        new_token_in_file,
        "{word}: file"
    );
    assert!(
        page.contains(&format!("\ngitlab_runner_concurrent {concurrent}\n")),
        "{word}: {page}"
    );
    assert_eq!(
        page.contains("gitlab_runner_limit{"),
        entry,
        "{word}: entry"
    );
}

#[test]
fn reload_that_waited_for_a_rotation_reads_the_saved_file() {
    overlap("saved", true, 2, true);
}

#[test]
fn reload_that_waited_for_a_rotation_reads_the_truncated_file() {
    overlap("empty", true, 1, false);
}

#[test]
fn reload_that_waited_for_a_rotation_acknowledges_a_pause_that_is_overwritten() {
    overlap("published", true, 3, false);
}

#[test]
fn reload_that_waited_for_a_rotation_makes_the_save_lose_the_new_token() {
    overlap("lost", false, 3, false);
}
