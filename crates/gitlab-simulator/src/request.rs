//! Owns one request as the rules see it: method, endpoint, headers and parameters; never answers it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::answer::Answer;

/// A request with its body read to the end.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// As sent, without the query.
    pub(crate) path: String,
    /// Behind the relative root and `/api/v4`; empty for paths elsewhere.
    pub(crate) endpoint: String,
    pub(crate) query: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) peer: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Parameters of query and body together; the body's win, as in Grape.
    pub(crate) fn params(&self) -> Result<Params, Answer> {
        let mut all = form(self.query.as_bytes());
        match self.body_value() {
            Value::Object(keys) => all.extend(keys),
            Value::Null => {}
            _ if self.is_json() => {
                return Err(Answer::error(400, "The request body is not a JSON object"));
            }
            _ => {}
        }
        Ok(Params {
            all,
            complaints: Vec::new(),
        })
    }

    /// The body as the journal shows it: JSON as it came, a form as an object, anything else as text.
    pub(crate) fn body_value(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        let text = || Value::String(String::from_utf8_lossy(&self.body).into_owned());
        if self
            .header("content-type")
            .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"))
        {
            return Value::Object(form(&self.body));
        }
        if self.is_json() {
            serde_json::from_slice(&self.body).unwrap_or_else(|_| text())
        } else {
            text()
        }
    }

    /// Said to be JSON, or not said and looking like it.
    fn is_json(&self) -> bool {
        match self.header("content-type") {
            Some(kind) => kind.contains("json"),
            None => self.body.first() == Some(&b'{'),
        }
    }
}

/// A form, with `key[]=…` as an array and `key[sub]=…` as an object.
fn form(text: &[u8]) -> Map<String, Value> {
    let mut all = Map::new();
    for (key, value) in url::form_urlencoded::parse(text) {
        let value = Value::String(value.into_owned());
        match key.strip_suffix(']').and_then(|key| key.split_once('[')) {
            Some((key, "")) => {
                let list = all.entry(key).or_insert_with(|| Value::Array(Vec::new()));
                if let Value::Array(list) = list {
                    list.push(value);
                }
            }
            Some((key, sub)) => {
                let table = all.entry(key).or_insert_with(|| Value::Object(Map::new()));
                if let Value::Object(table) = table {
                    table.insert(sub.to_owned(), value);
                }
            }
            None => {
                all.insert(key.into_owned(), value);
            }
        }
    }
    all
}

/// Parameters, and what Grape complains about while they are read. Blank counts as not given, `false` does not.
#[derive(Debug)]
pub(crate) struct Params {
    all: Map<String, Value>,
    complaints: Vec<String>,
}

impl Params {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.all.contains_key(name)
    }

    pub(crate) fn raw(&self, name: &str) -> &Value {
        self.all.get(name).unwrap_or(&Value::Null)
    }

    pub(crate) fn complain(&mut self, complaint: impl Into<String>) {
        self.complaints.push(complaint.into());
    }

    /// A text that must be there, though it may be empty.
    pub(crate) fn required_text(&mut self, name: &str) -> String {
        if !self.has(name) {
            self.complain(format!("{name} is missing"));
        }
        self.text(name).unwrap_or_default()
    }

    /// A text as sent, blank or not; numbers and truth values count as their text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        match self.raw(name) {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            _ => {
                self.complain(format!("{name} is invalid"));
                None
            }
        }
    }

    /// A text that is not blank.
    pub(crate) fn present_text(&mut self, name: &str) -> Option<String> {
        self.text(name).filter(|text| !text.trim().is_empty())
    }

    pub(crate) fn integer(&mut self, name: &str) -> Option<i64> {
        let parsed = match self.raw(name) {
            Value::Null => return None,
            Value::String(text) if text.trim().is_empty() => return None,
            Value::String(text) => text.trim().parse().ok(),
            value => value.as_i64(),
        };
        if parsed.is_none() {
            self.complain(format!("{name} is invalid"));
        }
        parsed
    }

    pub(crate) fn boolean(&mut self, name: &str) -> Option<bool> {
        let parsed = match self.raw(name) {
            Value::Null => return None,
            Value::Bool(truth) => Some(*truth),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "" => return None,
                "true" | "t" | "1" | "on" | "yes" => Some(true),
                "false" | "f" | "0" | "off" | "no" => Some(false),
                _ => None,
            },
            Value::Number(number) => match number.as_i64() {
                Some(1) => Some(true),
                Some(0) => Some(false),
                _ => None,
            },
            _ => None,
        };
        if parsed.is_none() {
            self.complain(format!("{name} is invalid"));
        }
        parsed
    }

    /// One of the words that `parse` knows.
    pub(crate) fn word<T>(&mut self, name: &str, parse: impl Fn(&str) -> Option<T>) -> Option<T> {
        let text = self.present_text(name)?;
        let parsed = parse(&text);
        if parsed.is_none() {
            self.complain(format!("{name} does not have a valid value"));
        }
        parsed
    }

    /// A list, or one text with commas; blanks around and empty ones go.
    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<String>> {
        let parts: Vec<String> = match self.raw(name) {
            Value::Null => return None,
            Value::String(text) => text.split(',').map(str::to_owned).collect(),
            Value::Array(values) => values
                .iter()
                .filter_map(Value::as_str)
                .flat_map(|text| text.split(','))
                .map(str::to_owned)
                .collect(),
            _ => {
                self.complain(format!("{name} is invalid"));
                return None;
            }
        };
        Some(
            parts
                .iter()
                .map(|part| part.trim().to_owned())
                .filter(|part| !part.is_empty())
                .collect(),
        )
    }

    /// Grape's 400 when there was a complaint.
    pub(crate) fn check(&self) -> Result<(), Answer> {
        if self.complaints.is_empty() {
            Ok(())
        } else {
            Err(Answer::error(400, &self.complaints.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parameters_come_from_query_form_and_json() {
        check(
            "a=1&b=two%20words",
            "",
            "",
            &json!({"a": "1", "b": "two words"}),
        );
        check(
            "",
            "application/x-www-form-urlencoded",
            "tag_list[]=x&tag_list[]=y&info[name]=n",
            &json!({"tag_list": ["x", "y"], "info": {"name": "n"}}),
        );
        check("a=1", "application/json", r#"{"a": 2}"#, &json!({"a": 2}));
        check("", "text/plain", "a trace", &json!({}));
    }

    fn check(query: &str, kind: &str, body: &str, expected: &Value) {
        let request = Request {
            method: "POST".into(),
            path: String::new(),
            endpoint: String::new(),
            query: query.into(),
            headers: BTreeMap::from([("content-type".into(), kind.into())]),
            body: body.into(),
            peer: String::new(),
        };
        assert_eq!(Value::Object(request.params().unwrap().all), *expected);
    }
}
