//! Owns what is said of a text that is no TOML: where, which key, and what to write. The parser's own message is only looked at
//! to know its kind; it is never shown, as it may quote a line that holds a token. Pure.

use std::ops::Range;

use crate::statements::{self, Statement, StatementKind};
use crate::{harmless, lines};
use thiserror::Error;
use toml_edit::{Document, TomlError};

mod look;
mod repeated;
mod words;

/// What is wrong with a text, and where: line and column from 1, the column in characters.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line}, column {column}: {words}")]
pub struct Fault {
    line: usize,
    column: usize,
    words: String,
}

/// What the parser stumbled over, with everything that tells why.
struct Stumble<'a> {
    text: &'a str,
    /// Where, in bytes.
    at: usize,
    /// What the parser said, to know the kind by.
    said: &'a str,
    statements: &'a [Statement<'a>],
    /// Which of the statements it is.
    index: usize,
}

impl Fault {
    /// In own words at a place of the text, in bytes.
    pub(crate) fn at(text: &str, offset: usize, words: impl Into<String>) -> Self {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &text[..offset];
        let (_, column) = lines::split_last(before);
        Self {
            line: lines::number(text, offset),
            column: column.trim_start_matches('\u{feff}').chars().count() + 1,
            words: words.into(),
        }
    }

    /// What is wrong, without the place.
    #[must_use]
    pub fn words(&self) -> &str {
        &self.words
    }

    /// The line, from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }
}

/// What the parser found in `text`, in words for whoever wrote it.
#[must_use]
pub fn fault(text: &str, error: &TomlError) -> Fault {
    explain(
        text,
        error.span().map_or(0, |span| span.start),
        error.message(),
    )
}

/// Why a text is not that of a helper's own file: no TOML, or a value that does not fit, with its line and its key as far as
/// it may be shown. `span` is where the reader of values stopped.
#[must_use]
pub fn misread(text: &str, span: Option<Range<usize>>) -> String {
    match (Document::parse(text), span) {
        (Err(error), _) => fault(text, &error).to_string(),
        (Ok(_), Some(span)) => misfit(text, span.start).to_string(),
        (Ok(_), None) => "it is incomplete".to_owned(),
    }
}

fn misfit(text: &str, offset: usize) -> Fault {
    let statements = statements::of(text);
    let statement = statements.iter().rev().find(|s| s.start <= offset);
    let words = match statement.map(|s| &s.kind) {
        Some(StatementKind::Pair { key, .. }) => match harmless::key(key) {
            Some(key) => format!("the value of {key} is not valid"),
            None => "this key is not valid here".to_owned(),
        },
        Some(StatementKind::Header { name, .. }) => match harmless::key(name) {
            Some(name) => format!("a key of {name} is missing or not valid"),
            None => "this table is not valid here".to_owned(),
        },
        _ => "a key is missing".to_owned(),
    };
    Fault::at(text, statement.map_or(offset, |s| s.start), words)
}

/// As [`fault`], of the parts of the parser's error.
fn explain(text: &str, at: usize, said: &str) -> Fault {
    let statements = statements::of(text);
    // What was left open or empty before is what misled the parser.
    let unfinished = |s: &Statement<'_>| {
        let empty = matches!(&s.kind, StatementKind::Pair { value, .. } if value.is_empty());
        s.open.is_some() || empty
    };
    let open = statements
        .iter()
        .position(|s| unfinished(s) && s.start <= at);
    let here = statements.iter().rposition(|s| s.start <= at);
    let index = open.or(here).unwrap_or(0);
    let at = statements
        .get(index)
        .map_or(at, |s| at.clamp(s.start, s.end.max(s.start)));
    let stumble = Stumble {
        text,
        at,
        said,
        statements: &statements,
        index,
    };
    let (at, words) = look::at_the_whole(&stumble).unwrap_or_else(|| words::of(&stumble));
    Fault::at(text, at, words)
}

/// What is said of bytes that are no UTF-8, by which line.
#[must_use]
pub fn not_utf8(bytes: &[u8]) -> String {
    let wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    if wide || bytes.iter().take(6).any(|byte| *byte == 0) {
        return "line 1: it is UTF-16 text: save it as UTF-8".to_owned();
    }
    let good = std::str::from_utf8(bytes).map_or_else(|error| error.valid_up_to(), str::len);
    let line = bytes[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line}: it is not UTF-8 text: save it as UTF-8")
}

impl<'a> Stumble<'a> {
    fn statement(&self) -> Option<&'a Statement<'a>> {
        self.statements.get(self.index)
    }

    /// The line of the fault without white space around it.
    fn line(&self) -> &'a str {
        let start = lines::start(self.text, self.at);
        let line = &self.text[start..lines::end(self.text, start)];
        line.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
    }

    fn next(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }
}

#[cfg(test)]
mod tests;
