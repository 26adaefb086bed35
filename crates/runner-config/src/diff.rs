//! Owns the difference of two texts as people read it: changed lines with some that did not change around them, `-` for what
//! goes and `+` for what comes. It hides nothing: whoever shows it masks both texts before.

/// How many lines that did not change are shown around those that did.
const AROUND: usize = 3;

/// More pairs of lines than this are not compared one by one: what changed is shown as one block then.
const MOST_PAIRS: usize = 1_000_000;

/// A line, and what becomes of it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Line<'a> {
    Same(&'a str),
    Gone(&'a str),
    New(&'a str),
}

/// The difference of two texts, each line with a mark and a blank or two blanks before it; hunks begin with `@@` and the line
/// in the text of before. Empty where nothing differs.
#[must_use]
pub fn diff(before: &str, after: &str) -> String {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.lines().collect(), after.lines().collect());
    hunks(&compare(&before, &after))
}

/// All lines of both texts: those that both begin and end with, and in between what a longest common sequence leaves.
fn compare<'a>(before: &[&'a str], after: &[&'a str]) -> Vec<Line<'a>> {
    let pairs = || before.iter().zip(after);
    let start = pairs().take_while(|(one, other)| one == other).count();
    let (before_rest, after_rest) = (&before[start..], &after[start..]);
    let backwards = before_rest.iter().rev().zip(after_rest.iter().rev());
    let end = backwards.take_while(|(one, other)| one == other).count();
    let gone = &before_rest[..before_rest.len() - end];
    let new = &after_rest[..after_rest.len() - end];
    let mut lines: Vec<Line<'_>> = before[..start]
        .iter()
        .map(|line| Line::Same(line))
        .collect();
    if gone.len().saturating_mul(new.len()) > MOST_PAIRS {
        lines.extend(gone.iter().map(|line| Line::Gone(line)));
        lines.extend(new.iter().map(|line| Line::New(line)));
    } else {
        between(gone, new, &mut lines);
    }
    lines.extend(
        before[before.len() - end..]
            .iter()
            .map(|line| Line::Same(line)),
    );
    lines
}

/// The lines in between, by a table of the longest common sequence of each pair of ends.
fn between<'a>(gone: &[&'a str], new: &[&'a str], lines: &mut Vec<Line<'a>>) {
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (gone.len() + 1) * width];
    for one in (0..gone.len()).rev() {
        for other in (0..new.len()).rev() {
            let down = longest[(one + 1) * width + other];
            let right = longest[one * width + other + 1];
            longest[one * width + other] = match gone[one] == new[other] {
                true => longest[(one + 1) * width + other + 1] + 1,
                false => down.max(right),
            };
        }
    }
    let (mut one, mut other) = (0, 0);
    while one < gone.len() && other < new.len() {
        if gone[one] == new[other] {
            lines.push(Line::Same(gone[one]));
            (one, other) = (one + 1, other + 1);
        } else if longest[(one + 1) * width + other] >= longest[one * width + other + 1] {
            lines.push(Line::Gone(gone[one]));
            one += 1;
        } else {
            lines.push(Line::New(new[other]));
            other += 1;
        }
    }
    lines.extend(gone[one..].iter().map(|line| Line::Gone(line)));
    lines.extend(new[other..].iter().map(|line| Line::New(line)));
}

fn hunks(lines: &[Line<'_>]) -> String {
    let changed = |line: &Line<'_>| !matches!(line, Line::Same(_));
    let is_shown = |index: usize| {
        let around = index.saturating_sub(AROUND)..lines.len().min(index + AROUND + 1);
        lines[around].iter().any(changed)
    };
    let mut text = String::new();
    let (mut number, mut is_open) = (0, false);
    for (index, line) in lines.iter().enumerate() {
        number += usize::from(!matches!(line, Line::New(_)));
        if !is_shown(index) {
            is_open = false;
            continue;
        }
        if !is_open {
            text.push_str(&format!("@@ line {} @@\n", number.max(1)));
            is_open = true;
        }
        let (mark, line) = match line {
            Line::Same(line) => (" ", line),
            Line::Gone(line) => ("-", line),
            Line::New(line) => ("+", line),
        };
        text.push_str(&format!("{mark} {line}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn changed_lines_are_shown_with_some_around_them() {
        fn check(before: &str, after: &str, want: &str) {
            assert_eq!(diff(before, after), want);
        }
        check("", "", "");
        check("a\nb\n", "a\nb\n", "");
        check("", "a\n", "@@ line 1 @@\n+ a\n");
        check("a\n", "", "@@ line 1 @@\n- a\n");
        check(
            "a\nb\nc\n",
            "a\nx\nc\n",
            "@@ line 1 @@\n  a\n- b\n+ x\n  c\n",
        );
        check(
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n",
            "1\n2\n3\n4\nfive\n6\n7\n8\n9\n10\n11\n",
            "@@ line 2 @@\n  2\n  3\n  4\n- 5\n+ five\n  6\n  7\n  8\n  9\n  10\n  11\n- 12\n",
        );
        check(
            "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n",
            "0\n1\n2\n3\n4\n5\n6\n7\n8\n9\n",
            "@@ line 1 @@\n+ 0\n  1\n  2\n  3\n@@ line 7 @@\n  7\n  8\n  9\n- 10\n",
        );
    }

    #[test]
    fn long_texts_that_differ_all_over_are_one_block() {
        let before: String = (0..3_000).map(|n| format!("a{n}\n")).collect();
        let after: String = (0..3_000).map(|n| format!("b{n}\n")).collect();
        let shown = diff(&before, &after);
        assert!(
            shown.starts_with("@@ line 1 @@\n- a0\n- a1\n"),
            "{}",
            &shown[..80]
        );
        assert_eq!(shown.lines().count(), 6_001);
    }

    proptest! {
        #[test]
        fn what_goes_and_what_comes_makes_the_one_text_of_the_other(
            before in "([ab]?\n){0,12}", after in "([ab]?\n){0,12}",
        ) {
            let (before, after): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
            let lines = compare(&before, &after);
            let of = |own: fn(&Line<'_>) -> bool| -> Vec<&str> {
                let text = |line: &Line<'_>| match line {
                    Line::Same(_) => true,
                    other => own(other),
                };
                lines.iter().filter(|line| text(line)).map(|line| match *line {
                    Line::Same(line) | Line::Gone(line) | Line::New(line) => line,
                }).collect()
            };
            prop_assert_eq!(of(|line| matches!(line, Line::Gone(_))), before);
            prop_assert_eq!(of(|line| matches!(line, Line::New(_))), after);
        }
    }
}
