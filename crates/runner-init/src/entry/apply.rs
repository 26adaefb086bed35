//! Owns bringing an existing entry up to date: what flags say now is set where it differs, all else stays as it is.

use toml_edit::{Item, Table, Value, value};

use super::EntryWish;
use super::drain_ready;
use crate::args::Setting;
use crate::executor;
use crate::values::Content;
use runner_config::place::{self, Place};
use runner_config::sameness::same;
use runner_config::zeros::{is_zero, is_zero_value};

/// Brings an existing entry to what the flags say now and touches nothing else; says whether anything changed.
///
/// Twice is as once, byte for byte. URL, id and token are the story's; the name is applied only if it was given.
pub fn apply(wish: &EntryWish, existing: &mut Table) -> bool {
    let mut changed = sections(wish, existing);
    if wish.name_given && place::text(existing, "name") != Some(&wish.name) {
        Place::of(existing, runner_config::RUNNER).put("name", value(&wish.name));
        changed = true;
    }
    for setting in &wish.settings {
        changed |= match &setting.content {
            Content::Map(map) => map.iter().fold(false, |changed, (key, _)| {
                one_of_map(wish, existing, setting, key) || changed
            }),
            Content::Value(ours) => one(wish, existing, setting, Some(ours)),
            Content::Tables(_) => one(wish, existing, setting, None),
        };
        if setting.path == "limit" {
            changed |= drain_ready::limit_is_the_operators(existing);
        }
    }
    changed
}

/// A section of the executor that the entry does not have comes whole, with what the executor's rules added to it.
fn sections(wish: &EntryWish, existing: &mut Table) -> bool {
    let mut changed = false;
    for section in executor::keeps(&wish.executor) {
        let given = wish
            .settings
            .iter()
            .any(|s| s.path.split('.').next() == Some(*section));
        let wanted = place::get(&wish.table, section);
        if let (true, Some(wanted), None) = (given, wanted, place::get(existing, section)) {
            Place::of(existing, runner_config::RUNNER).put(section, wanted.clone());
            changed = true;
        }
    }
    changed
}

fn one(wish: &EntryWish, existing: &mut Table, setting: &Setting, ours: Option<&Value>) -> bool {
    let shape = runner_config::at(setting.path).map(|field| field.shape);
    let now = place::get(existing, setting.path);
    let item = match (place::get(&wish.table, setting.path), ours) {
        (Some(wanted), _) if now.is_some_and(|now| same(shape, wanted, now)) => return false,
        (Some(wanted), _) => wanted.clone(),
        // Given as zero, which a new entry does not spell out: it matters only where there is something else.
        (None, Some(zero))
            if is_zero_value(shape, zero) && now.is_some_and(|now| !is_zero(shape, now)) =>
        {
            Item::Value(zero.clone())
        }
        (None, _) => return false,
    };
    let names: Vec<&str> = setting.path.split('.').collect();
    let Some((name, parents)) = names.split_last() else {
        return false;
    };
    let Some(place) = Place::of(existing, runner_config::RUNNER).enter(parents) else {
        return false;
    };
    place.put(name, item);
    true
}

fn one_of_map(wish: &EntryWish, existing: &mut Table, setting: &Setting, key: &str) -> bool {
    let at = |table: &Table| {
        let map = place::get(table, setting.path).and_then(Item::as_table_like)?;
        map.get(key).cloned()
    };
    let Some(wanted) = at(&wish.table) else {
        return false;
    };
    if at(existing).is_some_and(|now| same(None, &wanted, &now)) {
        return false;
    }
    let names: Vec<&str> = setting.path.split('.').collect();
    let Some(place) = Place::of(existing, runner_config::RUNNER).enter(&names) else {
        return false;
    };
    place.put_exactly(key, wanted);
    true
}

#[cfg(test)]
mod tests;
