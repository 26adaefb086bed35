//! The recorded runs of `gitlab-runner register` against the rules alone, without network or volume: what it asked of
//! GitLab and the entry that it wrote follow from arguments, variables and template. The whole program is held against
//! the same recordings from outside, in the workspace's `tests`.

#![allow(clippy::unwrap_used, clippy::panic)] // A test fails that way; clippy looks only into test functions.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::time::SystemTime;

use runner_init::args::{self, Credential, Environment, Options, Stop};
use runner_init::entry::{self, EntryWish, Identity};
use runner_init::template::Template;
use runner_lifecycle::token::Token;
use serde_json::{Value as Json, json};
use toml_edit::{DocumentMut, Item, Table, Value};

const RECORDINGS: &str = include_str!("../../../tests/golden/register.jsonl");
const NOISE: &str = include_str!("../../../tests/golden/noise.json");
const DEVIATIONS: &str = include_str!("../../../tests/golden/deviations.json");

const URL: &str = "http://127.0.0.1:1";

/// One recorded run.
struct Case(Json);

impl Case {
    fn id(&self) -> &str {
        self.0["id"].as_str().unwrap()
    }

    fn stock_ended_well(&self) -> bool {
        self.0["result"]["exit"] == 0
    }

    fn requests(&self) -> &[Json] {
        self.0["result"]["requests"]
            .as_array()
            .map_or(&[], Vec::as_slice)
    }

    /// Whether stock failed for a reason that only GitLab's answer or the volume gave.
    fn failed_later(&self) -> bool {
        self.0.get("server").is_some() || self.0["files"].get("config.toml").is_some()
    }

    /// Parses the arguments as stock got them and works out the entry.
    fn run(&self) -> Result<(Options, EntryWish), String> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().to_str().unwrap();
        let filled = |text: &str| {
            text.replace("{URL}", URL)
                .replace("{DIR}", path)
                .replace("{CONFIG}", "config.toml")
        };
        for (name, text) in self.0["files"].as_object().into_iter().flatten() {
            let mut file = std::fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .open(directory.path().join(name))
                .unwrap();
            std::io::Write::write_all(&mut file, filled(text.as_str().unwrap()).as_bytes())
                .unwrap();
        }
        let argv = self.0["argv"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| OsString::from(filled(word.as_str().unwrap())));
        let variables = self.0["env"].as_object().into_iter().flatten();
        let mut environment = Environment::of(
            variables.map(|(name, text)| (name.clone(), filled(text.as_str().unwrap()))),
        );
        environment.hostname = Some("{HOSTNAME}".to_owned());
        let parsed = args::parse(argv, &environment).map_err(|stop| match stop {
            Stop::Show(text) => text,
            Stop::Failure(failure) => failure.message,
        })?;
        let template = parsed
            .options
            .template
            .as_deref()
            .map(|path| Template::read(path, &environment))
            .transpose();
        let template = template.map_err(|failure| failure.message)?;
        let wish =
            entry::wish(&parsed.options, template.as_ref()).map_err(|failure| failure.message)?;
        Ok((parsed.options, wish))
    }
}

