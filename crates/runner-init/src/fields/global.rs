//! Fields of `config.toml` outside the runner entries.

use super::runner::RUNNER;
use super::{Emit, Field, Shape};

const SESSION_SERVER: &[Field] = fields! {
    "listen_address" Text IfNotZero;
    "advertise_address" Text IfNotZero;
    "session_timeout" Integer Always;
};

const SHUTDOWN_DRAIN: &[Field] = fields! {
    "enabled" Bool IfNotZero;
    "concurrency" Integer Always;
    "max_retries" Integer Always;
    "retry_backoff" Duration Always;
};

const MACHINE: &[Field] = fields! {
    "shutdown_drain" Table(SHUTDOWN_DRAIN) IfNotZero;
};

const LOGROTATE: &[Field] = fields! {
    "log_dir" Text IfNotZero;
    "max_backup_files" Integer IfGiven;
    "max_rotation_age" Duration IfNotZero;
    "labels" TextMap IfNotZero;
};

const SNOWPLOW: &[Field] = fields! {
    "collector_uri" Text IfNotZero;
    "app_id" Text IfNotZero;
    "category" Text IfNotZero;
    "realm" Text IfNotZero;
    "deployment_type" Text IfNotZero;
    "metadata" TextMap IfNotZero;
    "enable_oidc" Bool IfNotZero;
    "batch_delivery_duration_buckets" Floats IfNotZero;
    "skip_oidc_if_unsupported_cloud" Bool IfGiven;
    "skip_runner_system_failure" Bool IfGiven;
};

const USAGE_LOGGER: &[Field] = fields! {
    "enabled" Bool Always;
    "writers" Texts IfNotZero;
    "logrotate" Table(LOGROTATE) IfNotZero;
    "snowplow_billing" Table(SNOWPLOW) IfNotZero;
    "log_dir" Text IfNotZero;
    "max_backup_files" Integer IfGiven;
    "max_rotation_age" Duration IfNotZero;
    "labels" TextMap IfNotZero;
};

const EXPERIMENTAL: &[Field] = fields! {
    "usage_logger" Table(USAGE_LOGGER) IfNotZero;
};

/// `config.toml` as a whole, in the order of gitlab-runner's struct.
pub(super) const CONFIG: &[Field] = fields! {
    "listen_address" Text IfNotZero;
    "session_server" Table(SESSION_SERVER) IfNotZero;
    "labels" TextMap IfNotZero;
    "concurrent" Integer Always;
    "check_interval" Integer Always;
    "log_level" Text IfGiven;
    "log_format" Text IfGiven;
    "user" Text IfNotZero;
    "runners" Tables(RUNNER) IfNotZero;
    "sentry_dsn" Text IfGiven;
    "connection_max_age" Duration IfGiven;
    "machine" Table(MACHINE) IfNotZero;
    "experimental" Table(EXPERIMENTAL) IfNotZero;
    "shutdown_timeout" Integer Always;
};
