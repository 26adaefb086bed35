//! The HTTP pages: names, labels, and which address they are on.

use std::collections::BTreeSet;
use std::net::TcpListener;

use gitlab_simulator::Settings;

use crate::scene::{Config, Scene, job_of, wait_for};

/// Families and the labels of their rows, as far as somebody reads them.
const FAMILIES: [(&str, &[&str]); 18] = [
    (
        "api_request_statuses_total",
        &["endpoint", "method", "runner", "status", "system_id"],
    ),
    ("concurrent", &[]),
    ("configuration_loaded_total", &[]),
    ("configuration_loading_error_total", &[]),
    ("configuration_saved_total", &[]),
    ("configuration_saving_error_total", &[]),
    (
        "jobs",
        &[
            "executor_stage",
            "runner",
            "runner_name",
            "stage",
            "state",
            "system_id",
        ],
    ),
    ("jobs_total", &["runner", "runner_name", "system_id"]),
    ("limit", &["runner", "runner_name", "system_id"]),
    ("process_state_info", &["state"]),
    ("request_concurrency", &["runner", "system_id"]),
    (
        "request_concurrency_exceeded_total",
        &["runner", "system_id"],
    ),
    (
        "worker_feed_failures_total",
        &["runner", "runner_name", "system_id"],
    ),
    (
        "worker_feeds_total",
        &["runner", "runner_name", "system_id"],
    ),
    (
        "worker_health_check_failures_total",
        &["runner", "runner_name", "system_id"],
    ),
    (
        "worker_processing_failures_total",
        &["failure_type", "runner", "runner_name", "system_id"],
    ),
    ("worker_slot_operations_total", &["operation"]),
    ("worker_slots_number", &[]),
];

#[test]
fn metrics_have_the_real_names_and_labels() {
    let (scene, config) = Scene::polling(1, 1, "");
    scene.gitlab.queue_job(job_of(0.0));
    wait_for("a job", || {
        (scene.metric("gitlab_runner_jobs_total", "") == 1).then_some(())
    });
    let page = scene.page("/metrics").unwrap();
    for (family, labels) in FAMILIES {
        let name = format!("gitlab_runner_{family}");
        assert!(
            page.contains(&format!("# TYPE {name} ")),
            "{name} has no type"
        );
        assert!(
            page.contains(&format!("# HELP {name} ")),
            "{name} has no help"
        );
        let row = page
            .lines()
            .find(|row| row.split(['{', ' ']).next() == Some(&name));
        let row = row.unwrap_or_else(|| panic!("{name} has no row"));
        assert_eq!(labels_of(row), labels.iter().copied().collect(), "{row}");
    }
    let short = &config.entries[0].token.trim_start_matches("glrt-")[..9];
    assert!(
        page.contains(&format!("gitlab_runner_limit{{runner=\"{short}\"")),
        "the runner is its short token"
    );
    assert!(!page.contains(&config.entries[0].token));
    let version = page
        .lines()
        .find(|row| row.starts_with("gitlab_runner_version_info{"))
        .unwrap();
    assert!(
        version.contains("version=") && version.ends_with(" 1"),
        "{version}"
    );
}

fn labels_of(row: &str) -> BTreeSet<&str> {
    let Some((_, labels)) = row.split_once('{') else {
        return BTreeSet::new();
    };
    let labels = labels.rsplit_once('}').unwrap().0;
    labels
        .split("\",")
        .filter_map(|label| label.split_once('='))
        .map(|(name, _)| name)
        .collect()
}

#[test]
fn jobs_list_names_its_version_and_is_empty_without_jobs() {
    let (scene, _) = Scene::polling(1, 1, "");
    let (head, body) = scene.answer("/debug/jobs/list").unwrap();
    assert!(head.to_lowercase().contains("x-list-version: 2"), "{head}");
    assert_eq!(body, "");
    wait_for("readiness", || {
        scene.page("/health/ready").filter(|page| page == "ready\n")
    });
    assert_eq!(scene.page("/nothing/here"), None);
}

#[test]
fn flag_beats_the_file() {
    let scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    let head = format!("listen_address = \"127.0.0.1:1\"\n{}", config.head);
    let scene = scene.running(&Config { head, ..config });
    assert_eq!(scene.state().as_deref(), Some("running"));
}

#[test]
fn address_of_the_file_is_used_and_kept_over_reloads() {
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    let head = format!("listen_address = \"{}\"\n{}", scene.address, config.head);
    let config = Config { head, ..config };
    scene.publish(&config);
    scene.start(&["run"]);
    scene.is_up();
    // Not read again: the pages stay where they are.
    scene.reload(&Config {
        head: crate::scene::head(1),
        ..config
    });
    assert_eq!(scene.state().as_deref(), Some("running"));
}

#[test]
fn taken_port_is_fatal() {
    let mut scene = Scene::new(Settings::default());
    let config = scene.config(1, 1, "");
    scene.publish(&config);
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    scene.start(&["run", "--listen-address", &address]);
    assert_eq!(scene.exit().code(), Some(1));
}
