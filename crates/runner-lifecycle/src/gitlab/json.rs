//! Owns how a body is written as JSON: key after key in the order given, to the letter as Go writes it. It reads nothing.

use serde_json::Value;

/// An object that is being written.
pub(super) struct Object(String);

impl Object {
    /// One without keys.
    pub(super) fn new() -> Self {
        Self("{".to_owned())
    }

    fn value(mut self, key: &str, value: &str) -> Self {
        if self.0.len() > 1 {
            self.0.push(',');
        }
        self.0.push_str(&quoted(key));
        self.0.push(':');
        self.0.push_str(value);
        self
    }

    pub(super) fn text(self, key: &str, text: &str) -> Self {
        self.value(key, &quoted(text))
    }

    /// Leaves the key out where there is no text.
    pub(super) fn any_text(self, key: &str, text: Option<&str>) -> Self {
        match text {
            None | Some("") => self,
            Some(text) => self.text(key, text),
        }
    }

    pub(super) fn flag(self, key: &str, flag: bool) -> Self {
        self.value(key, if flag { "true" } else { "false" })
    }

    pub(super) fn number(self, key: &str, number: i64) -> Self {
        self.value(key, &number.to_string())
    }

    pub(super) fn object(self, key: &str, object: Self) -> Self {
        self.value(key, &object.end())
    }

    /// The text: no blanks, no final newline.
    pub(super) fn end(mut self) -> String {
        self.0.push('}');
        self.0
    }
}

/// A text as Go writes it: what could end an HTML script is escaped.
fn quoted(text: &str) -> String {
    Value::from(text)
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_escapes_are_kept() {
        assert_eq!(
            quoted("a<b>&\u{2028}\"\\\n"),
            "\"a\\u003cb\\u003e\\u0026\\u2028\\\"\\\\\\n\""
        );
    }

    #[test]
    fn keys_stand_in_the_order_given_and_empty_ones_are_left_out() {
        let inner = Object::new()
            .any_text("no", None)
            .any_text("none", Some(""));
        let text = Object::new()
            .text("b", "")
            .any_text("a", Some("x"))
            .number("n", -1)
            .flag("f", true)
            .object("o", inner);
        assert_eq!(
            text.end(),
            "{\"b\":\"\",\"a\":\"x\",\"n\":-1,\"f\":true,\"o\":{}}"
        );
    }
}
