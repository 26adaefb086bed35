//! Owns the rules of the comparison: what of a run counts, and in which form. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value, json};
use toml_edit::{DocumentMut, Item, TableLike};

use super::case::{Case, Outcome};

/// How stock writes "no time".
const ZERO_TIME: &str = "0001-01-01";

/// Zero values and empty tables that stock writes for an executor even if nobody asked.
pub(super) struct Noise(BTreeSet<String>);

impl Noise {
    pub(super) fn parse(text: &str) -> Self {
        Self(
            serde_json::from_str::<Vec<String>>(text)
                .unwrap()
                .into_iter()
                .collect(),
        )
    }
}

/// Cases in which something better than stock is wanted.
pub(super) struct Deviations(Map<String, Value>);

impl Deviations {
    pub(super) fn parse(text: &str) -> Self {
        Self(serde_json::from_str(text).unwrap())
    }

    pub(super) fn of(&self, id: &str) -> Option<Deviation<'_>> {
        self.0.get(id).map(Deviation)
    }
}

/// What is wanted instead of what stock does, as named expectations.
pub(super) struct Deviation<'a>(&'a Value);

impl Deviation<'_> {
    pub(super) fn complaints(&self, case: &Case, got: &Outcome) -> String {
        let now = got.files.get("config.toml").map(|file| file.text.as_str());
        let before = case.files.get("config.toml").map(String::as_str);
        let text = now.or(before).unwrap_or_default();
        let mut complaints = String::new();
        for expected in self.0["expect"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            let met = match expected.split_once(':') {
                Some(("has", part)) => text.contains(part),
                Some(("hasnot", part)) => !text.contains(part),
                _ => match expected {
                    "ok" => got.ok,
                    "refuse" => !got.ok && now == before,
                    "no-request" => got.requests.is_empty(),
                    "one-entry" => text.matches("[[runners]]").count() <= 1,
                    other => panic!("{}: unknown expectation {other}", case.id),
                },
            };
            if !met {
                let _ = writeln!(
                    complaints,
                    "    {expected}: not so ({})",
                    self.0["why"].as_str().unwrap_or_default()
                );
            }
        }
        complaints
    }
}

/// What counts of a run.
pub(super) fn of(case: &Case, outcome: &Outcome, noise: &Noise) -> Value {
    let config = outcome.files.get("config.toml");
    if !outcome.ok {
        // Of a recorded failure nothing but the fact is kept: stock leaves the file alone.
        let untouched = config.is_none_or(|file| Some(&file.text) == case.files.get("config.toml"));
        return json!({ "ok": false, "config_untouched": untouched });
    }
    let requests: Vec<Value> = outcome
        .requests
        .iter()
        .map(|request| {
            json!([
                request.method,
                request.path,
                body_view(&request.body, &request.path)
            ])
        })
        .collect();
    let mut view = json!({ "ok": true, "requests": requests });
    if let Some(file) = config {
        view["config"] = config_view(&file.text, noise);
        if !case.files.contains_key("config.toml") {
            view["mode"] = json!(file.mode);
        }
    }
    if let Some(file) = outcome.files.get(".runner_system_id") {
        view["system_id"] = json!(is_system_id(file.text.trim()));
    }
    view
}

/// Stock wrote 0 where it had not looked: what it does not know is not held against us.
pub(super) fn forget_what_stock_does_not_know(wanted: &Value, came: &mut Value) {
    let Some(ours) = came
        .pointer_mut("/config/runners")
        .and_then(Value::as_array_mut)
    else {
        return;
    };
    let wanted = wanted.pointer("/config/runners").and_then(Value::as_array);
    for (wanted, ours) in wanted.into_iter().flatten().zip(ours) {
        for key in ["id", "token_obtained_at"] {
            if wanted.get(key).is_none()
                && let Some(ours) = ours.as_object_mut()
            {
                ours.remove(key);
            }
        }
    }
}

