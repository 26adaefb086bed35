//! Owns what a helper's process was started with. The only place that reads variables, uid and host name.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variables, host name and uid, as values: tests make their own.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    /// The kernel's host name: the pod's name, or with host networking the node's.
    pub hostname: Option<String>,
    /// Whether the uid is 0, which decides where `config.toml` is.
    pub is_root: bool,
}

impl Environment {
    /// What this process was started with. Variables that are no UTF-8 are left out.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let hostname = rustix::system::uname()
            .nodename()
            .to_str()
            .ok()
            .map(str::to_owned);
        Self {
            variables,
            hostname,
            is_root: rustix::process::getuid().is_root(),
        }
    }

    /// An environment of just these variables.
    pub fn of<N: Into<String>, V: Into<String>>(
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(n, v)| (n.into(), v.into()))
            .collect();
        Self {
            variables,
            hostname: None,
            is_root: false,
        }
    }

    /// The same on a host of this name.
    #[must_use]
    pub fn on_host(mut self, hostname: &str) -> Self {
        self.hostname = Some(hostname.to_owned());
        self
    }

    /// Whether this process runs in a pod: Kubernetes sets this variable in every container, with and without links to services.
    #[must_use]
    pub fn is_in_kubernetes(&self) -> bool {
        self.get("KUBERNETES_SERVICE_HOST").is_some()
    }

    /// The value of a variable; an empty one is unset.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// Whether a variable is set to nothing. To gitlab-runner that is a value, and for a few settings here as well.
    #[must_use]
    pub fn is_emptied(&self, name: &str) -> bool {
        self.variables.get(name).is_some_and(String::is_empty)
    }

    /// The names of all variables that are set and not empty.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.variables
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, _)| name.as_str())
    }

    /// Where gitlab-runner looks for its configuration (and `certs/`) when nobody says: `/etc/gitlab-runner` for
    /// root, `~/.gitlab-runner` for others, the working directory without a home.
    #[must_use]
    pub fn default_directory(&self) -> PathBuf {
        if self.is_root {
            return PathBuf::from("/etc/gitlab-runner");
        }
        self.get("HOME").map_or_else(PathBuf::new, |home| {
            PathBuf::from(home).join(".gitlab-runner")
        })
    }
}
