//! The document against what operators and gitlab-runner write.

use super::*;

const OPERATORS: &str = r#"# ours
concurrent = 4 # jobs
future_key = "kept"

[session_server]
  session_timeout = 1800

[[runners]]
  # the first
  name = "a"
  url = "$URL"
  token = "${TOKEN}"
  docker.image = "x:1"
  inline = { b = 1, a = 2 }

[[runners]]
  name = "b"
  id = 7
  url = "http://gitlab.example/"
  token = "glrt-b"
  executor = "shell"
  limit = 2
"#;

fn none(_: &str) -> Option<String> {
    None
}

#[test]
fn document_comes_back_byte_for_byte() {
    assert_eq!(ConfigToml::parse(OPERATORS).unwrap().to_string(), OPERATORS);
    assert_eq!(ConfigToml::parse("").unwrap().to_string(), "");
}

#[test]
fn entries_are_read_with_variables_expanded() {
    let config = ConfigToml::parse(OPERATORS).unwrap();
    let lookup = |name: &str| match name {
        "URL" => Some("http://one/".to_owned()),
        "TOKEN" => Some("glrt-one".to_owned()),
        _ => None,
    };
    let entries = config.entries(&lookup);
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[0].url, "http://one/");
    assert_eq!(entries[0].token.as_ref().unwrap().expose(), "glrt-one");
    assert_eq!((entries[0].id, entries[0].limit), (None, 0));
    assert_eq!((entries[1].id, entries[1].limit), (Some(7), 2));
    assert_eq!(entries[1].executor, "shell");
    assert!(config.entries(&none)[0].token.is_none());
}

#[test]
fn inline_array_of_runners_is_read_and_edited() {
    let text = "concurrent = 2\nrunners = [{ name = \"a\", token = \"t\" }, { name = \"b\" }]\n";
    let mut config = ConfigToml::parse(text).unwrap();
    assert_eq!(config.entry_count(), 2);
    config.remove_entries(&[0]);
    let entries = ConfigToml::parse(&config.to_string())
        .unwrap()
        .entries(&none);
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].name, "b");
}

#[test]
fn inline_array_of_runners_keeps_its_comments_as_tables() {
    let text = "# jobs\nconcurrent = 2\n# ours\nrunners = [ # two\n  # first\n  { name = \"a\", id = 1 }, # after a\n  { name = \"b\" }, # after b\n  # last\n] # closed\nlog_level = \"info\"\n\n[session_server]\n  session_timeout = 9\n";
    let mut config = ConfigToml::parse(text).unwrap();
    let untouched = config.to_string();
    assert_eq!(untouched, text);
    config
        .entry_mut(1)
        .unwrap()
        .insert("id", toml_edit::value(2));
    let text = config.to_string();
    for comment in [
        "jobs", "ours", "two", "first", "after a", "after b", "last", "closed",
    ] {
        assert_eq!(
            text.matches(&format!("# {comment}")).count(),
            1,
            "{comment}:\n{text}"
        );
    }
    let again = ConfigToml::parse(&text).unwrap();
    let entries = again.entries(&none);
    let ids: Vec<Option<i64>> = entries.iter().map(|entry| entry.id).collect();
    assert_eq!(ids, [Some(1), Some(2)], "{text}");
    assert_eq!(
        again.document()["session_server"]["session_timeout"].as_integer(),
        Some(9)
    );
    assert_eq!(again.document()["log_level"].as_str(), Some("info"));
}

#[test]
fn removing_the_last_entry_removes_the_key_and_nothing_else() {
    let mut config = ConfigToml::parse(OPERATORS).unwrap();
    config.remove_entries(&[0]);
    assert!(config.to_string().contains("glrt-b") && !config.to_string().contains("the first"));
    config.remove_entries(&[0]);
    let text = config.to_string();
    assert!(
        !text.contains("runners") && text.contains("# jobs"),
        "{text}"
    );
    assert!(
        text.contains("session_timeout") && text.contains("future_key"),
        "{text}"
    );
}

#[test]
fn missing_global_keys_are_gitlab_runners_defaults() {
    fn check(text: &str, want: (i64, i64, i64, Option<&str>)) {
        let config = ConfigToml::parse(text).unwrap();
        let listen_address = config.listen_address();
        let got = (
            config.concurrent(),
            config.check_interval(),
            config.shutdown_timeout(),
            listen_address,
        );
        assert_eq!(got, want, "{text}");
    }
    check("", (1, 3, 30, None));
    check(
        "check_interval = 0\nlisten_address = \"\"",
        (1, 3, 30, None),
    );
    check(
        "concurrent = 8\ncheck_interval = 10\nshutdown_timeout = 5\nlisten_address = \":9252\"",
        (8, 10, 5, Some(":9252")),
    );
}

#[test]
fn what_is_no_config_names_line_and_column_and_no_token() {
    fn check(text: &str, want: &str) {
        let error = ConfigToml::parse(text).unwrap_err().to_string();
        assert!(error.starts_with(want), "{error}");
        assert!(
            !error.contains("canary") && !error.contains('\n'),
            "{error}"
        );
    }
    check("concurrent = = 1\n", "line 1, column 14");
    check("a = 1\n[[runners\ntoken = \"glrt-canary\"", "line 2");
    check("a = 1\ntoken = glrt-canary\n", "line 2");
    check(
        "a = 1\nrunners = 5\n",
        "line 2, column 1: runners is not a list",
    );
    check(
        "# runners\na = \"runners\"\n  Runners = [1]\n",
        "line 3, column 3: runners is not",
    );
    check("[runners]\n", "line 1");
    check("runners = [1]\n", "line 1");
}

