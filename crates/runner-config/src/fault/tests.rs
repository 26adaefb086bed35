//! Damaged texts of every kind, and what is said of each: line, key, what to write; never the parser's words, never a secret.

use toml_edit::DocumentMut;

use super::*;

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

#[test]
fn value_without_quotes_is_shown_with_them() {
    check(
        "a = 1\n\nname = n1\n",
        3,
        "the value of name has no quotes: write name = \"n1\"",
    );
    check("name = test\n", 1, "write name = \"test\"");
    check("name = n1 # why\n", 1, "write name = \"n1\"");
    check(
        "  url = http://gitlab.example/\n",
        1,
        "write url = \"http://gitlab.example/\"",
    );
    check(
        "docker.image = alpine:3\n",
        1,
        "write docker.image = \"alpine:3\"",
    );
    check("name = 2024-01-01x\n", 1, "write name = \"2024-01-01x\"");
    check(
        "unhealthy_interval = 1h30m\n",
        1,
        "write unhealthy_interval = \"…\"",
    );
    check("a = $X\n", 1, "the value of a has no quotes");
    check("a = ${X}\n", 1, "the value of a has no quotes");
    check("a = inf1\n", 1, "no quotes");
    check("a = tr\n", 1, "no quotes");
    check("a = .5\n", 1, "no quotes");
    check("a = -\n", 1, "no quotes");
    check("a = ä\n", 1, "no quotes");
    check("a = 2024-13-01T00:00:00Z\n", 1, "no quotes");
    check(
        "a = [x, y]\n",
        1,
        "a value in the list of a is not valid: text needs quotes",
    );
    check(
        "a = [\n  \"x\",\n  y,\n]\n",
        3,
        "a value in the list of a is not valid",
    );
    check(
        "a = {\n b = 1,\n c = x }\n",
        3,
        "a value in the table of a is not valid",
    );
    check("a = True\n", 1, "lower case: write a = true");
    check(
        "privileged = yes\n",
        1,
        "write privileged = true, or quotes",
    );
    check(
        "privileged = off\n",
        1,
        "write privileged = false, or quotes",
    );
    check("a = “x”\n", 1, "typographic quotes");
}

#[test]
fn numbers_are_explained() {
    check("limit = 01\n", 1, "the number of limit begins with a zero");
    check(
        "limit = 99999999999999999999\n",
        1,
        "the number of limit is too large",
    );
    check("limit = 1;\n", 1, "there is text after the value of limit");
    check("limit = 1_\n", 1, "the value of limit has no quotes");
    check("limit = 1.\n", 1, "the value of limit has no quotes");
    check("limit = 0x\n", 1, "the value of limit has no quotes");
    check(
        "limit = 1 name = 2\n",
        1,
        "there is text after the value of limit",
    );
    check("limit = 1,\n", 1, "there is text after the value of limit");
}

#[test]
fn missing_and_double_equals_signs_are_named() {
    check(
        "a = 1\nname\n",
        2,
        "name has no equals sign: write name = \"…\"",
    );
    check(
        "name \"n1\"\n",
        1,
        "name has no equals sign: write name = \"n1\"",
    );
    check(
        "name : \"n1\"\n",
        1,
        "there is a colon where TOML needs an equals sign: write name = \"n1\"",
    );
    check("name: n1\n", 1, "write name = \"n1\"");
    check(
        "limit: 3\n",
        1,
        "there is a colon where TOML needs an equals sign: write limit = …",
    );
    check("word\n", 1, "this line has no equals sign");
    check("%include x\n", 1, "this line has no equals sign");
    check("a == 1\n", 1, "a second equals sign");
    check("a = = 1\n", 1, "a second equals sign");
    check("= 1\n", 1, "there is no key before the equals sign");
    check("a = \nb = 1\n", 1, "a has no value: write a = \"…\"");
    check("name =\n\"x\"\n", 1, "name has no value");
    check("export name=1\n", 1, "a shell command: write name = ");
    check("a b = 1\n", 1, "the key contains a space");
    check("a. = 1\n", 1, "the key has an extra dot");
    check(".a = 1\n", 1, "an extra dot");
    check("ä = 1\n", 1, "needs quotes");
    check("“a” = 1\n", 1, "typographic quotes");
    check("'''a''' = 1\n", 1, "needs quotes");
    check("a = ,\n", 1, "a has no value before the ,");
    check("a = ]\n", 1, "a has no value before the ]");
    check("a = }\n", 1, "a has no value before the }");
}

