//! Owns how a list changes without losing the comments in it: its elements are matched, and what matches stays as it is written.

use std::collections::BTreeSet;

use toml_edit::{Array, ArrayOfTables, Decor, Item, Table, Value};

use crate::field::{Field, Shape, field};
use crate::layout::{self, text};
use crate::leaves::Leaf;
use crate::lines::split_last;
use crate::place::{Place, spelled};
use crate::sameness::{digest, same};

/// What a leaf holds, written as what it takes the place of: a list with headers, or between brackets.
pub(super) fn in_the_form_of(before: Option<&Item>, leaf: &Leaf<'_>) -> Item {
    let merged = match before {
        Some(Item::ArrayOfTables(before)) => {
            let after = tables_of(leaf.item);
            after.map(|after| Item::ArrayOfTables(tables(before, &after, leaf.shape)))
        }
        Some(Item::Value(Value::Array(before))) => {
            let after = array_of(leaf.item);
            after.map(|after| Item::Value(Value::Array(array(before, &after, leaf.shape))))
        }
        _ => None,
    };
    merged.unwrap_or_else(|| leaf.item.clone())
}

fn tables_of(item: &Item) -> Option<Vec<Table>> {
    match item {
        Item::ArrayOfTables(tables) => Some(tables.iter().cloned().collect()),
        Item::Value(Value::Array(list)) => {
            let tables = list.iter().map(|value| value.as_inline_table().cloned());
            tables.map(|table| Some(table?.into_table())).collect()
        }
        _ => None,
    }
}

fn array_of(item: &Item) -> Option<Array> {
    match item {
        Item::ArrayOfTables(tables) => Some(tables.clone().into_array()),
        Item::Value(Value::Array(list)) => Some(list.clone()),
        _ => None,
    }
}

/// For each element of now the one of before that it takes the place of: an equal one, else the one in its place.
fn partners(before: &[String], after: &[String]) -> Vec<Option<usize>> {
    let mut taken = BTreeSet::new();
    let equal = after.iter().map(|after| {
        let free = |place: &usize| before[*place] == *after && !taken.contains(place);
        let place = (0..before.len()).find(free)?;
        taken.insert(place);
        Some(place)
    });
    let mut partners: Vec<Option<usize>> = equal.collect();
    for (place, partner) in partners.iter_mut().enumerate() {
        if partner.is_none() && place < before.len() && taken.insert(place) {
            *partner = Some(place);
        }
    }
    partners
}

fn tables(before: &ArrayOfTables, after: &[Table], shape: Option<Shape>) -> ArrayOfTables {
    let digest = |table: &Table| digest(shape, &Item::Table(table.clone()));
    let old: Vec<String> = before.iter().map(digest).collect();
    let new: Vec<String> = after.iter().map(digest).collect();
    let partners = partners(&old, &new);
    let prefix = before.get(0).and_then(|table| table.decor().prefix());
    let depth = split_last(text(prefix)).1.len() / 2;
    let fields = shape.map_or(&[][..], Shape::inside);
    let elements = partners.iter().zip(after).map(|(partner, after)| {
        match partner.and_then(|partner| before.get(partner)) {
            Some(before) => {
                let mut table = before.clone();
                edit(&mut table, after, fields);
                table
            }
            None => {
                let mut table = after.clone();
                layout::header(&mut table, depth, true);
                layout::lay_out(&mut table, fields, depth + 1);
                table
            }
        }
    });
    let mut elements: ArrayOfTables = elements.collect();
    let places: Vec<usize> = partners.iter().copied().flatten().collect();
    if !places.is_sorted() {
        // Where each stood in the file says no longer where it belongs.
        elements.iter_mut().for_each(forget_position);
    }
    elements
}

/// Brings an element to what it should be, key by key.
fn edit(table: &mut Table, after: &Table, fields: &'static [Field]) {
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for name in names {
        if !after.contains_key(spelled(after, &name)) {
            table.remove(&name);
        }
    }
    for (name, item) in after.iter() {
        let shape = field(fields, name).map(|(_, field)| field.shape);
        let present = table.get(spelled(table, name));
        if !present.is_some_and(|present| same(shape, present, item)) {
            Place::of(table, fields).put(name, item.clone());
        }
    }
}

fn forget_position(table: &mut Table) {
    table.set_position(None);
    for (_, item) in table.iter_mut() {
        match item {
            Item::Table(inner) => forget_position(inner),
            Item::ArrayOfTables(inner) => inner.iter_mut().for_each(forget_position),
            _ => {}
        }
    }
}

