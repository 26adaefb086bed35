//! Every field of `config.toml` with every kind of value, against what gitlab-runner's own decoder does.

use toml_edit::Document;

use crate::lines;

use super::*;
use crate::cases::rows;

/// What BurntSushi/toml 1.6.0, built with Go 1.26, takes for a field of each type: rows of shape, value, true or false.
const DECODER: &str = include_str!("../../../decoder.tsv");

/// A value that is an array of tables rather than written behind a `=`.
const ARRAY_OF_TABLES: &str = "AOT";

fn name_of(shape: Shape) -> String {
    let shown = format!("{shape:?}");
    shown.chars().take_while(|c| c.is_alphanumeric()).collect()
}

/// Every field, with the headers above it.
fn walk(
    fields: &'static [Field],
    headers: &str,
    path: &str,
    each: &mut dyn FnMut(&str, &str, &Field),
) {
    for field in fields {
        each(headers, path, field);
        let path = if path.is_empty() {
            field.name.to_owned()
        } else {
            format!("{path}.{}", field.name)
        };
        let header = match field.shape {
            Shape::Table(_) => format!("[{path}]\n"),
            _ => format!("[[{path}]]\n"),
        };
        walk(
            field.shape.inside(),
            &format!("{headers}{header}"),
            &path,
            each,
        );
    }
}

/// The text with this value for the field, and its line.
fn text_of(headers: &str, path: &str, field: &Field, value: &str) -> (String, usize) {
    let own = if path.is_empty() {
        field.name.to_owned()
    } else {
        format!("{path}.{}", field.name)
    };
    let text = match value {
        ARRAY_OF_TABLES => format!("{headers}[[{own}]]\na = \"x\"\n"),
        value => format!("{headers}{} = {value}\n", field.name),
    };
    (text, headers.lines().count() + 1)
}

#[test]
fn every_field_takes_what_the_decoder_takes_and_nothing_else() {
    let rows: Vec<Vec<&str>> = DECODER
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.split('\t').collect())
        .collect();
    let mut checked = 0;
    walk(CONFIG, "", "", &mut |headers, path, field| {
        // Of what gitlab-runner reads by itself no key is refused for its type.
        if headers.contains("nfs") {
            return;
        }
        let own = rows.iter().filter(|row| row[0] == name_of(field.shape));
        for row in own {
            let (text, line) = text_of(headers, path, field, row[1]);
            let document = Document::parse(text.as_str()).unwrap();
            let outcome = check(document.as_table(), |_| false);
            let takes = row[2] == "true";
            assert_eq!(outcome.is_ok(), takes, "{text}{outcome:?}");
            checked += 1;
            let is_map = field.shape.is_map();
            let is_table = row[1].starts_with('{');
            match outcome {
                Ok(left_out) if is_map && !is_table => {
                    let [one] = &left_out[..] else {
                        panic!("{text}{left_out:?}")
                    };
                    assert!(one.path.ends_with(field.name), "{text}{one:?}");
                    let words = "gitlab-runner ignores it, as it is";
                    assert!(one.message.starts_with(words), "{text}{one:?}");
                    assert_eq!(lines::number(&text, one.offset.unwrap()), line, "{text}");
                }
                Ok(left_out) => assert!(left_out.is_empty(), "{text}{left_out:?}"),
                Err(wrong) => {
                    assert!(wrong.path.contains(field.name), "{text}{wrong:?}");
                    assert!(wrong.message.contains(": write "), "{text}{wrong:?}");
                    let found = lines::number(&text, wrong.offset.unwrap());
                    assert_eq!(found, line, "{text}{wrong:?}");
                }
            }
        }
    });
    // 33 values for each of the fields.
    assert!(checked > 20_000, "{checked}");
}

#[test]
fn what_is_written_instead_of_a_map_is_told() {
    fn told(text: &str, line: usize, want: &str) {
        let document = Document::parse(text).unwrap();
        let left_out = check(document.as_table(), |_| false).unwrap();
        let [one] = &left_out[..] else {
            panic!("{left_out:?}")
        };
        let shown = format!("{}: {}", one.path, one.message);
        assert!(shown.contains(want), "{shown}");
        assert_eq!(lines::number(text, one.offset.unwrap()), line);
        assert!(!shown.contains("geheim"), "{shown}");
    }
    told(
        "[[runners]]\n[[runners.kubernetes.node_tolerations]]\nkey = \"geheim\"\n",
        2,
        "runners.kubernetes.node_tolerations: gitlab-runner ignores it, as it is an array of tables, with two \
         brackets: write [runners.kubernetes.node_tolerations] once, with lines such as name = \"value\" under it",
    );
    told(
        "[[runners]]\n[runners.kubernetes]\nnode_selector = \"a=geheim\"\n",
        3,
        "runners.kubernetes.node_selector: gitlab-runner ignores it, as it is a string, not a table: write \
         [runners.kubernetes.node_selector] with lines such as name = \"value\" under it",
    );
    for [line, text, want] in rows(
        r#"
        2 │ [[runners]]↵feature_flags = ["geheim"]↵ │ it is a list, not a table
        2 │ [[runners]]↵feature_flags = 1↵ │ such as name = true
        1 │ labels = "geheim"↵ │ write [labels]
    "#,
    ) {
        told(&text, line.parse().unwrap(), &want);
    }
}

