//! Owns how a new entry looks: gitlab-runner's order of keys, two blanks a level, a blank line before every `[[…]]`.
//! Comments and unknown keys of a template go along.

use toml_edit::{Decor, Item, RawString, Table};

use crate::field::{Field, field};

/// Lays out a table whose keys stand `depth` levels deep.
pub fn lay_out(table: &mut Table, fields: &[Field], depth: usize) {
    let rank = |key: &str| field(fields, key).map_or(usize::MAX, |(rank, _)| rank);
    table.sort_values_by(|left, _, right, _| rank(left.get()).cmp(&rank(right.get())));
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for name in names {
        let inside = field(fields, &name).map_or(&[][..], |(_, field)| field.shape.inside());
        let Some((mut key, item)) = table.get_key_value_mut(&name) else {
            continue;
        };
        if item.is_value() {
            indent(key.leaf_decor_mut(), depth);
        } else {
            lay_out_item(item, inside, depth);
        }
    }
}

/// Lays out a table, or an array of them, whose header stands `depth` levels deep.
pub fn lay_out_item(item: &mut Item, fields: &[Field], depth: usize) {
    match item {
        Item::Table(table) if table.is_dotted() => lay_out(table, fields, depth),
        Item::Table(table) => {
            header(table, depth, false);
            lay_out(table, fields, depth + 1);
        }
        Item::ArrayOfTables(tables) => {
            for table in tables.iter_mut() {
                header(table, depth, true);
                lay_out(table, fields, depth + 1);
            }
        }
        Item::Value(_) | Item::None => {}
    }
}

/// Sets what stands before a header: its comments, and a blank line where it begins an element.
pub fn header(table: &mut Table, depth: usize, is_element: bool) {
    table.set_position(None);
    indent(table.decor_mut(), depth);
    let prefix = text(table.decor().prefix());
    if is_element && !prefix.starts_with('\n') {
        let prefix = format!("\n{prefix}");
        table.decor_mut().set_prefix(prefix);
    }
}

/// The text around a key or value; empty where it has its usual one.
#[must_use]
pub fn text(around: Option<&RawString>) -> &str {
    around.and_then(RawString::as_str).unwrap_or_default()
}

/// Moves a key or header, and each comment line above it, to its depth.
fn indent(decor: &mut Decor, depth: usize) {
    let before = text(decor.prefix());
    let indentation = "  ".repeat(depth);
    let mut lines: Vec<&str> = before.split('\n').map(str::trim).collect();
    lines.pop();
    let mut prefix = String::new();
    for line in lines {
        if !line.is_empty() {
            prefix.push_str(&indentation);
            prefix.push_str(line);
        }
        prefix.push('\n');
    }
    prefix.push_str(&indentation);
    decor.set_prefix(prefix);
}
