//! Owns the random flags and templates that the properties are tried on.

use std::ffi::OsString;

use crate::flags::{self, Flag, Purpose, ValueType};
use proptest::prelude::*;
use proptest::sample::subsequence;
use runner_config::{Field, Shape};
use toml_edit::Value;

pub(super) const EXECUTORS: &[(&str, &[&str])] = &[
    ("shell", &[]),
    ("custom", &["custom"]),
    ("docker", &["docker"]),
    ("docker+machine", &["machine", "docker"]),
    ("docker-windows", &["docker"]),
    ("kubernetes", &["kubernetes"]),
    ("ssh", &["ssh"]),
    ("parallels", &["ssh", "parallels"]),
    ("virtualbox", &["ssh", "virtualbox"]),
];

/// What every executor here asks for, unless the random flags give it.
pub(super) const NEEDED: &[(&str, &str)] = &[
    ("docker-image", "i"),
    ("ssh-host", "h"),
    ("ssh-user", "u"),
    ("parallels-base-name", "b"),
    ("virtualbox-base-name", "b"),
];

pub(super) const SECTIONS: &[&str] = &[
    "referees",
    "ssh",
    "docker",
    "parallels",
    "virtualbox",
    "machine",
    "kubernetes",
    "custom",
];

/// Texts for a flag, and the TOML that must come of them.
pub(super) fn texts(value_type: ValueType) -> BoxedStrategy<(Vec<String>, String)> {
    let word = "[a-z\"\\\\é#=]{1,6}";
    let quoted = |text: &str| Value::from(text).to_string();
    match value_type {
        ValueType::Text => word
            .prop_map(move |text| (vec![text.clone()], quoted(&text)))
            .boxed(),
        ValueType::Integer => (1..999_i64)
            .prop_map(|n| (vec![n.to_string()], n.to_string()))
            .boxed(),
        ValueType::Float => (1..999_u32)
            .prop_map(|n| (vec![format!("{n}.5")], format!("{n}.5")))
            .boxed(),
        ValueType::Bool | ValueType::NullableBool => {
            Just((vec!["true".to_owned()], "true".to_owned())).boxed()
        }
        ValueType::GoDuration => (1..60_i64)
            .prop_map(|n| {
                (
                    vec![format!("{n}m")],
                    if n < 60 {
                        format!("\"{n}m0s\"")
                    } else {
                        String::new()
                    },
                )
            })
            .boxed(),
        ValueType::List | ValueType::CommaList => proptest::collection::vec("[a-z]{1,5}", 1..3)
            .prop_map(move |words| {
                let list: toml_edit::Array = words.iter().collect();
                let texts = if value_type == ValueType::CommaList {
                    vec![words.join(",")]
                } else {
                    words
                };
                (texts, Value::Array(list).to_string())
            })
            .boxed(),
        ValueType::IntegerList => (1..99_i64)
            .prop_map(|n| (vec![n.to_string()], format!("[{n}]")))
            .boxed(),
        ValueType::TextMap => word
            .prop_map(move |text| {
                (
                    vec![format!("k.1:{text}")],
                    format!("{{ \"k.1\" = {} }}", quoted(&text)),
                )
            })
            .boxed(),
        ValueType::BoolMap => any::<bool>()
            .prop_map(|yes| (vec![format!("FF_A:{yes}")], format!("{{ FF_A = {yes} }}")))
            .boxed(),
        ValueType::IntegerMap => (1..9_i64)
            .prop_map(|n| (vec![format!("a:{n}")], format!("{{ a = {n} }}")))
            .boxed(),
        ValueType::ListMap => Just((vec!["a:b".to_owned()], "{ a = [\"b\"] }".to_owned())).boxed(),
        ValueType::HostAliases => Just((
            vec![r#"[{"ip":"10.0.0.1","hostnames":["a"]}]"#.to_owned()],
            "[{ ip = \"10.0.0.1\", hostnames = [\"a\"] }]".to_owned(),
        ))
        .boxed(),
        ValueType::Time | ValueType::Mode => unreachable!("no flag of the entry has this type"),
    }
}

pub(super) fn entry_flags() -> Vec<&'static Flag> {
    let all = flags::all()
        .filter(|flag| matches!(flag.purpose, Purpose::Key(path) if path != "executor"));
    all.collect()
}

