//! Owns the look at a text as a whole: whether it is another language, or was damaged by a tool. Pure.

use super::Stumble;

/// How git marks what it could not merge.
const CONFLICT: &[&str] = &["<<<<<<<", "=======", ">>>>>>>", "|||||||"];

/// What the text is instead of TOML, and where that shows; nothing where it looks like TOML.
pub(super) fn at_the_whole(stumble: &Stumble<'_>) -> Option<(usize, String)> {
    let Stumble { text, at, .. } = *stumble;
    let line = stumble.line();
    let begin = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let first = stumble.index == 0;
    let words = if stumble.next() == Some('\u{0}') {
        "a NUL byte stands here: save the file as plain UTF-8 text"
    } else if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
        "a mark of a merge conflict stands here: keep one of the two sides and remove the lines that begin with <<<<<<<, ======= \
         and >>>>>>>"
    } else if first && begin.starts_with('<') {
        "this is HTML or XML, not TOML: the file may be the page of a proxy or of a login; put the configuration itself there"
    } else if first && is_json(begin) {
        "this is JSON, not TOML: write key = value, with tables as [name]"
    } else if line.starts_with("---") || line.starts_with("- ") || line == "-" {
        "this is YAML, not TOML: write key = value, with tables as [name] and lists as [\"a\", \"b\"]"
    } else if line.starts_with(';') || line.starts_with("//") || line.starts_with("/*") {
        "a comment begins with #"
    } else if text[..at].ends_with('\r') && stumble.next() != Some('\n') {
        "a carriage return stands here without a line feed: save the file with the line ends of Unix or Windows"
    } else if let Some(c) = stumble.next().filter(|c| is_invisible(*c)) {
        let words = format!(
            "an invisible character (U+{:04X}) stands here: remove it",
            u32::from(c)
        );
        return Some((at, words));
    } else {
        return None;
    };
    Some((at, words.to_owned()))
}

/// A text that begins as an object or a list does.
fn is_json(begin: &str) -> bool {
    let behind = begin.strip_prefix('[').map(str::trim_start);
    begin.starts_with('{')
        || behind.is_some_and(|rest| rest.starts_with(['{', '"']) && begin.contains(':'))
}

fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let blank = c.is_whitespace() && !c.is_ascii();
    control || blank || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}
