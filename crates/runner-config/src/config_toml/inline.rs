//! Owns the way of `runners = [{…}]` to `[[runners]]` tables, which mean the same and can be edited: every comment goes along.

use toml_edit::{Array, ArrayOfTables, Decor, Table, Value};

use crate::layout::text;
use crate::lines::comments;

/// The tables of an inline array whose key stood below `above`: white space and comments.
pub(super) fn tables(array: &Array, above: &str) -> ArrayOfTables {
    let mut own = Vec::new();
    let mut tables: Vec<(Vec<String>, Table)> = Vec::new();
    for value in array {
        own.extend(around(value.decor()));
        if let Value::InlineTable(inline) = value {
            tables.push((std::mem::take(&mut own), inline.clone().into_table()));
        }
    }
    // What stood behind the last entry comes to stand above it: behind it there is no place that is not the next table's.
    if let Some((above, _)) = tables.last_mut() {
        above.append(&mut own);
        above.extend(owned(text(Some(array.trailing()))));
        above.extend(around(array.decor()));
    }
    let lines = |comments: Vec<String>| -> String {
        comments.iter().map(|line| format!("{line}\n")).collect()
    };
    // What stood on the list as a whole is not the first entry's own.
    let mut above = lines(owned(above).collect());
    if !above.is_empty() {
        above.insert(0, '\n');
    }
    let below = |(comments, mut table): (Vec<String>, Table)| {
        let above = std::mem::take(&mut above);
        let prefix = format!("{above}\n{}", lines(comments));
        table.decor_mut().set_prefix(prefix);
        table
    };
    tables.into_iter().map(below).collect()
}

fn around(decor: &Decor) -> impl Iterator<Item = String> {
    let sides = [decor.prefix(), decor.suffix()];
    sides.into_iter().flat_map(|raw| owned(text(raw)))
}

fn owned(text: &str) -> impl Iterator<Item = String> {
    comments(text).map(str::to_owned)
}
