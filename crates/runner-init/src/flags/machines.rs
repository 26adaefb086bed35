//! Flags of the executors that reach a machine: `[runners.ssh]`, `parallels`, `virtualbox` and `custom`.

use super::{Flag, Kind, Place};

/// `[runners.ssh]`; two variables have no prefix.
pub(super) const SSH: &[Flag] = entry_flags! {
    "" "" "" {
        "ssh-user" ["SSH_USER"] Text "ssh.user" "user to log in as";
        "ssh-password" ["SSH_PASSWORD"] Text "ssh.password" "password of that user";
        "ssh-host" ["SSH_HOST"] Text "ssh.host" "machine to run jobs on";
        "ssh-port" ["SSH_PORT"] Text "ssh.port" "port of the SSH server";
        "ssh-identity-file" ["SSH_IDENTITY_FILE"] Text "ssh.identity_file" "private key to log in with";
        "ssh-disable-strict-host-key-checking" ["DISABLE_STRICT_HOST_KEY_CHECKING"] NullableBool "ssh.disable_strict_host_key_checking";
        "ssh-known-hosts-file" ["KNOWN_HOSTS_FILE"] Text "ssh.known_hosts_file";
    }
};

/// `[runners.parallels]`
pub(super) const PARALLELS: &[Flag] = entry_flags! {
    "parallels-" "PARALLELS_" "parallels." {
        "base-name" ["BASE_NAME"] Text "base_name" "virtual machine to clone for each job";
        "template-name" ["TEMPLATE_NAME"] Text "template_name";
        "disable-snapshots" ["DISABLE_SNAPSHOTS"] Bool "disable_snapshots";
        "time-server" ["TIME_SERVER"] Text "time_server";
        "allowed-images" ["ALLOWED_IMAGES"] List "allowed_images";
    }
};

/// `[runners.virtualbox]`
pub(super) const VIRTUALBOX: &[Flag] = entry_flags! {
    "virtualbox-" "VIRTUALBOX_" "virtualbox." {
        "base-name" ["BASE_NAME"] Text "base_name" "virtual machine to clone for each job";
        "base-snapshot" ["BASE_SNAPSHOT"] Text "base_snapshot";
        "base-folder" ["BASE_FOLDER"] Text "base_folder";
        "disable-snapshots" ["DISABLE_SNAPSHOTS"] Bool "disable_snapshots";
        "allowed-images" ["ALLOWED_IMAGES"] List "allowed_images";
        "start-type" ["START_TYPE"] Text "start_type";
    }
};

/// `[runners.custom]`
pub(super) const CUSTOM: &[Flag] = entry_flags! {
    "custom-" "CUSTOM_" "custom." {
        "config-exec" ["CONFIG_EXEC"] Text "config_exec";
        "config-args" [] List "config_args";
        "config-exec-timeout" ["CONFIG_EXEC_TIMEOUT"] Integer "config_exec_timeout";
        "prepare-exec" ["PREPARE_EXEC"] Text "prepare_exec";
        "prepare-args" [] List "prepare_args";
        "prepare-exec-timeout" ["PREPARE_EXEC_TIMEOUT"] Integer "prepare_exec_timeout";
        "run-exec" ["RUN_EXEC"] Text "run_exec" "program that runs a step of a job";
        "run-args" [] List "run_args";
        "cleanup-exec" ["CLEANUP_EXEC"] Text "cleanup_exec";
        "cleanup-args" [] List "cleanup_args";
        "cleanup-exec-timeout" ["CLEANUP_EXEC_TIMEOUT"] Integer "cleanup_exec_timeout";
        "graceful-kill-timeout" ["GRACEFUL_KILL_TIMEOUT"] Integer "graceful_kill_timeout";
        "force-kill-timeout" ["FORCE_KILL_TIMEOUT"] Integer "force_kill_timeout";
    }
};
