//! Fields of `[runners.autoscaler]`.

use super::{Emit, Field, Shape};

pub(super) const AUTOSCALER_POLICY: &[Field] = fields! {
    "periods" Texts IfNotZero;
    "timezone" Text IfNotZero;
    "idle_count" Integer Always;
    "idle_time" Duration Always;
    "scale_factor" Float Always;
    "scale_factor_limit" Integer Always;
    "preemptive_mode" Bool IfGiven;
};

const AUTOSCALER_CONNECTOR_CONFIG: &[Field] = fields! {
    "os" Text IfNotZero;
    "arch" Text IfNotZero;
    "protocol" Text IfNotZero;
    "protocol_port" Integer Always;
    "username" Text IfNotZero;
    "password" Text IfNotZero;
    "key_path" Text IfNotZero;
    "use_static_credentials" Bool IfNotZero;
    "keepalive" Duration Always;
    "timeout" Duration Always;
    "use_external_addr" Bool IfNotZero;
};

const AUTOSCALER_SCALE_THROTTLE: &[Field] = fields! {
    "limit" Integer Always;
    "burst" Integer Always;
};

const AUTOSCALER_VM_ISOLATION: &[Field] = fields! {
    "enabled" Bool IfNotZero;
    "nesting_host" Text IfNotZero;
    "nesting_config" AnyTable IfNotZero;
    "image" Text IfNotZero;
    "connector_config" Table(AUTOSCALER_CONNECTOR_CONFIG) IfNotZero;
};

const AUTOSCALER_STATE_STORAGE: &[Field] = fields! {
    "enabled" Bool IfNotZero;
    "dir" Text IfNotZero;
    "keep_instance_with_acquisitions" Bool IfNotZero;
};

pub(super) const AUTOSCALER: &[Field] = fields! {
    "capacity_per_instance" Integer Always;
    "max_use_count" Integer Always;
    "max_instances" Integer Always;
    "plugin" Text IfNotZero;
    "plugin_config" AnyTable IfNotZero;
    "connector_config" Table(AUTOSCALER_CONNECTOR_CONFIG) IfNotZero;
    "policy" Tables(AUTOSCALER_POLICY) IfNotZero;
    "instance_ready_command" Text IfNotZero;
    "instance_acquire_timeout" Duration Always;
    "update_interval" Duration Always;
    "update_interval_when_expecting" Duration Always;
    "deletion_retry_interval" Duration Always;
    "shutdown_deletion_interval" Duration Always;
    "shutdown_deletion_retries" Integer Always;
    "failure_threshold" Integer Always;
    "scale_throttle" Table(AUTOSCALER_SCALE_THROTTLE) IfNotZero;
    "reservation_throttling" Bool IfGiven;
    "log_internal_ip" Bool IfNotZero;
    "log_external_ip" Bool IfNotZero;
    "delete_instances_on_shutdown" Bool IfNotZero;
    "vm_isolation" Table(AUTOSCALER_VM_ISOLATION) IfNotZero;
    "state_storage" Table(AUTOSCALER_STATE_STORAGE) IfNotZero;
    "instance_operation_time_buckets" Floats IfNotZero;
    "instance_creation_time_buckets" Floats IfNotZero;
    "instance_is_running_time_buckets" Floats IfNotZero;
    "instance_deletion_time_buckets" Floats IfNotZero;
    "instance_readiness_time_buckets" Floats IfNotZero;
    "instance_life_duration_buckets" Floats IfNotZero;
};
