//! Owns where the lines of a text begin and end. Places are in bytes. Pure.

/// The line at a place, counted from 1.
pub(crate) fn number(text: &str, at: usize) -> usize {
    let before = text.bytes().take(at);
    before.filter(|byte| *byte == b'\n').count() + 1
}

/// Where the line of a place begins.
pub(crate) fn start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |end| end + 1)
}

/// The end of the line of a place: its line break, or the end of the text.
pub(crate) fn end(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.find('\n').map_or(text.len(), |end| at + end)
}

/// Where the line behind that of a place begins.
pub(crate) fn next(text: &str, at: usize) -> usize {
    (end(text, at) + 1).min(text.len())
}

/// A text as its whole lines and what stands behind their last break: above a key, the comments and the indentation.
pub(crate) fn split_last(text: &str) -> (&str, &str) {
    text.split_at(start(text, text.len()))
}

/// The comments of a text, a line each without the blanks around it.
pub(crate) fn comments(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| line.starts_with('#'))
}
