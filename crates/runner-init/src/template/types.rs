//! Owns the judgement whether the values of a template or a config.toml have the types that gitlab-runner reads, and the two spellings that
//! it turns into another when it loads them.

use toml_edit::{Array, Item, Table, TableLike, Value};

use crate::fields::{Field, Shape, field};
use crate::values::go_duration;

/// A value of the wrong type, and where it is.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) path: String,
    pub(crate) offset: Option<usize>,
    pub(crate) message: String,
}

/// Checks every known key, however deep; unknown ones are the operator's own.
pub(crate) fn check(table: &dyn TableLike, fields: &[Field]) -> Result<(), Mismatch> {
    table
        .iter()
        .try_for_each(|(key, item)| check_one(key, item, fields))
}

/// As [`check`], for one key.
pub(crate) fn check_one(key: &str, item: &Item, fields: &[Field]) -> Result<(), Mismatch> {
    let Some((_, field)) = field(fields, key) else {
        return Ok(());
    };
    inside(field.shape, item).map_err(|mismatch| Mismatch {
        path: if mismatch.path.is_empty() {
            key.to_owned()
        } else {
            format!("{key}.{}", mismatch.path)
        },
        ..mismatch
    })
}

fn inside(shape: Shape, item: &Item) -> Result<(), Mismatch> {
    let expected = match shape {
        Shape::Table(fields) => match item.as_table_like() {
            Some(table) => return check(table, fields),
            None => "a table",
        },
        Shape::Tables(fields) => match super::elements(item) {
            Some(tables) => {
                return tables
                    .into_iter()
                    .try_for_each(|table| check(table, fields));
            }
            None => "an array of tables",
        },
        Shape::AnyTables if super::elements(item).is_some() => return Ok(()),
        Shape::AnyTables => "an array of tables",
        Shape::AnyTable if item.is_table_like() => return Ok(()),
        Shape::AnyTable => "a table",
        Shape::TextMap if all(item, |value| value.is_str()) => return Ok(()),
        Shape::TextMap => "a table of strings",
        Shape::BoolMap if all(item, |value| value.is_bool()) => return Ok(()),
        Shape::BoolMap => "a table of true and false",
        Shape::IntegerMap if all(item, |value| value.is_integer()) => return Ok(()),
        Shape::IntegerMap => "a table of whole numbers",
        Shape::TextsMap if all(item, |value| list_of(value, Value::is_str)) => return Ok(()),
        Shape::TextsMap => "a table of lists of strings",
        _ => match (scalar(shape), item.as_value()) {
            ((_, fits), Some(value)) if fits(value) => return Ok(()),
            ((expected, _), _) => expected,
        },
    };
    let offset = item.span().map(|span| span.start);
    let message = format!("expected {expected}, found {}", found(item));
    Err(Mismatch {
        path: String::new(),
        offset,
        message,
    })
}

type Fits = fn(&Value) -> bool;

fn scalar(shape: Shape) -> (&'static str, Fits) {
    match shape {
        Shape::Text => ("a string", Value::is_str),
        Shape::Integer => ("a whole number", Value::is_integer),
        Shape::Float => ("a number", |value| value.is_float() || value.is_integer()),
        Shape::Bool => ("true or false", Value::is_bool),
        Shape::Duration => ("a duration such as \"1h30m\"", |value| {
            value.is_integer()
                || value
                    .as_str()
                    .is_some_and(|text| go_duration::parse(text).is_some())
        }),
        Shape::Time => ("a moment", Value::is_datetime),
        Shape::Integers => ("a list of whole numbers", |value| {
            list_of(value, Value::is_integer)
        }),
        Shape::Floats => ("a list of numbers", |value| {
            list_of(value, |value| value.is_float() || value.is_integer())
        }),
        Shape::TextOrTexts => ("a string or a list of strings", |value| {
            value.is_str() || list_of(value, Value::is_str)
        }),
        _ => ("a list of strings", |value| list_of(value, Value::is_str)),
    }
}

fn list_of(value: &Value, fits: impl Fn(&Value) -> bool) -> bool {
    value.as_array().is_some_and(|list| list.iter().all(fits))
}

fn all(item: &Item, fits: impl Fn(&Value) -> bool) -> bool {
    item.as_table_like().is_some_and(|table| {
        table
            .iter()
            .all(|(_, item)| item.as_value().is_some_and(&fits))
    })
}

fn found(item: &Item) -> &'static str {
    match item {
        Item::Value(Value::String(_)) => "a string",
        Item::Value(Value::Integer(_)) => "a whole number",
        Item::Value(Value::Float(_)) => "a number with a fraction",
        Item::Value(Value::Boolean(_)) => "true or false",
        Item::Value(Value::Datetime(_)) => "a moment",
        Item::Value(Value::Array(_)) | Item::ArrayOfTables(_) => "a list that does not fit",
        Item::Value(Value::InlineTable(_)) | Item::Table(_) => "a table that does not fit",
        Item::None => "nothing",
    }
}

/// Writes durations as Go does and a single string for a list as a list: what gitlab-runner has after loading.
pub(super) fn canonical(table: &mut Table, fields: &[Field]) {
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
    let decor = value.decor().clone();
    *value = new;
    *value.decor_mut() = decor;
}
