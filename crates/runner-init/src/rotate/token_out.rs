//! Owns the file of `--token-out`: whether it can be written is known before GitLab is asked.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use runner_config::shown;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::token::Token;
use runner_lifecycle::volume::{Error, PRIVATE, Publication, Volume, names};

/// Where the new token is written to as well.
pub(super) struct TokenOut {
    directory: Volume,
    name: String,
    path: PathBuf,
}

impl TokenOut {
    /// Looks at what is there, and writes nothing.
    pub(super) fn at(path: &Path, config: &Path) -> Result<Self, Failure> {
        let shown = shown::path(path);
        let refuse = |why: &str| Failure::unusable(format!("--token-out {shown}: {why}"));
        let name = path.file_name().and_then(|name| name.to_str());
        let name = name.ok_or_else(|| refuse("it does not name a file"))?;
        match fs::symlink_metadata(path) {
            Ok(there) if !there.is_file() => {
                return Err(refuse("it exists and is not a regular file"));
            }
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(refuse(&error.to_string())),
        }
        let directory = parent(path);
        if !directory.is_dir() {
            return Err(refuse("its directory does not exist"));
        }
        let volume = parent(config);
        let config = config
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if fs::canonicalize(directory).ok() == fs::canonicalize(volume).ok()
            && (name == config || names::is_reserved(name))
        {
            return Err(refuse(
                "that name is reserved for the files of runner-init and runner-reaper",
            ));
        }
        Ok(Self {
            directory: Volume::at(directory),
            name: name.to_owned(),
            path: path.to_owned(),
        })
    }

    /// Whether it can be written.
    pub(super) fn check_writable(&self) -> Result<(), Error> {
        self.directory.check_writable()?;
        self.directory.check_replaceable(&self.name)
    }

    /// Writes the token and nothing behind it: a Secret that is made of the file shall hold no line break.
    pub(super) fn write(&self, token: &Token) -> Result<(), Error> {
        let how = Publication::with_mode(PRIVATE);
        self.directory
            .publish(&self.name, token.expose().as_bytes(), how)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

fn parent(path: &Path) -> &Path {
    let parent = path.parent().unwrap_or_else(|| Path::new(""));
    if parent.as_os_str().is_empty() {
        Path::new(".")
    } else {
        parent
    }
}
