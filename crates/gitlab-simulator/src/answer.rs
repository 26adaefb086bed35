//! Owns GitLab's answers and the forms of its error bodies; never decides which one is due.

use serde_json::{Value, json};

/// Status, headers and body of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The job that this answer hands out.
    pub(crate) job: Option<i64>,
}

/// What a rule gives: an answer, or a refusal that ends it early.
pub(crate) type Handled = Result<Answer, Answer>;

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Answer {
        Answer::typed(status, "application/json", body.to_string())
    }

    pub(crate) fn text(status: u16, body: &str) -> Answer {
        Answer::typed(status, "text/plain", body.to_owned())
    }

    /// The page that nginx or an ingress shows.
    pub(crate) fn html(status: u16) -> Answer {
        let page = format!(
            "<!DOCTYPE html>\n<html><head><title>{status}</title></head><body><h1>{status}</h1></body></html>\n"
        );
        Answer::typed(status, "text/html; charset=utf-8", page)
    }

    fn typed(status: u16, kind: &str, body: String) -> Answer {
        Answer {
            status,
            headers: vec![("Content-Type".into(), kind.into())],
            body: body.into_bytes(),
            job: None,
        }
    }

    /// 204: a body would be dropped on the wire.
    pub(crate) fn no_content() -> Answer {
        Answer {
            status: 204,
            headers: Vec::new(),
            body: Vec::new(),
            job: None,
        }
    }

    /// `{"message": …}`: Rails' and the helpers' form.
    pub(crate) fn message(status: u16, message: impl Into<Value>) -> Answer {
        Answer::json(status, &json!({"message": message.into()}))
    }

    /// `{"error": …}`: the form of Grape's validation and of services.
    pub(crate) fn error(status: u16, error: &str) -> Answer {
        Answer::json(status, &json!({"error": error}))
    }

    pub(crate) fn forbidden() -> Answer {
        Answer::message(403, "403 Forbidden")
    }

    pub(crate) fn forbidden_because(reason: &str) -> Answer {
        Answer::message(403, format!("403 Forbidden - {reason}"))
    }

    pub(crate) fn bad_request(reason: &str) -> Answer {
        Answer::message(400, format!("400 Bad request - {reason}"))
    }

    pub(crate) fn not_found(what: &str) -> Answer {
        Answer::message(404, format!("404 {what} Not Found"))
    }

    /// Sets a header; an earlier one of the same name goes, so that a fault can change the content type.
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Answer {
        self.headers
            .retain(|(own, _)| !own.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.into()));
        self
    }
}
