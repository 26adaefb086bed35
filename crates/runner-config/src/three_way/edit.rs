//! Owns carrying out what was decided, in the document.

use toml_edit::{Item, Table, Value};

use super::{Scope, Step, Written, list, removal};
use crate::globals;
use crate::layout::text;
use crate::leaves::{self, Leaf};
use crate::place::{self, Place};
use crate::sameness::digest_of;

/// Carries out one step; says whether there was room for it.
pub(super) fn apply(now: &mut Table, scope: Scope, step: &Step<'_>, last: &Written) -> bool {
    match step {
        Step::Remove { path, names } => remove(now, scope, path, names, last),
        Step::Put { leaf, .. } => put(now, scope, leaf),
    }
}

/// Drops the tables that removals have left empty, with their headers; says whether there were any. One with a comment of
/// somebody else stays.
pub(super) fn drop_empty(
    now: &mut Table,
    scope: Scope,
    steps: &[Step<'_>],
    last: &Written,
) -> bool {
    let mut changed = false;
    for step in steps {
        let Step::Remove { names, .. } = step else {
            continue;
        };
        for end in (1..names.len()).rev() {
            let names = &names[..end];
            if is_bare(now, scope, names, last) {
                changed |= take(now, scope, names, false);
            }
        }
    }
    changed
}

fn remove(now: &mut Table, scope: Scope, path: &str, names: &[String], last: &Written) -> bool {
    let leaves = scope.leaves(now);
    let is_ours = leaves
        .get(path)
        .is_some_and(|leaf| is_our_comment(path, &leaf.comment, last));
    take(now, scope, names, !is_ours)
}

fn take(now: &mut Table, scope: Scope, names: &[String], keep: bool) -> bool {
    let Some((name, place)) = enter(now, scope, names) else {
        return false;
    };
    let lines = removal::take(place, name, keep);
    if !lines.is_empty() {
        removal::append(now, &lines, scope == Scope::File);
    }
    true
}

fn put(now: &mut Table, scope: Scope, leaf: &Leaf<'_>) -> bool {
    let before = place::find(now, scope.fields(), &leaf.names);
    // Keys of somebody else that stand in a table where a value was asked for.
    let blocked = before
        .and_then(Item::as_table_like)
        .is_some_and(|table| !table.is_empty());
    if blocked {
        return false;
    }
    let is_new = before.is_none();
    let mut item = list::in_the_form_of(before, leaf);
    if let Item::Value(value) = &mut item
        && !behind(value).starts_with('#')
    {
        // What stood around it where it was asked for is no comment.
        value.decor_mut().clear();
    }
    let comment = above(leaf);
    if scope == Scope::File
        && let ([name], Item::Value(value)) = (&leaf.names[..], &item)
    {
        globals::set(now, name, value.clone());
        if is_new {
            place::explain(now, name, comment);
        }
        return true;
    }
    let Some((name, place)) = enter(now, scope, &leaf.names) else {
        return false;
    };
    if is_new {
        place.add(name, item, comment);
    } else {
        place.put(name, item);
    }
    true
}

/// The comments above a leaf; the one behind it is part of its value.
fn above<'a>(leaf: &'a Leaf<'_>) -> &'a str {
    let behind = leaf.item.as_value().map_or("", behind);
    leaf.comment.strip_suffix(behind).unwrap_or(&leaf.comment)
}

fn behind(value: &Value) -> &str {
    text(value.decor().suffix()).trim()
}

/// The table in which a name stands.
fn enter<'a, 'n>(
    now: &'a mut Table,
    scope: Scope,
    names: &'n [String],
) -> Option<(&'n str, Place<'a>)> {
    let (name, above) = names.split_last()?;
    let above: Vec<&str> = above.iter().map(String::as_str).collect();
    let place = Place::of(now, scope.fields()).enter(&above)?;
    Some((name, place))
}

/// Whether a table has no keys and no comments but ours.
fn is_bare(now: &Table, scope: Scope, names: &[String], last: &Written) -> bool {
    let path = leaves::path(names);
    let leaves = scope.leaves(now);
    leaves.get(&path).is_some_and(|leaf| {
        let is_empty = leaf
            .item
            .as_table_like()
            .is_some_and(|table| table.is_empty());
        is_empty && is_our_comment(&path, &leaf.comment, last)
    })
}

fn is_our_comment(path: &str, comment: &str, last: &Written) -> bool {
    comment.is_empty() || last.get(&format!("#{path}")) == Some(&digest_of(comment))
}
