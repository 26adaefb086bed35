//! Owns `info`, by which a runner manager tells GitLab what it can do. Rules only: what gitlab-runner 19.4.0 sends.

use super::json::Object;

/// The version of gitlab-runner whose words are spoken.
pub const VERSION: &str = "19.4.0";
/// The revision that goes with [`VERSION`].
const REVISION: &str = "d79f3e7b";

/// What a runner entry says about itself. GitLab keeps what the first request says for the better part of an hour, and
/// cancels jobs without `after_script` on a runner manager without `cancel_gracefully`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunnerInfo {
    /// `executor` of the runner entry.
    pub executor: Option<String>,
    /// `shell` of the runner entry; `None` stands for the executor's default.
    pub shell: Option<String>,
    /// `gpus` of its docker section; counts for docker executors only.
    pub gpus: String,
}

/// All features, in the order in which they are sent.
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

/// What every runner manager can do, whatever its executor.
const ALWAYS: [&str; 7] = [
    "trace_reset",
    "trace_checksum",
    "trace_size",
    "cancelable",
    "cancel_gracefully",
    "two_phase_job_commit",
    "job_inputs",
];

/// What comes from the shell that the scripts are written for.
const OF_SHELL: [&str; 13] = [
    "variables",
    "artifacts",
    "artifacts_exclude",
    "cache",
    "fallback_cache_keys",
    "upload_multiple_artifacts",
    "upload_raw_artifacts",
    "refspecs",
    "masking",
    "raw_variables",
    "multi_build_steps",
    "return_exit_code",
    "vault_secrets",
];

const DOCKER: &[&str] = &[
    "image",
    "services",
    "session",
    "terminal",
    "service_variables",
    "service_multiple_aliases",
    "image_executor_opts",
    "service_executor_opts",
    "native_steps_integration",
];

/// What comes from the executor, beside `variables`; `None` for a name that gitlab-runner does not know.
fn of_executor(executor: &str) -> Option<&'static [&'static str]> {
    Some(match executor {
        "docker" | "docker+machine" | "docker-autoscaler" => DOCKER,
        "docker-windows" => &DOCKER[..DOCKER.len() - 1],
        "kubernetes" => &[
            "image",
            "services",
            "session",
            "terminal",
            "proxy",
            "service_variables",
            "service_multiple_aliases",
            "image_executor_opts",
            "native_steps_integration",
        ],
        "shell" => &["shared", "session", "terminal", "native_steps_integration"],
        "instance" => &["shared", "native_steps_integration"],
        "custom" => &["shared", "service_variables"],
        "ssh" => &["shared"],
        "virtualbox" | "parallels" => &[],
        _ => return None,
    })
}

impl RunnerInfo {
    /// The info of a runner entry that says nothing yet: what goes along with `POST /runners`.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    fn known_executor(&self) -> Option<&'static [&'static str]> {
        self.executor.as_deref().and_then(of_executor)
    }

    fn shell(&self) -> Option<&str> {
        let given = self.shell.as_deref().filter(|shell| !shell.is_empty());
        given.or_else(|| self.known_executor().map(|_| "bash"))
    }

    fn gpus(&self) -> &str {
        let docker = self
            .executor
            .as_deref()
            .is_some_and(|name| name.starts_with("docker"));
        if docker { self.gpus.trim() } else { "" }
    }

    fn can(&self, feature: &str) -> bool {
        if ALWAYS.contains(&feature) {
            return true;
        }
        let Some(of_executor) = self.known_executor() else {
            return false;
        };
        let shell = matches!(self.shell(), Some("bash" | "sh" | "pwsh" | "powershell"));
        feature == "variables"
            || of_executor.contains(&feature)
            || (shell && OF_SHELL.contains(&feature))
    }

    /// As it is sent.
    pub(super) fn written(&self) -> Object {
        let features = FEATURES
            .into_iter()
            .fold(Object::new(), |features, feature| {
                features.flag(feature, self.can(feature))
            });
        Object::new()
            .text("name", "gitlab-runner")
            .text("version", VERSION)
            .text("revision", REVISION)
            .text("platform", "linux")
            .text("architecture", architecture())
            .any_text("executor", self.executor.as_deref())
            .any_text("shell", self.shell())
            .object("features", features)
            .object("config", Object::new().text("gpus", self.gpus()))
    }
}

/// The machine's architecture in Go's words, which are GitLab's.
const fn architecture() -> &'static str {
    if cfg!(target_arch = "x86_64") {
        "amd64"
    } else if cfg!(target_arch = "aarch64") {
        "arm64"
    } else if cfg!(target_arch = "x86") {
        "386"
    } else if cfg!(all(target_arch = "powerpc64", target_endian = "little")) {
        "ppc64le"
    } else {
        // arm, s390x, riscv64 and the like are called the same.
        std::env::consts::ARCH
    }
}

#[cfg(test)]
mod tests;
