//! Owns the two ways in which browsers and curl write forms. Pure.

use serde_json::{Map, Value};

/// A form or query, with `key[]=…` as an array and `key[sub]=…` as an object.
pub(super) fn urlencoded(text: &[u8]) -> Map<String, Value> {
    let mut all = Map::new();
    for (key, value) in url::form_urlencoded::parse(text) {
        insert(&mut all, &key, &value);
    }
    all
}

/// `curl --form`: parts between boundaries, each with a name in its head.
pub(super) fn multipart(kind: &str, body: &[u8]) -> Map<String, Value> {
    let mut all = Map::new();
    let Some((_, boundary)) = kind.split_once("boundary=") else {
        return all;
    };
    let text = String::from_utf8_lossy(body);
    for part in text.split(&format!("--{}", boundary.trim_matches('"'))) {
        let named = |(head, value): (&str, &str)| {
            let name = head.split_once(" name=\"")?.1.split('"').next()?.to_owned();
            Some((name, value.strip_suffix("\r\n").unwrap_or(value).to_owned()))
        };
        if let Some((name, value)) = part.split_once("\r\n\r\n").and_then(named) {
            insert(&mut all, &name, &value);
        }
    }
    all
}

fn insert(all: &mut Map<String, Value>, key: &str, value: &str) {
    let value = Value::from(value);
    match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
        Some((key, "")) => {
            let list = all.entry(key).or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(list) = list {
                list.push(value);
            }
        }
        Some((key, sub)) => {
            let table = all.entry(key).or_insert_with(|| Value::Object(Map::new()));
            if let Value::Object(table) = table {
                table.insert(sub.to_owned(), value);
            }
        }
        None => {
            all.insert(key.to_owned(), value);
        }
    }
}
