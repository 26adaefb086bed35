//! Owns what an existing entry is compared with: what flags, template and the executor's rules ask for, and which of it was
//! given explicitly. Bringing the entry there is [`runner_config::three_way`]'s.

use std::collections::BTreeSet;

use runner_config::place;
use runner_config::zeros::{self, is_zero_value};
use runner_config::{executor, three_way};
use toml_edit::{Item, Table, value};

use super::{EntryWish, drain_ready};
use crate::values::Content;

impl EntryWish {
    /// Whether flags, variables or the template say anything about the entry's limit, be it that there is none.
    pub(crate) fn tells_limit(&self) -> bool {
        self.settings.iter().any(|setting| setting.path == "limit")
            || place::get(&self.settled(), "limit").is_some()
    }

    /// The entry that is asked for, without the keys by which it is one; `limit`: one of ours, where nobody told another.
    pub(crate) fn asked(&self, limit: Option<i64>) -> Table {
        let mut table = self.settled();
        if let Some(limit) = limit {
            drain_ready::put_limit(&mut table, limit);
        }
        table
    }

    /// As [`Self::asked`], with the zero values that were given: a new entry does not spell them out, but they take the
    /// place of another value.
    pub(crate) fn asked_with_zeros(&self, limit: Option<i64>) -> Table {
        let mut table = self.asked(limit);
        for setting in &self.settings {
            let shape = runner_config::at(setting.path).map(|field| field.shape);
            if let Content::Value(zero) = &setting.content
                && is_zero_value(shape, zero)
                && place::get(&table, setting.path).is_none()
            {
                place::put(&mut table, setting.path, Item::Value(zero.clone()));
            }
        }
        table
    }

    /// Gives an existing entry the name that was given, if one was; says whether it changed.
    pub(crate) fn rename(&self, entry: &mut Table) -> bool {
        let differs = self.name_given && place::text(entry, "name") != Some(&self.name);
        if differs {
            place::put(entry, "name", value(&self.name));
        }
        differs
    }

    /// The paths that flags and variables tell of, for an entry as it stands `now`. A section of the executor that is missing
    /// there comes whole, with what the executor's rules added to it.
    pub(crate) fn told(&self, now: &Table) -> Told {
        let mut told = Told::default();
        for setting in &self.settings {
            let names: Vec<&str> = setting.path.split('.').collect();
            match &setting.content {
                Content::Map(map) => told.paths.extend(
                    map.iter()
                        .map(|(key, _)| three_way::path(&[&names[..], &[key]].concat())),
                ),
                _ => drop(told.paths.insert(three_way::path(&names))),
            }
            let section = names.first().copied().unwrap_or_default();
            let is_section = executor::keeps(&self.executor).contains(&section);
            if is_section && place::get(now, section).is_none() {
                told.sections.insert(format!("{section}."));
            }
        }
        told
    }

    fn settled(&self) -> Table {
        let mut table = self.table.clone();
        place::put(&mut table, "executor", value(&self.executor));
        zeros::settle(&mut table);
        table
    }
}

/// Paths that were told explicitly.
#[derive(Debug, Default)]
pub(crate) struct Told {
    /// One by one.
    pub paths: BTreeSet<String>,
    /// All that begin with one of these.
    sections: BTreeSet<String>,
}

impl Told {
    /// Whether a path is one of them.
    pub(crate) fn has(&self, path: &str) -> bool {
        let mut sections = self.sections.iter();
        self.paths.contains(path) || sections.any(|section| path.starts_with(section))
    }
}

#[cfg(test)]
mod tests;
