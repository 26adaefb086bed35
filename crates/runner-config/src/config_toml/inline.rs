//! Owns the way of `runners = [{…}]` to `[[runners]]` tables, which mean the same and can be edited: every comment goes along.

use toml_edit::{Array, ArrayOfTables, Decor, Table, Value};

/// The tables of an inline array whose key stood below `above`: white space and comments.
pub(super) fn tables(array: &Array, above: &str) -> ArrayOfTables {
    let mut comments = Vec::new();
    let mut tables: Vec<(Vec<String>, Table)> = Vec::new();
    for value in array {
        comments.extend(around(value.decor()));
        if let Value::InlineTable(inline) = value {
            tables.push((std::mem::take(&mut comments), inline.clone().into_table()));
        }
    }
    // What stood behind the last entry comes to stand above it: behind it there is no place that is not the next table's.
    if let Some((above, _)) = tables.last_mut() {
        above.append(&mut comments);
        above.extend(comments_in(array.trailing().as_str().unwrap_or_default()));
        above.extend(around(array.decor()));
    }
    let lines = |comments: &[String]| -> String {
        comments.iter().map(|line| format!("{line}\n")).collect()
    };
    // What stood on the list as a whole is not the first entry's own.
    let mut above = lines(&comments_in(above));
    if !above.is_empty() {
        above.insert(0, '\n');
    }
    let below = |(comments, mut table): (Vec<String>, Table)| {
        let above = std::mem::take(&mut above);
        let prefix = format!("{above}\n{}", lines(&comments));
        table.decor_mut().set_prefix(prefix);
        table
    };
    tables.into_iter().map(below).collect()
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
