//! Owns finding and setting values in an operator's TOML by the names of fields, in whatever form the tables were
//! written: with headers, with dotted keys, inline. Keeps comments, order and spelling of what is there.

use toml_edit::{Decor, InlineTable, Item, Key, Table, TableLike, Value};

use crate::RUNNER;
use crate::field::{Field, Shape, field};
use crate::layout;
use crate::lines::split_last;

/// A table to put something into, with what gitlab-runner knows of its keys.
pub struct Place<'a> {
    form: Form<'a>,
    fields: &'static [Field],
}

/// How that table is written.
pub(crate) enum Form<'a> {
    Table(&'a mut Table),
    Inline(&'a mut InlineTable),
}

/// The key as it is spelled in this table: where a field's own name is missing, gitlab-runner's decoder takes one that
/// differs in the case of letters only.
#[must_use]
pub fn spelled<'a>(table: &'a dyn TableLike, name: &'a str) -> &'a str {
    if table.contains_key(name) {
        return name;
    }
    table
        .iter()
        .map(|(key, _)| key)
        .find(|key| key.eq_ignore_ascii_case(name))
        .unwrap_or(name)
}

/// What is at a path of field names joined with dots.
#[must_use]
pub fn get<'a>(table: &'a dyn TableLike, path: &str) -> Option<&'a Item> {
    let (first, rest) = match path.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (path, None),
    };
    let item = table.get(spelled(table, first))?;
    match rest {
        Some(rest) => get(item.as_table_like()?, rest),
        None => Some(item),
    }
}

/// What is where these names lead: fields in any case of letters, other keys as they are.
pub(crate) fn find<'a>(
    table: &'a dyn TableLike,
    fields: &[Field],
    names: &[String],
) -> Option<&'a Item> {
    let (name, rest) = names.split_first()?;
    let item = table.get(spelled_of(table, fields, name))?;
    if rest.is_empty() {
        return Some(item);
    }
    let inside = field(fields, name).map_or(&[][..], |(_, field)| field.shape.inside());
    find(item.as_table_like()?, inside, rest)
}

fn spelled_of<'a>(table: &'a dyn TableLike, fields: &[Field], name: &'a str) -> &'a str {
    match field(fields, name) {
        Some(_) => spelled(table, name),
        None => name,
    }
}

/// The text at a path, if there is one.
#[must_use]
pub fn text<'a>(table: &'a Table, path: &str) -> Option<&'a str> {
    get(table, path)?.as_str()
}

/// Removes what is under a field name.
pub fn remove(table: &mut Table, name: &str) -> Option<Item> {
    let key = spelled(table, name).to_owned();
    table.remove(&key)
}

/// Sets what is at a path of field names in an entry; says whether there was room, and no value in the place of a table.
pub fn put(entry: &mut Table, path: &str, item: Item) -> bool {
    let names: Vec<&str> = path.split('.').collect();
    let Some((name, above)) = names.split_last() else {
        return false;
    };
    let place = Place::of(entry, RUNNER).enter(above);
    place.map(|place| place.put(name, item)).is_some()
}

impl<'a> Place<'a> {
    /// The entry itself, or another table whose fields are known.
    #[must_use]
    pub fn of(table: &'a mut Table, fields: &'static [Field]) -> Self {
        Self {
            form: Form::Table(table),
            fields,
        }
    }

    /// The table at a path of field names, made if it is missing in the form of its surroundings.
    /// `None` where something else than a table is in the way.
    #[must_use]
    pub fn enter(self, names: &[&str]) -> Option<Self> {
        let [name, rest @ ..] = names else {
            return Some(self);
        };
        let shape = field(self.fields, name).map(|(_, field)| field.shape);
        let fields = shape.map_or(&[][..], Shape::inside);
        let is_map = shape.is_some_and(Shape::is_map);
        let key = self.spelled(name);
        let form = match self.form {
            Form::Table(table) => {
                if is_map {
                    make_room(table, &key);
                }
                if !table.contains_key(&key) {
                    insert(table, self.fields, &key, Item::Table(inner(table)));
                }
                match table.get_mut(&key)? {
                    Item::Table(table) => Form::Table(table),
                    Item::Value(Value::InlineTable(table)) => Form::Inline(table),
                    _ => return None,
                }
            }
            Form::Inline(table) => {
                if is_map
                    && table
                        .get(&key)
                        .is_some_and(|value| !value.is_inline_table())
                {
                    table.remove(&key);
                }
                if !table.contains_key(&key) {
                    table.insert(&key, InlineTable::new().into());
                }
                Form::Inline(table.get_mut(&key)?.as_inline_table_mut()?)
            }
        };
        Place { form, fields }.enter(rest)
    }

    /// Sets a field of this table; an existing one keeps its comments and its place.
    pub fn put(self, name: &str, item: Item) {
        let key = self.spelled(name);
        self.put_exactly(&key, item);
    }

    /// The table, and the key under which it has this name.
    pub(crate) fn into_form(self, name: &str) -> (Form<'a>, String) {
        let key = self.spelled(name);
        (self.form, key)
    }

    /// The key as it is spelled here; one that is no field of gitlab-runner's is as it is.
    fn spelled(&self, name: &str) -> String {
        let table: &dyn TableLike = match &self.form {
            Form::Table(table) => *table,
            Form::Inline(table) => *table,
        };
        spelled_of(table, self.fields, name).to_owned()
    }

