//! Owns the one flag whose value is JSON: `--kubernetes-host_aliases`.

use serde_json::Value as Json;
use toml_edit::{Array, Table, value};

use super::Expected;

const WANTED: Expected = Expected(r#"a JSON list such as [{"ip":"10.0.0.1","hostnames":["a"]}]"#);

/// Reads a list of `{"ip", "hostnames"}`; other keys are ignored, as gitlab-runner does.
pub(super) fn parse(text: &str) -> Result<Vec<Table>, Expected> {
    let Ok(Json::Array(aliases)) = serde_json::from_str(text) else {
        return Err(WANTED);
    };
    aliases.iter().map(alias).collect()
}

fn alias(json: &Json) -> Result<Table, Expected> {
    let fields = json.as_object().ok_or(WANTED)?;
    let mut table = Table::new();
    table.insert("ip", value(text(fields.get("ip"))?));
    match fields.get("hostnames") {
        None | Some(Json::Null) => {}
        Some(Json::Array(names)) if names.is_empty() => {}
        Some(Json::Array(names)) => {
            let names = names.iter().map(|name| text(Some(name)));
            table.insert("hostnames", value(names.collect::<Result<Array, _>>()?));
        }
        Some(_) => return Err(WANTED),
    }
    Ok(table)
}

fn text(json: Option<&Json>) -> Result<&str, Expected> {
    match json {
        None | Some(Json::Null) => Ok(""),
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(WANTED),
    }
}
