//! Owns how the words of an answer become a bounded piece of one line. No token that was sent gets through.

use serde_json::Value;

/// Longest piece of somebody else's text in one line of ours, in characters.
const MOST: usize = 300;

/// Who speaks, and what was said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SaidBy {
    /// JSON with `message` or `error`: GitLab's own voice.
    Gitlab(String),
    /// A page for people, by its title: a proxy, an ingress or a login page.
    Page(String),
    /// Anything else, perhaps nothing.
    Other(String),
}

impl SaidBy {
    /// Reads a body, and what it is as JSON; `content_type` is that of the answer.
    pub(super) fn of(content_type: Option<&str>, json: Option<&Value>, body: Vec<u8>) -> Self {
        if let Some(words) = json.and_then(of_json) {
            return Self::Gitlab(words);
        }
        let text = String::from_utf8(body)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        let start = text.trim_start().get(..1);
        let page = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"));
        if start == Some("<") || page {
            Self::Page(title(&text))
        } else {
            Self::Other(text)
        }
    }

    /// The words themselves.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::Gitlab(words) | Self::Page(words) | Self::Other(words) => words,
        }
    }
}

/// `message` as text, list or object of lists; else `error` with its description.
fn of_json(value: &Value) -> Option<String> {
    let object = value.as_object()?;
    if let Some(message) = object.get("message").filter(|message| !message.is_null()) {
        return Some(flat(message));
    }
    let error = flat(object.get("error").filter(|error| !error.is_null())?);
    Some(
        match object
            .get("error_description")
            .map(flat)
            .filter(|text| !text.is_empty())
        {
            Some(description) => format!("{error}: {description}"),
            None => error,
        },
    )
}

/// `{"tags_list": ["a", "b"], "base": ["c"]}` reads `tags_list: a; b, base: c`.
fn flat(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(flat).collect::<Vec<_>>().join("; "),
        Value::Object(fields) => {
            let field = |(key, value): (&String, &Value)| match key.as_str() {
                "error" => flat(value),
                _ => format!("{key}: {}", flat(value)),
            };
            fields.iter().map(field).collect::<Vec<_>>().join(", ")
        }
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

fn title(page: &str) -> String {
    // ASCII only, so that the positions stay those of the page.
    let lower = page.to_ascii_lowercase();
    let inner = |tag: &str| {
        let open = lower.find(&format!("<{tag}"))?;
        let start = open + lower[open..].find('>')? + 1;
        let end = start + lower[start..].find("</")?;
        Some(page[start..end].trim()).filter(|text| !text.is_empty())
    };
    inner("title")
        .or_else(|| inner("h1"))
        .unwrap_or("a page without a title")
        .to_owned()
}

/// A piece of `text` for one line: secrets masked, control characters and runs of blanks made one blank, bounded.
pub(super) fn piece(text: &str, secrets: &[&str]) -> String {
    let mut text = text.to_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        text = text.replace(secret, "***");
    }
    let line = text.split(|c: char| c.is_control() || c.is_whitespace());
    let line = line
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(content_type: Option<&str>, body: &[u8]) -> SaidBy {
        let json = serde_json::from_slice(body).ok();
        SaidBy::of(content_type, json.as_ref(), body.to_vec())
    }

    #[test]
    fn gitlabs_own_voice_is_heard_in_all_its_forms() {
        fn check(body: &str, want: &str) {
            let said = said(Some("application/json"), body.as_bytes());
            assert_eq!(said, SaidBy::Gitlab(want.to_owned()), "{body}");
        }
        check(r#"{"message":"403 Forbidden"}"#, "403 Forbidden");
        check(r#"{"message":["one","two"]}"#, "one; two");
        check(r#"{"message":{"a":["x","y"],"b":["z"]}}"#, "a: x; y, b: z");
        check(
            r#"{"message":{"error":"Too many. Try later."}}"#,
            "Too many. Try later.",
        );
        check(r#"{"error":"token is missing"}"#, "token is missing");
        check(
            r#"{"error":"invalid_token","error_description":"Expired."}"#,
            "invalid_token: Expired.",
        );
        check(r#"{"message":null,"error":"e"}"#, "e");
        check(r#"{"message":{"base":[1,true]}}"#, "base: 1; true");
    }

    #[test]
    fn pages_are_known_by_their_type_or_first_character() {
        fn check(content_type: Option<&str>, body: &str, want: &str) {
            assert_eq!(
                said(content_type, body.as_bytes()),
                SaidBy::Page(want.to_owned())
            );
        }
        check(
            Some("text/html; charset=utf-8"),
            "<HTML><Title> Sign\nin </TITLE>",
            "Sign\nin",
        );
        check(None, " <html><h1 class='x'>404 page</h1>", "404 page");
        check(Some("Text/HTML"), "", "a page without a title");
        check(
            Some("text/html"),
            "<title>never closed",
            "a page without a title",
        );
        check(None, "<html><title>İ</title>", "İ");
    }

    #[test]
    fn anything_else_is_nobodys_voice() {
        for body in [
            "",
            "Retry later\n",
            "200",
            "[]",
            "{}",
            "\"text\"",
            "{\"message\":null}",
            "{\"me",
        ] {
            assert_eq!(said(None, body.as_bytes()), SaidBy::Other(body.to_owned()));
        }
        assert_eq!(said(None, &[0xff]), SaidBy::Other("\u{fffd}".to_owned()));
    }

    #[test]
    fn a_piece_is_one_bounded_line_without_secrets() {
        assert_eq!(piece("a\r\n\tb\u{1b}[31m c\u{7f}", &[]), "a b [31m c");
        assert_eq!(
            piece("unknown token glrt-x, glrt-x!", &["glrt-x"]),
            "unknown token ***, ***!"
        );
        assert_eq!(piece("keeps", &[""]), "keeps");
        let long = piece(&"ü".repeat(500), &[]);
        assert_eq!(long.chars().count(), 301);
        assert!(long.ends_with('…'));
    }
}
