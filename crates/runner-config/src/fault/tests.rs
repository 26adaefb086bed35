//! Damaged texts of every kind, and what is said of each: line, key, what to write; never the parser's words, never a secret.

use toml_edit::DocumentMut;

use super::*;
use crate::cases::rows;

mod languages;
mod secrets;

/// What is said of a text, and what the parser said.
fn said_of(text: &str) -> (Fault, String) {
    let error = text.parse::<DocumentMut>().unwrap_err();
    (fault(text, &error), error.message().to_owned())
}

fn check(text: &str, line: usize, want: &str) {
    let (fault, parser) = said_of(text);
    let shown = fault.to_string();
    assert!(shown.contains(want), "{text:?}: {shown}");
    assert_eq!(fault.line(), line, "{text:?}: {shown}");
    assert!(!shown.contains('\n'), "{shown:?}");
    // What it expected instead is a list of single words, such as key.
    let phrase = parser.split(", expected").next().unwrap();
    assert!(!shown.contains(phrase), "{phrase:?} in {shown}");
}

/// A table of cases: line, text, what is said.
fn table(cases: &str) {
    for [line, text, want] in rows(cases) {
        check(&text, line.parse().unwrap(), &want);
    }
}

#[test]
fn value_without_quotes_is_shown_with_them() {
    table(
        r#"
        3 │ a = 1↵↵name = n1↵ │ the value of name has no quotes: write name = "n1"
        1 │ name = test↵ │ write name = "test"
        1 │ name = n1 # why↵ │ write name = "n1"
        1 │   url = http://gitlab.example/↵ │ write url = "http://gitlab.example/"
        1 │ docker.image = alpine:3↵ │ write docker.image = "alpine:3"
        1 │ name = 2024-01-01x↵ │ write name = "2024-01-01x"
        1 │ unhealthy_interval = 1h30m↵ │ write unhealthy_interval = "…"
        1 │ a = $X↵ │ the value of a has no quotes
        1 │ a = ${X}↵ │ the value of a has no quotes
        1 │ a = inf1↵ │ no quotes
        1 │ a = tr↵ │ no quotes
        1 │ a = .5↵ │ no quotes
        1 │ a = -↵ │ no quotes
        1 │ a = ä↵ │ no quotes
        1 │ a = 2024-13-01T00:00:00Z↵ │ no quotes
        1 │ a = [x, y]↵ │ a value in the list of a is not valid: text needs quotes
        3 │ a = [↵  "x",↵  y,↵]↵ │ a value in the list of a is not valid
        3 │ a = {↵ b = 1,↵ c = x }↵ │ a value in the table of a is not valid
        1 │ a = True↵ │ lower case: write a = true
        1 │ privileged = yes↵ │ write privileged = true, or quotes
        1 │ privileged = off↵ │ write privileged = false, or quotes
        1 │ a = “x”↵ │ typographic quotes
    "#,
    );
}

#[test]
fn numbers_are_explained() {
    table(
        r#"
        1 │ limit = 01↵ │ the number of limit begins with a zero
        1 │ limit = 99999999999999999999↵ │ the number of limit is too large
        1 │ limit = 1;↵ │ there is text after the value of limit
        1 │ limit = 1_↵ │ the value of limit has no quotes
        1 │ limit = 1.↵ │ the value of limit has no quotes
        1 │ limit = 0x↵ │ the value of limit has no quotes
        1 │ limit = 1 name = 2↵ │ there is text after the value of limit
        1 │ limit = 1,↵ │ there is text after the value of limit
    "#,
    );
}

#[test]
fn missing_and_double_equals_signs_are_named() {
    check("export name=1\n", 1, "a shell command: write name = ");
    table(
        r#"
        2 │ a = 1↵name↵ │ name has no equals sign: write name = "…"
        1 │ name "n1"↵ │ name has no equals sign: write name = "n1"
        1 │ name : "n1"↵ │ there is a colon where TOML needs an equals sign: write name = "n1"
        1 │ name: n1↵ │ write name = "n1"
        1 │ limit: 3↵ │ there is a colon where TOML needs an equals sign: write limit = …
        1 │ word↵ │ this line has no equals sign
        1 │ %include x↵ │ this line has no equals sign
        1 │ a == 1↵ │ a second equals sign
        1 │ a = = 1↵ │ a second equals sign
        1 │ = 1↵ │ there is no key before the equals sign
        1 │ a = ↵b = 1↵ │ a has no value: write a = "…"
        1 │ name =↵"x"↵ │ name has no value
        1 │ a b = 1↵ │ the key contains a space
        1 │ a. = 1↵ │ the key has an extra dot
        1 │ .a = 1↵ │ an extra dot
        1 │ ä = 1↵ │ needs quotes
        1 │ “a” = 1↵ │ typographic quotes
        1 │ '''a''' = 1↵ │ needs quotes
        1 │ a = ,↵ │ a has no value before the ,
        1 │ a = ]↵ │ a has no value before the ]
        1 │ a = }↵ │ a has no value before the }
    "#,
    );
}