fn body_view(body: &Value, path: &str) -> Value {
    let Value::Object(body) = body else {
        return body.clone();
    };
    let mut view: Map<String, Value> = body
        .iter()
        .filter(|(key, value)| {
            *key != "info" && !matches!(value, Value::Null | Value::Bool(false)) && *value != ""
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    if let Some(id) = view.get_mut("system_id")
        && is_system_id(id.as_str().unwrap_or_default())
    {
        *id = json!("SYSTEM_ID");
    }
    if path.ends_with("/verify") {
        view.insert("info".to_owned(), info_view(&body["info"]));
    }
    Value::Object(view)
}

fn info_view(info: &Value) -> Value {
    let features: BTreeSet<&str> = match &info["features"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        Value::Object(all) => all
            .iter()
            .filter(|(_, on)| **on == true)
            .map(|(name, _)| name.as_str())
            .collect(),
        _ => BTreeSet::new(),
    };
    let text = |key: &str| info[key].as_str().unwrap_or_default();
    json!({ "executor": text("executor"), "shell": text("shell"), "features": features })
}

/// `config.toml` as gitlab-runner loads it: paths and values, without what is there unasked.
fn config_view(text: &str, noise: &Noise) -> Value {
    let document: DocumentMut = match text.parse() {
        Ok(document) => document,
        Err(error) => return json!({ "_invalid": error.to_string() }),
    };
    let mut globals = table_value(document.as_table());
    let runners = globals
        .as_object_mut()
        .and_then(|table| table.remove("runners"));
    let runners: Vec<Value> = runners
        .as_ref()
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .map(|r| runner_view(r, noise))
        .collect();
    let defaults = json!({ "connection_max_age": "15m0s", "session_server.session_timeout": 1800, "concurrent": 1 });
    let globals: BTreeMap<String, Value> = flat(&globals)
        .into_iter()
        .filter(|(path, value)| defaults.get(path) != Some(value) && !is_zero(value))
        .collect();
    json!({ "global": globals, "runners": runners })
}

fn runner_view(runner: &Value, noise: &Noise) -> Value {
    let mut entries = flat(runner);
    if entries.get("id").is_some_and(|id| *id == 0) {
        entries.remove("id");
    }
    if let Some(time) = entries.get_mut("token_obtained_at") {
        if is_zero(time) {
            entries.remove("token_obtained_at");
        } else {
            *time = json!("TIME");
        }
    }
    let empty = json!({});
    entries.retain(|path, value| !(*value == empty || (is_zero(value) && noise.0.contains(path))));
    json!(entries)
}

fn flat(value: &Value) -> BTreeMap<String, Value> {
    fn walk(value: &Value, path: &str, into: &mut BTreeMap<String, Value>) {
        match value {
            Value::Object(table) if !table.is_empty() => {
                for (key, value) in table {
                    let path = if path.is_empty() {
                        key.clone()
                    } else {
                        format!("{path}.{key}")
                    };
                    walk(value, &path, into);
                }
            }
            other => drop(into.insert(path.to_owned(), other.clone())),
        }
    }
    let mut into = BTreeMap::new();
    walk(value, "", &mut into);
    into
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => !on,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text.starts_with(ZERO_TIME),
        Value::Array(list) => list.is_empty(),
        Value::Object(table) => table.is_empty(),
    }
}

pub(super) fn is_system_id(text: &str) -> bool {
    let rest = text.strip_prefix("s_").or_else(|| text.strip_prefix("r_"));
    rest.is_some_and(|rest| {
        rest.len() == 12 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

fn table_value(table: &dyn TableLike) -> Value {
    Value::Object(
        table
            .iter()
            .map(|(key, item)| (key.to_owned(), item_value(item)))
            .collect(),
    )
}

fn item_value(item: &Item) -> Value {
    match item {
        Item::None => Value::Null,
        Item::Table(table) => table_value(table),
        Item::ArrayOfTables(tables) => tables.iter().map(|table| table_value(table)).collect(),
        Item::Value(value) => toml_value(value),
    }
}

fn toml_value(value: &toml_edit::Value) -> Value {
    use toml_edit::Value as Toml;
    match value {
        Toml::String(text) => json!(text.value()),
        Toml::Integer(number) => json!(number.value()),
        // 1.0 is 1 to whoever compares: both are written as the recordings' encoder likes.
        Toml::Float(number) if number.value().fract() == 0.0 && number.value().abs() < 1e15 => {
            #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
            let whole = *number.value() as i64;
            json!(whole)
        }
        Toml::Float(number) => json!(number.value()),
        Toml::Boolean(on) => json!(on.value()),
        Toml::Datetime(time) => json!(time.value().to_string()),
        Toml::Array(list) => list.iter().map(toml_value).collect(),
        Toml::InlineTable(table) => table_value(table),
    }
}
