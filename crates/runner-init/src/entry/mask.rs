//! Owns hiding secrets in a `config.toml` that is shown, as a dry run does.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use super::key_path;
use crate::flags::{self, Place};

/// What stands in place of a secret.
const MASK: &str = "[MASKED]";

/// Replaces every secret of every runner entry.
pub fn mask(document: &mut DocumentMut) {
    let Some(entries) = document
        .get_mut("runners")
        .and_then(Item::as_array_of_tables_mut)
    else {
        return;
    };
    for entry in entries.iter_mut() {
        let flags = flags::all().filter(|flag| flag.is_secret());
        let paths = flags.filter_map(|flag| match flag.place {
            Place::Entry(path) => Some(path),
            _ => None,
        });
        for path in paths.chain(["token"]) {
            hide(entry, path);
        }
    }
}

fn hide(table: &mut dyn TableLike, path: &str) {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    let key = key_path::spelled(table, name).to_owned();
    match table.get_mut(&key) {
        Some(Item::Value(value)) if rest.is_empty() => *value = Value::from(MASK),
        Some(item) => {
            if let Some(inner) = item.as_table_like_mut() {
                hide(inner, rest);
            }
        }
        None => {}
    }
}