#[test]
fn what_is_left_open_is_named_where_it_was_opened() {
    table(
        r#"
        2 │ a = 1↵name = "n1↵b = 1↵ │ the string of name is not closed: write " at its end
        1 │ name = 'n1↵b = 1↵ │ the string of name is not closed: write ' at its end
        2 │ a = 1↵b = """x↵↵↵c = 1↵ │ the multi-line string of b is not closed: write """
        1 │ b = '''x↵c = 1↵ │ write ''' at its end
        1 │ a = ["x",↵b = 1↵ │ the list of a is not closed: write ] after its last value
        1 │ a = [↵"x",↵ │ the list of a is not closed
        1 │ a = [1, [2, 3]↵b = 2↵ │ the list of a is not closed
        2 │ a = 1↵a2 = [↵1↵[[runners]]↵b = 1↵ │ the list of a2 is not closed
        1 │ a = { b = 1↵[c.d]↵ │ the table of a is not closed: write }
        1 │ a = { b = [1 }↵ │ the list of a is not closed
        1 │ [[runners↵token = "x"↵ │ the header is not closed: write [[runners]]
        1 │ [[runners]↵b = 1↵ │ write [[runners]]
        1 │ [runners.docker↵ │ write [runners.docker]
        1 │ a = ["x" "y"]↵ │ a comma is missing in the list of a
        1 │ a = ["x",, "y"]↵ │ an extra comma
        1 │ a = { b = 1 c = 2 }↵ │ a comma is missing in the table of a
        1 │ a = { b 1 }↵ │ the table of a is not valid
        1 │ a = [1]]↵ │ there is text after the list of a
        1 │ a = "x" "y"↵ │ there is text after the string of a
        1 │ a = "x""↵ │ the string of a is not closed
        1 │ a = "C:\dir"↵ │ a backslash in the string of a
        1 │ a = "\u12"↵ │ a backslash in the string of a
    "#,
    );
}

#[test]
fn headers_are_explained() {
    table(
        r#"
        1 │ [runners]]↵ │ more closing than opening brackets
        1 │ []↵ │ the header names no table: write [[runners]]
        1 │ [a.]↵ │ the name in the header has an extra dot
        1 │ [a b]↵ │ the name in the header contains a space
        1 │ [a] x = 1↵ │ there is text after the header
    "#,
    );
}

#[test]
fn what_stands_twice_is_named_with_its_first_line() {
    table(
        r#"
        3 │ name = 1↵b = 1↵name = 2↵ │ name is set twice in its table, first on line 1
        5 │ [[runners]]↵name = 1↵[[runners]]↵name = 1↵name = 2↵ │ first on line 4
        4 │ [a]↵b = 1↵[c]↵[a]↵ │ the table a is defined twice, first on line 1: put its keys under one header
        2 │ [[a]]↵[a]↵ │ has other brackets on line 1: write [[name]]
        2 │ [a]↵[[a]]↵ │ has other brackets on line 1: write [name]
        2 │ a = 1↵[a]↵ │ a already has a value, on line 1
        2 │ a = 1↵a.b = 2↵ │ a.b is defined in another form on line 1
        2 │ a.b = 1↵a = 2↵ │ a is defined in another form on line 1
        2 │ a = {b = 1}↵a.c = 1↵ │ a.c is defined in another form on line 1
        2 │ a = {b = 1}↵[a.c]↵ │ a.c already has a value, on line 1
        3 │ [a]↵b.c = 1↵[a.b]↵d = 1↵ │ is defined with dotted keys on line 2
        1 │ a = { b = 1, b = 2 }↵ │ a key is set twice in the value of a
    "#,
    );
}
