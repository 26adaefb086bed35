//! Owns the flags that several commands read, and which command reads which.

use clap::Command;

use super::arg::{switch, valued};

/// The command that is meant where there is none.
pub(super) const PRE_STOP: &str = "pre-stop";

/// Flags with a value that more than one command reads; each has a variable `RUNNER_REAPER_…`.
pub(super) const COMMON: [(&str, &str, &str); 14] = [
    (
        "config",
        "FILE",
        "the runner manager's config.toml [CONFIG_FILE, default as gitlab-runner]",
    ),
    (
        "grace-period",
        "TIME",
        "the pod's terminationGracePeriodSeconds, as 60, 60s or 1h; default 30s; without it running jobs are never stopped",
    ),
    (
        "reserve",
        "TIME",
        "part of the grace period reserved for unregistering; default a sixth (2s to 15s), at most half",
    ),
    (
        "unregister-timeout",
        "TIME",
        "how long to wait for GitLab if no job is running, within the grace period; default 5m, at least 1s",
    ),
    (
        "metrics-address",
        "ADDRESS",
        "metrics address of the runner manager; default LISTEN_ADDRESS, else listen_address of config.toml",
    ),
    (
        "tls-ca-file",
        "FILE",
        "PEM file with the CA certificate that signed GitLab's certificate",
    ),
    (
        "tls-cert-file",
        "FILE",
        "PEM file with the client certificate",
    ),
    (
        "tls-key-file",
        "FILE",
        "PEM file with the key of the client certificate",
    ),
    ("pod-name", "NAME", "metadata.name of this pod"),
    ("pod-namespace", "NAME", "metadata.namespace of this pod"),
    ("pod-uid", "UID", "metadata.uid of this pod"),
    ("log-format", "FORMAT", "text or json [LOG_FORMAT]"),
    (
        "log-level",
        "LEVEL",
        "error, warn, info or debug [LOG_LEVEL]",
    ),
    (
        "termination-message-path",
        "FILE",
        "file that a failure is also written to",
    ),
];

/// Said below the flags: those of the command alone stand above these.
const VARIABLES: &str = "\
--config and the flags below it can be given as variables too: RUNNER_REAPER_CONFIG and so on. Flags take precedence; an empty variable is unset.";

/// Whether a command reads a flag of [`COMMON`]. Those of the log are understood by all, wherever they stand.
pub(super) fn reads(command: &str, flag: &str) -> bool {
    let by_hand = matches!(command, "pause" | "resume");
    match flag {
        "grace-period" | "reserve" | "unregister-timeout" => {
            matches!(command, PRE_STOP | "sidecar" | "unregister")
        }
        // The certificates of a host may be beside it.
        "config" | "log-format" | "log-level" => true,
        "tls-ca-file" | "tls-cert-file" | "tls-key-file" => !by_hand,
        // A person at a shell is no reason why the container ended.
        "termination-message-path" => !by_hand && command != "status",
        _ => command != "sweep",
    }
}

/// A command with those that it reads, behind its own.
pub(super) fn with_flags(command: Command, name: &str) -> Command {
    let read = COMMON.iter().filter(|(flag, ..)| reads(name, flag));
    let args = read.map(|(flag, value, help)| {
        let arg = valued(flag, value, help);
        match *flag {
            "config" if name == "sweep" => arg.short('c').help(
                "GitLab's CA certificate may be in certs/HOST.crt beside this file [CONFIG_FILE]",
            ),
            "config" => arg.short('c'),
            "log-level" => arg.short('l'),
            _ => arg,
        }
    });
    let more = command.get_after_help();
    let more = more.map_or_else(String::new, |more| format!("\n\n{more}"));
    let variables = match name {
        "sweep" => {
            "Every flag can be given as a variable too: RUNNER_REAPER_FLEET and so on. Flags take precedence; an empty variable is unset."
        }
        _ => VARIABLES,
    };
    command
        .args(args)
        // Read before, with the log's: here it is only shown.
        .arg(switch(
            "debug",
            "the same as --log-level=debug [RUNNER_DEBUG]",
        ))
        .after_help(format!("{variables}{more}"))
}