    /// Adds a field or key that is not there yet, with these comment lines above it.
    pub(crate) fn add(mut self, name: &str, item: Item, comment: &str) {
        let fields = self.fields;
        let again = match &mut self.form {
            Form::Table(table) => Form::Table(table),
            Form::Inline(table) => Form::Inline(table),
        };
        Place {
            form: again,
            fields,
        }
        .put(name, item);
        if let Form::Table(table) = self.form {
            explain(table, name, comment);
        }
    }

    /// Sets a key that the operator chose: its letters count.
    pub fn put_exactly(self, key: &str, item: Item) {
        match self.form {
            Form::Inline(table) => {
                let Ok(mut value) = item.into_value() else {
                    return;
                };
                // A comment cannot stand between braces.
                *value.decor_mut() = match table.get(key) {
                    Some(before) => before.decor().clone(),
                    None => Decor::default(),
                };
                table.insert(key, value);
            }
            Form::Table(table) => {
                let item = in_form_of(table, item);
                match table.get_mut(key) {
                    Some(before) => replace(before, item),
                    None => insert(table, self.fields, key, item),
                }
            }
        }
    }
}

/// Adds a key at its place among the fields; tables are laid out like their new neighbours.
fn insert(table: &mut Table, fields: &[Field], key: &str, mut item: Item) {
    let rank = |key: &str| field(fields, key).map_or(usize::MAX, |(rank, _)| rank);
    let own = rank(key);
    let last = table
        .iter()
        .enumerate()
        .filter(|(_, (present, _))| rank(present) < own)
        .last();
    let end = if own == usize::MAX { table.len() } else { 0 };
    let index = last.map_or(end, |(at, _)| at + 1);
    let inside = field(fields, key).map_or(&[][..], |(_, field)| field.shape.inside());
    layout::lay_out_item(&mut item, inside, indentation(table).len() / 2);
    insert_at(table, index, key, item);
}

/// Adds a key before the one that is `index`th now, with the indentation of its neighbours.
pub fn insert_at(table: &mut Table, index: usize, key: &str, item: Item) {
    let mut name = Key::new(key);
    if item.is_value() {
        *name.leaf_decor_mut() = Decor::new(indentation(table), " ");
    }
    let behind: Vec<String> = table
        .iter()
        .skip(index)
        .map(|(key, _)| key.to_owned())
        .collect();
    let behind: Vec<(Key, Item)> = behind
        .iter()
        .filter_map(|key| table.remove_entry(key))
        .collect();
    table.insert_formatted(&name, item);
    for (key, item) in behind {
        table.insert_formatted(&key, item);
    }
}

/// Puts comment lines right above a value's key, below what stands there already.
pub fn explain(table: &mut Table, key: &str, lines: &str) {
    if !table.get(key).is_some_and(Item::is_value) {
        return;
    }
    if let Some(mut key) = table.key_mut(key) {
        let mut prefix = layout::text(key.leaf_decor().prefix()).to_owned();
        let indentation = split_last(&prefix).1.to_owned();
        for line in lines.lines() {
            prefix.push_str(&format!("{line}\n{indentation}"));
        }
        key.leaf_decor_mut().set_prefix(prefix);
    }
}

/// Where a map belongs, gitlab-runner leaves anything else out: it gives way to what is set there.
fn make_room(table: &mut Table, key: &str) {
    if table.get(key).is_some_and(|item| !item.is_table_like()) {
        table.remove(key);
    }
}

/// A new table to stand inside this one: dotted where this one is, else with a header.
fn inner(parent: &Table) -> Table {
    let mut table = Table::new();
    table.set_dotted(parent.is_dotted());
    table
}

/// A table with a header cannot stand under dotted keys.
fn in_form_of(parent: &Table, item: Item) -> Item {
    match item {
        Item::Table(mut table) if parent.is_dotted() => {
            table.set_dotted(true);
            Item::Table(table)
        }
        Item::ArrayOfTables(tables) if parent.is_dotted() => {
            Item::Value(Value::Array(tables.into_array()))
        }
        item => item,
    }
}

fn replace(before: &mut Item, after: Item) {
    match (before, after) {
        (Item::Value(before), Item::Value(after)) => replace_value(before, after),
        (before, after) => *before = after,
    }
}

/// Puts a value in place of another, with the comments around it.
pub fn replace_value(before: &mut Value, mut after: Value) {
    *after.decor_mut() = before.decor().clone();
    *before = after;
}

/// What stands before the keys of a table on their line.
fn indentation(table: &Table) -> String {
    let mut values = table.get_values().into_iter();
    if let Some((path, _)) = values.next() {
        let prefix = path.last().and_then(|key| key.leaf_decor().prefix());
        return split_last(layout::text(prefix)).1.to_owned();
    }
    let prefix = layout::text(table.decor().prefix());
    format!("{}  ", split_last(prefix).1)
}

#[cfg(test)]
mod tests {
    use toml_edit::{DocumentMut, value};

    use super::*;

    #[test]
    fn value_goes_where_its_key_stands_however_it_is_spelled() {
        let mut document: DocumentMut = "Token = \"old\" # ours\n".parse().unwrap();
        put(document.as_table_mut(), "token", value("new"));
        put(document.as_table_mut(), "id", value(3));
        assert_eq!(document.to_string(), "id = 3\nToken = \"new\" # ours\n");
    }
}
