//! Owns `config.toml` as a document: it reads what the helpers need and edits in place, so that the operator's
//! comments, unknown keys and order stay. It never touches the disk and writes no value that nobody asked for.

use toml_edit::{ArrayOfTables, DocumentMut, Item, RawString, Table, TableLike, Value};

mod credentials;
mod endings;
mod entry;
mod inline;
mod removal;

pub use credentials::put_token;
use endings::Endings;
pub use entry::{RunnerEntry, expand};

use crate::elements::elements;
/// The text is no TOML, or not that of a `config.toml`: where, and what to write.
pub use crate::fault::Fault as Error;
use crate::fault::fault;
use crate::place::{self, spelled};
use crate::three_way::{Scope, Written, edited};
use crate::{globals, layout, statements};

const RUNNERS: &str = "runners";

/// A `config.toml` as gitlab-runner reads it, with everything it would not keep itself.
#[derive(Clone, Debug)]
pub struct ConfigToml {
    document: DocumentMut,
    endings: Endings,
}

impl ConfigToml {
    /// Reads a document. `runners` may be `[[runners]]` tables or an inline array.
    ///
    /// # Errors
    /// With line and column, when it is no TOML or `runners` is something else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let document: DocumentMut = text.parse().map_err(|error| fault(text, &error))?;
        let endings = Endings::of(text);
        let config = Self { document, endings };
        if config
            .get(RUNNERS)
            .is_some_and(|item| elements(item).is_none())
        {
            let start = statements::of(text)
                .iter()
                .find(|statement| statement.is_of(RUNNERS))
                .map_or(0, |statement| statement.start);
            return Err(Error::at(
                text,
                start,
                "runners is not a list of tables: write [[runners]]",
            ));
        }
        Ok(config)
    }

    /// The document, for edits beyond what this module knows.
    pub fn document_mut(&mut self) -> &mut DocumentMut {
        &mut self.document
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &DocumentMut {
        &self.document
    }

    /// `concurrent`: how many jobs at most; gitlab-runner takes a missing one as 1.
    #[must_use]
    pub fn concurrent(&self) -> i64 {
        self.integer("concurrent").unwrap_or(1)
    }

    /// `check_interval` in seconds; 0, negative and missing mean gitlab-runner's 3.
    #[must_use]
    pub fn check_interval(&self) -> i64 {
        self.integer("check_interval")
            .filter(|seconds| *seconds > 0)
            .unwrap_or(3)
    }

    /// `shutdown_timeout` in seconds; 0 and missing mean gitlab-runner's 30.
    #[must_use]
    pub fn shutdown_timeout(&self) -> i64 {
        self.integer("shutdown_timeout")
            .filter(|seconds| *seconds > 0)
            .unwrap_or(30)
    }

    /// `listen_address`, where it is given and not empty.
    #[must_use]
    pub fn listen_address(&self) -> Option<&str> {
        let text = self.get("listen_address").and_then(Item::as_str);
        text.filter(|text| !text.is_empty())
    }

    /// The runner entries in the order of the file. `variable` looks up `$NAME` in `url` and `token`, as
    /// gitlab-runner does from its own environment when it loads the file.
    #[must_use]
    pub fn entries(&self, variable: &dyn Fn(&str) -> Option<String>) -> Vec<RunnerEntry> {
        let tables = self.tables().into_iter().enumerate();
        tables
            .map(|(index, table)| RunnerEntry::read(index, table, variable))
            .collect()
    }

    /// How many runner entries there are.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.tables().len()
    }

    /// The table of one runner entry, for editing in place.
    pub fn entry_mut(&mut self, index: usize) -> Option<&mut Table> {
        self.entries_mut().get_mut(index)
    }

    /// The table of one runner entry.
    #[must_use]
    pub fn entry(&self, index: usize) -> Option<&dyn TableLike> {
        self.tables().get(index).copied()
    }

    /// The keys of an entry that are no longer as they were written last; without a place those outside the entries.
    #[must_use]
    pub fn edited_keys(&self, index: Option<usize>, last: &Written) -> Vec<String> {
        let Some(index) = index else {
            return edited(self.document.as_table(), Scope::File, last);
        };
        // An inline entry is no table before it is to be edited.
        let mut copy = self.clone();
        let table = copy.entry_mut(index);
        table.map_or_else(Vec::new, |table| edited(table, Scope::Entry, last))
    }

    /// Adds a runner entry at the end, behind the comments that stand there.
    pub fn push_entry(&mut self, mut table: Table) {
        let last = self.document.trailing().as_str().unwrap_or_default();
        let last = last.to_owned();
        let own = table.decor().prefix().and_then(RawString::as_str);
        let own = own.unwrap_or("\n").to_owned();
        if last.contains('#') {
            let end = if last.ends_with('\n') { "" } else { "\n" };
            table.decor_mut().set_prefix(format!("{last}{end}{own}"));
            self.document.set_trailing("");
        } else {
            table.decor_mut().set_prefix(own);
        }
        self.entries_mut().push(table);
    }

    /// Removes the runner entries at these places, with the comments that stand directly on them and nothing else; with the
    /// last one the key goes too, as gitlab-runner does.
    pub fn remove_entries(&mut self, indexes: &[usize]) {
        if indexes.is_empty() {
            return;
        }
        let tables = self.entries_mut();
        let left = (0..tables.len()).filter(|place| !indexes.contains(place));
        let left = left.count();
        let key = spelled(self.document.as_table(), RUNNERS).to_owned();
        let text = removal::without(&self.document.to_string(), &key, indexes);
        if let Ok(document) = text.parse() {
            let endings = self.endings;
            let cut = Self { document, endings };
            if cut.entry_count() == left {
                *self = cut;
                return;
            }
        }
        self.drop_entries(indexes);
    }

    /// As [`Self::remove_entries`], whatever comments go along.
    fn drop_entries(&mut self, indexes: &[usize]) {
        let tables = self.entries_mut();
        let mut place = 0;
        tables.retain(|_| {
            place += 1;
            !indexes.contains(&(place - 1))
        });
        if tables.is_empty() {
            let key = spelled(self.document.as_table(), RUNNERS).to_owned();
            self.document.remove(&key);
        }
    }

    /// Sets `concurrent`, keeping the comments around it.
    pub fn set_concurrent(&mut self, jobs: i64) {
        globals::set(self.document.as_table_mut(), "concurrent", jobs.into());
    }

    fn integer(&self, key: &str) -> Option<i64> {
        self.get(key).and_then(Item::as_integer)
    }

    fn get(&self, key: &str) -> Option<&Item> {
        place::get(self.document.as_table(), key)
    }

    fn tables(&self) -> Vec<&dyn TableLike> {
        let entries = self.get(RUNNERS).and_then(elements);
        entries.unwrap_or_default()
    }

    /// The entries as tables that can be edited. An inline array becomes `[[runners]]` tables, which mean the same.
    fn entries_mut(&mut self) -> &mut ArrayOfTables {
        let name = spelled(self.document.as_table(), RUNNERS).to_owned();
        if let Some(Item::Value(Value::Array(array))) = self.document.get(&name) {
            let key = self.document.key(&name);
            let above = layout::text(key.and_then(|key| key.leaf_decor().prefix()));
            let tables = inline::tables(array, above);
            self.document.remove(&name);
            self.document.insert(&name, Item::ArrayOfTables(tables));
        }
        let item = self
            .document
            .entry(&name)
            .or_insert_with(|| ArrayOfTables::new().into());
        match item {
            Item::ArrayOfTables(tables) => tables,
            _ => unreachable!("made an array of tables just above"),
        }
    }
}

impl std::fmt::Display for ConfigToml {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.endings.restore(&self.document.to_string()))
    }
}

#[cfg(test)]
mod tests;
