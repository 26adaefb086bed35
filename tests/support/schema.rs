//! Owns the check of a JSON value against a schema: the words that the schemas here use, and no others.

use serde_json::Value;

/// What of the value is not as the schema has it, a line each; nothing where all is.
///
/// # Panics
/// When the schema uses a word that would go unchecked.
#[must_use]
pub fn check(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    walk(schema, value, "$", &mut wrong);
    wrong
}

fn walk(schema: &Value, value: &Value, at: &str, wrong: &mut Vec<String>) {
    let Some(words) = schema.as_object() else {
        panic!("{at}: no schema: {schema}")
    };
    for (word, said) in words {
        let fine = match word.as_str() {
            "$schema" | "$id" | "title" | "description" => true,
            "type" => match said {
                Value::Array(types) => types.iter().any(|said| is_of(value, said)),
                said => is_of(value, said),
            },
            "const" => value == said,
            "enum" => said.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => value.is_null() || value.as_f64() >= said.as_f64(),
            "required" => {
                let mut keys = said.as_array().into_iter().flatten();
                // Of what is no object the type decides.
                !value.is_object()
                    || keys.all(|key| value.get(key.as_str().unwrap_or_default()).is_some())
            }
            "additionalProperties" => {
                assert_eq!(said, &Value::Bool(false), "{at}: {word}");
                let mut keys = value.as_object().into_iter().flat_map(|map| map.keys());
                keys.all(|key| schema["properties"].get(key).is_some())
            }
            "properties" => {
                for (key, schema) in said.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(key) {
                        walk(schema, value, &format!("{at}.{key}"), wrong);
                    }
                }
                true
            }
            "items" => {
                for (number, value) in value.as_array().into_iter().flatten().enumerate() {
                    walk(said, value, &format!("{at}[{number}]"), wrong);
                }
                true
            }
            other => panic!("{at}: {other} would go unchecked"),
        };
        if !fine {
            wrong.push(format!("{at}: not {word} {said}: {value}"));
        }
    }
}

fn is_of(value: &Value, name: &Value) -> bool {
    match name.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("string") => value.is_string(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        other => panic!("{other:?} is no type that is checked here"),
    }
}
