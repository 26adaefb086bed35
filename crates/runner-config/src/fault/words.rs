//! Owns the words for one statement that is no TOML. Each says what stands there and what to write. Pure.

use std::ops::Range;

use super::{Stumble, repeated};
use crate::harmless;
use crate::statements::StatementKind;

/// What is wrong, and where in the text.
pub(super) fn of(stumble: &Stumble<'_>) -> (usize, String) {
    let Some(statement) = stumble.statement() else {
        return (stumble.at, "this is not TOML: write key = value".to_owned());
    };
    match &statement.kind {
        StatementKind::Header { double, name, end } => {
            let closed = statement.open.is_none();
            (stumble.at, header(stumble, *double, name, *end, closed))
        }
        StatementKind::Other => (stumble.at, without_equals(stumble.line())),
        StatementKind::Pair { key, value } => {
            if let Some((open, close)) = statement.open {
                return (open, left_open(key, close));
            }
            let at = if value.is_empty() {
                statement.start
            } else {
                stumble.at
            };
            (at, pair(stumble, key, value))
        }
    }
}

fn header(stumble: &Stumble<'_>, double: bool, name: &str, end: usize, closed: bool) -> String {
    let (open, close) = if double { ("[[", "]]") } else { ("[", "]") };
    let shown = harmless::key(name.trim_end_matches('.'));
    if name.is_empty() {
        return "the header names no table: write [[runners]], or [runners.docker]".to_owned();
    }
    if !closed {
        let write = shown.map_or_else(
            || format!("write {close} after the name"),
            |name| format!("write {open}{name}{close}"),
        );
        return format!("the header is not closed: {write}");
    }
    if is_repeated(stumble.said) {
        return repeated::header(stumble, double, name);
    }
    if stumble.at >= end {
        let behind = stumble.text[end..].trim_start_matches([' ', '\t']);
        return if behind.starts_with(']') {
            "the header has more closing than opening brackets: write [[runners]], or [runners.docker]".to_owned()
        } else {
            "there is text after the header: put it on a line of its own".to_owned()
        };
    }
    name_is_wrong("the name in the header", name)
}

/// What is wrong with a name, of a key or of a table.
fn name_is_wrong(what: &str, name: &str) -> String {
    if name.starts_with('.') || name.ends_with('.') || name.contains("..") {
        format!("{what} has an extra dot")
    } else if name.contains(['“', '”', '‘', '’', '„', '«', '»']) {
        format!("{what} has typographic quotes: write straight quotes, \"…\"")
    } else if name.contains(char::is_whitespace) && !name.contains(['"', '\'']) {
        format!("{what} contains a space: write it in quotes, or put the words on separate lines")
    } else {
        format!("{what} contains a character that needs quotes: write \"…\" around it")
    }
}

/// A line without a `=`. It may be a token alone, so little of it is shown.
fn without_equals(line: &str) -> String {
    let end = line.find([':', ' ', '\t', '"', '\'']).unwrap_or(line.len());
    let (word, behind) = line.split_at(end);
    let value = behind.trim_start_matches([':', ' ', '\t']);
    let quoted_key = line.starts_with(['"', '\'']) && line.contains(':');
    if quoted_key || (behind.trim_start().starts_with(':') && harmless::key(word).is_some()) {
        let write = match harmless::value(word, value.trim_matches(['"', '\''])) {
            Some(value) => format!("{word} = \"{value}\""),
            None => format!("{} = …", harmless::key(word).unwrap_or("key")),
        };
        return format!("there is a colon where TOML needs an equals sign: write {write}");
    }
    // A quote that is alone, or with a comma behind it, ends something: the word may be the rest of a value.
    let is_string = value
        .chars()
        .next()
        .is_some_and(|quote| "\"'".contains(quote) && value[1..].contains(quote))
        && !value[1..].starts_with([',', ' ', ']']);
    let named = is_string && harmless::key(word).is_some();
    if harmless::is_public(word) || named {
        return format!("{word} has no equals sign: write {}", sample(word, value));
    }
    "this line has no equals sign: write key = value, or # before a comment".to_owned()
}

fn left_open(key: &str, close: &str) -> String {
    let of = of_key(key);
    match close {
        "]" => format!("the list{of} is not closed: write ] after its last value"),
        "}" => format!("the table{of} is not closed: write }} after its last value"),
        "\"" | "'" => format!("the string{of} is not closed: write {close} at its end"),
        _ => format!("the multi-line string{of} is not closed: write {close} at its end"),
    }
}

