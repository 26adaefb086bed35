//! Owns taking runner entries out of a text, line by line, so that all else stays as it is. A comment that stands directly on
//! an entry, or directly under it as its keys do, goes with it; one that a blank line separates belongs to the file. Pure.

use std::ops::Range;

use crate::lines;
use crate::statements::{self, Statement, StatementKind, path};

/// The text without the entries at these places; `key` is how the text spells `runners`.
pub(super) fn without(text: &str, key: &str, indexes: &[usize]) -> String {
    let statements = statements::of(text);
    let mut text = text.to_owned();
    for group in groups(&statements, key, indexes).into_iter().rev() {
        let cut = lines_of(&text, &statements, &group);
        let before = &text[..cut.start];
        let after = &text[cut.end..];
        text = join(before, after);
    }
    text
}

/// The runs of statements that belong to these entries: other tables may stand in between.
fn groups(statements: &[Statement<'_>], key: &str, indexes: &[usize]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    let mut seen = 0;
    let mut inside = false;
    for (at, statement) in statements.iter().enumerate() {
        if let StatementKind::Header { double, name, .. } = &statement.kind {
            let path = path(name);
            let ours = path.first().is_some_and(|first| first == key);
            let begins = ours && *double && path.len() == 1;
            seen += usize::from(begins);
            let is_wanted = seen > 0 && indexes.contains(&(seen - 1));
            // Each entry is a run of its own, so that what stands between two is decided for both.
            if begins && is_wanted {
                groups.push(at..at + 1);
                inside = true;
                continue;
            }
            let goes_on = inside && ours;
            inside = ours && is_wanted;
            if inside && !goes_on {
                groups.push(at..at + 1);
                continue;
            }
        }
        if inside && let Some(last) = groups.last_mut() {
            last.end = at + 1;
        }
    }
    groups
}

/// The lines of a run of statements, with the comments that go along.
fn lines_of(text: &str, statements: &[Statement<'_>], group: &Range<usize>) -> Range<usize> {
    let (first, last) = (&statements[group.start], &statements[group.end - 1]);
    let mut start = lines::start(text, first.start);
    let own = indentation(text, start);
    let above = group.start.checked_sub(1).map(|at| &statements[at]);
    let above_is_deeper =
        above.is_some_and(|s| indentation(text, lines::start(text, s.start)) > own);
    while start > 0 {
        let line = lines::start(text, start - 1);
        let is_of_the_keys_above = above_is_deeper && indentation(text, line) > own;
        if !is_comment(text, line) || is_of_the_keys_above {
            break;
        }
        start = line;
    }
    let mut end = lines::next(text, last.end);
    let deep = indentation(text, lines::start(text, last.start));
    let mut comments = end;
    while is_comment(text, comments) {
        comments = lines::next(text, comments);
    }
    let before_a_header = !text[comments..lines::end(text, comments)].trim().is_empty();
    let next = indentation(text, comments);
    while end < comments {
        let indented = indentation(text, end);
        let goes = if before_a_header {
            indented > next
        } else {
            indented >= deep || indented > own
        };
        if !goes {
            break;
        }
        end = lines::next(text, end);
    }
    start..end
}

/// The two sides of a cut, with no more blank lines between them than one of them had.
fn join(before: &str, after: &str) -> String {
    let blank = |line: &str| {
        line.trim_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
            .is_empty()
    };
    if blank(after) {
        let kept = before.trim_end_matches([' ', '\t', '\r', '\n']);
        return before[..lines::next(before, kept.len()).min(before.len())].to_owned();
    }
    let mut after = after;
    let last = before.trim_end_matches(['\r', '\n']);
    let ends_blank = blank(before) || before[last.len()..].matches('\n').count() > 1;
    if ends_blank {
        while let Some((line, rest)) = after.split_once('\n')
            && blank(line)
        {
            after = rest;
        }
    }
    format!("{before}{after}")
}

fn indentation(text: &str, line: usize) -> usize {
    let line = text[line..].trim_start_matches('\u{feff}');
    line.len() - line.trim_start_matches([' ', '\t']).len()
}

fn is_comment(text: &str, line: usize) -> bool {
    let line = text[line..].trim_start_matches(['\u{feff}', ' ', '\t']);
    line.starts_with('#')
}

#[cfg(test)]
mod tests {
    use crate::cases::rows;
    use crate::config_toml::ConfigToml;

    /// Removes entries from a file, once as it is and once with the line ends of Windows.
    fn check(text: &str, indexes: &[usize], want: &str) {
        for (text, want) in [
            (text.to_owned(), want.to_owned()),
            (text.replace('\n', "\r\n"), want.replace('\n', "\r\n")),
        ] {
            let mut config = ConfigToml::parse(&text).unwrap();
            let count = config.entry_count();
            config.remove_entries(indexes);
            assert_eq!(config.to_string(), want, "{text:?}");
            assert_eq!(config.entry_count(), count - indexes.len());
            let again = ConfigToml::parse(&want).unwrap();
            assert_eq!(again.entry_count(), config.entry_count());
        }
    }

    /// A table of cases: places of the entries, the file, and what is left of it.
    fn table(cases: &str) {
        for [places, text, want] in rows(cases) {
            let places = places.split(' ').map(|place| place.parse().unwrap());
            check(&text, &places.collect::<Vec<_>>(), &want);
        }
    }

    #[test]
    fn comment_that_a_blank_line_separates_belongs_to_the_file() {
        table(
            r#"
            0 │ concurrent = 1↵↵# our runners: see the wiki↵↵[[runners]]↵name = "a"↵ │ concurrent = 1↵↵# our runners: see the wiki↵
            0 │ # ours↵# of the file↵↵# of a↵[[runners]]↵name = "a"↵↵# of b↵[[runners]]↵name = "b"↵ │ # ours↵# of the file↵↵# of b↵[[runners]]↵name = "b"↵
            0 │ [[runners]]↵name = "a"↵↵# between↵↵[[runners]]↵name = "b"↵ │ # between↵↵[[runners]]↵name = "b"↵
            1 │ [[runners]]↵name = "a"↵↵# between↵↵[[runners]]↵name = "b"↵↵# last↵ │ [[runners]]↵name = "a"↵↵# between↵↵# last↵
            0 1 │ a = 1↵↵# one↵↵[[runners]]↵↵# two↵↵[[runners]]↵↵# three↵ │ a = 1↵↵# one↵↵# two↵↵# three↵
        "#,
        );
    }

    #[test]
    fn comment_that_stands_directly_on_an_entry_goes_with_it_and_no_other() {
        table(
            r#"
            0 │ concurrent = 1↵↵# of a↵# and more↵[[runners]]↵name = "a"↵ │ concurrent = 1↵
            0 │ [[runners]]↵name = "a"↵# of b↵[[runners]]↵name = "b"↵ │ # of b↵[[runners]]↵name = "b"↵
            1 │ [[runners]]↵name = "a"↵# of b↵[[runners]]↵name = "b"↵ │ [[runners]]↵name = "a"↵
        "#,
        );
    }

    #[test]
    fn comment_among_the_keys_or_under_them_goes_with_the_entry() {
        table(
            r#"
            0 │ [[runners]] # of a↵  # why↵  name = "a" # name↵  # limit = 4↵↵[[runners]]↵  name = "b"↵ │ [[runners]]↵  name = "b"↵
            0 │ [[runners]]↵  name = "a"↵  # limit = 4↵[[runners]]↵  name = "b"↵ │ [[runners]]↵  name = "b"↵
            1 │ [[runners]]↵  name = "a"↵  # limit = 4↵[[runners]]↵  name = "b"↵ │ [[runners]]↵  name = "a"↵  # limit = 4↵
            0 │ a = 1↵[[runners]]↵  name = "a"↵  # token = 1↵ │ a = 1↵
            0 │ a = 1↵[[runners]]↵  [runners.docker]↵    image = "a"↵  # limit = 4↵↵# last↵ │ a = 1↵↵# last↵
            0 │ a = 1↵[[runners]]↵  name = "a"↵# end of file↵ │ a = 1↵# end of file↵
        "#,
        );
    }

    #[test]
    fn tables_of_an_entry_go_with_it_wherever_they_stand() {
        check(
            "[[runners]]\n  name = \"a\"\n  [runners.docker] # d\n    image = \"\"\"\n[[runners]]\n# x\n\"\"\"\n    # e\n  \
             [[runners.docker.services]]\n    name = \"s\"\n[session_server]\n  session_timeout = 1\n  # kept\n[runners.cache]\n  \
             Type = \"s3\"\n\n# last\n",
            &[0],
            "[session_server]\n  session_timeout = 1\n  # kept\n\n# last\n",
        );
        table(
            r#"
            0 │ [[runners]]↵[runners.docker]↵# of the cache↵[runners.cache]↵[[runners]]↵[runners.docker]↵image = "b"↵ │ [[runners]]↵[runners.docker]↵image = "b"↵
            1 │ [[runners]]↵[runners.docker]↵image = "a"↵[[runners]]↵[runners.docker]↵[[runners]]↵name = "c"↵ │ [[runners]]↵[runners.docker]↵image = "a"↵[[runners]]↵name = "c"↵
        "#,
        );
    }

    #[test]
    fn comment_above_an_inline_array_belongs_to_the_file() {
        let text = "a = 1\n# ours\nrunners = [\n  # first\n  { name = \"a\" },\n  # second\n  { name = \"b\" },\n]\n";
        let mut config = ConfigToml::parse(text).unwrap();
        config.remove_entries(&[0]);
        let text = config.to_string();
        assert!(
            text.contains("# ours\n") && text.contains("# second\n"),
            "{text}"
        );
        assert!(!text.contains("# first"), "{text}");
    }

    #[test]
    fn entry_that_is_added_comes_behind_the_comments_at_the_end() {
        let mut config =
            ConfigToml::parse("[[runners]]\nname = \"a\"\n# limit = 4\n\n# last\n").unwrap();
        let mut table = toml_edit::Table::new();
        table.insert("name", toml_edit::value("b"));
        config.push_entry(table);
        let want =
            "[[runners]]\nname = \"a\"\n# limit = 4\n\n# last\n\n[[runners]]\nname = \"b\"\n";
        assert_eq!(config.to_string(), want);
    }
}
