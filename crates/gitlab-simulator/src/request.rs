//! Owns one request as the rules see it: method, endpoint, headers and parameters; never answers it.

mod form;
mod params;

use std::collections::BTreeMap;

use serde_json::Value;

pub(crate) use params::Params;

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
    pub(crate) tls: bool,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// Parameters of query and body together; the body's win, as in Grape.
    pub(crate) fn params(&self) -> Result<Params, Answer> {
        let mut all = form::urlencoded(self.query.as_bytes());
        match self.body_value() {
            Value::Object(keys) => all.extend(keys),
            Value::Null => {}
            _ if self.is_json() => {
                return Err(Answer::error(400, "The request body is not a JSON object"));
            }
            _ => {}
        }
        Ok(Params::new(all))
    }

    /// The body as the journal shows it: JSON as it came, a form as an object, anything else as text.
    pub(crate) fn body_value(&self) -> Value {
        if self.body.is_empty() {
            return Value::Null;
        }
        let text = || Value::String(String::from_utf8_lossy(&self.body).into_owned());
        match self.header("content-type") {
            Some(kind) if kind.starts_with("application/x-www-form-urlencoded") => {
                Value::Object(form::urlencoded(&self.body))
            }
            Some(kind) if kind.starts_with("multipart/form-data") => {
                Value::Object(form::multipart(kind, &self.body))
            }
            _ if self.is_json() => serde_json::from_slice(&self.body).unwrap_or_else(|_| text()),
            _ => text(),
        }
    }

    /// Said to be JSON, or not said and looking like it.
    pub(crate) fn is_json(&self) -> bool {
        match self.header("content-type") {
            Some(kind) => kind.contains("json"),
            None => self.body.first() == Some(&b'{'),
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
        check(
            "",
            "multipart/form-data; boundary=xyz",
            "--xyz\r\nContent-Disposition: form-data; name=\"token\"\r\n\r\nglrt-1\r\n--xyz--\r\n",
            &json!({"token": "glrt-1"}),
        );
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
            tls: false,
        };
        assert_eq!(Value::Object(request.params().unwrap().all()), *expected);
    }
}
