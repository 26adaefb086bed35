//! Who is polled and who is not: fact 8, health, empty tokens.

use gitlab_simulator::Settings;

use crate::scene::{Entry, LIMIT, Scene, wait_for};

#[test]
fn fact_8_deleted_manager_comes_back_with_the_next_poll() {
    let (scene, _) = Scene::polling(1, 1, "");
    scene.polled(1);
    scene
        .gitlab
        .update(|state| state.runners[0].managers.clear());
    assert!(
        scene
            .gitlab
            .wait_until(LIMIT, |state| state.runners[0].managers.len() == 1)
    );
}

#[test]
fn request_names_the_runner_manager() {
    let (scene, config) = Scene::polling(1, 1, "");
    // The call is noted before it is answered, and the manager comes with the answer.
    let known = |state: &gitlab_simulator::State| state.runners[0].managers.len() == 1;
    assert!(scene.gitlab.wait_until(LIMIT, known));
    let call = scene.gitlab.calls("POST /jobs/request").remove(0);
    assert_eq!(
        call.headers.get("runner-token"),
        Some(&config.entries[0].token)
    );
    assert_eq!(
        call.body["token"].as_str(),
        Some(config.entries[0].token.as_str())
    );
    assert_eq!(
        call.body["system_id"].as_str(),
        Some(scene.gitlab.runners()[0].managers[0].system_id.as_str())
    );
    assert_eq!(call.body["info"]["name"], "gitlab-runner");
    assert_eq!(call.body["info"]["executor"], "shell");
    assert_eq!(
        call.body["info"]["features"]
            .as_object()
            .map(serde_json::Map::len),
        Some(31)
    );
}

#[test]
fn runner_refused_three_times_is_left_alone_until_a_reload() {
    let (scene, config) = Scene::polling(1, 1, "");
    scene.polled(1);
    let id = scene.gitlab.runners()[0].id;
    scene.gitlab.update(|state| state.remove_runner(id));
    let failures = || scene.metric("gitlab_runner_worker_health_check_failures_total", "");
    wait_for("three refusals", || (failures() == 3).then_some(()));
    let before = scene.polls();
    // The feeder passes it over and says so.
    wait_for("passes", || {
        (scene.metric("gitlab_runner_worker_feed_failures_total", "") >= 3).then_some(())
    });
    assert_eq!(scene.polls(), before);
    assert!(scene.log().contains("is unhealthy and will be disabled"));
    scene.reload(&config);
    scene.polled(before + 1);
}

#[test]
fn blank_token_is_never_sent() {
    let scene = Scene::new(Settings::default());
    let mut config = scene.config(1, 1, "");
    config.entries.push(Entry {
        token: "  ".into(),
        more: String::new(),
    });
    let scene = scene.running(&config);
    wait_for("passes", || {
        (scene.metric("gitlab_runner_worker_feed_failures_total", "runner-1") >= 2).then_some(())
    });
    let calls = scene.gitlab.calls("POST /jobs/request");
    assert!(!calls.is_empty());
    assert!(
        calls
            .iter()
            .all(|call| call.body["token"].as_str() == Some(config.entries[0].token.as_str()))
    );
}

#[test]
fn errors_of_the_server_do_not_make_a_runner_unhealthy() {
    let scene = Scene::new(Settings::default());
    scene.gitlab.fault(
        gitlab_simulator::Fault::on("POST /jobs/request")
            .times(6)
            .status(404),
    );
    let config = scene.config(1, 1, "");
    let scene = scene.running(&config);
    scene.polled(8);
    assert_eq!(
        scene.metric("gitlab_runner_worker_health_check_failures_total", ""),
        0
    );
}
