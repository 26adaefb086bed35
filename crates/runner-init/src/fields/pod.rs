//! Fields of what `[runners.kubernetes]` says about a job pod.

use super::{Emit, Field, Shape};

const PROFILE: &[Field] = fields! {
    "type" Text IfNotZero;
    "localhost_profile" Text IfNotZero;
};

const CAPABILITIES: &[Field] = fields! {
    "add" Texts IfNotZero;
    "drop" Texts IfNotZero;
};

pub(super) const CONTAINER_SECURITY: &[Field] = fields! {
    "capabilities" Table(CAPABILITIES) IfNotZero;
    "privileged" Bool IfGiven;
    "run_as_user" Integer IfGiven;
    "run_as_group" Integer IfGiven;
    "run_as_non_root" Bool IfGiven;
    "read_only_root_filesystem" Bool IfGiven;
    "allow_privilege_escalation" Bool IfGiven;
    "selinux_type" Text IfNotZero;
    "proc_mount" Text IfNotZero;
    "seccomp_profile" Table(PROFILE) IfNotZero;
    "app_armor_profile" Table(PROFILE) IfNotZero;
};

pub(super) const POD_SECURITY: &[Field] = fields! {
    "fs_group" Integer IfGiven;
    "run_as_group" Integer IfGiven;
    "run_as_non_root" Bool IfGiven;
    "run_as_user" Integer IfGiven;
    "supplemental_groups" Integers IfNotZero;
    "selinux_type" Text IfNotZero;
    "seccomp_profile" Table(PROFILE) IfNotZero;
    "app_armor_profile" Table(PROFILE) IfNotZero;
};

const VOLUME_HOST_PATH: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "read_only" Bool IfNotZero;
    "host_path" Text IfNotZero;
    "mount_propagation" Text IfGiven;
};

const VOLUME_PVC: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "read_only" Bool IfNotZero;
    "mount_propagation" Text IfGiven;
};

const VOLUME_CONFIG_MAP: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "read_only" Bool IfNotZero;
    "items" TextMap IfNotZero;
};

const VOLUME_EMPTY_DIR: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "medium" Text IfNotZero;
    "size_limit" Text IfNotZero;
    "mount_propagation" Text IfGiven;
};

const VOLUME_CSI: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "driver" Text Always;
    "fs_type" Text Always;
    "read_only" Bool IfNotZero;
    "volume_attributes" TextMap IfNotZero;
};

const VOLUME_NFS: &[Field] = fields! {
    "name" Text Always;
    "mount_path" Text Always;
    "sub_path" Text IfNotZero;
    "server" Text Always;
    "path" Text Always;
    "read_only" Bool IfNotZero;
};

pub(super) const VOLUMES: &[Field] = fields! {
    "host_path" Tables(VOLUME_HOST_PATH) IfNotZero;
    "pvc" Tables(VOLUME_PVC) IfNotZero;
    "config_map" Tables(VOLUME_CONFIG_MAP) IfNotZero;
    "secret" Tables(VOLUME_CONFIG_MAP) IfNotZero;
    "empty_dir" Tables(VOLUME_EMPTY_DIR) IfNotZero;
    "csi" Tables(VOLUME_CSI) IfNotZero;
    "nfs" OwnTables(VOLUME_NFS) IfNotZero;
};

pub(super) const HOST_ALIAS: &[Field] = fields! {
    "ip" Text Always;
    "hostnames" Texts IfNotZero;
};

const DNS_OPTION: &[Field] = fields! {
    "name" Text Always;
    "value" Text IfGiven;
};

pub(super) const DNS_CONFIG: &[Field] = fields! {
    "nameservers" Texts IfNotZero;
    "options" Tables(DNS_OPTION) IfNotZero;
    "searches" Texts IfNotZero;
};

const LIFECYCLE_EXEC: &[Field] = fields! {
    "command" Texts IfNotZero;
};

const LIFECYCLE_HEADER: &[Field] = fields! {
    "name" Text Always;
    "value" Text Always;
};

const LIFECYCLE_HTTP_GET: &[Field] = fields! {
    "host" Text Always;
    "http_headers" Tables(LIFECYCLE_HEADER) IfNotZero;
    "path" Text Always;
    "port" Integer Always;
    "scheme" Text Always;
};

const LIFECYCLE_TCP_SOCKET: &[Field] = fields! {
    "host" Text Always;
    "port" Integer Always;
};

const LIFECYCLE_HANDLER: &[Field] = fields! {
    "exec" Table(LIFECYCLE_EXEC) IfNotZero;
    "http_get" Table(LIFECYCLE_HTTP_GET) IfNotZero;
    "tcp_socket" Table(LIFECYCLE_TCP_SOCKET) IfNotZero;
};

pub(super) const LIFECYCLE: &[Field] = fields! {
    "post_start" Table(LIFECYCLE_HANDLER) IfNotZero;
    "pre_stop" Table(LIFECYCLE_HANDLER) IfNotZero;
};

pub(super) const POD_SPEC: &[Field] = fields! {
    "name" Text Always;
    "patch_path" Text Always;
    "patch" Text Always;
    "patch_type" Text Always;
};
