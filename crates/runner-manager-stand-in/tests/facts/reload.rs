//! When the file is read: facts 1, 6, 7 and 9.

use std::fs;
use std::time::{Duration, Instant, SystemTime};

use gitlab_simulator::Settings;
use rustix::process::Signal;

use crate::scene::{Config, LIMIT, Scene, head, wait_for, within};

const LOADED: &str = "gitlab_runner_configuration_loaded_total";
const BROKEN: &str = "gitlab_runner_configuration_loading_error_total";

#[test]
fn fact_1_hangup_reloads_at_once() {
    let mut last = None;
    within(Duration::from_secs(1), || {
        let (scene, config) = Scene::polling(1, 1, "");
        let begun = Instant::now();
        scene.reload(&config.paused());
        last = Some(scene);
        begun.elapsed()
    });
    let scene = last.unwrap();
    assert_eq!(scene.metric("gitlab_runner_limit", ""), 0);
    assert!(
        !scene
            .page("/metrics")
            .unwrap()
            .contains("gitlab_runner_limit{"),
        "only entries of the file have a limit row"
    );
}

#[test]
fn fact_1_newer_file_is_loaded_within_three_seconds() {
    within(Duration::from_secs(5), || {
        let (scene, config) = Scene::polling(1, 1, "");
        let before = scene.metric(LOADED, "");
        let begun = Instant::now();
        scene.publish(&Config {
            head: head(7),
            ..config
        });
        scene.loaded_since(before);
        let took = begun.elapsed();
        assert_eq!(scene.metric("gitlab_runner_concurrent", ""), 7);
        took
    });
}

#[test]
fn fact_6_old_bytes_with_the_old_mtime_are_reloaded_only_by_hangup() {
    let (scene, both) = Scene::polling(1, 2, "");
    let old = fs::metadata(scene.file()).unwrap().modified().unwrap();
    let one = Config {
        head: both.head.clone(),
        entries: both.entries[1..].to_vec(),
    };
    scene.reload(&one);
    let loaded = scene.metric(LOADED, "");
    scene.publish_with_mtime(&both, old);
    // One poll a second: two looks at the file have passed.
    scene.polled(scene.polls() + 8);
    assert_eq!(scene.metric(LOADED, ""), loaded);
    scene.signal(Signal::HUP);
    scene.loaded_since(loaded);
    assert_eq!(
        scene
            .page("/metrics")
            .unwrap()
            .matches("gitlab_runner_limit{")
            .count(),
        2
    );
}

#[test]
fn fact_7_deleted_file_is_complained_about_and_polling_goes_on() {
    let (scene, _) = Scene::polling(1, 1, "");
    fs::remove_file(scene.file()).unwrap();
    wait_for("two complaints", || {
        (scene.log().matches("Failed to load config").count() >= 2).then_some(())
    });
    scene.polled(scene.polls() + 2);
}

#[test]
fn fact_9_concurrent_zero_is_fatal_at_the_next_reload() {
    let (mut scene, config) = Scene::polling(1, 1, "");
    scene.publish(&Config {
        head: head(0),
        ..config
    });
    scene.signal(Signal::HUP);
    assert_eq!(scene.exit().code(), Some(1));
}

#[test]
fn broken_file_is_complained_about_once_and_the_old_one_stays() {
    let (scene, config) = Scene::polling(1, 1, "");
    scene.publish(&Config {
        head: "concurrent = ".into(),
        entries: Vec::new(),
    });
    wait_for("the complaint", || {
        (scene.metric(BROKEN, "") == 1).then_some(())
    });
    // Five polls a second apart: at least one more look at the same broken file.
    scene.polled(scene.polls() + 5);
    assert_eq!(scene.metric(BROKEN, ""), 1);
    scene.reload(&config);
}

#[test]
fn file_that_is_not_there_at_the_start_is_picked_up_later() {
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    let address = scene.address.clone();
    scene.start(&["run", "--listen-address", &address]);
    wait_for("the process", || scene.state());
    assert_eq!(scene.polls(), 0);
    scene.publish(&config);
    scene.polled(1);
    let written = fs::read_to_string(scene.directory.path().join(".runner_system_id")).unwrap();
    let polls = scene
        .gitlab
        .wait_until(LIMIT, |state| state.runners[0].manager(&written).is_some());
    assert!(polls, "{written} does not poll");
}

#[test]
fn system_id_is_read_once_at_the_start() {
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    let file = scene.directory.path().join(".runner_system_id");
    put(&file, "s_0123456789ab");
    scene = scene.running(&config);
    scene.polled(1);
    put(&file, "s_ffffffffffff");
    scene.reload(&config);
    scene.polled(scene.polls() + 2);
    let managers: Vec<_> = scene.gitlab.runners()[0]
        .managers
        .iter()
        .map(|manager| manager.system_id.clone())
        .collect();
    assert_eq!(managers, ["s_0123456789ab"]);
}

#[test]
fn unchanged_mtime_of_a_changed_file_is_not_looked_into() {
    let (scene, config) = Scene::polling(1, 1, "");
    let mtime = fs::metadata(scene.file()).unwrap().modified().unwrap();
    assert!(mtime <= SystemTime::now());
    let loaded = scene.metric(LOADED, "");
    scene.publish_with_mtime(
        &Config {
            head: head(5),
            ..config
        },
        mtime,
    );
    scene.polled(scene.polls() + 5);
    assert_eq!(
        (
            scene.metric(LOADED, ""),
            scene.metric("gitlab_runner_concurrent", "")
        ),
        (loaded, 1)
    );
}

fn put(path: &std::path::Path, content: &str) {
    use std::io::Write;
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path)
        .unwrap();
    file.write_all(content.as_bytes()).unwrap();
}
