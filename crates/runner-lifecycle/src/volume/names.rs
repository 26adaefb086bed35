//! Owns the names of all files on the volume that are ours or that we look for.

/// The file beside which everything else is, where nobody named another one.
pub const CONFIG: &str = "config.toml";

/// The system ID, which gitlab-runner reads at start.
pub const SYSTEM_ID: &str = ".runner_system_id";

/// The state: what the helpers remember.
pub const STATE: &str = ".runner-lifecycle.toml";

/// What to do about a state that cannot be read.
pub const ADVICE_OF_STATE: &str = "it records which runners may be deleted; fix it, or remove it to have that decided by each entry's token";

/// What to do about a state of a later release.
pub const ADVICE_OF_NEWER_STATE: &str = "use the release that wrote it, or a later one, for both programs; without the file, each entry's token decides which runners may be deleted, and runners without an entry are forgotten";

/// The lock that a helper holds while it works on the volume.
pub const LOCK: &str = ".runner-lifecycle.lock";

/// The copy of `runner-reaper` for a hook in the unchanged runner image.
pub const REAPER: &str = "runner-reaper";

/// The copy of `runner-init` for a person's shell there.
pub const INIT: &str = "runner-init";

/// How the name of an original ends.
pub const ORIGINAL: &str = ".original";

/// Where the original of a configuration file is kept while it is paused: `config.toml.original` for `config.toml`.
#[must_use]
pub fn original_of(config: &str) -> String {
    format!("{config}{ORIGINAL}")
}

/// Whether nobody else may use a name beside `config.toml`: it is one of ours, or how one begins or ends.
#[must_use]
pub fn is_reserved(name: &str) -> bool {
    [STATE, SYSTEM_ID, LOCK, REAPER, INIT].contains(&name)
        || name.ends_with(ORIGINAL)
        || name.ends_with(".new")
}
