//! What a runner manager tells of itself with each request: GitLab writes it into the manager's record.

use serde_json::{Value, json};

use crate::config::Entry;
use crate::version::Version;

const FEATURES: [&str; 31] = [
    "variables",
    "image",
    "services",
    "artifacts",
    "cache",
    "fallback_cache_keys",
    "shared",
    "upload_multiple_artifacts",
    "upload_raw_artifacts",
    "session",
    "terminal",
    "refspecs",
    "masking",
    "proxy",
    "raw_variables",
    "artifacts_exclude",
    "multi_build_steps",
    "trace_reset",
    "trace_checksum",
    "trace_size",
    "vault_secrets",
    "cancelable",
    "return_exit_code",
    "service_variables",
    "service_multiple_aliases",
    "image_executor_opts",
    "service_executor_opts",
    "cancel_gracefully",
    "native_steps_integration",
    "two_phase_job_commit",
    "job_inputs",
];

/// The `info` of a request, with the features of the entry's executor.
pub(super) fn details(entry: &Entry, version: Version) -> Value {
    let missing: &[&str] = match entry.executor.as_str() {
        "docker" | "docker+machine" | "docker-autoscaler" => &["shared", "proxy"],
        "kubernetes" => &["shared", "service_executor_opts"],
        _ => &[
            "image",
            "services",
            "proxy",
            "service_variables",
            "service_multiple_aliases",
            "image_executor_opts",
            "service_executor_opts",
        ],
    };
    let features: serde_json::Map<_, _> = FEATURES
        .iter()
        .map(|feature| ((*feature).to_owned(), json!(!missing.contains(feature))))
        .collect();
    json!({
        "name": "gitlab-runner",
        "version": version.to_string(),
        "revision": "stand-in",
        "platform": "linux",
        "architecture": "amd64",
        "executor": entry.executor,
        "shell": if entry.shell.is_empty() { "bash" } else { entry.shell.as_str() },
        "features": features,
        "config": {"gpus": ""},
    })
}
