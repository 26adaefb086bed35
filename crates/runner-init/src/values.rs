//! Owns how the text of a flag or variable becomes a value, by gitlab-runner's rules.
//! Pure; never sees a secret's name and never puts a text into a message.

mod host_aliases;

use runner_config::go_duration;
use runner_lifecycle::command_line;
use toml_edit::{Array, Table, Value};

use crate::flags::ValueType;

/// The shapes that a flag can give to the runner entry.
#[derive(Clone, Debug)]
pub(crate) enum Content {
    /// A scalar or a list.
    Value(Value),
    /// A table whose keys the operator chooses.
    Map(Vec<(String, Value)>),
    /// An array of tables.
    Tables(Vec<Table>),
}

/// What a text should have been; the caller knows which flag it was and whether the text may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected(pub &'static str);

/// Reads one more text for a flag whose value so far is `before`.
///
/// An error says what was expected instead.
pub(crate) fn add(
    value_type: ValueType,
    before: Option<Content>,
    text: &str,
) -> Result<Content, Expected> {
    Ok(match value_type {
        ValueType::Text => Content::Value(text.into()),
        ValueType::Integer => Content::Value(integer(text)?.into()),
        ValueType::Float => Content::Value(float(text)?.into()),
        ValueType::Bool | ValueType::NullableBool => Content::Value(boolean(text)?.into()),
        ValueType::GoDuration => {
            let time =
                go_duration::parse(text).ok_or(Expected("a duration such as 90s or 1h30m"))?;
            Content::Value(go_duration::show(time).into())
        }
        ValueType::List => Content::Value(append(before, text.into())),
        ValueType::IntegerList => Content::Value(append(before, integer(text)?.into())),
        ValueType::CommaList => Content::Value(comma_list(text)),
        ValueType::TextMap => insert(before, text, |value| Ok(value.into()))?,
        ValueType::BoolMap => insert(before, text, |value| Ok(boolean(value)?.into()))?,
        ValueType::IntegerMap => insert(before, text, |value| Ok(integer(value)?.into()))?,
        ValueType::ListMap => insert(before, text, |value| {
            Ok(Value::Array(Array::from_iter([value])))
        })?,
        ValueType::HostAliases => Content::Tables(host_aliases::parse(text)?),
        ValueType::Time => {
            let time = runner_lifecycle::duration::parse_duration(text).ok();
            let milliseconds = time.and_then(|time| i64::try_from(time.as_millis()).ok());
            Content::Value(
                milliseconds
                    .ok_or(Expected("90s, 5m, 1h30m or plain seconds"))?
                    .into(),
            )
        }
        ValueType::Mode => {
            let mode = i64::from_str_radix(text.trim(), 8).ok();
            let usable =
                mode.filter(|mode| (0o600..=0o777).contains(mode) && mode & 0o600 == 0o600);
            let expected =
                Expected("an octal mode that lets the owner read and write, such as 0640");
            Content::Value(usable.ok_or(expected)?.into())
        }
    })
}

/// Reads a boolean as Go's `strconv.ParseBool` does; an empty text after `=` is `true`.
///
/// An error says what was expected instead.
pub(crate) fn boolean(text: &str) -> Result<bool, Expected> {
    command_line::boolean(text).ok_or(Expected("true or false"))
}

/// A list from a text with commas; blanks around the elements go, an empty text is an empty list.
pub(crate) fn comma_list(text: &str) -> Value {
    if text.trim().is_empty() {
        return Value::Array(Array::new());
    }
    Value::Array(text.split(',').map(str::trim).collect())
}

fn integer(text: &str) -> Result<i64, Expected> {
    text.parse().map_err(|_| Expected("a whole number"))
}

fn float(text: &str) -> Result<f64, Expected> {
    let number: Option<f64> = text.parse().ok();
    number
        .filter(|number| number.is_finite())
        .ok_or(Expected("a number"))
}

fn append(before: Option<Content>, element: Value) -> Value {
    let mut list = match before {
        Some(Content::Value(Value::Array(list))) => list,
        _ => Array::new(),
    };
    list.push(element);
    Value::Array(list)
}

