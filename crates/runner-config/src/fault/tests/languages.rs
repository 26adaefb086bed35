//! Texts of another language, and what tools do to a text.

use super::*;

#[test]
fn other_languages_and_damage_by_tools_are_recognised() {
    check("{\n  \"a\": 1\n}\n", 1, "this is JSON");
    check("[\n  {\"a\": 1}\n]\n", 1, "this is JSON");
    check("---\na: 1\n", 1, "this is YAML");
    check("a = 1\n- b\n", 2, "this is YAML");
    check(
        "apiVersion: v1\nkind: ConfigMap\ndata:\n  config.toml: |\n    a = 1\n",
        1,
        "this is YAML",
    );
    check(
        "concurrent: 1\nrunners:\n- name: a\n  token: x\n",
        1,
        "this is YAML",
    );
    check("concurrent: 1\n", 1, "there is a colon where");
    check("concurrent: 1\n[[runners]]\n", 1, "there is a colon where");
    for text in [
        "{{- if .Values.x }}\na = 1\n{{- end }}\n",
        "{{ .Values.config }}",
        "concurrent = {{ .Values.concurrent }}\n",
    ] {
        check(text, 1, "this is a template that was not rendered");
    }
    for text in [
        "concurrent = 1\\n[[runners]]\\n  name = \"a\"\\n",
        "\"concurrent = 1\\n\\n[[runners]]\"",
    ] {
        check(text, 1, "the line breaks are written as \\n");
    }
    let base64 = "Y29uY3VycmVudCA9IDEKW1tydW5uZXJzXV0KICBuYW1lID0gImEiCg==";
    check(base64, 1, "this is base64");
    check("Y29uY3VycmVudCA9IDEK", 1, "no equals sign");
    check("runners:\n  - name: a\n", 1, "this is YAML");
    check("<html>\n<body>", 1, "this is HTML or XML");
    check("\u{feff}\n <!DOCTYPE html>\n", 2, "this is HTML or XML");
    check(
        "a = 1\n<<<<<<< HEAD\nb = 1\n=======\nb = 2\n>>>>>>> x\n",
        2,
        "this is a merge conflict marker",
    );
    check(
        "b = 1\n=======\nc = 2\n",
        2,
        "this is a merge conflict marker",
    );
    check("; why\na = 1\n", 1, "a comment begins with #");
    check("// why\n", 1, "a comment begins with #");
    check(
        "a = 1\rb = 2\r",
        1,
        "there is a carriage return without a line feed here",
    );
    check("a = \"x\u{0}\"\n", 1, "there is a NUL byte here");
    check("a\u{0}=\u{0}1\u{0}\n", 1, "a NUL byte");
    check(
        &"\u{0}".repeat(400),
        1,
        "there are NUL bytes where text should be",
    );
    check("a = \"\u{1}\"\n", 1, "an invisible character (U+0001)");
    check(
        "a = 1\n\u{feff}b = 1\n",
        2,
        "an invisible character (U+FEFF)",
    );
    check("\u{a0}b = 1\n", 1, "an invisible character (U+00A0)");
    check("\u{200b}b = 1\n", 1, "an invisible character (U+200B)");
    check("a = 1 # \u{1}\n", 1, "an invisible character (U+0001)");
    assert!(not_utf8(b"a = 1\nb = \xff\n").starts_with("line 2: it is not UTF-8"));
    assert!(not_utf8(b"\xff\xfea\0").contains("UTF-16"));
}