/// Some flags with their texts and what must come of them.
pub(super) fn some_flags(
    count: usize,
) -> impl Strategy<Value = Vec<(&'static Flag, Vec<String>, String)>> {
    subsequence(entry_flags(), count).prop_flat_map(|flags| {
        let each = flags
            .into_iter()
            .map(|flag| texts(flag.value_type).prop_map(move |(texts, want)| (flag, texts, want)));
        each.collect::<Vec<_>>()
    })
}

pub(super) fn words(
    executor: &str,
    given: &[(&'static Flag, Vec<String>, String)],
) -> Vec<OsString> {
    let mut words = vec![
        format!("--executor={executor}"),
        "--url=https://h".into(),
        "--token=glrt-1".into(),
    ];
    for (flag, texts, _) in given {
        words.extend(texts.iter().map(|text| format!("--{}={text}", flag.name)));
    }
    for (name, text) in NEEDED
        .iter()
        .filter(|(name, _)| given.iter().all(|(flag, ..)| flag.name != *name))
    {
        words.push(format!("--{name}={text}"));
    }
    words.into_iter().map(OsString::from).collect()
}

/// A value that suits a field.
pub(super) fn value_for(shape: Shape) -> &'static str {
    match shape {
        Shape::Text => "\"t\"",
        Shape::Integer | Shape::SmallInteger => "3",
        Shape::Float => "1.5",
        Shape::Bool => "true",
        Shape::Duration => "\"1m30s\"",
        Shape::Time => "2026-01-01T00:00:00Z",
        // A machine's options hold the machine's name, a label's name has three letters, a volume may be of NFS.
        Shape::Texts | Shape::TextOrTexts => "[\"a %s x x x\", \"b %s x x x\"]",
        Shape::Integers => "[1, 2]",
        Shape::Floats => "[1.5]",
        Shape::TextMap => "{ abc = \"b\" }",
        Shape::BoolMap => "{ a = true }",
        Shape::TextsMap => "{ a = [\"b\"] }",
        Shape::IntegerMap => "{ a = 1 }",
        Shape::AnyTable | Shape::Table(_) => "{ any = 1 }",
        Shape::Tables(_) | Shape::OwnTables(_) => {
            "[{ any = 1, name = \"t\", mount_path = \"t\", server = \"t\", path = \"t\" }]"
        }
    }
}

/// Every leaf of the field table, tables entered and arrays of tables taken whole.
pub(super) fn field_leaves(fields: &'static [Field], path: &str, into: &mut Vec<(String, Shape)>) {
    for field in fields {
        let path = if path.is_empty() {
            field.name.to_owned()
        } else {
            format!("{path}.{}", field.name)
        };
        match field.shape {
            Shape::Table(inside) => field_leaves(inside, &path, into),
            shape => into.push((path, shape)),
        }
    }
}

pub(super) fn template_fields() -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    field_leaves(runner_config::RUNNER, "", &mut all);
    let identity = [
        "name",
        "url",
        "id",
        "token",
        "token_obtained_at",
        "token_expires_at",
        "executor",
    ];
    all.retain(|(path, _)| !identity.contains(&path.as_str()) && path != "docker.volumes");
    all
}

/// Paths of the tables are static; a random one is compared with them by text.
pub(super) fn static_path(path: &str) -> &'static str {
    flags::all()
        .find_map(|flag| match flag.purpose {
            Purpose::Key(own) if own == path => Some(own),
            _ => None,
        })
        .unwrap_or("")
}
