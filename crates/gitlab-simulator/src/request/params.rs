//! Owns the parameters of one request and their types, with Grape's words for what is wrong with them.

use serde_json::{Map, Value};

use crate::answer::Answer;

/// Parameters, and what Grape complains about while they are read. Blank counts as not given, `false` does not.
#[derive(Debug)]
pub(crate) struct Params {
    all: Map<String, Value>,
    complaints: Vec<String>,
}

impl Params {
    pub(super) fn new(all: Map<String, Value>) -> Params {
        Params {
            all,
            complaints: Vec::new(),
        }
    }

    #[cfg(test)]
    pub(super) fn all(self) -> Map<String, Value> {
        self.all
    }

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
