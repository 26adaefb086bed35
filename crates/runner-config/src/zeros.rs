//! Owns zero values: which they are, and those of a new entry that came with a template. What gitlab-runner's encoder omits is
//! removed; where it takes a table from the template as it is, what it writes out is added. A value with a comment was written
//! by the operator and is kept.

use toml_edit::{Item, Table, Value, value};

use crate::field::{Emit, Field, Shape, field};
use crate::flag::Purpose;
use crate::go_duration;
use crate::layout::text;
use crate::place::spelled;
use crate::{FLAGS, RUNNER};

/// Whether this is a zero value: what gitlab-runner has when the key is absent.
#[must_use]
pub fn is_zero(shape: Option<Shape>, item: &Item) -> bool {
    match item {
        Item::None => true,
        Item::Value(value) => is_zero_value(shape, value),
        Item::Table(table) => table.is_empty(),
        Item::ArrayOfTables(tables) => tables.is_empty(),
    }
}

/// As [`is_zero`], for a value.
#[must_use]
pub fn is_zero_value(shape: Option<Shape>, value: &Value) -> bool {
    match value {
        Value::String(text) if matches!(shape, Some(Shape::Duration)) => {
            go_duration::parse(text.value()) == Some(0)
        }
        Value::String(text) => text.value().is_empty(),
        Value::Integer(number) => *number.value() == 0,
        Value::Float(number) => *number.value() == 0.0,
        Value::Boolean(yes) => !yes.value(),
        Value::Datetime(_) => false,
        Value::Array(list) => list.is_empty(),
        Value::InlineTable(table) => table.is_empty(),
    }
}

/// Settles the zero values of an entry, in all of its tables that are not written inline.
pub fn settle(entry: &mut Table) {
    drop_zeros(entry, RUNNER, "", false);
}

/// `whole`: no flag leads into this table, so that gitlab-runner does not merge it but takes it from the template.
fn drop_zeros(table: &mut Table, fields: &[Field], path: &str, whole: bool) {
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    for name in names {
        let Some((_, field)) = field(fields, &name) else {
            continue;
        };
        if field.emit == Emit::IfNotZero && is_bare_zero(table, &name, field.shape, whole) {
            table.remove(&name);
            continue;
        }
        let (path, inside) = (format!("{path}{}.", field.name), field.shape.inside());
        match table.get_mut(&name) {
            Some(Item::Table(inner)) => {
                let whole = whole || !flags_lead_to(&path);
                drop_zeros(inner, inside, &path, whole);
            }
            Some(Item::ArrayOfTables(elements)) => {
                for element in elements.iter_mut() {
                    drop_zeros(element, inside, &path, true);
                }
            }
            _ => {}
        }
    }
    if whole {
        spell_out(table, fields);
    }
}

fn flags_lead_to(path: &str) -> bool {
    FLAGS
        .iter()
        .any(|flag| matches!(flag.purpose, Purpose::Key(own) if own.starts_with(path)))
}

/// Whether a key holds nothing but a zero value: no comment stands above it or beside it. An empty list is written where it
/// was not merged.
fn is_bare_zero(table: &Table, name: &str, shape: Shape, whole: bool) -> bool {
    let Some((key, Item::Value(value))) = table.get_key_value(name) else {
        return false;
    };
    let around = [key.leaf_decor().prefix(), value.decor().suffix()];
    is_zero_value(Some(shape), value)
        && !(whole && value.is_array())
        && !around.into_iter().any(|raw| text(raw).contains('#'))
}

/// Adds the zero values that gitlab-runner writes whether they were given or not.
fn spell_out(table: &mut Table, fields: &[Field]) {
    for field in fields.iter().filter(|field| field.emit == Emit::Always) {
        let zero: Value = match field.shape {
            Shape::Text => "".into(),
            Shape::Integer | Shape::SmallInteger => 0.into(),
            Shape::Float => 0.0.into(),
            Shape::Bool => false.into(),
            Shape::Duration => "0s".into(),
            _ => continue,
        };
        if !table.contains_key(spelled(table, field.name)) {
            table.insert(field.name, value(zero));
        }
    }
}
