//! The check of a JSON value against a schema is no use if it sees nothing.

use acceptance::schema::check;
use serde_json::{Value, json};

#[test]
fn whatever_a_schema_forbids_is_noticed() {
    let schema = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["version", "jobs"],
        "properties": {
            "version": { "const": 1 },
            "word": { "enum": ["on", null] },
            "count": { "type": ["integer", "null"], "minimum": 0 },
            "jobs": { "type": "array", "items": { "type": "string" } },
        },
    });
    let wrong = |value: Value| check(&schema, &value);
    let fine = json!({ "version": 1, "word": null, "count": 0, "jobs": ["a"] });
    assert_eq!(wrong(fine.clone()), Vec::<String>::new());
    let with = |key: &str, value: Value| {
        let mut other = fine.clone();
        other[key] = value;
        wrong(other).join("\n")
    };
    assert!(with("version", json!(2)).contains("$.version: not const 1"));
    assert!(with("word", json!("off")).contains("$.word: not enum"));
    assert!(with("count", json!(1.5)).contains("$.count: not type"));
    assert!(with("count", json!(-1)).contains("$.count: not minimum"));
    assert!(with("jobs", json!(["a", 1])).contains("$.jobs[1]: not type"));
    assert!(with("other", json!(1)).contains("$: not additionalProperties"));
    assert!(wrong(json!({ "version": 1 }))[0].contains("$: not required"));
    assert!(wrong(json!([]))[0].contains("$: not "));
}

#[test]
#[should_panic(expected = "pattern would go unchecked")]
fn word_that_is_not_checked_is_not_passed_over() {
    let _ = check(&json!({ "pattern": "a" }), &json!("a"));
}
