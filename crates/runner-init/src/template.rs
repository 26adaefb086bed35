//! Owns the template of `--template-config`: reading it and filling in what was not given.

use std::path::Path;

use runner_lifecycle::exit::Failure;

use crate::args::Environment;

/// A template's one runner entry.
#[derive(Debug)]
pub struct Template {
    entry: toml_edit::Table,
}

impl Template {
    /// Reads a template from the disk; `$VAR` in its URL is expanded from the environment.
    ///
    /// # Errors
    /// When it is missing, is no TOML, has not exactly one runner entry, or gives a field a value of the wrong type.
    pub fn read(path: &Path, environment: &Environment) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::unusable(format!("template {}: {error}", path.display())))?;
        Self::parse(&text, &path.display().to_string(), environment)
    }

    /// As [`Template::read`], from its text; `name` is what errors call it.
    ///
    /// # Errors
    /// As [`Template::read`].
    pub fn parse(text: &str, name: &str, environment: &Environment) -> Result<Self, Failure> {
        let _ = (text, environment);
        Err(Failure::unusable(format!(
            "template {name}: under construction"
        )))
    }
}
