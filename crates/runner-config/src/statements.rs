//! Owns where the statements of a TOML text stand, headers and keys with their values. It reads damaged texts as well, as far
//! as a reader of them would: where something is left open it says what, and goes on with the next line. Pure.

use std::ops::Range;

use crate::lines;

/// One header, or one key with its value, however many lines it has.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// Its first byte, behind the indentation.
    pub(crate) start: usize,
    /// The end of its last line: where the line break or the end of the text is.
    pub(crate) end: usize,
    /// What it is.
    pub(crate) kind: StatementKind<'a>,
    /// What is opened in it and not closed: where, and the sign that would close it.
    pub(crate) open: Option<(usize, &'static str)>,
}

/// What a statement is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StatementKind<'a> {
    /// `[name]`, or `[[name]]`.
    Header {
        /// Whether it has two brackets.
        double: bool,
        /// What stands between the brackets.
        name: &'a str,
        /// Where the closing brackets end; without one where the line ends.
        end: usize,
    },
    /// `key = value`.
    Pair {
        /// The key as it is written.
        key: &'a str,
        /// Where the value stands, without a comment behind it.
        value: Range<usize>,
    },
    /// A line without a `=`.
    Other,
}

impl Statement<'_> {
    /// Whether it begins with this name, in any case of letters.
    pub(crate) fn is_of(&self, first: &str) -> bool {
        let name = match &self.kind {
            StatementKind::Header { name, .. } => name,
            StatementKind::Pair { key, .. } => key,
            StatementKind::Other => return false,
        };
        path(name)
            .first()
            .is_some_and(|part| part.eq_ignore_ascii_case(first))
    }
}

/// The statements of a text in their order.
pub(crate) fn of(text: &str) -> Vec<Statement<'_>> {
    let bytes = text.as_bytes();
    let mut at = text.len() - text.trim_start_matches('\u{feff}').len();
    let mut statements = Vec::new();
    while let Some(byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => at += 1,
            b'#' => at = lines::end(text, at),
            _ => {
                let statement = one(text, at);
                at = statement.end.max(at + 1);
                statements.push(statement);
            }
        }
    }
    statements
}

/// The parts of a dotted name, without their quotes.
pub(crate) fn path(name: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut quote = None;
    for c in name.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '.') => parts.push(String::new()),
            (None, c) if c.is_whitespace() => {}
            (_, c) => parts.last_mut().into_iter().for_each(|part| part.push(c)),
        }
    }
    parts
}

fn one(text: &str, start: usize) -> Statement<'_> {
    let end = lines::end(text, start);
    if text.as_bytes()[start] == b'[' {
        return header(text, start, end);
    }
    let Some(equals) = unquoted(&text[start..end], b'=') else {
        return Statement {
            start,
            end,
            kind: StatementKind::Other,
            open: None,
        };
    };
    let key = text[start..start + equals].trim_end();
    let behind = &text[start + equals + 1..end];
    let from = end - behind.trim_start_matches([' ', '\t']).len();
    let (value, open) = value(text, from);
    Statement {
        start,
        end: lines::end(text, value),
        kind: StatementKind::Pair {
            key,
            value: from..from + text[from..value].trim_end().len(),
        },
        open,
    }
}

fn header(text: &str, start: usize, end: usize) -> Statement<'_> {
    let double = text[start..end].starts_with("[[");
    let from = start + if double { 2 } else { 1 };
    let close = if double { "]]" } else { "]" };
    let line = &text[from..end];
    let (name, behind) = match unquoted(line, b']') {
        Some(bracket) => (bracket, line[bracket..].starts_with(close)),
        None => (line.len(), false),
    };
    let open = (!behind).then_some((start, close));
    let behind = if behind {
        from + name + close.len()
    } else {
        end
    };
    Statement {
        start,
        end,
        kind: StatementKind::Header {
            double,
            name: line[..name].trim(),
            end: behind,
        },
        open,
    }
}

/// The first such sign of a line that stands neither in quotes nor in a comment.
fn unquoted(line: &str, sign: u8) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in line.bytes().enumerate() {
        match quote {
            Some(open) if byte == open => quote = None,
            Some(_) => {}
            None if byte == sign => return Some(at),
            None if byte == b'#' => return None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None => {}
        }
    }
    None
}

/// Where a value ends, without what is behind it on its last line but blanks, and what it leaves open.
fn value(text: &str, from: usize) -> (usize, Option<(usize, &'static str)>) {
    let bytes = text.as_bytes();
    let mut opened: Vec<(usize, u8)> = Vec::new();
    let mut at = from;
    let left = |(at, open): &(usize, u8)| (*at, if *open == b'[' { "]" } else { "}" });
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' => match string(text, at) {
                Ok(end) => at = end,
                Err(close) => {
                    let multiline = close.len() == 3;
                    let end = if multiline {
                        text.len()
                    } else {
                        lines::end(text, at)
                    };
                    return (end, Some((at, close)));
                }
            },
            b'[' | b'{' => opened.push((at, byte)),
            b']' | b'}' => match opened.pop() {
                Some(other) if (other.1 == b'[') != (byte == b']') => {
                    return (lines::end(text, at), Some(left(&other)));
                }
                _ => {}
            },
            b'#' if opened.is_empty() => return (at, None),
            b'#' => at = lines::end(text, at),
            b'\n' => match opened.last() {
                None => return (at, None),
                Some(last) if begins_a_statement(text, at + 1, last.1) => {
                    return (at, Some(left(last)));
                }
                Some(_) => {}
            },
            _ => {}
        }
        // A comment's end is the line break itself, which is looked at next.
        if byte != b'#' {
            at += usize::from(!matches!(byte, b'"' | b'\''));
        }
    }
    (text.len(), opened.first().map(left))
}