fn array(before: &Array, after: &Array, shape: Option<Shape>) -> Array {
    let element = shape.filter(|shape| matches!(shape, Shape::Tables(_) | Shape::OwnTables(_)));
    let digest = |value: &Value| digest(element, &Item::Value(value.clone()));
    let old: Vec<String> = before.iter().map(digest).collect();
    let new: Vec<String> = after.iter().map(digest).collect();
    let partners = partners(&old, &new);
    let mut rows = Rows::of(before);
    let mut array = Array::new();
    let mut passed = 0;
    let mut behind = std::mem::take(&mut rows.opening);
    for ((partner, value), new) in partners.iter().zip(after).zip(&new) {
        let mut prefix = std::mem::take(&mut behind);
        let mut own = match partner {
            Some(place) => {
                for gone in passed..*place {
                    if !partners.contains(&Some(gone)) {
                        prefix.push_str(&rows.left_of(gone));
                    }
                }
                passed = passed.max(place + 1);
                join(&mut prefix, &rows.rows[*place].above);
                behind.clone_from(&rows.rows[*place].behind);
                match before.get(*place) {
                    Some(present) if old[*place] == *new => present.clone(),
                    _ => value.clone(),
                }
            }
            None => {
                join(&mut prefix, &rows.plain);
                value.clone()
            }
        };
        if !rows.is_multiline {
            prefix = if array.is_empty() {
                rows.first.clone()
            } else {
                " ".to_owned()
            };
        }
        *own.decor_mut() = Decor::new(prefix, "");
        array.push_formatted(own);
    }
    for gone in passed..old.len() {
        if !partners.contains(&Some(gone)) {
            behind.push_str(&rows.left_of(gone));
        }
    }
    join(&mut behind, &rows.trailing);
    array.set_trailing(behind);
    array.set_trailing_comma(before.trailing_comma());
    array
}

/// What stands around the elements of a list.
struct Rows {
    is_multiline: bool,
    /// Before the first element on its line.
    first: String,
    /// Behind the opening bracket.
    opening: String,
    /// What stands before a new element.
    plain: String,
    rows: Vec<Row>,
    /// Before the closing bracket.
    trailing: String,
}

/// What stands around one element.
struct Row {
    /// From the end of the line before up to it.
    above: String,
    /// Behind it, and behind its comma, on its line.
    behind: String,
}

impl Rows {
    fn of(array: &Array) -> Self {
        let prefixes: Vec<&str> = array
            .iter()
            .map(|value| text(value.decor().prefix()))
            .collect();
        let suffixes = array.iter().map(|value| text(value.decor().suffix()));
        let trailing = text(Some(array.trailing()));
        // What stands between an element and the next, without the comma.
        let between: Vec<String> = suffixes
            .zip(prefixes.iter().skip(1).chain([&trailing]))
            .map(|(suffix, prefix)| format!("{suffix}{prefix}"))
            .collect();
        let first = prefixes.first().copied().unwrap_or(trailing);
        let is_multiline = first.contains('\n') || between.iter().any(|text| text.contains('\n'));
        let (opening, mut above) = cut(first);
        let indentation = split_last(first).1.to_owned();
        let mut rows = Vec::new();
        for text in &between {
            let (behind, next) = cut(text);
            rows.push(Row { above, behind });
            above = next;
        }
        Self {
            is_multiline,
            first: first.to_owned(),
            opening,
            plain: format!("\n{indentation}"),
            rows,
            trailing: above,
        }
    }

    /// The comments of an element that goes.
    fn left_of(&self, place: usize) -> String {
        let row = &self.rows[place];
        let comments = row
            .above
            .lines()
            .chain([row.behind.as_str()])
            .map(str::trim);
        let comments = comments.filter(|line| line.starts_with('#'));
        comments
            .map(|line| format!("{}{line}", self.plain))
            .collect()
    }
}

/// Adds what follows; behind a comment on a line of its own.
fn join(text: &mut String, next: &str) {
    if text.contains('#') && !next.starts_with('\n') {
        text.push('\n');
    }
    text.push_str(next);
}

/// The rest of a line, and what follows from its end on.
fn cut(text: &str) -> (String, String) {
    let (line, rest) = text.split_at(text.find('\n').unwrap_or(text.len()));
    match rest {
        "" => (String::new(), line.to_owned()),
        rest => (line.to_owned(), rest.to_owned()),
    }
}
