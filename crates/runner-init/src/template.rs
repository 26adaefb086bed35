//! Owns the template of `--template-config`: reading it, having it checked, handing over its one entry.
//! How it is merged is in `entry`.

use std::fmt;
use std::path::Path;

use runner_config::config_toml::expand;
use runner_config::elements::{elements, line_of};
use runner_config::place;
use runner_config::{RUNNER, canonical, fault, layout, load_check, shown};
use runner_lifecycle::exit::Failure;
use runner_lifecycle::named_file;
use toml_edit::{Document, DocumentMut, Table};

use crate::args::Environment;

/// A template's one runner entry.
pub(crate) struct Template {
    entry: Table,
    url: String,
    warnings: Vec<String>,
}

impl fmt::Debug for Template {
    /// Without the entry: it may hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "template with {} keys", self.entry.len())
    }
}

/// Keys that only a registration can know: a template's are not taken, as gitlab-runner does not take them.
const IDENTITY: &[&str] = &["id", "token", "token_obtained_at", "token_expires_at"];

impl Template {
    /// Reads a template from the disk; `$VAR` in its URL is expanded from the environment.
    ///
    /// Refused when it is missing, is no TOML, has not exactly one runner entry, or holds what gitlab-runner does not load.
    pub(crate) fn read(path: &Path, environment: &Environment) -> Result<Self, Failure> {
        let name = shown::path(path);
        // The system's words or `read_text`'s own: neither quotes the file.
        let text = named_file::read_text(path)
            .map_err(|error| wrong(&name, None, &format!("reading it: {error}")))?;
        Self::parse(&text, &name, environment)
    }

    /// As [`Template::read`], from its text; `name` is what errors call it.
    pub(crate) fn parse(
        text: &str,
        name: &str,
        environment: &Environment,
    ) -> Result<Self, Failure> {
        let document = Document::parse(text).map_err(|error| {
            let fault = fault::fault(text, &error);
            Failure::unusable(format!("template {name}, {fault}"))
        })?;
        let found = |path: &str, offset: Option<usize>, message: &str| {
            wrong(
                name,
                offset.map(|offset| line_of(text, offset)),
                &format!("{path}: {message}"),
            )
        };
        let root = document.as_table();
        let has_entries = place::get(root, "runners").and_then(elements).is_some();
        // Something else under that key is explained below.
        let left_out = |key: &str| !has_entries && key.eq_ignore_ascii_case("runners");
        let ignored =
            load_check::loads(root, left_out).map_err(|m| found(&m.path, m.offset, &m.message))?;
        let warnings = ignored
            .iter()
            .map(|m| found(&m.path, m.offset, &m.message).message)
            .collect();
        let mut document = document.into_mut();
        let mut entry = only_entry(&mut document)
            .ok_or_else(|| wrong(name, None, "it must contain exactly one [[runners]] entry"))?;
        canonical::canonical(&mut entry, RUNNER);
        keep_last_comment(&mut entry, &document);
        for key in IDENTITY {
            place::remove(&mut entry, key);
        }
        let url = expand(place::text(&entry, "url").unwrap_or_default(), &|name| {
            environment.get(name).map(str::to_owned)
        });
        Ok(Self {
            entry,
            url: url.trim().to_owned(),
            warnings,
        })
    }

    /// The entry, comments and unknown keys included, without id, token and times.
    pub(crate) fn entry(&self) -> &Table {
        &self.entry
    }

    /// The runner's name that it gives; empty if it gives none.
    pub(crate) fn name(&self) -> &str {
        place::text(&self.entry, "name").unwrap_or_default().trim()
    }

    /// What gitlab-runner leaves out without a word, and how it is to be written.
    pub(crate) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Its URL with variables expanded; empty if it has none.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

fn wrong(name: &str, line: Option<usize>, message: &str) -> Failure {
    match line {
        Some(line) => Failure::unusable(format!("template {name}, line {line}: {message}")),
        None => Failure::unusable(format!("template {name}: {message}")),
    }
}

/// Takes the entry out; `None` unless there is exactly one.
fn only_entry(document: &mut DocumentMut) -> Option<Table> {
    let key = place::spelled(document.as_table(), "runners").to_owned();
    let mut entries = document.remove(&key)?.into_array_of_tables().ok()?;
    (entries.len() == 1).then(|| entries.remove(0))
}

/// A comment at the end of the file belongs to no key; it goes above the entry rather than getting lost.
fn keep_last_comment(entry: &mut Table, document: &DocumentMut) {
    let last = document.trailing().as_str().unwrap_or_default();
    let before = layout::text(entry.decor().prefix());
    if last.contains('#') {
        let ending = if last.ends_with('\n') { "" } else { "\n" };
        let prefix = format!("{before}{last}{ending}");
        entry.decor_mut().set_prefix(prefix);
    }
}

#[cfg(test)]
mod tests;
