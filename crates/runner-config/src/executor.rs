//! Owns what the executors of gitlab-runner 19.4 require of a registration, add to it and keep of it. Pure.

use toml_edit::{Array, Item, Table, Value, value};

use crate::place::{self, put};
use crate::shown::shown;
use crate::{FLAGS, Purpose};

/// One executor.
struct Executor {
    name: &'static str,
    /// The executor sections that stay in the entry; all others go.
    keeps: &'static [&'static str],
    /// The keys that must not be empty.
    needs: &'static [&'static str],
    /// Keys that gitlab-runner writes even when nobody gave them: seen in the file, they tell what is still missing.
    shows: &'static [&'static str],
    /// What is added of itself.
    extra: Extra,
}

#[derive(PartialEq, Eq)]
enum Extra {
    Nothing,
    CacheVolume,
    Windows,
}

const MACHINE_SHOWS: &[&str] = &["machine.MachineDriver", "machine.MachineName"];

const EXECUTORS: &[Executor] = &[
    executor(
        "custom",
        &["custom"],
        &[],
        &["custom.run_exec"],
        Extra::Nothing,
    ),
    executor(
        "docker",
        &["docker"],
        &["docker.image"],
        &[],
        Extra::CacheVolume,
    ),
    executor(
        "docker+machine",
        &["machine", "docker"],
        &["docker.image"],
        MACHINE_SHOWS,
        Extra::CacheVolume,
    ),
    executor(
        "docker-autoscaler",
        &["docker"],
        &["docker.image"],
        &[],
        Extra::CacheVolume,
    ),
    executor(
        "docker-windows",
        &["docker"],
        &["docker.image"],
        &[],
        Extra::Windows,
    ),
    executor("instance", &[], &[], &[], Extra::Nothing),
    executor("kubernetes", &["kubernetes"], &[], &[], Extra::Nothing),
    executor(
        "parallels",
        &["ssh", "parallels"],
        &["parallels.base_name", "ssh.host"],
        &[],
        Extra::Nothing,
    ),
    executor("shell", &[], &[], &[], Extra::Nothing),
    executor(
        "ssh",
        &["ssh"],
        &["ssh.host", "ssh.user"],
        &[],
        Extra::Nothing,
    ),
    executor(
        "virtualbox",
        &["ssh", "virtualbox"],
        &["virtualbox.base_name", "ssh.user"],
        &[],
        Extra::Nothing,
    ),
];

/// Sections that belong to executors, and `referees`, which `register` never keeps.
const SECTIONS: &[&str] = &[
    "referees",
    "ssh",
    "docker",
    "parallels",
    "virtualbox",
    "machine",
    "kubernetes",
    "custom",
];

const fn executor(
    name: &'static str,
    keeps: &'static [&'static str],
    needs: &'static [&'static str],
    shows: &'static [&'static str],
    extra: Extra,
) -> Executor {
    Executor {
        name,
        keeps,
        needs,
        shows,
        extra,
    }
}

/// The executor sections that an entry with this executor has.
#[must_use]
pub fn keeps(name: &str) -> &'static [&'static str] {
    find(name).map_or(&[], |executor| executor.keeps)
}

/// The sections that an entry with this executor does not have.
pub fn drops(name: &str) -> impl Iterator<Item = &'static str> {
    let keeps = keeps(name);
    let sections = SECTIONS.iter().copied();
    sections.filter(move |section| !keeps.contains(section))
}

fn find(name: &str) -> Option<&'static Executor> {
    EXECUTORS.iter().find(|executor| executor.name == name)
}

/// Makes the entry what its executor wants: other executors' sections go, what is missing is named, extras are added.
/// Gives the executor's name.
///
/// # Errors
/// Without an executor, with an unknown one, and when a mandatory key is empty: the line that says which flag to give.
pub fn settle(entry: &mut Table) -> Result<&'static str, String> {
    let name = place::text(entry, "executor").unwrap_or_default().trim();
    let executor = find(name).ok_or_else(|| unknown(name))?;
    for section in drops(executor.name) {
        place::remove(entry, section);
    }
    for path in executor.needs {
        let text = place::text(entry, path).unwrap_or_default();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(missing(executor.name, path));
        }
        if trimmed != text {
            let trimmed = trimmed.to_owned();
            put(entry, path, value(trimmed));
        }
    }
    for path in executor.shows {
        if place::get(entry, path).is_none() {
            put(entry, path, value(""));
        }
    }
    match executor.extra {
        Extra::Nothing => {}
        Extra::CacheVolume => cache_volume(entry),
        Extra::Windows => windows(entry),
    }
    Ok(executor.name)
}

/// The shell that `info` names for what was given: its own, else every executor's default on Linux.
#[must_use]
pub fn shell(entry: &Table) -> String {
    let own = place::text(entry, "shell").filter(|shell| !shell.is_empty());
    own.unwrap_or("bash").to_owned()
}

/// The GPUs that `info` names: those of the Docker executors.
#[must_use]
pub fn gpus(entry: &Table) -> String {
    place::text(entry, "docker.gpus")
        .unwrap_or_default()
        .trim()
        .to_owned()
}

/// Jobs find their cache in a volume of its own, unless one is mounted there or caches are off.
fn cache_volume(entry: &mut Table) {
    let disabled = place::get(entry, "docker.disable_cache")
        .and_then(Item::as_bool)
        .unwrap_or(false);
    let mounted = volumes(entry)
        .iter()
        .any(|volume| volume.rsplit(':').next() == Some("/cache"));
    if !disabled && !mounted {
        add_volume(entry, "/cache");
    }
}

fn windows(entry: &mut Table) {
    if place::text(entry, "shell").is_none_or(str::is_empty) {
        put(entry, "shell", value("pwsh"));
    }
    if !volumes(entry)
        .iter()
        .any(|volume| volume.contains("c:\\cache"))
    {
        add_volume(entry, "c:\\cache");
    }
}

fn volumes(entry: &Table) -> Vec<&str> {
    let list = place::get(entry, "docker.volumes").and_then(Item::as_array);
    list.into_iter()
        .flat_map(Array::iter)
        .filter_map(Value::as_str)
        .collect()
}

fn add_volume(entry: &mut Table, volume: &str) {
    let list = place::get(entry, "docker.volumes").and_then(Item::as_array);
    let mut list = list.cloned().unwrap_or_default();
    list.push(volume);
    put(entry, "docker.volumes", value(list));
}

fn unknown(name: &str) -> String {
    let names: Vec<&str> = EXECUTORS.iter().map(|executor| executor.name).collect();
    let names = names.join(", ");
    if name.is_empty() {
        return format!("--executor is missing: give one of {names}");
    }
    format!("--executor: {} is not one of {names}", shown(name))
}

fn missing(executor: &str, path: &str) -> String {
    let flag = FLAGS
        .iter()
        .find(|flag| matches!(flag.purpose, Purpose::Key(own) if own == path));
    let name = flag.map_or(path, |flag| flag.name);
    let variable = flag.and_then(|flag| flag.variable).unwrap_or_default();
    format!("--{name} is missing ({variable}): the executor {executor} needs it")
}

#[cfg(test)]
mod tests;
