//! Owns the operator's file of the properties, and what an entry holds apart from its formatting.

use std::collections::BTreeMap;

use crate::entry::EntryWish;
use crate::entry::tests::rendered_entry;
use runner_config::three_way::{Scope, follow};
use toml_edit::{DocumentMut, Item, Table, Value};

pub(super) fn rendered(wish: &EntryWish) -> String {
    let mut document = DocumentMut::new();
    let entries = toml_edit::ArrayOfTables::from_iter([rendered_entry(wish, None)]);
    document.insert("runners", Item::ArrayOfTables(entries));
    document.to_string()
}

pub(super) fn first_entry(text: &str) -> Table {
    let document: DocumentMut = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    document["runners"]
        .as_array_of_tables()
        .unwrap()
        .get(0)
        .unwrap()
        .clone()
}

/// Applies to the first entry of a file of which nobody knows what was written there; gives the file and whether anything changed.
pub(super) fn applied(wish: &EntryWish, text: &str) -> (String, bool) {
    let mut document: DocumentMut = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    let entries = document["runners"].as_array_of_tables_mut().unwrap();
    let entry = entries.get_mut(0).unwrap();
    let (told, asked) = (wish.told(entry), wish.asked_with_zeros(None));
    let renamed = wish.rename(entry);
    let followed = follow(entry, Scope::Entry, None, &asked, &|path| told.has(path));
    (document.to_string(), renamed || followed.changed)
}

/// Leaves of the field table as path and value, lists as one leaf, written in one way.
pub(super) fn leaves(item: &Item, path: &str, into: &mut BTreeMap<String, String>) {
    let own_keys = runner_config::at(path).is_some_and(|field| field.shape.inside().is_empty());
    match item.as_table_like() {
        Some(table) if !own_keys || path.is_empty() => {
            for (key, item) in table.iter() {
                let path = if path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{path}.{key}")
                };
                leaves(item, &path, into);
            }
        }
        _ => drop(into.insert(path.to_owned(), plain(item))),
    }
}

/// A value without its formatting.
pub(super) fn plain(item: &Item) -> String {
    let mut value = item.clone().into_value().unwrap();
    strip(&mut value);
    value.to_string()
}

pub(super) fn strip(value: &mut Value) {
    *value.decor_mut() = toml_edit::Decor::default();
    match value {
        Value::Array(list) => {
            list.iter_mut().for_each(strip);
            list.set_trailing("");
            list.set_trailing_comma(false);
            list.fmt();
        }
        Value::InlineTable(table) => {
            table.iter_mut().for_each(|(_, value)| strip(value));
            table.sort_values();
            table.fmt();
        }
        Value::String(text) => text.fmt(),
        Value::Integer(number) => number.fmt(),
        Value::Float(number) => number.fmt(),
        _ => {}
    }
}

pub(super) fn map_of(text: &str) -> BTreeMap<String, String> {
    let mut map = BTreeMap::new();
    leaves(&Item::Table(first_entry(text)), "", &mut map);
    map
}

/// A file as no program would write it: comments everywhere, odd order, unknown keys, dotted keys, inline tables.
pub(super) const OPERATORS: &str = r#"# our runners, ask team X
concurrent=4   # per node

[[runners]] # the first
    executor = 'docker'
  # unknown to everybody
  future.key = [ 1,
    2, # two
  ]
  name = "mine" # who
  cache = { Type = "s3", s3 = { BucketName = "b" } } # inline
  url = "https://h/"
  ssh.host = "dotted"   # dotted
  ssh.unknown = 1
  token="glrt-1"
  environment = [
    "A=1",  # first
    "B=2",
  ]
    [runners.kubernetes.pod_labels]
    # not used here
    "a.b/c" = 'd'
  [runners.docker]
    Image = """i"""
    # limits
    memory = "1g"
    [runners.docker.sysctls]
      "net.core" = "1"
[session_server]
  session_timeout = 1800
# the end
"#;
