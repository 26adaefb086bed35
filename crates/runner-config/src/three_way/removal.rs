//! Owns taking a key out of an operator's table. A comment that `runner-init` did not write stays where it was.

use toml_edit::{Decor, InlineTable, Item, Table};

use crate::layout::text;
use crate::lines::split_last;
use crate::place::{Form, Place};

/// Removes a key; with `keep` its comments stay, as lines of their own. Gives those for which the table has no room.
pub(crate) fn take(place: Place<'_>, name: &str, keep: bool) -> String {
    let (form, key) = place.into_form(name);
    match form {
        Form::Inline(table) => {
            take_inline(table, &key);
            String::new()
        }
        Form::Table(table) => take_from(table, &key, keep),
    }
}

/// Adds comment lines at the end of a table's own keys; a file as a whole has them at its beginning where it has none.
pub(crate) fn append(table: &mut Table, lines: &str, is_file: bool) {
    let last = table.iter().filter(|(_, item)| item.is_value()).last();
    let last = last.map(|(key, _)| key.to_owned());
    let value = last.and_then(|key| table.get_mut(&key)?.as_value_mut());
    match value {
        Some(value) => behind(value.decor_mut(), lines),
        None if is_file => above(table.decor_mut(), lines),
        None => behind(table.decor_mut(), lines),
    }
}

fn take_from(table: &mut Table, key: &str, keep: bool) -> String {
    let index = table.iter().position(|(present, _)| present == key);
    let Some((removed, item)) = table.remove_entry(key) else {
        return String::new();
    };
    let lines = match &item {
        _ if !keep => String::new(),
        Item::Value(value) => {
            let prefix = text(removed.leaf_decor().prefix());
            let (lines, indentation) = split_last(prefix);
            let mut lines = lines.to_owned();
            let beside = text(value.decor().suffix()).trim();
            if !beside.is_empty() {
                lines.push_str(&format!("{indentation}{beside}\n"));
            }
            lines
        }
        Item::ArrayOfTables(tables) => {
            let prefixes = tables.iter().map(|table| table.decor().prefix());
            prefixes.map(|prefix| split_last(text(prefix)).0).collect()
        }
        _ => String::new(),
    };
    if !lines.contains('#') {
        return String::new();
    }
    let next = table
        .iter()
        .skip(index.unwrap_or(0))
        .map(|(key, item)| (key.to_owned(), item.is_value()))
        .next();
    if let (Item::Value(_), Some((next, true))) = (&item, next) {
        if let Some(mut next) = table.key_mut(&next) {
            above(next.leaf_decor_mut(), &lines);
        }
        return String::new();
    }
    let has_room = table.iter().any(|(_, item)| item.is_value());
    if has_room {
        append(table, &lines, false);
        return String::new();
    }
    lines
}

/// Braces keep their distance where the last key goes.
fn take_inline(table: &mut InlineTable, key: &str) {
    let is_last = table.iter().last().is_some_and(|(last, _)| last == key);
    let end = table
        .remove(key)
        .map(|value| value.decor().suffix().cloned());
    let last = table.iter().last().map(|(last, _)| last.to_owned());
    if let (true, Some(Some(end)), Some(last)) = (is_last, end, last)
        && let Some(value) = table.get_mut(&last)
    {
        value.decor_mut().set_suffix(end);
    }
}

fn above(decor: &mut Decor, lines: &str) {
    let prefix = format!("{lines}{}", text(decor.prefix()));
    decor.set_prefix(prefix);
}

fn behind(decor: &mut Decor, lines: &str) {
    let lines = lines.trim_end_matches('\n');
    let suffix = format!("{}\n{lines}", text(decor.suffix()));
    decor.set_suffix(suffix);
}
