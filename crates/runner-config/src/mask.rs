//! Owns hiding secrets in a `config.toml` that is shown, as a dry run does. It decides by the names of keys, over the whole
//! document: what somebody else's table holds is shown only where its name gives no reason to hide it.

use toml_edit::{DocumentMut, Item, TableLike, Value};

use crate::place::replace_value;
use crate::token::without_tokens;

/// What stands in place of a secret.
const MASK: &str = "[MASKED]";

/// Keys whose values are lists of `NAME=value`, where any value may be a secret.
const ASSIGNMENTS: &[&str] = &["environment", "machineoptions"];

/// The document's text with every secret masked: by the name of its key, in the user-info of a URL, in what looks like a
/// token, and in a line that is commented out.
#[must_use]
pub fn masked(document: &DocumentMut) -> String {
    let mut document = document.clone();
    walk(document.as_table_mut(), "");
    let text = document.to_string();
    let lines = text.split_inclusive('\n').map(comment);
    without_tokens(&lines.collect::<String>()).into_owned()
}

fn walk(table: &mut dyn TableLike, name: &str) {
    for (key, item) in table.iter_mut() {
        let key = key.get().to_ascii_lowercase();
        // The volumes of Kubernetes that come from a Secret name it only.
        let is_volume = name == "volumes" && key == "secret";
        if ASSIGNMENTS.contains(&key.as_str()) {
            every_value(item, &assignment);
        } else if is_secret(&key) && !is_volume {
            every_value(item, &|_| MASK.to_owned());
        } else {
            inside(item, &key);
        }
    }
}

fn inside(item: &mut Item, name: &str) {
    match item {
        Item::Table(table) => walk(table, name),
        Item::ArrayOfTables(tables) => tables.iter_mut().for_each(|table| walk(table, name)),
        Item::Value(value) => inside_value(value, name),
        Item::None => {}
    }
}

fn inside_value(value: &mut Value, name: &str) {
    match value {
        Value::String(text) => {
            let shown = without_user_info(text.value());
            if shown != *text.value() {
                put(value, &shown);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(|value| inside_value(value, name)),
        Value::InlineTable(table) => walk(table, name),
        _ => {}
    }
}

/// Rewrites every value however deep; moments and booleans are nobody's secret.
fn every_value(item: &mut Item, rewrite: &dyn Fn(&str) -> String) {
    match item {
        Item::Table(table) => table
            .iter_mut()
            .for_each(|(_, item)| every_value(item, rewrite)),
        Item::ArrayOfTables(tables) => tables
            .iter_mut()
            .flat_map(|table| table.iter_mut())
            .for_each(|(_, item)| every_value(item, rewrite)),
        Item::Value(value) => every_value_in(value, rewrite),
        Item::None => {}
    }
}

fn every_value_in(value: &mut Value, rewrite: &dyn Fn(&str) -> String) {
    match value {
        Value::String(text) => {
            let shown = rewrite(text.value());
            put(value, &shown);
        }
        Value::Integer(_) | Value::Float(_) => put(value, MASK),
        Value::Boolean(_) | Value::Datetime(_) => {}
        Value::Array(list) => list
            .iter_mut()
            .for_each(|value| every_value_in(value, rewrite)),
        Value::InlineTable(table) => table
            .iter_mut()
            .for_each(|(_, value)| every_value_in(value, rewrite)),
    }
}

fn put(value: &mut Value, shown: &str) {
    replace_value(value, Value::from(shown));
}

/// `NAME=value` keeps its name.
fn assignment(text: &str) -> String {
    match text.split_once('=') {
        Some((name, _)) => format!("{name}={MASK}"),
        None => MASK.to_owned(),
    }
}

/// Whether a key of this name holds a secret. Where a secret is stored is none.
fn is_secret(key: &str) -> bool {
    let is_place = key.ends_with("file") || key.ends_with("path");
    let names = [
        "token",
        "password",
        "passphrase",
        "secret",
        "key",
        "dsn",
        "credential",
    ];
    !is_place && names.iter().any(|name| key.contains(name))
}

/// A URL anywhere in the text without user name and password.
fn without_user_info(text: &str) -> String {
    let mut shown = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace() || "/?#\"'".contains(c))
            .unwrap_or(after.len());
        let authority = &after[..end];
        rest = match authority.rfind('@') {
            Some(at) => {
                shown.push_str(MASK);
                &after[at..]
            }
            None => after,
        };
    }
    shown.push_str(rest);
    shown
}

/// A line that is commented out may hold the secret of before.
fn comment(line: &str) -> String {
    let Some(behind) = line.trim_start().strip_prefix('#') else {
        return line.to_owned();
    };
    let line = without_user_info(line);
    match (behind.split_once('='), line.split_once('=')) {
        (Some((key, _)), Some((kept, value))) => {
            let key = key.trim_matches(|c: char| c == '#' || c == '"' || c.is_whitespace());
            let key = key.rsplit('.').next().unwrap_or(key).to_ascii_lowercase();
            let plain = !key.contains(char::is_whitespace);
            if plain && (is_secret(&key) || ASSIGNMENTS.contains(&key.as_str())) {
                let end = if value.ends_with('\n') { "\n" } else { "" };
                return format!("{kept}= {MASK}{end}");
            }
            line
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests;
