//! Owns the way of `runners = [{…}]` to `[[runners]]` tables, which mean the same and can be edited: every comment goes along.

use toml_edit::{Array, ArrayOfTables, Decor, Table, Value};

/// The tables of an inline array whose key stood below `above`: white space and comments.
pub(super) fn tables(array: &Array, above: &str) -> ArrayOfTables {
    let mut tables = ArrayOfTables::new();
    let mut comments: Vec<String> = comments_in(above);
    for value in array {
        comments.extend(around(value.decor()));
        if let Value::InlineTable(inline) = value {
            tables.push(below(&mut comments, inline.clone().into_table()));
        }
    }
    comments.extend(comments_in(array.trailing().as_str().unwrap_or_default()));
    comments.extend(around(array.decor()));
    // What stood behind the last entry stands above it now: behind it there is no place that is not the next table's.
    if !comments.is_empty()
        && let Some(last) = tables.len().checked_sub(1)
        && let Some(table) = tables.get_mut(last)
    {
        let above = table.decor().prefix().and_then(|prefix| prefix.as_str());
        let mut all = comments_in(above.unwrap_or_default());
        all.append(&mut comments);
        put_above(table, &all);
    }
    tables
}

fn below(comments: &mut Vec<String>, mut table: Table) -> Table {
    put_above(&mut table, comments);
    comments.clear();
    table
}

fn put_above(table: &mut Table, comments: &[String]) {
    let lines: String = comments.iter().map(|line| format!("{line}\n")).collect();
    table.decor_mut().set_prefix(format!("\n{lines}"));
}

fn around(decor: &Decor) -> Vec<String> {
    let text =
        |raw: Option<&toml_edit::RawString>| raw.and_then(|raw| raw.as_str()).map(comments_in);
    let before = text(decor.prefix()).unwrap_or_default();
    let after = text(decor.suffix()).unwrap_or_default();
    before.into_iter().chain(after).collect()
}

fn comments_in(text: &str) -> Vec<String> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| line.starts_with('#'))
        .map(str::to_owned)
        .collect()
}
