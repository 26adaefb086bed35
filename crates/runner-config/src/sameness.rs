//! Owns when two pieces of TOML mean the same to gitlab-runner, and when one of them means nothing.

use toml_edit::{ArrayOfTables, Item, TableLike, Value};

use crate::field::{Field, Shape, field};
use crate::go_duration;

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

/// Whether both mean the same, however they are written.
#[must_use]
pub fn same(shape: Option<Shape>, left: &Item, right: &Item) -> bool {
    if let (Some(left), Some(right)) = (left.as_table_like(), right.as_table_like()) {
        return same_tables(shape.map_or(&[][..], Shape::inside), left, right);
    }
    if let (Some(left), Some(right)) = (elements(left), elements(right)) {
        let inner = match shape {
            Some(Shape::Tables(_) | Shape::OwnTables(_)) => shape,
            _ => None,
        };
        let mut pairs = left.iter().zip(&right);
        return left.len() == right.len() && pairs.all(|(left, right)| same(inner, left, right));
    }
    match (left.as_value(), right.as_value()) {
        (Some(left), Some(right)) => same_values(shape, left, right),
        _ => false,
    }
}

fn same_values(shape: Option<Shape>, left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) => {
            let (left, right) = (left.value(), right.value());
            let times = || Some((go_duration::parse(left)?, go_duration::parse(right)?));
            let is_time = matches!(shape, Some(Shape::Duration));
            left == right || (is_time && times().is_some_and(|(left, right)| left == right))
        }
        (Value::String(text), Value::Integer(number))
        | (Value::Integer(number), Value::String(text)) => {
            let is_time = matches!(shape, Some(Shape::Duration));
            is_time && go_duration::parse(text.value()) == Some(*number.value())
        }
        (Value::Integer(left), Value::Integer(right)) => left.value() == right.value(),
        (Value::Float(left), Value::Float(right)) => left.value() == right.value(),
        #[allow(clippy::cast_precision_loss)]
        // As gitlab-runner does when it reads a whole number for a float.
        (Value::Integer(whole), Value::Float(number))
        | (Value::Float(number), Value::Integer(whole)) => *whole.value() as f64 == *number.value(),
        (Value::Boolean(left), Value::Boolean(right)) => left.value() == right.value(),
        (Value::Datetime(left), Value::Datetime(right)) => left.value() == right.value(),
        (Value::String(one), Value::Array(list)) | (Value::Array(list), Value::String(one)) => {
            let is_either = matches!(shape, Some(Shape::TextOrTexts));
            is_either && list.len() == 1 && list.get(0).and_then(Value::as_str) == Some(one.value())
        }
        _ => false,
    }
}

fn same_tables(fields: &[Field], left: &dyn TableLike, right: &dyn TableLike) -> bool {
    left.len() == right.len()
        && left.iter().all(|(key, item)| {
            let shape = field(fields, key).map(|(_, field)| field.shape);
            right.get(key).is_some_and(|other| same(shape, item, other))
        })
}

/// The elements of a list, whether written with `[[ ]]` or inline.
fn elements(item: &Item) -> Option<Vec<Item>> {
    match item {
        Item::ArrayOfTables(tables) => Some(
            ArrayOfTables::iter(tables)
                .cloned()
                .map(Item::Table)
                .collect(),
        ),
        Item::Value(Value::Array(list)) => Some(list.iter().cloned().map(Item::Value).collect()),
        _ => None,
    }
}