#[test]
fn value_of_the_wrong_type_is_told_how_to_write_it() {
    fn told(text: &str, line: usize, want: &str) {
        let document = Document::parse(text).unwrap();
        let wrong = check(document.as_table(), |_| false).unwrap_err();
        let shown = format!("{}: {}", wrong.path, wrong.message);
        assert!(shown.contains(want), "{shown}");
        assert_eq!(lines::number(text, wrong.offset.unwrap()), line, "{shown}");
        assert!(
            !shown.contains("geheim") && !shown.contains("123456789"),
            "{shown}"
        );
    }
    for [line, text, want] in rows(
        r#"
        4 │ [[runners]]↵[runners.kubernetes.node_selector]↵b = "x"↵"a" = true↵ │ runners.kubernetes.node_selector.a: expected a string, found true or false: write a = "true"
        2 │ [[runners]]↵limit = "3"↵ │ expected a whole number, found a string: write limit = 3, without quotes
        2 │ [[runners]]↵limit = "geheim"↵ │ a number without quotes, limit = 1
        2 │ [[runners]]↵limit = "123456789"↵ │ a number without quotes
        2 │ [[runners]]↵name = 2024-01-01↵ │ found a date or time: write name = "2024-01-01"
        2 │ [[runners]]↵name = 5↵ │ write name = "5"
        2 │ [[runners]]↵token = 123456789↵ │ write token = "…"
        2 │ [[runners]]↵name = ["geheim"]↵ │ found a list: write name = "…"
        2 │ [[runners]]↵[runners.name]↵a = 1↵ │ found a table: write name = "…"
        3 │ [[runners]]↵[runners.docker]↵privileged = "True"↵ │ write privileged = true, without quotes
        3 │ [[runners]]↵[runners.docker]↵privileged = 1↵ │ write privileged = true, or privileged = false
        3 │ [[runners]]↵[runners.docker]↵volumes = "geheim"↵ │ write volumes = ["…"]
        4 │ [[runners]]↵[runners.docker]↵volumes = ["a",↵ 1]↵ │ found a list with a whole number in it
        2 │ [[runners]]↵docker = "geheim"↵ │ write [runners.docker] with its keys under it
        2 │ [[runners]]↵[[runners.docker]]↵image = "geheim"↵ │ expected a table, found an array of tables
        1 │ runners = ["geheim"]↵ │ write [[runners]] with its keys under it
        1 │ [runners]↵name = "geheim"↵ │ expected an array of tables, found a table: write [[runners]]
        2 │ [[runners]]↵token_expires_at = "never"↵ │ expected a time, found a string: write token_expires_at = 2024
        2 │ [[runners]]↵token_expires_at = 1↵ │ expected a time
        2 │ [[runners]]↵unhealthy_interval = 1.5↵ │ expected a duration
        2 │ [[runners]]↵unhealthy_interval = "soon"↵ │ write unhealthy_interval = "1h30m"
        3 │ [[runners]]↵[runners.docker.sysctls]↵"net.ipv4.ip_forward" = 1↵ │ runners.docker.sysctls."net.ipv4.ip_forward": expected a string, found a whole number
        3 │ [[runners]]↵[runners.docker.sysctls]↵"glrt-geheim" = 1↵ │ sysctls.…: expected a string
    "#,
    ) {
        told(&text, line.parse().unwrap(), &want);
    }
}

#[test]
fn moments_in_quotes_are_taken_as_they_are() {
    for key in ["token_obtained_at", "token_expires_at"] {
        let text = format!("[[runners]]\n{key} = \"2024-01-01T00:00:00Z\"\n");
        let document = Document::parse(text.as_str()).unwrap();
        assert!(check(document.as_table(), |_| false).unwrap().is_empty());
    }
}

#[test]
fn volume_of_nfs_takes_what_fits_and_leaves_out_the_rest() {
    let text = "[[runners]]\n[[runners.kubernetes.volumes.nfs]]\nread_only = \"yes\"\nsub_path = 1\nSub_Path = 2\n";
    let document = Document::parse(text).unwrap();
    let left_out = check(document.as_table(), |_| false).unwrap();
    let told: Vec<String> = left_out
        .iter()
        .map(|m| format!("{}: {}", m.path, m.message))
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(
        told[0].contains("nfs.read_only: gitlab-runner ignores it: expected true or false"),
        "{told:?}"
    );
    assert!(
        told[1].contains("nfs.sub_path: gitlab-runner ignores it: expected a string"),
        "{told:?}"
    );
}

#[test]
fn a_dot_in_the_key_of_a_map_and_a_port_alone_are_told_as_what_they_are() {
    fn check(text: &str, want: &str) {
        let document = Document::parse(text).unwrap();
        let refused = super::check(document.as_table(), |_| false).unwrap_err();
        assert!(refused.message.contains(want), "{}", refused.message);
    }
    let labels = "[[runners]]\n[runners.kubernetes.pod_labels]\n";
    check(
        &format!("{labels}app.name = \"x\"\n"),
        "write a key with a dot in its name in quotes",
    );
    check(
        &format!("{labels}[runners.kubernetes.pod_labels.app]\nname = \"x\"\n"),
        "write app = \"…\"",
    );
    check(
        "listen_address = 9252\n",
        "write listen_address = \":9252\"",
    );
}
