//! Owns the names of all files on the volume that are ours or that we look for.

use std::path::Path;

use runner_config::shown;

use crate::exit::Failure;

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

/// The name of the file that `--config` gives.
pub(crate) fn of_config(path: &Path) -> Result<&str, Failure> {
    let refuse = |why: &str| {
        let shown = shown::path(path);
        Failure::usage(format!(
            "--config {shown}: {why}; name a file such as /etc/gitlab-runner/config.toml"
        ))
    };
    let name = path.file_name().and_then(|name| name.to_str());
    let name = name.ok_or_else(|| refuse("it does not name a file"))?;
    if is_reserved(name) {
        let why = "that name is reserved for the files of runner-init and runner-reaper";
        return Err(refuse(why));
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn config_that_is_no_file_or_one_of_the_programs_own_is_refused_with_an_example() {
        for path in [
            "/",
            "..",
            "/etc/gitlab-runner/..",
            "/etc/gitlab-runner/.runner-lifecycle.toml",
            "/etc/gitlab-runner/config.toml.original",
            "runner-reaper",
        ] {
            let refused = of_config(Path::new(path)).unwrap_err();
            assert_eq!(refused.exit, crate::exit::Exit::Usage, "{path}");
            assert!(refused.message.contains("name a file such as"), "{path}");
        }
        for path in ["/etc/gitlab-runner/config.toml", "my.toml"] {
            assert!(
                path.ends_with(of_config(Path::new(path)).unwrap()),
                "{path}"
            );
        }
    }
}
