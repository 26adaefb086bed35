//! Owns what reading somebody else's TOML needs and toml_edit does not give: elements in either form, and what does
//! not fit, with its place. Pure.

use toml_edit::{Item, TableLike, Value};

use crate::lines;

/// A value of the wrong type, and where it is.
#[derive(Debug)]
pub struct Mismatch {
    /// The path of the key.
    pub path: String,
    /// Where it stands in the text, in bytes.
    pub offset: Option<usize>,
    /// What is wrong and what to write.
    pub message: String,
}

impl Mismatch {
    /// The line that says so: `name` is what it calls the file whose text this is.
    #[must_use]
    pub fn said(&self, name: &str, text: &str) -> String {
        let line = self.offset.map(|offset| lines::number(text, offset));
        let line = line.map_or_else(String::new, |line| format!(", line {line}"));
        format!("{name}{line}: {}: {}", self.path, self.message)
    }
}

/// The tables of an array, whether written with `[[ ]]` or inline; nothing, where something else is among them.
#[must_use]
pub fn elements(item: &Item) -> Option<Vec<&dyn TableLike>> {
    match item {
        Item::ArrayOfTables(tables) => {
            Some(tables.iter().map(|table| table as &dyn TableLike).collect())
        }
        Item::Value(Value::Array(list)) => list
            .iter()
            .map(|value| value.as_inline_table().map(|table| table as &dyn TableLike))
            .collect(),
        _ => None,
    }
}

/// Where an item stands.
#[must_use]
pub fn start(item: &Item) -> Option<usize> {
    let span = match item {
        Item::ArrayOfTables(tables) => tables.get(0).and_then(toml_edit::Table::span),
        _ => item.span(),
    };
    span.map(|span| span.start)
}
