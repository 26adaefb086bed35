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
    if begin.starts_with("\u{0}\u{0}") {
        let words = "there are NUL bytes where text should be, as after a crash of the node: write the file anew";
        return Some((0, words.to_owned()));
    }
    let words = if stumble.next() == Some('\u{0}') {
        "there is a NUL byte here: save the file as plain UTF-8 text"
    } else if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
        "this is a merge conflict marker: keep one of the two sides and remove the lines that begin with <<<<<<<, \
         ======= and >>>>>>>"
    } else if first && begin.starts_with('<') {
        "this is HTML or XML, not TOML: the file may be a proxy's page or a login page; put the configuration itself there"
    } else if line.contains("{{") {
        "this is a template that was not rendered ({{ ... }}): render the file with Helm, or the tool that it is written for"
    } else if first && is_json(begin) {
        "this is JSON, not TOML: write key = value, with tables as [name]"
    } else if line.starts_with("---") || line.starts_with("- ") || line == "-" {
        "this is YAML, not TOML: write key = value, with tables as [name] and lists as [\"a\", \"b\"]"
    } else if first && is_yaml(begin) {
        "this is YAML, not TOML: write key = value, with tables as [name]; from a ConfigMap or Secret, use only the text under its key"
    } else if first && is_escaped(begin) {
        "the line breaks are written as \\n: write real ones, as printf '%b' does"
    } else if first && is_base64(begin) {
        "this is base64: decode it (in a Secret, data is base64 and stringData is not)"
    } else if line.starts_with(';') || line.starts_with("//") || line.starts_with("/*") {
        "a comment begins with #"
    } else if text[..at].ends_with('\r') && stumble.next() != Some('\n') {
        "there is a carriage return without a line feed here: save the file with Unix or Windows line endings"
    } else if let Some(c) = stumble.next().filter(|c| is_invisible(*c)) {
        let words = format!(
            "there is an invisible character (U+{:04X}) here: remove it",
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

/// Two lines or more, each a name with a colon behind it or further in than the first, and no equals sign where TOML has one.
fn is_yaml(begin: &str) -> bool {
    let named = |line: &str| {
        let name = line.split(':').next().unwrap_or_default();
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.\"'".contains(c);
        name.len() < line.len() && !name.is_empty() && name.chars().all(plain)
    };
    let lines = || {
        let all = begin.lines().map(str::trim_end);
        all.filter(|line| !line.is_empty() && !line.starts_with('#'))
    };
    let top = |line: &str| !line.starts_with([' ', '\t', '-']);
    lines().count() > 1 && lines().filter(|line| top(line)).all(named)
}

/// One line of what should be several.
fn is_escaped(begin: &str) -> bool {
    let line = begin.trim_end();
    let breaks = ["\\n[", "\\n ", "\\n#", "\\n\\n"];
    !line.contains('\n') && breaks.iter().any(|part| line.contains(part))
}

/// As long as no line of a file is, and of nothing but the letters of base64.
fn is_base64(begin: &str) -> bool {
    let text = begin.trim_end();
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let long = text.lines().next().is_some_and(|line| line.len() >= 40);
    long && text.lines().all(|line| line.trim_end().chars().all(letter))
}

fn is_invisible(c: char) -> bool {
    let control = c.is_control() && !matches!(c, '\t' | '\n' | '\r');
    let blank = c.is_whitespace() && !c.is_ascii();
    control || blank || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
}
