//! Owns taking runner entries out of a text, line by line, so that all else stays as it is. A comment that stands directly on
//! an entry, or directly under it as its keys do, goes with it; one that a blank line separates belongs to the file. Pure.

use std::ops::Range;

use crate::lines;
use crate::statements::{self, Kind, Statement, path};

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
        if let Kind::Header { double, name, .. } = &statement.kind {
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

    #[test]
    fn comment_that_a_blank_line_separates_belongs_to_the_file() {
        check(
            "concurrent = 1\n\n# our runners: see the wiki\n\n[[runners]]\nname = \"a\"\n",
            &[0],
            "concurrent = 1\n\n# our runners: see the wiki\n",
        );
        check(
            "# ours\n# of the file\n\n# of a\n[[runners]]\nname = \"a\"\n\n# of b\n[[runners]]\nname = \"b\"\n",
            &[0],
            "# ours\n# of the file\n\n# of b\n[[runners]]\nname = \"b\"\n",
        );
        check(
            "[[runners]]\nname = \"a\"\n\n# between\n\n[[runners]]\nname = \"b\"\n",
            &[0],
            "# between\n\n[[runners]]\nname = \"b\"\n",
        );
        check(
            "[[runners]]\nname = \"a\"\n\n# between\n\n[[runners]]\nname = \"b\"\n\n# last\n",
            &[1],
            "[[runners]]\nname = \"a\"\n\n# between\n\n# last\n",
        );
        check(
            "a = 1\n\n# one\n\n[[runners]]\n\n# two\n\n[[runners]]\n\n# three\n",
            &[0, 1],
            "a = 1\n\n# one\n\n# two\n\n# three\n",
        );
    }

    #[test]
    fn comment_that_stands_directly_on_an_entry_goes_with_it_and_no_other() {
        check(
            "concurrent = 1\n\n# of a\n# and more\n[[runners]]\nname = \"a\"\n",
            &[0],
            "concurrent = 1\n",
        );
        check(
            "[[runners]]\nname = \"a\"\n# of b\n[[runners]]\nname = \"b\"\n",
            &[0],
            "# of b\n[[runners]]\nname = \"b\"\n",
        );
        check(
            "[[runners]]\nname = \"a\"\n# of b\n[[runners]]\nname = \"b\"\n",
            &[1],
            "[[runners]]\nname = \"a\"\n",
        );
    }

    #[test]
    fn comment_among_the_keys_or_under_them_goes_with_the_entry() {
        check(
            "[[runners]] # of a\n  # why\n  name = \"a\" # name\n  # limit = 4\n\n[[runners]]\n  name = \"b\"\n",
            &[0],
            "[[runners]]\n  name = \"b\"\n",
        );
        check(
            "[[runners]]\n  name = \"a\"\n  # limit = 4\n[[runners]]\n  name = \"b\"\n",
            &[0],
            "[[runners]]\n  name = \"b\"\n",
        );
        check(
            "[[runners]]\n  name = \"a\"\n  # limit = 4\n[[runners]]\n  name = \"b\"\n",
            &[1],
            "[[runners]]\n  name = \"a\"\n  # limit = 4\n",
        );
        check(
            "a = 1\n[[runners]]\n  name = \"a\"\n  # token = 1\n",
            &[0],
            "a = 1\n",
        );
        check(
            "a = 1\n[[runners]]\n  [runners.docker]\n    image = \"a\"\n  # limit = 4\n\n# last\n",
            &[0],
            "a = 1\n\n# last\n",
        );
        check(
            "a = 1\n[[runners]]\n  name = \"a\"\n# end of file\n",
            &[0],
            "a = 1\n# end of file\n",
        );
    }

    #[test]
    fn tables_of_an_entry_go_with_it_wherever_they_stand() {
        check(
            "[[runners]]\n  name = \"a\"\n  [runners.docker] # d\n    image = \"\"\"\n[[runners]]\n# x\n\"\"\"\n    # e\n  [[runners.docker.services]]\n    name = \"s\"\n[session_server]\n  session_timeout = 1\n  # kept\n[runners.cache]\n  Type = \"s3\"\n\n# last\n",
            &[0],
            "[session_server]\n  session_timeout = 1\n  # kept\n\n# last\n",
        );
        check(
            "[[runners]]\n[runners.docker]\n# of the cache\n[runners.cache]\n[[runners]]\n[runners.docker]\nimage = \"b\"\n",
            &[0],
            "[[runners]]\n[runners.docker]\nimage = \"b\"\n",
        );
        check(
            "[[runners]]\n[runners.docker]\nimage = \"a\"\n[[runners]]\n[runners.docker]\n[[runners]]\nname = \"c\"\n",
            &[1],
            "[[runners]]\n[runners.docker]\nimage = \"a\"\n[[runners]]\nname = \"c\"\n",
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
