//! Owns the way to the real programs: builds them once and knows where they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// The programs under test.
const HELPERS: [&str; 2] = ["runner-init", "runner-reaper"];

/// What they are tested with.
const OTHERS: [&str; 2] = ["runner-manager-stand-in", "gitlab-simulator"];

/// The example that writes the manual pages.
const PAGES: [&str; 4] = ["--example", "man", "--package", "acceptance"];

const DEV: &str = "dev";

/// Makes the released programs those that are measured, unless a profile was asked for.
pub fn prefer_release() {
    PROFILE.get_or_init(|| asked_profile().unwrap_or_else(|| "release".to_owned()));
}

/// The path of an example of this package, built in the same profile as the programs.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn example(name: &str) -> PathBuf {
    let built = cargo_build(profile(), &["--example", name, "--package", "acceptance"]);
    let Some(path) = built.get(name) else {
        panic!("there is no example {name}")
    };
    path.clone()
}

/// The path of a program of this workspace, or of the example that writes the manual pages, by its name.
///
/// # Panics
/// When the programs cannot be built: there is nothing to test then.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static BUILT: OnceLock<BTreeMap<String, PathBuf>> = OnceLock::new();
    let Some(path) = BUILT.get_or_init(build).get(name) else {
        panic!("the workspace has no program {name}")
    };
    path.clone()
}

/// A copy of a program at this path, to be run from there. Another process writes it: a test beside this one that starts a process
/// while a file is open for writing here hands that on, and Linux runs no file that anybody has open for writing.
///
/// # Panics
/// When it cannot be copied.
pub fn copied(name: &str, to: &Path) {
    let done = Command::new("cp").arg(program(name)).arg(to).status();
    assert!(done.unwrap().success(), "{}", to.display());
}

/// In the profile of the tests all come from one build. In another the helpers are built by themselves, to the byte what is
/// released: beside others cargo would give their libraries more features. Where they were built elsewhere, for another
/// machine perhaps, `ACCEPTANCE_HELPERS` is the directory that has them, or scripts of their names that start them.
/// `GITLAB_RUNNER` is a real one to run in the stand-in's place, for tests that ask nothing of it that it has not.
fn build() -> BTreeMap<String, PathBuf> {
    let of = |packages: &[&'static str]| {
        let named = packages.iter().flat_map(|package| ["--package", *package]);
        ["--bins"].into_iter().chain(named).collect::<Vec<_>>()
    };
    let mut built = cargo_build(DEV, &of(&[HELPERS, OTHERS].concat()));
    // With them, as all tests wait for them: what is compiled later takes the processor from tests that are held to time.
    built.extend(cargo_build(profile(), &PAGES));
    if let Some(directory) = told("ACCEPTANCE_HELPERS") {
        let helper = |name: &str| (name.to_owned(), Path::new(&directory).join(name));
        built.extend(HELPERS.map(helper));
    } else if profile() != DEV {
        built.extend(cargo_build(profile(), &of(&HELPERS)));
    }
    if let Some(real) = told("GITLAB_RUNNER") {
        built.insert(OTHERS[0].to_owned(), real.into());
    }
    built
}

static PROFILE: OnceLock<String> = OnceLock::new();

fn asked_profile() -> Option<String> {
    told("ACCEPTANCE_PROFILE")
}

fn told(variable: &str) -> Option<String> {
    std::env::var(variable)
        .ok()
        .filter(|value| !value.is_empty())
}

fn profile() -> &'static str {
    PROFILE.get_or_init(|| asked_profile().unwrap_or_else(|| DEV.to_owned()))
}

/// Runs cargo and tells which executables there are now.
fn cargo_build(profile: &str, what: &[&str]) -> BTreeMap<String, PathBuf> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args([
        "build",
        "--message-format=json-render-diagnostics",
        "--profile",
        profile,
    ]);
    command.args(what).current_dir(env!("CARGO_MANIFEST_DIR"));
    // What cargo tells a test about its own package makes build scripts run anew, and every build after that too.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            command.env_remove(name.as_ref());
        }
    }
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let output = output.unwrap_or_else(|error| panic!("running cargo build: {error}"));
    assert!(
        output.status.success(),
        "cargo build of the programs failed"
    );
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter_map(|message| {
            let path = message["executable"].as_str()?;
            Some((
                message["target"]["name"].as_str()?.to_owned(),
                PathBuf::from(path),
            ))
        })
        .collect()
}
