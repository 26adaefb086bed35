//! What `rotate` prints for programs, held to its schema, and what a dry run shows.

use serde_json::Value;

use super::Scene;

/// Whether a value is what the schema says, in the words that this schema uses.
fn check(value: &Value, schema: &Value, at: &str) {
    if let Some(constant) = schema.get("const") {
        assert_eq!(value, constant, "{at}");
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().map(|kind| kind.as_str().unwrap()).collect(),
        _ => Vec::new(),
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.is_empty() || kinds.contains(&kind), "{at}: {value}");
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        check(item, &schema["items"], &format!("{at}[{index}]"));
    }
    let Some(object) = value.as_object() else {
        return;
    };
    for key in schema["required"].as_array().into_iter().flatten() {
        assert!(object.contains_key(key.as_str().unwrap()), "{at}: no {key}");
    }
    for (key, inner) in object {
        let known = schema["properties"].get(key);
        check(inner, known.unwrap_or_else(|| panic!("{at}: {key}")), key);
    }
}

fn parsed(stdout: &str) -> Value {
    let schema = include_str!("../../../crates/runner-init/rotate.schema.json");
    let schema: Value = serde_json::from_str(schema).unwrap();
    let value = serde_json::from_str(stdout).unwrap();
    check(&value, &schema, "rotate");
    value
}

#[test]
fn json_says_what_was_done_and_keeps_to_its_schema() {
    for shared in [false, true] {
        let scene = Scene::new(shared);
        let out = scene.outside.file("token").display().to_string();
        let dry = scene.rotate(&["--output=json", "--dry-run", "--token-out", &out]);
        assert_eq!(dry.code(), 0, "{}", dry.output());
        let (dry, before) = (parsed(&dry.stdout), scene.resets());
        assert_eq!((dry["dry_run"].clone(), before), (Value::Bool(true), 0));
        let done = scene.rotate(&["--output=json", "--token-out", &out]);
        assert_eq!(done.code(), 0, "{}", done.output());
        scene.says_no_token(&done);
        let done = parsed(&done.stdout);
        let runner = &scene.gitlab.runners()[0];
        assert_eq!(done["dry_run"], false);
        assert_eq!(done["resumed"], false);
        assert_eq!(done["shared"], shared);
        assert_eq!(done["id"], runner.id);
        assert_eq!(done["entries"], serde_json::json!(["one"]));
        assert_eq!(done["token_out"], out);
        assert_eq!(done["token_expires_at"], Value::Null);
    }
}

#[test]
fn dry_run_shows_what_would_be_sent_and_written_and_does_neither() {
    let scene = Scene::new(true);
    let before = (scene.stage.snapshot(), scene.gitlab.journal().len());
    let out = scene.outside.file("token").display().to_string();
    let ended = scene.rotate(&["--dry-run", "--token-out", &out]);
    assert_eq!(ended.code(), 0, "{}", ended.output());
    for part in [
        "nothing was sent",
        "/api/v4/runners/reset_authentication_token",
        "the token becomes invalid in all other pods",
        &out,
        "config.toml: token",
    ] {
        assert!(ended.stdout.contains(part), "{part}: {}", ended.stdout);
    }
    scene.says_no_token(&ended);
    let after = (scene.stage.snapshot(), scene.gitlab.journal().len());
    assert_eq!(after, before);
    assert!(scene.outside.snapshot().is_empty());
}

#[test]
fn name_that_would_mislead_a_terminal_and_password_of_an_address_are_not_printed() {
    let scene = Scene::new(false);
    let name = "a\\u001b[31m\\u202eb";
    let text = scene.config_text();
    let text = text.replace("name = \"one\"", &format!("name = \"{name}\""));
    scene.stage.put("config.toml", &text);
    let done = scene.rotate(&["--output=json"]);
    assert_eq!(done.code(), 0, "{}", done.output());
    let entries = parsed(&done.stdout)["entries"].clone();
    assert_eq!(entries, serde_json::json!(["a\u{fffd}[31m\u{fffd}b"]));
    // Whoever wrote a password into an address is not answered with it.
    let text = scene.config_text().replace("http://", "http://me:canary@");
    scene.stage.put("config.toml", &text);
    for more in [&["--dry-run"][..], &["--dry-run", "--output=json"], &[]] {
        let ended = scene.rotate(more);
        assert!(!ended.output().contains("canary"), "{}", ended.output());
    }
}