/// Adds one `key:value`, split at the first colon. gitlab-runner takes a text without a colon for a key with an empty
/// value, which turns `disk=ssd` into a key nobody meant; here it is an error.
fn insert(
    before: Option<Content>,
    text: &str,
    read: impl Fn(&str) -> Result<Value, Expected>,
) -> Result<Content, Expected> {
    let mut map = match before {
        Some(Content::Map(map)) => map,
        _ => Vec::new(),
    };
    let (key, value) = text.split_once(':').ok_or(Expected("key:value"))?;
    let value = read(value)?;
    match map.iter_mut().find(|(present, _)| present == key) {
        Some((_, present)) => *present = value,
        None => map.push((key.to_owned(), value)),
    }
    Ok(Content::Map(map))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a row of texts comes to, as TOML.
    fn read(value_type: ValueType, texts: &[&str]) -> Result<String, Expected> {
        let mut content = None;
        for text in texts {
            content = Some(add(value_type, content, text)?);
        }
        Ok(match content {
            Some(Content::Value(value)) => value.to_string().trim().to_owned(),
            Some(Content::Map(map)) => map
                .iter()
                .map(|(k, v)| format!("{k}={}", v.to_string().trim()))
                .collect::<Vec<_>>()
                .join(" "),
            Some(Content::Tables(tables)) => tables.iter().map(ToString::to_string).collect(),
            None => String::new(),
        })
    }

    #[test]
    fn values_are_read_as_gitlab_runner_reads_them() {
        fn check(value_type: ValueType, texts: &[&str], want: &str) {
            assert_eq!(
                read(value_type, texts).as_deref(),
                Ok(want),
                "{value_type:?} {texts:?}"
            );
        }
        check(ValueType::Text, &[" a b "], "\" a b \"");
        check(ValueType::Text, &["a", "b"], "\"b\"");
        check(ValueType::Integer, &["-7"], "-7");
        check(ValueType::Integer, &["+7"], "7");
        check(ValueType::Float, &["1"], "1.0");
        check(ValueType::Float, &["1.5"], "1.5");
        check(ValueType::Bool, &[""], "true");
        check(ValueType::Bool, &["F"], "false");
        check(ValueType::NullableBool, &["True"], "true");
        check(ValueType::GoDuration, &["90s"], "\"1m30s\"");
        check(ValueType::List, &["a,b", "c"], "[\"a,b\", \"c\"]");
        check(ValueType::List, &[""], "[\"\"]");
        check(ValueType::CommaList, &["x", " a , b"], "[\"a\", \"b\"]");
        check(ValueType::CommaList, &[""], "[]");
        check(ValueType::IntegerList, &["1", "2"], "[1, 2]");
        check(
            ValueType::TextMap,
            &["a:1", "b:2:3", "a:4"],
            "a=\"4\" b=\"2:3\"",
        );
        check(ValueType::TextMap, &["a:"], "a=\"\"");
        check(
            ValueType::BoolMap,
            &["FF_A:", "FF_B:false"],
            "FF_A=true FF_B=false",
        );
        check(ValueType::IntegerMap, &["a:3"], "a=3");
        check(
            ValueType::ListMap,
            &["r:/dev/a", "r:/dev/b"],
            "r=[\"/dev/b\"]",
        );
        check(
            ValueType::HostAliases,
            &[r#"[{"ip":"10.0.0.1","hostnames":["a","b"]}]"#],
            "ip = \"10.0.0.1\"\nhostnames = [\"a\", \"b\"]\n",
        );
        check(
            ValueType::HostAliases,
            &[r#"[{"IP":"1","Hostnames":["x",null],"z":1},null]"#],
            "ip = \"1\"\nhostnames = [\"x\", \"\"]\nip = \"\"\n",
        );
        check(ValueType::HostAliases, &["[{}]", "null"], "");
        check(ValueType::Time, &["1m"], "60000");
        check(ValueType::Mode, &["0640"], "416");
    }

    #[test]
    fn what_is_expected_is_said() {
        fn check(value_type: ValueType, text: &str) {
            assert!(
                read(value_type, &[text]).is_err_and(|Expected(what)| !what.is_empty()),
                "{value_type:?} {text:?}"
            );
        }
        for text in [
            "many",
            "",
            " 7",
            "1.5",
            "1_000",
            "0x10",
            "99999999999999999999",
        ] {
            check(ValueType::Integer, text);
        }
        check(ValueType::Float, "NaN");
        check(ValueType::Bool, "maybe");
        check(ValueType::Bool, " true");
        check(ValueType::GoDuration, "90");
        check(ValueType::TextMap, "disk=ssd");
        check(ValueType::BoolMap, "FF_A:maybe");
        check(ValueType::IntegerList, "a");
        check(ValueType::HostAliases, "{ bad");
        check(ValueType::HostAliases, r#"[{"ip":1}]"#);
        check(ValueType::Time, "soon");
        for text in ["", "9", "0400", "07777", "rw"] {
            check(ValueType::Mode, text);
        }
    }
}
