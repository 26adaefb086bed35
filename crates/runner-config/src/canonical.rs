//! Owns the two spellings that gitlab-runner turns into another when it loads a file: a template is written as loaded.

use toml_edit::{Array, Item, Table, TableLike, Value};

use crate::field::{Field, Shape, field};
use crate::go_duration;
use crate::place::replace_value;

/// Writes durations as Go does and a single string for a list as a list: what gitlab-runner has after loading.
pub fn canonical(table: &mut Table, fields: &[Field]) {
    table.set_position(None);
    canonical_keys(table, fields);
}

fn canonical_keys(table: &mut dyn TableLike, fields: &[Field]) {
    for (key, item) in table.iter_mut() {
        let shape = field(fields, key.get()).map(|(_, field)| field.shape);
        let fields = shape.map_or(&[][..], Shape::inside);
        match item {
            Item::Table(inner) => canonical(inner, fields),
            Item::ArrayOfTables(tables) => {
                tables.iter_mut().for_each(|inner| canonical(inner, fields));
            }
            Item::Value(Value::InlineTable(inner)) => canonical_keys(inner, fields),
            Item::Value(value) => canonical_value(value, shape),
            Item::None => {}
        }
    }
}

fn canonical_value(value: &mut Value, shape: Option<Shape>) {
    let new = match (shape, &*value) {
        (Some(Shape::Duration), Value::String(text)) => {
            let Some(time) = go_duration::parse(text.value()) else {
                return;
            };
            let shown = go_duration::show(time);
            if shown == *text.value() {
                return;
            }
            shown.into()
        }
        (Some(Shape::Duration), Value::Integer(time)) => go_duration::show(*time.value()).into(),
        (Some(Shape::TextOrTexts), Value::String(text)) => {
            Value::Array(Array::from_iter([text.value().as_str()]))
        }
        _ => return,
    };
    replace_value(value, new);
}
