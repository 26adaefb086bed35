//! Owns the flags of `runner-init`: those of `gitlab-runner register`, from [`runner_config`]'s table, and our own, one row
//! each. How a value is read is in `values`, what becomes of it in `args` and `entry`.

mod own;

pub(crate) use runner_config::{Flag, Purpose, ValueType};

/// All flags, in the order in which `--help` shows them: what is registered where, our own, the keys of `config.toml`.
pub(crate) fn all() -> impl Iterator<Item = &'static Flag> {
    let keys = |wanted: bool| {
        let is_key = |flag: &&Flag| matches!(flag.purpose, Purpose::Key(_));
        runner_config::FLAGS
            .iter()
            .filter(move |flag| is_key(flag) == wanted)
    };
    let own = own::OWN.iter().chain(own::GLOBAL);
    keys(false).chain(own).chain(keys(true))
}

/// The flags of `re-register`: those of `register`, and those of a command by hand.
pub(crate) fn re_register() -> impl Iterator<Item = &'static Flag> {
    all().chain(by_hand())
}

/// The flags that only the commands by hand have.
pub(crate) fn by_hand() -> impl Iterator<Item = &'static Flag> {
    own::BY_HAND.iter()
}

/// The flags of `rotate`: its own, then those that it shares.
pub(crate) fn rotate() -> impl Iterator<Item = &'static Flag> {
    let shared = ROTATE_SHARES.iter().filter_map(|name| find(name));
    own::ROTATE
        .iter()
        .chain(by_hand())
        .chain(shared)
        .chain(log())
}

/// The flags that every command has.
pub(crate) fn log() -> impl Iterator<Item = &'static Flag> {
    LOG.iter().filter_map(|name| find(name))
}

const ROTATE_SHARES: [&str; 10] = [
    "config",
    "tls-ca-file",
    "tls-cert-file",
    "tls-key-file",
    "timeout",
    "grace-period",
    "dry-run",
    "pod-name",
    "pod-namespace",
    "pod-uid",
];

const LOG: [&str; 4] = [
    "termination-message-path",
    "log-format",
    "log-level",
    "debug",
];

/// The flag of a registration with this name or alias.
pub(crate) fn find(name: &str) -> Option<&'static Flag> {
    all().find(|flag| flag.name == name || flag.alias == Some(name))
}

/// The heading under which `--help` shows a flag.
pub(crate) fn heading(flag: &Flag) -> &'static str {
    match flag.purpose {
        Purpose::Command if runner_config::FLAGS.iter().all(|own| own.name != flag.name) => {
            "Beyond gitlab-runner"
        }
        Purpose::Command | Purpose::ServerSide | Purpose::Identity => "Registration",
        Purpose::Global => "Global keys of config.toml",
        Purpose::Key(path) => {
            let heading = HEADINGS.iter().find(|(prefix, _)| path.starts_with(prefix));
            heading.map_or("Runner entry", |(_, heading)| heading)
        }
    }
}

/// Headings of the keys of a table, inner tables first.
const HEADINGS: &[(&str, &str)] = &[
    ("cache.s3.", "Cache: S3"),
    ("cache.gcs.", "Cache: Google Cloud Storage"),
    ("cache.azure.", "Cache: Azure"),
    ("cache.", "Cache"),
    ("ssh.", "SSH"),
    ("docker.", "Docker"),
    ("machine.", "Docker Machine"),
    ("parallels.", "Parallels"),
    ("virtualbox.", "VirtualBox"),
    ("custom.", "Custom"),
    (
        "kubernetes.pod_security_context.",
        "Kubernetes: pod security context",
    ),
    (
        "kubernetes.init_permissions_container_security_context.",
        "Kubernetes: init permissions container",
    ),
    (
        "kubernetes.build_container_security_context.",
        "Kubernetes: build container",
    ),
    (
        "kubernetes.helper_container_security_context.",
        "Kubernetes: helper container",
    ),
    (
        "kubernetes.service_container_security_context.",
        "Kubernetes: service containers",
    ),
    ("kubernetes.", "Kubernetes"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use runner_config::former::{FORMER, Instead};

    use super::*;

    #[test]
    fn no_name_and_no_variable_is_used_twice() {
        let mut names = BTreeMap::new();
        let mut variables = BTreeMap::new();
        for flag in all() {
            for name in [Some(flag.name), flag.alias].into_iter().flatten() {
                assert_eq!(names.insert(name, flag.name), None, "{name}");
            }
            if let Some(variable) = flag.variable {
                assert_eq!(variables.insert(variable, flag.name), None, "{variable}");
            }
        }
    }

    #[test]
    fn own_flags_have_a_variable_of_ours_and_a_help_text() {
        for flag in own::OWN.iter().chain(own::GLOBAL) {
            assert!(!flag.help.is_empty(), "--{}", flag.name);
            let ours = flag.variable.is_some_and(|v| v.starts_with("RUNNER_INIT_"));
            assert!(
                ours || ["log-format", "log-level", "debug"].contains(&flag.name),
                "{flag:?}"
            );
        }
    }

    #[test]
    fn what_is_gone_is_not_in_the_table_and_what_took_its_place_is() {
        for former in FORMER {
            let gone = former.flag.is_some_and(|name| find(name).is_some());
            let read = |variable| all().any(|flag| flag.variable == Some(variable));
            assert!(!gone && !former.variable.is_some_and(read), "{former:?}");
            let Instead::Flag(flag, variable) = former.instead else {
                continue;
            };
            let there = find(flag).and_then(|flag| flag.variable);
            // The runner manager reads its own variable, runner-init its flag's.
            assert!(
                there == Some(variable) || there == Some("RUNNER_INIT_LISTEN_ADDRESS"),
                "{former:?}"
            );
        }
    }

    #[test]
    fn every_heading_has_a_flag() {
        for (_, heading) in HEADINGS {
            assert!(
                all().any(|flag| super::heading(flag) == *heading),
                "{heading}"
            );
        }
    }
}
