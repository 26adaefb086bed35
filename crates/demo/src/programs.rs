//! Owns the way to the real programs: builds them with the cargo that runs the demo, or takes those that were built elsewhere.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, ensure};
use serde_json::Value;

/// Where the programs are.
pub(crate) struct Programs {
    pub(crate) runner_init: PathBuf,
    pub(crate) runner_reaper: PathBuf,
    /// The stand-in, or a real gitlab-runner.
    pub(crate) runner_manager: PathBuf,
    /// Whether the runner manager is a real one.
    pub(crate) real: bool,
}

impl Programs {
    /// Builds them. `helpers` is a directory that has the two helpers already, `manager` a real gitlab-runner.
    pub(crate) fn build(
        release: bool,
        helpers: Option<&Path>,
        manager: Option<PathBuf>,
    ) -> anyhow::Result<Self> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let profile = if release { "release" } else { "dev" };
        let output = Command::new(cargo)
            .args([
                "build",
                "--bins",
                "--message-format=json-render-diagnostics",
            ])
            .args(["--profile", profile])
            // With the packages that the tests build together: after `cargo test` nothing is built anew.
            .args(["-p", "runner-init", "-p", "runner-reaper"])
            .args(["-p", "runner-manager-stand-in", "-p", "gitlab-simulator"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .context("running cargo build")?;
        ensure!(output.status.success(), "cargo build failed");
        let lines = String::from_utf8(output.stdout).context("reading what cargo built")?;
        let built = |name: &str| {
            lines
                .lines()
                .filter_map(|line| serde_json::from_str::<Value>(line).ok())
                .filter(|message| message["target"]["name"] == name)
                .find_map(|message| message["executable"].as_str().map(PathBuf::from))
                .with_context(|| format!("cargo built no {name}"))
        };
        let helper = |name: &str| match helpers {
            // Each pod runs them in a directory of its own.
            Some(directory) => directory
                .join(name)
                .canonicalize()
                .with_context(|| format!("looking for {name} in {}", directory.display())),
            None => built(name),
        };
        Ok(Self {
            runner_init: helper("runner-init")?,
            runner_reaper: helper("runner-reaper")?,
            real: manager.is_some(),
            runner_manager: match manager {
                Some(path) => path,
                None => built("runner-manager-stand-in")?,
            },
        })
    }
}
