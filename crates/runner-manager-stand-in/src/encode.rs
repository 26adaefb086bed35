//! Writes a whole `config.toml` anew, as gitlab-runner's save does: plain keys before tables, two blanks a level, and
//! every comment lost. Decides nothing about the content.

use std::fmt::Write;

use toml_edit::{DocumentMut, Item, Table, Value};

/// The text of the document without comments.
pub(crate) fn encode(document: &DocumentMut) -> String {
    let mut out = String::new();
    write_table(&mut out, document.as_table(), &mut Vec::new());
    out
}

fn write_table(out: &mut String, table: &Table, path: &mut Vec<String>) {
    let indent = "  ".repeat(path.len());
    for (key, value) in table
        .iter()
        .filter_map(|(key, item)| Some((key, item.as_value()?)))
    {
        let mut value = value.clone();
        plain(&mut value);
        let _ = writeln!(out, "{indent}{} = {value}", bare_or_quoted(key));
    }
    let indent = "  ".repeat(path.len());
    for (key, item) in table.iter() {
        path.push(bare_or_quoted(key));
        match item {
            Item::Table(inner) => {
                // A blank line before a table at the top, none before one inside another.
                let gap = if path.len() == 1 { "\n" } else { "" };
                let _ = writeln!(out, "{gap}{indent}[{}]", path.join("."));
                write_table(out, inner, path);
            }
            Item::ArrayOfTables(inner) => {
                for one in inner {
                    let _ = writeln!(out, "\n{indent}[[{}]]", path.join("."));
                    write_table(out, one, path);
                }
            }
            Item::Value(_) | Item::None => {}
        }
        path.pop();
    }
}

fn plain(value: &mut Value) {
    value.decor_mut().clear();
    match value {
        Value::Array(array) => {
            array.set_trailing("");
            array.set_trailing_comma(false);
            array.iter_mut().for_each(plain);
            array.fmt();
        }
        Value::InlineTable(table) => table.fmt(),
        _ => {}
    }
}

fn bare_or_quoted(key: &str) -> String {
    let bare = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if bare {
        key.to_owned()
    } else {
        format!("{key:?}")
    }
}

#[cfg(test)]
mod tests {
    use super::encode;

    #[test]
    fn comments_go_and_values_stay() {
        let text = "# mine\nconcurrent = 2 # two\n[[runners]]\nname = \"a\" # comment\nlist = [\n  \"x\", # one\n  \"y\"]\n[runners.cache]\n\
                    Type = \"s3\"\n[[runners]]\nname = \"b\"\n[session_server]\nsession_timeout = 1800\n";
        let expected = "concurrent = 2\n\n[[runners]]\n  name = \"a\"\n  list = [\"x\", \"y\"]\n  [runners.cache]\n    Type = \"s3\"\n\
                        \n[[runners]]\n  name = \"b\"\n\n[session_server]\n  session_timeout = 1800\n";
        assert_eq!(encode(&text.parse().unwrap()), expected);
    }
}
