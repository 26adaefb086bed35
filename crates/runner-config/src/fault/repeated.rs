//! Owns what is said of a name that stands in a text for the second time. Pure.

use super::Stumble;
use crate::statements::{Statement, StatementKind, path};
use crate::{harmless, lines};

/// The words for a header whose table is there already.
pub(super) fn header(stumble: &Stumble<'_>, double: bool, name: &str) -> String {
    let before = &stumble.statements[..stumble.index];
    let wanted = path(name);
    let line = |statement: &Statement<'_>| lines::number(stumble.text, statement.start);
    let shown = harmless::key(name).unwrap_or("of this header");
    let same = before
        .iter()
        .rev()
        .find_map(|statement| match &statement.kind {
            StatementKind::Header { double, name, .. } if path(name) == wanted => {
                Some((statement, *double))
            }
            _ => None,
        });
    match same {
        Some((first, false)) if !double => format!(
            "the table {shown} is defined twice, first on line {}: put its keys under one header",
            line(first)
        ),
        Some((first, _)) => {
            let write = if double { "[name]" } else { "[[name]]" };
            format!(
                "the table {shown} has other brackets on line {}: write {write} in both places",
                line(first)
            )
        }
        None => match key_before(stumble, &wanted) {
            Some((first, parts)) if parts > wanted.len() => format!(
                "the table {shown} is defined with dotted keys on line {}: write its other keys there, without this header",
                line(first)
            ),
            Some((first, _)) => format!(
                "{shown} already has a value, on line {}: write either the value or the table",
                line(first)
            ),
            None => format!(
                "the table {shown} is already defined in another form: write it once, with a header or with dotted keys"
            ),
        },
    }
}

/// The words for a key that is there already.
pub(super) fn key(stumble: &Stumble<'_>, key: &str) -> String {
    let mut wanted = table_of(stumble.statements, stumble.index);
    wanted.extend(path(key));
    let shown = harmless::key(key).unwrap_or("this key");
    match key_before(stumble, &wanted) {
        Some((first, parts)) => {
            let line = lines::number(stumble.text, first.start);
            if parts == wanted.len() {
                format!(
                    "{shown} is set twice in its table, first on line {line}: remove one of the two"
                )
            } else {
                format!(
                    "{shown} is defined in another form on line {line}: write either the value or the keys under it"
                )
            }
        }
        None => format!(
            "{shown} is already defined, as a table with its own header: write it once, with a header or with dotted keys"
        ),
    }
}

/// The key before this statement that gives this path, a part of it, or something under it a value, and stands in reach.
/// With it the number of parts that its own path has.
fn key_before<'a>(stumble: &Stumble<'a>, wanted: &[String]) -> Option<(&'a Statement<'a>, usize)> {
    let before = 0..stumble.index;
    before.rev().find_map(|index| {
        let statement = &stumble.statements[index];
        let StatementKind::Pair { key, .. } = &statement.kind else {
            return None;
        };
        let mut full = table_of(stumble.statements, index);
        full.extend(path(key));
        let shared = full.len().min(wanted.len());
        (full[..shared] == wanted[..shared]).then_some((statement, full.len()))
    })
}

/// The table in which a statement stands.
fn table_of(statements: &[Statement<'_>], index: usize) -> Vec<String> {
    let above = statements[..index].iter().rev();
    let mut headers = above.filter_map(|statement| match &statement.kind {
        StatementKind::Header { name, .. } => Some(path(name)),
        _ => None,
    });
    headers.next().unwrap_or_default()
}