fn pair(stumble: &Stumble<'_>, key: &str, value: &Range<usize>) -> String {
    let of = of_key(key);
    let text = &stumble.text[value.clone()];
    if key.is_empty() {
        return "there is no key before the equals sign: write key = value".to_owned();
    }
    if is_repeated(stumble.said) {
        return if stumble.at > value.start {
            format!("a key is set twice in the value{of}: remove one of the two")
        } else {
            repeated::key(stumble, key)
        };
    }
    if stumble.at < value.start && !text.starts_with('=') && !text.is_empty() {
        if let Some(rest) = key.strip_prefix("export ") {
            let rest = harmless::key(rest.trim()).unwrap_or("key");
            return format!("this is a shell command: write {rest} = \"…\"");
        }
        return name_is_wrong("the key", key);
    }
    if stumble.said.contains("recur") {
        return format!("lists or tables are nested too deeply in the value{of}");
    }
    // Base64 ends in equals signs, and is no key then.
    let ends_the_line = text.bytes().all(|byte| byte == b'=');
    if ends_the_line && !key.ends_with([' ', '\t']) && !harmless::is_lower(key) {
        return "a key or its value is missing on this line: write key = value".to_owned();
    }
    match text.chars().next() {
        None => format!("{} has no value: write {}", named(key), sample(key, "")),
        Some('=') => format!("there is a second equals sign before the value{of}: remove it"),
        Some('"' | '\'') => in_string(stumble, &of, text),
        Some('[' | '{') if stumble.at >= value.start => inside(stumble, &of, text),
        Some('“' | '”' | '‘' | '’' | '„' | '«' | '»') => {
            format!(
                "the value{of} has typographic quotes: write straight quotes, {}",
                sample(key, "")
            )
        }
        Some(_) => bare(key, text),
    }
}

fn in_string(stumble: &Stumble<'_>, of: &str, text: &str) -> String {
    let before = &stumble.text[..stumble.at];
    let line = before.rsplit('\n').next().unwrap_or_default();
    let line = line.rsplit(['"', '\'']).next().unwrap_or_default();
    let escaped = line.contains('\\') || before.ends_with('\\');
    if escaped && text.starts_with('"') {
        return format!(
            "a backslash in the string{of} is not a TOML escape sequence: write \\\\ for each backslash, or put the string in single quotes"
        );
    }
    format!(
        "there is text after the string{of}: put it on a line of its own; a quote inside \"…\" is written \\\""
    )
}

/// Inside of a list or a table in braces.
fn inside(stumble: &Stumble<'_>, of: &str, text: &str) -> String {
    let what = if text.starts_with('[') {
        "list"
    } else {
        "table"
    };
    let said = stumble.said;
    if said.contains("extra comma") {
        return format!("there is an extra comma in the {what}{of}");
    }
    if said.contains("missing comma") || said.contains("expected `,`") {
        return format!("a comma is missing in the {what}{of}");
    }
    if said.contains("assignment") || said.contains("missing key") {
        return format!(
            "the {what}{of} is not valid: write [\"a\", \"b\"] for a list, {{ a = \"b\" }} for a table"
        );
    }
    if stumble.at >= stumble.text.len() || stumble.next().is_none_or(|c| c == '\n' || c == '\r') {
        return format!("there is text after the {what}{of}: put it on a line of its own");
    }
    if stumble.text[..stumble.at].ends_with([']', '}', ' ']) && said.contains("key or value") {
        return format!("there is text after the {what}{of}: put it on a line of its own");
    }
    format!("a value in the {what}{of} is not valid: text needs quotes, \"…\"")
}

/// A value that begins with neither quote nor bracket.
fn bare(key: &str, text: &str) -> String {
    let of = of_key(key);
    let name = harmless::key(key).unwrap_or("key");
    let lower = text.to_ascii_lowercase();
    let line = text.lines().next().unwrap_or_default();
    let digits = line.trim_start_matches(['+', '-']);
    let number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if ["true", "false"].contains(&lower.as_str()) {
        format!("true and false are written in lower case: write {name} = {lower}")
    } else if let Some(yes) = ["yes", "on", "no", "off"]
        .iter()
        .position(|word| *word == lower)
    {
        let word = if yes < 2 { "true" } else { "false" };
        format!(
            "the value{of} has no quotes: write {name} = {word}, or quotes around it if it is text"
        )
    } else if number && digits.len() > 1 && digits.starts_with('0') {
        format!(
            "the number{of} begins with a zero: remove the zero, or write quotes around it if it is text"
        )
    } else if number && !digits.contains('_') {
        format!("the number{of} is too large")
    } else if digits.starts_with(|c: char| c.is_ascii_digit()) && text.contains([' ', ',', ';']) {
        format!(
            "there is text after the value{of}: one key with its value is one line; text needs quotes, \"…\""
        )
    } else if text.contains(['=', '"']) && text.contains(' ') {
        format!(
            "the value{of} has no quotes, or there are two keys on this line: write {} on a line of its own",
            sample(key, "")
        )
    } else if matches!(text.chars().next(), Some(']' | '}' | ',')) {
        format!(
            "{} has no value before the {}: write {}",
            named(key),
            &text[..1],
            sample(key, "")
        )
    } else {
        format!("the value{of} has no quotes: write {}", sample(key, text))
    }
}

fn is_repeated(said: &str) -> bool {
    said.contains("duplicate key") || said.contains("cannot extend")
}

fn named(key: &str) -> &str {
    harmless::key(key).unwrap_or("this key")
}

fn of_key(key: &str) -> String {
    harmless::key(key).map_or_else(String::new, |key| format!(" of {key}"))
}

/// How the statement is to be written, with its value where that may be shown.
fn sample(key: &str, value: &str) -> String {
    let value = harmless::value(key, value.trim_matches(['"', '\''])).unwrap_or("…");
    format!("{} = \"{value}\"", harmless::key(key).unwrap_or("key"))
}
