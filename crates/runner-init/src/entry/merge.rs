//! Owns how flags and variables go over a template, by the rules of gitlab-runner 19.4: the template fills only what is
//! empty in them, so a flag cannot take a value away again.

use runner_config::Emit;
use runner_config::place::{self, Place};
use runner_config::zeros::{is_zero, is_zero_value};
use runner_lifecycle::exit::Failure;
use toml_edit::{ArrayOfTables, Item, Table, Value, value};

use crate::args::Setting;
use crate::values::Content;

/// Puts one setting into the entry that came from the template, or stays behind its value.
///
/// Says so in a line when the template wins over what was given.
pub(super) fn setting(entry: &mut Table, setting: &Setting) -> Result<Option<String>, Failure> {
    let field = runner_config::at(setting.path);
    let shape = field.map(|field| field.shape);
    // A flag of a gitlab-runner newer than the field table: written whenever it was given.
    let emit = field.map_or(Emit::IfGiven, |field| field.emit);
    let before = place::get(entry, setting.path);
    let kept = before.is_some_and(|item| !is_zero(shape, item));
    let item = match &setting.content {
        Content::Map(map) => return entries(entry, setting, map),
        Content::Value(value) if is_zero_value(shape, value) => {
            let wanted = before.is_none() && emit != Emit::IfNotZero;
            wanted.then(|| Item::Value(value.clone()))
        }
        Content::Value(value) => Some(Item::Value(value.clone())),
        Content::Tables(tables) if tables.is_empty() => None,
        Content::Tables(tables) => Some(Item::ArrayOfTables(ArrayOfTables::from_iter(
            tables.iter().cloned(),
        ))),
    };
    match item {
        Some(item) => match place::put(entry, setting.path, item) {
            true => Ok(None),
            false => Err(in_the_way(setting)),
        },
        None if kept => Ok(Some(gives_way(setting, setting.path))),
        None => Ok(None),
    }
}

/// Maps are joined key by key; an empty value of ours gives way to the template's.
fn entries(
    entry: &mut Table,
    setting: &Setting,
    map: &[(String, Value)],
) -> Result<Option<String>, Failure> {
    let mut sorted: Vec<&(String, Value)> = map.iter().collect();
    sorted.sort_by(|(left, _), (right, _)| left.cmp(right));
    let mut warning = None;
    for (key, ours) in sorted {
        let before = place::get(entry, setting.path).and_then(Item::as_table_like);
        let kept = before
            .and_then(|map| map.get(key))
            .is_some_and(|item| !is_zero(None, item));
        if kept && is_zero_value(None, ours) {
            warning = Some(gives_way(setting, key));
            continue;
        }
        let names: Vec<&str> = setting.path.split('.').collect();
        let place = Place::of(entry, runner_config::RUNNER).enter(&names);
        place
            .ok_or_else(|| in_the_way(setting))?
            .put_exactly(key, value(ours.clone()));
    }
    Ok(warning)
}

fn gives_way(setting: &Setting, key: &str) -> String {
    format!(
        "{} is overridden by the template's {key}: as in gitlab-runner, an empty or false value does not replace it",
        setting.origin
    )
}

fn in_the_way(setting: &Setting) -> Failure {
    Failure::unusable(format!(
        "{}: the template has something other than a table in the path of {}",
        setting.origin, setting.path
    ))
}

/// Whether a setting belongs to a section that the entry does not keep.
pub(super) fn is_dropped(setting: &Setting, dropped: &[&str]) -> bool {
    setting
        .path
        .split('.')
        .next()
        .is_some_and(|first| dropped.contains(&first) && setting.path != first)
}
