//! Owns how a table of the state file is read and written, key by key. Knows nothing of what the keys mean.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::time::SystemTime;

use toml_edit::{ArrayOfTables, Item, Table, TableLike, Value};

use crate::source::Source;
use crate::token::Token;

/// A value that does not fit, or the table in which one is missing: where it stands in the text.
pub(in crate::state) type Misfit = Option<Range<usize>>;

/// A table of the file, and where it stands.
pub(super) struct Section<'a> {
    table: &'a dyn TableLike,
    place: Misfit,
}

impl<'a> Section<'a> {
    pub(super) fn of(table: &'a dyn TableLike, place: Misfit) -> Self {
        Self { table, place }
    }

    /// Where a key stands, or where it is missing.
    pub(super) fn place(&self, key: &str) -> Misfit {
        let item = self.table.get_key_value(key);
        item.and_then(|(key, item)| key.span().or_else(|| item.span()))
            .or_else(|| self.place.clone())
    }

    pub(super) fn required<T>(&self, value: Option<T>) -> Result<T, Misfit> {
        value.ok_or_else(|| self.place.clone())
    }

    /// What a key holds, `None` where it is missing.
    pub(super) fn maybe<T>(
        &self,
        key: &str,
        read: fn(&'a Item) -> Option<T>,
    ) -> Result<Option<T>, Misfit> {
        match self.table.get(key) {
            None => Ok(None),
            Some(item) => read(item).map(Some).ok_or_else(|| self.place(key)),
        }
    }

    pub(super) fn maybe_text(&self, key: &str) -> Result<Option<String>, Misfit> {
        Ok(self.maybe(key, Item::as_str)?.map(ToOwned::to_owned))
    }

    pub(super) fn text(&self, key: &str) -> Result<String, Misfit> {
        self.required(self.maybe_text(key)?)
    }

    pub(super) fn integer(&self, key: &str) -> Result<i64, Misfit> {
        self.required(self.maybe(key, Item::as_integer)?)
    }

    pub(super) fn flag(&self, key: &str) -> Result<bool, Misfit> {
        Ok(self.maybe(key, Item::as_bool)?.unwrap_or_default())
    }

    pub(super) fn source(&self) -> Result<Source, Misfit> {
        Source::named(&self.text("source")?).ok_or_else(|| self.place("source"))
    }

    pub(super) fn token(&self) -> Result<Option<Token>, Misfit> {
        let text = self.maybe_text("token")?;
        text.map(Token::new)
            .transpose()
            .map_err(|_| self.place("token"))
    }

    pub(super) fn section<T>(
        &self,
        key: &str,
        read: fn(&Section<'_>) -> Result<T, Misfit>,
    ) -> Result<Option<T>, Misfit> {
        let table = self.maybe(key, |item| Some((item.as_table_like()?, item.span())))?;
        table
            .map(|(table, place)| read(&Section::of(table, place)))
            .transpose()
    }

    pub(super) fn sections<T>(
        &self,
        key: &str,
        read: fn(&Section<'_>) -> Result<T, Misfit>,
    ) -> Result<Vec<T>, Misfit> {
        match self.table.get(key) {
            None => Ok(Vec::new()),
            Some(Item::ArrayOfTables(tables)) => tables
                .iter()
                .map(|table| read(&Section::of(table, table.span())))
                .collect(),
            Some(Item::Value(Value::Array(list))) => list
                .iter()
                .map(|value| {
                    let table = value.as_inline_table().ok_or_else(|| value.span())?;
                    read(&Section::of(table, value.span()))
                })
                .collect(),
            Some(_) => Err(self.place(key)),
        }
    }

    pub(super) fn map(&self, key: &str) -> Result<Option<BTreeMap<String, String>>, Misfit> {
        self.section(key, |from| {
            let keys = from.table.iter().map(|(key, _)| key);
            keys.map(|key| Ok((key.to_owned(), from.text(key)?)))
                .collect()
        })
    }
}

/// A table that is being written: keys in the order in which they are put.
pub(super) struct TableWriter<'a>(pub(super) &'a mut Table);

impl TableWriter<'_> {
    pub(super) fn put(&mut self, key: &str, value: impl Into<Value>) {
        self.0.insert(key, Item::Value(value.into()));
    }

    pub(super) fn maybe(&mut self, key: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.put(key, text);
        }
    }

    /// To the second, in RFC 3339 UTC.
    pub(super) fn moment(&mut self, key: &str, at: Option<SystemTime>) {
        let mut text = String::new();
        // Behind the year 9999 there is no such text.
        if at.is_some_and(|at| write!(text, "{}", humantime::format_rfc3339_seconds(at)).is_ok()) {
            self.put(key, text);
        }
    }

    pub(super) fn flag(&mut self, key: &str, yes: bool) {
        if yes {
            self.put(key, true);
        }
    }

    pub(super) fn section<T>(
        &mut self,
        key: &str,
        value: Option<&T>,
        write: fn(&mut TableWriter<'_>, &T),
    ) {
        if let Some(value) = value {
            let mut table = Table::new();
            write(&mut TableWriter(&mut table), value);
            self.0.insert(key, Item::Table(table));
        }
    }

    pub(super) fn sections<T>(
        &mut self,
        key: &str,
        values: &[T],
        write: fn(&mut TableWriter<'_>, &T),
    ) {
        let mut tables = ArrayOfTables::new();
        for value in values {
            let mut table = Table::new();
            write(&mut TableWriter(&mut table), value);
            tables.push(table);
        }
        if !tables.is_empty() {
            self.0.insert(key, Item::ArrayOfTables(tables));
        }
    }

    pub(super) fn map(&mut self, key: &str, map: Option<&BTreeMap<String, String>>) {
        self.section(key, map, |to, map| {
            for (key, value) in map {
                to.put(key, value.as_str());
            }
        });
    }
}
