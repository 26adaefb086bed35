//! Texts of another language, and what tools do to a text.

use super::*;

#[test]
fn other_languages_and_damage_by_tools_are_recognised() {
    table(
        r#"
        1 │ {↵  "a": 1↵}↵ │ this is JSON
        1 │ [↵  {"a": 1}↵]↵ │ this is JSON
        1 │ ---↵a: 1↵ │ this is YAML
        2 │ a = 1↵- b↵ │ this is YAML
        1 │ apiVersion: v1↵kind: ConfigMap↵data:↵  config.toml: |↵    a = 1↵ │ this is YAML
        1 │ concurrent: 1↵runners:↵- name: a↵  token: x↵ │ this is YAML
        1 │ concurrent: 1↵ │ there is a colon where
        1 │ concurrent: 1↵[[runners]]↵ │ there is a colon where
    "#,
    );
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
    check("\u{feff}\n <!DOCTYPE html>\n", 2, "this is HTML or XML");
    check(
        "a = 1\rb = 2\r",
        1,
        "there is a carriage return without a line feed here",
    );
    check("a = \"x\u{0}\"\n", 1, "there is a NUL byte here");
    check("a\u{0}=\u{0}1\u{0}\n", 1, "a NUL byte");
    table(
        r#"
        1 │ Y29uY3VycmVudCA9IDEK │ no equals sign
        1 │ runners:↵  - name: a↵ │ this is YAML
        1 │ <html>↵<body> │ this is HTML or XML
        2 │ a = 1↵<<<<<<< HEAD↵b = 1↵=======↵b = 2↵>>>>>>> x↵ │ this is a merge conflict marker
        2 │ b = 1↵=======↵c = 2↵ │ this is a merge conflict marker
        1 │ ; why↵a = 1↵ │ a comment begins with #
        1 │ // why↵ │ a comment begins with #
    "#,
    );
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
