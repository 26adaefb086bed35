//! Owns the template of `--template-config`: reading it, having it checked, handing over its one entry.
//! How it is merged is the registration's.

use std::fmt;

use toml_edit::{Document, DocumentMut, Table};

use crate::config_toml::expand;
use crate::elements::{Mismatch, elements};
use crate::three_way::IDENTITY;
use crate::{RUNNER, canonical, fault, layout, load_check, place};

/// A template's one runner entry.
pub struct Template {
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

impl Template {
    /// Reads a template from its text; `name` is what errors call it. `variable` looks up `$NAME` in its URL.
    ///
    /// # Errors
    /// With one line, when it is no TOML, has not exactly one runner entry, or holds what gitlab-runner does not load.
    pub fn parse(
        text: &str,
        name: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let name = format!("template {name}");
        let document = Document::parse(text)
            .map_err(|error| format!("{name}, {}", fault::fault(text, &error)))?;
        let said = |mismatch: &Mismatch| mismatch.said(&name, text);
        let root = document.as_table();
        let has_entries = place::get(root, "runners").and_then(elements).is_some();
        // Something else under that key is explained below.
        let left_out = |key: &str| !has_entries && key.eq_ignore_ascii_case("runners");
        let ignored = load_check::loads(root, left_out).map_err(|wrong| said(&wrong))?;
        let warnings = ignored.iter().map(said).collect();
        let mut document = document.into_mut();
        let mut entry = only_entry(&mut document)
            .ok_or_else(|| format!("{name}: it must contain exactly one [[runners]] entry"))?;
        canonical::canonical(&mut entry, RUNNER);
        keep_last_comment(&mut entry, &document);
        // Those of a template are not taken, as gitlab-runner does not take them.
        for key in IDENTITY {
            place::remove(&mut entry, key);
        }
        let url = expand(place::text(&entry, "url").unwrap_or_default(), variable);
        Ok(Self {
            entry,
            url: url.trim().to_owned(),
            warnings,
        })
    }

    /// The entry, comments and unknown keys included, without id, token and times.
    #[must_use]
    pub fn entry(&self) -> &Table {
        &self.entry
    }

    /// The runner's name that it gives; empty if it gives none.
    #[must_use]
    pub fn name(&self) -> &str {
        place::text(&self.entry, "name").unwrap_or_default().trim()
    }

    /// What gitlab-runner leaves out without a word, and how it is to be written.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Its URL with variables expanded; empty if it has none.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
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
