//! Owns the words for a value of the wrong type: what belongs there, what stands there, and what to write. Values are shown only
//! where they can be no secrets.

use crate::harmless;
use toml_edit::{Item, Value};

use super::{Mismatch, start};
use crate::Shape;

/// Longest whole number that is shown again: a longer one may be a secret.
const LONGEST_NUMBER: usize = 6;

/// The path of a key in a table; one that may be a secret is left out.
pub(super) fn join(parent: &str, key: &str) -> String {
    let key = harmless::map_key(key).unwrap_or_else(|| "…".to_owned());
    if parent.is_empty() {
        key
    } else {
        format!("{parent}.{key}")
    }
}

/// What is said of something that stands where a map belongs.
pub(super) fn no_map(shape: Shape, path: &str, item: &Item) -> Mismatch {
    let found = match item {
        Item::ArrayOfTables(_) => {
            format!("it is an array of tables, with two brackets: write [{path}] once,")
        }
        _ => format!("it is {}, not a table: write [{path}]", found(item, None)),
    };
    let line = match shape {
        Shape::BoolMap => "name = true",
        Shape::IntegerMap => "name = 1",
        Shape::TextsMap => "name = [\"value\"]",
        _ => "name = \"value\"",
    };
    Mismatch {
        path: path.to_owned(),
        offset: start(item),
        message: format!("gitlab-runner ignores it, as {found} with lines such as {line} under it"),
    }
}

/// What is said of a value that gitlab-runner refuses; `element` is the one of a list that does not fit.
pub(super) fn refusal(shape: Shape, path: &str, item: &Item, element: Option<&Value>) -> String {
    format!(
        "expected {}, found {}: write {}",
        expected(shape),
        found(item, element),
        instead(shape, path, item)
    )
}

/// In a map a dot in the name of a key, as in `app.kubernetes.io/name`, makes a table of it.
pub(super) fn dotted(refused: Mismatch, item: &Item) -> Mismatch {
    let is_table = item
        .as_table_like()
        .is_some_and(toml_edit::TableLike::is_dotted);
    if !is_table {
        return refused;
    }
    let message = "expected a value, found a table: write a key with a dot in its name in quotes, \"app.example/name\" = …";
    Mismatch {
        message: message.to_owned(),
        ..refused
    }
}

fn expected(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "a string",
        Shape::Integer => "a whole number",
        Shape::SmallInteger => "a whole number below 2147483648",
        Shape::Float => "a number",
        Shape::Bool => "true or false",
        Shape::Duration => "a duration such as \"1h30m\"",
        Shape::Time => "a time",
        Shape::Integers => "a list of whole numbers",
        Shape::Floats => "a list of numbers",
        Shape::TextOrTexts => "a string or a list of strings",
        Shape::Texts => "a list of strings",
        Shape::Tables(_) | Shape::OwnTables(_) => "an array of tables",
        Shape::TextMap
        | Shape::BoolMap
        | Shape::TextsMap
        | Shape::IntegerMap
        | Shape::AnyTable
        | Shape::Table(_) => "a table",
    }
}

fn found(item: &Item, element: Option<&Value>) -> String {
    match (item, element) {
        (_, Some(element)) => format!("a list with {} in it", kind(element)),
        (Item::Value(value), None) => kind(value).to_owned(),
        (Item::Table(_), None) => "a table".to_owned(),
        (Item::ArrayOfTables(_), None) => "an array of tables".to_owned(),
        (Item::None, None) => "nothing".to_owned(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a string",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a fraction",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a date or time",
        Value::Array(_) => "a list",
        Value::InlineTable(_) => "a table",
    }
}

/// The statement to write instead.
fn instead(shape: Shape, path: &str, item: &Item) -> String {
    let key = path.rsplit('.').next().unwrap_or(path);
    let text = item.as_str().unwrap_or_default();
    let number = text.len() <= LONGEST_NUMBER && text.parse::<i64>().is_ok();
    let flag = ["true", "false"]
        .into_iter()
        .find(|word| text.eq_ignore_ascii_case(word));
    match shape {
        Shape::Integer | Shape::SmallInteger | Shape::Float if number => {
            format!("{key} = {text}, without quotes")
        }
        Shape::Integer | Shape::SmallInteger | Shape::Float => {
            format!("a number without quotes, {key} = 1")
        }
        Shape::Bool => match flag {
            Some(flag) => format!("{key} = {flag}, without quotes"),
            None => format!("{key} = true, or {key} = false, without quotes"),
        },
        Shape::Text => format!("{key} = \"{}\"", as_text(key, item)),
        Shape::TextOrTexts | Shape::Texts if item.is_str() => {
            let text = harmless::value(key, text).unwrap_or("…");
            format!("{key} = [\"{text}\"]")
        }
        Shape::TextOrTexts | Shape::Texts => format!("{key} = [\"…\", \"…\"], each in quotes"),
        Shape::Integers => format!("{key} = [1, 2]"),
        Shape::Floats => format!("{key} = [0.5, 1]"),
        Shape::Duration => format!("{key} = \"1h30m\""),
        Shape::Time => format!("{key} = 2024-01-31T10:00:00Z"),
        Shape::Tables(_) | Shape::OwnTables(_) => format!("[[{path}]] with its keys under it"),
        Shape::TextMap
        | Shape::BoolMap
        | Shape::TextsMap
        | Shape::IntegerMap
        | Shape::AnyTable
        | Shape::Table(_) => format!("[{path}] with its keys under it"),
    }
}

/// What was meant as a text, where it may be shown.
fn as_text(key: &str, item: &Item) -> String {
    let Some(value) = item.as_value() else {
        return "…".to_owned();
    };
    let text = match value {
        Value::Boolean(flag) => return flag.value().to_string(),
        // A port alone is no address.
        Value::Integer(number) if key == "listen_address" => format!(":{}", number.value()),
        Value::Integer(number) => number.value().to_string(),
        Value::Float(number) => number.value().to_string(),
        Value::Datetime(moment) => moment.value().to_string(),
        _ => return "…".to_owned(),
    };
    harmless::value(key, &text).unwrap_or("…").to_owned()
}