#[test]
fn variables_expand_as_in_go() {
    fn check(text: &str, want: &str) {
        let lookup = |name: &str| (name == "A_1").then(|| "x".to_owned());
        assert_eq!(expand(text, &lookup), want, "{text}");
    }
    check("plain", "plain");
    check("$A_1-y", "x-y");
    check("${A_1}y", "xy");
    check("$B$A_1", "x");
    check("${unclosed", "unclosed");
    check("a$", "a$");
    check("a$-b", "a$-b");
}

#[test]
fn keys_in_another_case_are_seen_and_edited_as_they_are_spelled() {
    let text = "Concurrent = 4 # jobs\nListen_Address = \":1\"\n[[Runners]]\n  Name = \"a\"\n  URL = \"http://h/\"\n  Token = \"glrt-a\"\n  ID = 7\n  Limit = 2\n";
    let mut config = ConfigToml::parse(text).unwrap();
    assert_eq!(config.concurrent(), 4);
    assert_eq!(config.listen_address(), Some(":1"));
    let entry = &config.entries(&none)[0];
    assert_eq!(
        (entry.name.as_str(), entry.url.as_str()),
        ("a", "http://h/")
    );
    assert_eq!((entry.id, entry.limit), (Some(7), 2));
    assert_eq!(entry.token.as_ref().unwrap().expose(), "glrt-a");
    config.set_concurrent(5);
    assert!(config.entry_mut(0).is_some());
    config.push_entry(Table::new());
    assert_eq!(config.entry_count(), 2);
    let edited = config.to_string();
    assert!(edited.starts_with("Concurrent = 5 # jobs\n"), "{edited}");
    assert_eq!(edited.matches("[[Runners]]").count(), 2, "{edited}");
    config.remove_entries(&[0, 1]);
    assert_eq!(
        config.to_string(),
        "Concurrent = 5 # jobs\nListen_Address = \":1\"\n"
    );
}

#[test]
fn own_spelling_comes_before_another_case() {
    let config = ConfigToml::parse("Concurrent = 4\nconcurrent = 2\n").unwrap();
    assert_eq!(config.concurrent(), 2);
    let error = ConfigToml::parse("a = 1\nRunners = 5\n").unwrap_err();
    assert!(error.to_string().starts_with("line 2"), "{error}");
}

#[test]
fn line_ends_and_byte_order_mark_stay() {
    fn check(text: &str, want: &str) {
        let mut config = ConfigToml::parse(text).unwrap();
        assert_eq!(config.to_string(), text);
        config.set_concurrent(5);
        assert_eq!(config.to_string(), want);
        let again = ConfigToml::parse(want).unwrap();
        assert_eq!((again.to_string().as_str(), again.concurrent()), (want, 5));
    }
    check(
        "concurrent = 4\r\n# ours\r\n[a]\r\nb = 1\r\n",
        "concurrent = 5\r\n# ours\r\n[a]\r\nb = 1\r\n",
    );
    check("\u{feff}concurrent = 4\n", "\u{feff}concurrent = 5\n");
    check("\u{feff}concurrent = 4\r\n", "\u{feff}concurrent = 5\r\n");
}

#[test]
fn text_of_several_lines_keeps_its_meaning() {
    let mut config = ConfigToml::parse("concurrent = 4\r\n").unwrap();
    config.document_mut()["script"] = toml_edit::value("one\ntwo\n");
    let again = ConfigToml::parse(&config.to_string()).unwrap();
    assert_eq!(again.document()["script"].as_str(), Some("one\ntwo\n"));
}

#[test]
fn last_line_without_an_end_stays_so() {
    for text in ["a = 1", "a = 1\r\nb = 2", "[a]", "# why"] {
        assert_eq!(ConfigToml::parse(text).unwrap().to_string(), text);
    }
}

#[test]
fn keys_that_stand_otherwise_than_written_are_named_and_no_others() {
    let written = "concurrent = 2\n[[runners]]\nname = \"a\"\nlimit = 2\nexecutor = \"docker\"\n[runners.docker]\nimage = \"x\"\n";
    let inline = "concurrent = 2\nrunners = [{ limit = 2, executor = \"docker\", docker = { image = \"x\" } }]\n";
    let config = |text: &str| ConfigToml::parse(text).unwrap();
    let mut first = config(written);
    let file = crate::three_way::written(first.document().as_table(), Scope::File);
    let table = first.entry_mut(0).unwrap();
    let entry = crate::three_way::written(table, Scope::Entry);
    let check = |text: &str, want: [&[&str]; 2]| {
        let config = config(text);
        assert_eq!(config.edited_keys(None, &file), want[0], "{text}");
        assert_eq!(config.edited_keys(Some(0), &entry), want[1], "{text}");
    };
    check(written, [&[], &[]]);
    check(inline, [&[], &[]]);
    check(&written.replace("\"a\"", "\"b\""), [&[], &[]]);
    check(
        &written.replace("= 2", "= 3"),
        [&["concurrent"], &["limit"]],
    );
    check(
        &written.replace("image = \"x\"\n", "privileged = true\n"),
        [&[], &["docker.image"]],
    );
    check("", [&["concurrent"], &[]]);
}
