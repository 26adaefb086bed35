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
    "experimental" AnyTable IfNotZero;
    "shutdown_timeout" Integer Always;
};
