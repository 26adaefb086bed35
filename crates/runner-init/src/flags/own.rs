//! Flags that gitlab-runner does not have, each with a variable of its own.

use super::{Flag, Purpose, ValueType};

/// `None`, or the one expression that was given.
macro_rules! optional {
    () => {
        None
    };
    ($value:expr) => {
        Some($value)
    };
}

/// Rows of flags: `"flag" | "alias" ["VARIABLE"] ValueType Purpose "help" (first);`.
macro_rules! flags {
    ($($name:literal $(| $alias:literal)? [$($var:literal)?] $type:ident $purpose:ident $help:literal $(($first:ident))?;)*) => {
        &[$(Flag {
            name: $name,
            alias: optional!($($alias)?),
            variable: optional!($($var)?),
            value_type: ValueType::$type,
            purpose: Purpose::$purpose,
            help: $help,
            is_secret: false,
            is_trimmed: false,
            is_first: !stringify!($($first)?).is_empty(),
        }),*]
    };
}

/// How `runner-init` itself works.
pub(super) const OWN: &[Flag] = flags! {
    "token-file" ["RUNNER_INIT_TOKEN_FILE"] Text Command "file with the authentication token" (first);
    "registration-token-file" ["RUNNER_INIT_REGISTRATION_TOKEN_FILE"] Text Command "file with the registration token" (first);
    "access-token-file" ["RUNNER_INIT_ACCESS_TOKEN_FILE"] Text Command "file with an access token that may create runners" (first);
    "runner-type" ["RUNNER_INIT_RUNNER_TYPE"] Text Command "type of the runner that an access token creates: instance, group or project";
    "group-id" ["RUNNER_INIT_GROUP_ID"] Integer Command "ID of the group, with --runner-type=group";
    "project-id" ["RUNNER_INIT_PROJECT_ID"] Integer Command "ID of the project, with --runner-type=project";
    "system-id-seed" ["RUNNER_INIT_SYSTEM_ID_SEED"] Text Command "text from which the system ID is derived (default: namespace and pod name)";
    "drain-ready" ["RUNNER_INIT_DRAIN_READY"] Bool Command "write listen_address, and limit where concurrent is given, so that runner-reaper can watch and pause (default true)";
    "install-reaper" ["RUNNER_INIT_INSTALL_REAPER"] Text Command "directory to copy runner-reaper to, or none (default: that of config.toml)";
    "install-init" ["RUNNER_INIT_INSTALL_INIT"] Text Command "directory to copy runner-init to, or none (default: that of config.toml)";
    "config-base" ["RUNNER_INIT_CONFIG_BASE"] Text Command "config.toml to start from if there is none yet";
    "file-mode" ["RUNNER_INIT_FILE_MODE"] Mode Command "mode of the written files, in octal (default 0600)";
    "timeout" ["RUNNER_INIT_TIMEOUT"] Time Command "time limit of the whole run: 90s, 5m, 1h30m or seconds (default 5m)" (first);
    "grace-period" ["RUNNER_INIT_GRACE_PERIOD"] Time Command "the pod's terminationGracePeriodSeconds: the time in which a stopped run undoes its registration (default 30s)";
    "dry-run" ["RUNNER_INIT_DRY_RUN"] Bool Command "print what would be sent and written, and change nothing";
    "pod-name" ["RUNNER_INIT_POD_NAME"] Text Command "the pod's name, from the downward API";
    "pod-namespace" ["RUNNER_INIT_POD_NAMESPACE"] Text Command "the pod's namespace, from the downward API";
    "pod-uid" ["RUNNER_INIT_POD_UID"] Text Command "the pod's uid, from the downward API";
    "fleet" ["RUNNER_INIT_FLEET"] Text Command "fleet name of these pods, recorded in the maintenance note of new runners and in 4 characters of the system ID, for runner-reaper sweep";
    "termination-message-path" ["RUNNER_INIT_TERMINATION_MESSAGE_PATH"] Text Command "file that a failure is also written to, if it exists (default /dev/termination-log)";
    "log-format" ["LOG_FORMAT"] Text Command "text or json";
    "log-level" | "l" ["LOG_LEVEL"] Text Command "error, warn, info or debug (default info)";
    "debug" ["RUNNER_DEBUG"] Bool Command "the same as --log-level=debug";
};

/// Only of `rotate`. No variable: one that is left in a pod must not choose an entry, nor take a token from other pods.
pub(super) const ROTATE: &[Flag] = flags! {
    "name" | "n" [] Text Command "only the runner entry with this name";
    "url" | "u" [] Text Command "only runner entries with this GitLab URL";
    "id" | "i" [] Integer Command "only the runner entry of the runner with this ID";
    "shared" [] Bool Command "also reset the token of a shared runner: it becomes invalid at once in all other pods";
    "token-out" [] Text Command "also write the new token to this file, with mode 0600, for the Secret";
};

/// Of every command by hand. No variables, for the same reason: what is left in a pod must not decide whose volume is changed.
pub(super) const BY_HAND: &[Flag] = flags! {
    "output" [] Text Command "text or json: what is printed on stdout (default text)";
    "other-pod" [] Bool Command "work on a volume that belongs to another pod";
};

/// Keys of `config.toml` outside the entries, for which `register` has no flag.
pub(super) const GLOBAL: &[Flag] = flags! {
    "concurrent" ["RUNNER_INIT_CONCURRENT"] Integer Global "maximum number of concurrent jobs of all entries (default 1 in a new file)" (first);
    "check-interval" ["RUNNER_INIT_CHECK_INTERVAL"] Time Global "interval between job requests";
    "listen-address" ["RUNNER_INIT_LISTEN_ADDRESS"] Text Global "host:port of the metrics and debug endpoints";
    "shutdown-timeout" ["RUNNER_INIT_SHUTDOWN_TIMEOUT"] Time Global "time limit of a forceful shutdown";
};