#[test]
fn what_is_left_open_is_named_where_it_was_opened() {
    check(
        "a = 1\nname = \"n1\nb = 1\n",
        2,
        "the string of name is not closed: write \" at its end",
    );
    check(
        "name = 'n1\nb = 1\n",
        1,
        "the string of name is not closed: write ' at its end",
    );
    check(
        "a = 1\nb = \"\"\"x\n\n\nc = 1\n",
        2,
        "the multi-line string of b is not closed: write \"\"\"",
    );
    check("b = '''x\nc = 1\n", 1, "write ''' at its end");
    check(
        "a = [\"x\",\nb = 1\n",
        1,
        "the list of a is not closed: write ] after its last value",
    );
    check("a = [\n\"x\",\n", 1, "the list of a is not closed");
    check("a = [1, [2, 3]\nb = 2\n", 1, "the list of a is not closed");
    check(
        "a = 1\na2 = [\n1\n[[runners]]\nb = 1\n",
        2,
        "the list of a2 is not closed",
    );
    check(
        "a = { b = 1\n[c.d]\n",
        1,
        "the table of a is not closed: write }",
    );
    check("a = { b = [1 }\n", 1, "the list of a is not closed");
    check(
        "[[runners\ntoken = \"x\"\n",
        1,
        "the header is not closed: write [[runners]]",
    );
    check("[[runners]\nb = 1\n", 1, "write [[runners]]");
    check("[runners.docker\n", 1, "write [runners.docker]");
    check(
        "a = [\"x\" \"y\"]\n",
        1,
        "a comma is missing in the list of a",
    );
    check("a = [\"x\",, \"y\"]\n", 1, "an extra comma");
    check(
        "a = { b = 1 c = 2 }\n",
        1,
        "a comma is missing in the table of a",
    );
    check("a = { b 1 }\n", 1, "the table of a is not valid");
    check("a = [1]]\n", 1, "there is text after the list of a");
    check(
        "a = \"x\" \"y\"\n",
        1,
        "there is text after the string of a",
    );
    check("a = \"x\"\"\n", 1, "the string of a is not closed");
    check("a = \"C:\\dir\"\n", 1, "a backslash in the string of a");
    check("a = \"\\u12\"\n", 1, "a backslash in the string of a");
}

#[test]
fn headers_are_explained() {
    check("[runners]]\n", 1, "more closing than opening brackets");
    check("[]\n", 1, "the header names no table: write [[runners]]");
    check("[a.]\n", 1, "the name in the header has an extra dot");
    check("[a b]\n", 1, "the name in the header contains a space");
    check("[a] x = 1\n", 1, "there is text after the header");
}

#[test]
fn what_stands_twice_is_named_with_its_first_line() {
    check(
        "name = 1\nb = 1\nname = 2\n",
        3,
        "name is set twice in its table, first on line 1",
    );
    check(
        "[[runners]]\nname = 1\n[[runners]]\nname = 1\nname = 2\n",
        5,
        "first on line 4",
    );
    check(
        "[a]\nb = 1\n[c]\n[a]\n",
        4,
        "the table a is defined twice, first on line 1: put its keys under one header",
    );
    check(
        "[[a]]\n[a]\n",
        2,
        "has other brackets on line 1: write [[name]]",
    );
    check(
        "[a]\n[[a]]\n",
        2,
        "has other brackets on line 1: write [name]",
    );
    check("a = 1\n[a]\n", 2, "a already has a value, on line 1");
    check(
        "a = 1\na.b = 2\n",
        2,
        "a.b is defined in another form on line 1",
    );
    check(
        "a.b = 1\na = 2\n",
        2,
        "a is defined in another form on line 1",
    );
    check(
        "a = {b = 1}\na.c = 1\n",
        2,
        "a.c is defined in another form on line 1",
    );
    check(
        "a = {b = 1}\n[a.c]\n",
        2,
        "a.c already has a value, on line 1",
    );
    check(
        "[a]\nb.c = 1\n[a.b]\nd = 1\n",
        3,
        "is defined with dotted keys on line 2",
    );
    check(
        "a = { b = 1, b = 2 }\n",
        1,
        "a key is set twice in the value of a",
    );
}