#[test]
fn every_recorded_run_is_understood_as_stock_understood_it() {
    let noise: BTreeSet<String> = serde_json::from_str(NOISE).unwrap();
    let deviations: BTreeMap<String, Json> = serde_json::from_str(DEVIATIONS).unwrap();
    let cases: Vec<Case> = RECORDINGS
        .lines()
        .map(|line| Case(serde_json::from_str(line).unwrap()))
        .collect();
    assert!(cases.len() >= 500, "{} cases", cases.len());
    let wrong: Vec<String> = cases
        .iter()
        .filter_map(|case| {
            let complaint = match deviations.get(case.id()) {
                Some(deviation) => deviates(case, deviation),
                None => agrees(case, &noise),
            };
            complaint
                .err()
                .map(|complaint| format!("{}: {complaint}", case.id()))
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} cases:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

/// A case in which better than stock is wanted: here only whether it is refused before anything is asked.
fn deviates(case: &Case, deviation: &Json) -> Result<(), String> {
    let wanted = deviation["expect"].as_array().unwrap();
    let run = case.run();
    if wanted.contains(&json!("ok")) {
        return run.map(drop);
    }
    let says_the_file = case.id().contains("tls-") || case.id().contains("_TLS_");
    let refused_later = says_the_file || case.failed_later();
    match run {
        Ok(_) if !refused_later => Err("should be refused".to_owned()),
        _ => Ok(()),
    }
}

fn agrees(case: &Case, noise: &BTreeSet<String>) -> Result<(), String> {
    let run = case.run();
    if !case.stock_ended_well() {
        return match run {
            Ok(_) if !case.failed_later() => Err("stock failed, ours goes on".to_owned()),
            _ => Ok(()),
        };
    }
    let (options, wish) = run?;
    same(
        "request",
        &case.requests()[0]["body"],
        &request(&options, &wish),
    )?;
    let text = case.0["result"]["files"]["config.toml"]["text"]
        .as_str()
        .unwrap()
        .replace("{URL}", URL);
    let recorded: DocumentMut = text.parse().unwrap();
    let recorded = recorded["runners"]
        .as_array_of_tables()
        .unwrap()
        .iter()
        .last()
        .unwrap();
    let token = Token::new(recorded["token"].as_str().unwrap()).unwrap();
    let expires_at = recorded
        .get("token_expires_at")
        .map(|item| item.to_string().trim().to_owned());
    let identity = Identity {
        name: &wish.name,
        url: &wish.url,
        id: recorded
            .get("id")
            .and_then(Item::as_integer)
            .unwrap_or_default(),
        token: &token,
        obtained_at: SystemTime::now(),
        expires_at: expires_at.as_deref(),
    };
    let rendered = entry::render(&wish, &identity);
    same(
        "entry",
        &view(recorded, noise),
        &view(&reread(&rendered), noise),
    )?;
    let mut again = reread(&rendered);
    let before = again.to_string();
    if entry::apply(&wish, &mut again) || again.to_string() != before {
        return Err(format!(
            "a second run changes the entry:\n{before}\n{again}"
        ));
    }
    Ok(())
}

/// What GitLab is asked, as far as it follows from the flags.
fn request(options: &Options, wish: &EntryWish) -> Json {
    match &options.credential {
        Credential::AuthenticationToken(token) => {
            json!({ "token": token.expose(), "executor": wish.executor, "shell": wish.shell })
        }
        Credential::AccessToken { .. } => json!("no recording asks for one"),
        Credential::RegistrationToken(token) => {
            let given = &options.server_side;
            let text = |given: &Option<args::Given<String>>| {
                given.as_ref().map(|given| given.value.clone())
            };
            json!({
                "token": token.expose(),
                "description": options.name,
                "tag_list": text(&given.tag_list),
                "maintenance_note": text(&given.maintenance_note),
                "access_level": given.access_level.as_ref().map(|given| given.value),
                "maximum_timeout": given.maximum_timeout.as_ref().map(|given| given.value),
                "run_untagged": given.runs_untagged(),
                "locked": given.is_locked(),
                "paused": given.paused.as_ref().is_some_and(|given| given.value),
            })
        }
    }
}

/// Compares two views; of a recorded request, what `info` says of the executor stands beside the rest.
fn same(what: &str, recorded: &Json, ours: &Json) -> Result<(), String> {
    let mut recorded = recorded.as_object().cloned().unwrap_or_default();
    if let Some(info) = recorded.remove("info") {
        for key in ["executor", "shell"] {
            recorded.insert(key.to_owned(), info[key].clone());
        }
    }
    recorded.remove("system_id");
    let mut ours = ours.as_object().cloned().unwrap_or_default();
    for view in [&mut recorded, &mut ours] {
        view.retain(|_, value| !value.is_null() && *value != json!(false));
    }
    if recorded == ours {
        return Ok(());
    }
    let differs = |key: &&String| recorded.get(*key) != ours.get(*key);
    let keys: BTreeSet<&String> = recorded.keys().chain(ours.keys()).collect();
    let lines = keys.into_iter().filter(differs).map(|key| {
        format!(
            "  {key}: stock {:?}, ours {:?}",
            recorded.get(key).map(Json::to_string),
            ours.get(key).map(Json::to_string)
        )
    });
    Err(format!(
        "{what} differs\n{}",
        lines.collect::<Vec<_>>().join("\n")
    ))
}

/// The entry as it stands in a file.
fn reread(table: &Table) -> Table {
    let mut document = DocumentMut::new();
    let mut entries = toml_edit::ArrayOfTables::new();
    entries.push(table.clone());
    document.insert("runners", Item::ArrayOfTables(entries));
    let text = document.to_string();
    let document: DocumentMut = text
        .parse()
        .unwrap_or_else(|error| panic!("{error}\n{text}"));
    document["runners"]
        .as_array_of_tables()
        .unwrap()
        .get(0)
        .unwrap()
        .clone()
}

/// The entry as gitlab-runner loads it: paths and values, without what stock writes unasked.
fn view(entry: &Table, noise: &BTreeSet<String>) -> Json {
    let mut flat = serde_json::Map::new();
    flatten(&Item::Table(entry.clone()), String::new(), &mut flat);
    flat.remove("token_obtained_at");
    flat.retain(|path, value| *value != json!({}) && !(noise.contains(path) && is_zero(value)));
    // A value of false counts here: it is told from an absent one by a text.
    let told = |value: Json| {
        if value == json!(false) {
            json!("FALSE")
        } else {
            value
        }
    };
    Json::Object(
        flat.into_iter()
            .map(|(path, value)| (path, told(value)))
            .collect(),
    )
}

fn is_zero(value: &Json) -> bool {
    matches!(value, Json::Bool(false))
        || *value == json!(0)
        || *value == json!(0.0)
        || *value == json!("")
        || *value == json!([])
        || value
            .as_str()
            .is_some_and(|text| text.starts_with("0001-01-01"))
}

fn flatten(item: &Item, path: String, flat: &mut serde_json::Map<String, Json>) {
    match item.as_table_like() {
        Some(table) if !table.is_empty() => {
            for (key, item) in table.iter() {
                let path = if path.is_empty() {
                    key.to_owned()
                } else {
                    format!("{path}.{key}")
                };
                flatten(item, path, flat);
            }
        }
        _ => drop(flat.insert(path, json_of(item))),
    }
}

fn json_of(item: &Item) -> Json {
    match item {
        Item::None => Json::Null,
        Item::Table(table) => table
            .iter()
            .map(|(key, item)| (key.to_owned(), json_of(item)))
            .collect(),
        Item::ArrayOfTables(tables) => tables
            .iter()
            .map(|table| json_of(&Item::Table(table.clone())))
            .collect(),
        Item::Value(value) => json_of_value(value),
    }
}

fn json_of_value(value: &Value) -> Json {
    match value {
        Value::String(text) => json!(text.value()),
        Value::Integer(number) => json!(number.value()),
        Value::Float(number) => json!(number.value()),
        Value::Boolean(yes) => json!(yes.value()),
        Value::Datetime(moment) => json!(moment.value().to_string()),
        Value::Array(list) => list.iter().map(json_of_value).collect(),
        Value::InlineTable(table) => table
            .iter()
            .map(|(key, value)| (key.to_owned(), json_of_value(value)))
            .collect(),
    }
}