/// Where the string ends that begins here, or what would close it.
fn string(text: &str, start: usize) -> Result<usize, &'static str> {
    let rest = &text[start..];
    let (close, escapes) = match rest {
        _ if rest.starts_with("\"\"\"") => ("\"\"\"", true),
        _ if rest.starts_with("'''") => ("'''", false),
        _ if rest.starts_with('"') => ("\"", true),
        _ => ("'", false),
    };
    let bytes = rest.as_bytes();
    let mut at = close.len();
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' && bytes.get(at + 1) != Some(&b'\n') {
            at += 2;
        } else if close.len() == 1 && bytes[at] == b'\n' {
            return Err(close);
        } else if bytes[at..].starts_with(close.as_bytes()) {
            at += close.len();
            // Up to two more quotes belong to the text.
            let more = bytes[at..].iter().take_while(|byte| **byte == bytes[0]);
            let more = if close.len() == 3 {
                more.take(2).count()
            } else {
                0
            };
            return Ok(start + at + more);
        } else {
            at += 1;
        }
    }
    Err(close)
}

/// Whether a line can be nothing but the beginning of another statement, inside of what was opened with this bracket.
fn begins_a_statement(text: &str, start: usize, inside: u8) -> bool {
    let line = text[start..lines::end(text, start)].trim();
    let is_name = |name: &str| {
        let first = name.trim_start_matches(['"', '\'']).chars().next();
        first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && name
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_.-\"'".contains(c))
    };
    let inner = line.strip_prefix('[').and_then(|line| {
        let line = line.split('#').next().unwrap_or_default().trim_end();
        line.strip_suffix(']')
    });
    if let Some(name) = inner {
        let name = name.trim_start_matches('[').trim_end_matches(']').trim();
        let is_value = ["true", "false", "inf", "nan"].contains(&name);
        return is_name(name) && !name.contains(['"', '\'']) && !is_value;
    }
    let key = unquoted(line, b'=').map(|equals| line[..equals].trim_end());
    inside == b'[' && key.is_some_and(is_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_statement_has_its_place_and_says_what_it_leaves_open() {
        fn check(text: &str, want: &[(&str, Option<&str>)]) {
            let statements = of(text);
            let got: Vec<_> = statements
                .iter()
                .map(|s| (&text[s.start..s.end], s.open.map(|(_, close)| close)))
                .collect();
            assert_eq!(got, want, "{text:?}");
        }
        check("", &[]);
        check(
            "\u{feff}a = 1 # b\n\n# c\n  [d]\n",
            &[("a = 1 # b", None), ("[d]", None)],
        );
        check(
            "a = \"\"\"x\n[b]\n\"\"\"\"\nc = 1",
            &[("a = \"\"\"x\n[b]\n\"\"\"\"", None), ("c = 1", None)],
        );
        check(
            "a = [ # x ]\n 1,\n [true],\n]\nb = 2\n",
            &[("a = [ # x ]\n 1,\n [true],\n]", None), ("b = 2", None)],
        );
        check(
            "a = {\n b = 1,\n c = \"}\" }\n",
            &[("a = {\n b = 1,\n c = \"}\" }", None)],
        );
        check(
            "a = [1,\nb = 2\n",
            &[("a = [1,", Some("]")), ("b = 2", None)],
        );
        check(
            "a = { b = 1\n[c.d]\n",
            &[("a = { b = 1", Some("}")), ("[c.d]", None)],
        );
        check(
            "a = \"x\nb = 'y\n",
            &[("a = \"x", Some("\"")), ("b = 'y", Some("'"))],
        );
        check("a = '''x\nb = 1\n", &[("a = '''x\nb = 1\n", Some("'''"))]);
        check(
            "[[a]\n[\"b]\".c]\n",
            &[("[[a]", Some("]]")), ("[\"b]\".c]", None)],
        );
        check("a = [1}\nb\n", &[("a = [1}", Some("]")), ("b", None)]);
        check(
            "a = \"\\\"\" # \"\nb = '\\'\n",
            &[("a = \"\\\"\" # \"", None), ("b = '\\'", None)],
        );
    }

    #[test]
    fn name_is_taken_apart_at_its_dots() {
        assert_eq!(path("a . \"b.c\".'d'"), ["a", "b.c", "d"]);
    }
}
