//! Owns the one flag whose value is JSON: `--kubernetes-host_aliases`.

use serde_json::{Map, Value as Json};
use toml_edit::{Array, Table, value};

use super::Expected;

const WANTED: Expected = Expected(r#"a JSON list such as [{"ip":"10.0.0.1","hostnames":["a"]}]"#);

/// Reads a list of `{"ip", "hostnames"}`, as Go reads it: keys in any case of letters, others ignored, `null` for nothing.
pub(super) fn parse(text: &str) -> Result<Vec<Table>, Expected> {
    match serde_json::from_str(text) {
        Ok(Json::Array(aliases)) => aliases.iter().map(alias).collect(),
        Ok(Json::Null) => Ok(Vec::new()),
        _ => Err(WANTED),
    }
}

fn alias(json: &Json) -> Result<Table, Expected> {
    let nothing = Map::new();
    let fields = match json {
        Json::Object(fields) => fields,
        Json::Null => &nothing,
        _ => return Err(WANTED),
    };
    let get = |name: &str| {
        let spelled = fields
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name));
        fields.get(name).or(spelled.map(|(_, json)| json))
    };
    let mut table = Table::new();
    table.insert("ip", value(text(get("ip"))?));
    match get("hostnames") {
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
