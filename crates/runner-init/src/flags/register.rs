//! Flags of `register` itself, and those of the runner entry that have no prefix.

use super::{Flag, Kind, Place};

/// What is registered where, and what GitLab keeps of it.
pub(super) const REGISTER: &[Flag] = other_flags! {
    "template-config" ["TEMPLATE_CONFIG_FILE"] Text Command "file whose one [[runners]] entry fills in what was not given";
    "config" | "c" ["CONFIG_FILE"] Text Command "the config.toml to write";
    "tag-list" ["RUNNER_TAG_LIST"] Text ServerSide "tags of the runner, separated by commas";
    "non-interactive" | "n" ["REGISTER_NON_INTERACTIVE"] Bool Command "accepted and implied: nothing is ever asked";
    "leave-runner" ["REGISTER_LEAVE_RUNNER"] Bool Command "leave a new runner at GitLab when a later step fails";
    "registration-token" | "r" ["REGISTRATION_TOKEN"] Text ServerSide "trade this deprecated token for a new runner";
    "run-untagged" ["REGISTER_RUN_UNTAGGED"] Bool ServerSide "take jobs without tags too; implied where there are no tags";
    "locked" ["REGISTER_LOCKED"] Bool ServerSide "tie the runner to its project (default true)";
    "access-level" ["REGISTER_ACCESS_LEVEL"] Text ServerSide "not_protected or ref_protected: jobs of which branches are taken";
    "maximum-timeout" ["REGISTER_MAXIMUM_TIMEOUT"] Integer ServerSide "longest time of a job, in seconds";
    "paused" ["REGISTER_PAUSED"] Bool ServerSide "make the runner paused";
    "maintenance-note" ["REGISTER_MAINTENANCE_NOTE"] Text ServerSide "a note that administrators see beside the runner";
    "description" | "name" ["RUNNER_NAME"] Text Identity "the runner's name (default: the host's)";
    "url" | "u" ["CI_SERVER_URL"] Text Identity "GitLab's address, such as https://gitlab.example.com";
    "token" | "t" ["CI_SERVER_TOKEN"] Text Identity "authentication token of an existing runner (glrt-...)";
};

/// Plain keys of the runner entry.
pub(super) const RUNNER: &[Flag] = entry_flags! {
    "" "" "" {
        "limit" ["RUNNER_LIMIT"] Integer "limit" "jobs that this entry runs at once (0: no limit of its own)";
        "output-limit" ["RUNNER_OUTPUT_LIMIT"] Integer "output_limit" "largest job log, in kilobytes";
        "request-concurrency" ["RUNNER_REQUEST_CONCURRENCY"] Integer "request_concurrency" "job requests that may be open at once";
        "strict-check-interval" ["RUNNER_STRICT_CHECK_INTERVAL"] NullableBool "strict_check_interval";
        "unhealthy-requests-limit" ["RUNNER_UNHEALTHY_REQUESTS_LIMIT"] Integer "unhealthy_requests_limit";
        "unhealthy-interval" [] GoDuration "unhealthy_interval";
        "job-status-final-update-retry-limit" ["RUNNER_job_status_final_update_retry_limit"] Integer "job_status_final_update_retry_limit";
        "tls-ca-file" ["CI_SERVER_TLS_CA_FILE"] Text "tls-ca-file" "PEM file with the authority that signed GitLab's certificate";
        "tls-cert-file" ["CI_SERVER_TLS_CERT_FILE"] Text "tls-cert-file" "PEM file with the client certificate";
        "tls-key-file" ["CI_SERVER_TLS_KEY_FILE"] Text "tls-key-file" "PEM file with the key of the client certificate";
        "executor" ["RUNNER_EXECUTOR"] Text "executor" "what runs the jobs: shell, docker, kubernetes, ssh, custom, ...";
        "builds-dir" ["RUNNER_BUILDS_DIR"] Text "builds_dir" "where jobs are checked out";
        "cache-dir" ["RUNNER_CACHE_DIR"] Text "cache_dir" "where caches lie when nothing else is said";
        "clone-url" ["CLONE_URL"] Text "clone_url" "address to clone from, when jobs reach GitLab by another name";
        "env" ["RUNNER_ENV"] List "environment" "KEY=VALUE for every job; repeat for more";
        "proxy-exec" ["RUNNER_PROXY_EXEC"] NullableBool "proxy_exec";
        "pre-get-sources-script" ["RUNNER_PRE_GET_SOURCES_SCRIPT"] Text "pre_get_sources_script" "commands before the sources are fetched";
        "post-get-sources-script" ["RUNNER_POST_GET_SOURCES_SCRIPT"] Text "post_get_sources_script" "commands after the sources are fetched";
        "pre-build-script" ["RUNNER_PRE_BUILD_SCRIPT"] Text "pre_build_script" "commands before the script of every job";
        "post-build-script" ["RUNNER_POST_BUILD_SCRIPT"] Text "post_build_script" "commands after the script of every job";
        "prepare-timeout" ["RUNNER_PREPARE_TIMEOUT"] GoDuration "prepare_timeout";
        "get-sources-timeout" ["RUNNER_GET_SOURCES_TIMEOUT"] GoDuration "get_sources_timeout";
        "debug-trace-disabled" ["RUNNER_DEBUG_TRACE_DISABLED"] Bool "debug_trace_disabled";
        "safe-directory-checkout" ["RUNNER_SAFE_DIRECTORY_CHECKOUT"] NullableBool "safe_directory_checkout";
        "clean-git-config" ["RUNNER_CLEAN_GIT_CONFIG"] NullableBool "clean_git_config";
        "shell" ["RUNNER_SHELL"] Text "shell" "shell that runs the scripts: bash, sh, pwsh, ...";
        "custom_build_dir-enabled" ["CUSTOM_BUILD_DIR_ENABLED"] NullableBool "custom_build_dir.enabled";
        "feature-flags" ["FEATURE_FLAGS"] BoolMap "feature_flags" "NAME:true or NAME:false; repeat for more";
        "use-slot-cgroups" ["RUNNER_USE_SLOT_CGROUPS"] Bool "use_slot_cgroups";
        "slot-cgroup-template" ["RUNNER_SLOT_CGROUP_TEMPLATE"] Text "slot_cgroup_template";
        "step-runner-image" ["STEP_RUNNER_IMAGE"] Text "step_runner_image";
    }
};
