//! Owns what a second run changes: what was written last, what is there now and what is asked for decide together, as in
//! `kubectl apply`. A key that stands as we wrote it follows what is asked; one that somebody else changed is theirs.

use std::collections::{BTreeMap, BTreeSet};

use toml_edit::{Item, Table, Value};

use crate::field::{Field, Shape};
use crate::leaves::{self, Inside, Leaf};
use crate::sameness::{digest, digest_of};
use crate::{CONFIG, RUNNER};

mod edit;
mod list;
mod removal;

/// What was last written: for each key, as a path of names, a digest of its value. A digest, so that no secret of the entry
/// stands there, whichever key holds it. A path with `#` before it has the digest of the comments that were written with it. A
/// digest with `-` before it is of what was asked for and not written, because nobody knew what was there before.
pub type Written = BTreeMap<String, String>;

/// The keys of an entry that only GitLab can tell.
pub(crate) const IDENTITY: &[&str] = &["id", "token", "token_obtained_at", "token_expires_at"];

/// What a table is, and with it which of its keys are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// A runner entry without the keys by which it is one: name, URL, id, token and the token's times.
    Entry,
    /// The file without its entries.
    File,
}

/// What came of a run.
#[derive(Debug)]
pub struct Followed {
    /// Whether the table was changed. Where it was not, every byte is as before.
    pub changed: bool,
    /// What is written now, for the next run.
    pub written: Written,
    /// What was asked for and is not there because somebody else changed the key, in the order of the paths.
    pub kept: Vec<Kept>,
}

/// A key that is somebody else's by now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// Its path: names joined with dots.
    pub path: String,
    /// Whether they removed it.
    pub is_gone: bool,
    /// What was asked for, where it cannot be a secret: a number, `true` or `false`.
    pub asked: Option<String>,
}

impl Scope {
    fn fields(self) -> &'static [Field] {
        match self {
            Self::Entry => RUNNER,
            Self::File => CONFIG,
        }
    }

    /// Keys that have a story of their own.
    fn leaves_out(self, name: &str) -> bool {
        match self {
            Self::File => name == "runners",
            Self::Entry => ["name", "url"].contains(&name) || IDENTITY.contains(&name),
        }
    }

    fn leaves(self, table: &Table) -> BTreeMap<String, Leaf<'_>> {
        let inside = Inside::of(Some(Shape::Table(self.fields())));
        let mut leaves = leaves::of(table, inside);
        leaves.retain(|_, leaf| !leaf.names.first().is_some_and(|name| self.leaves_out(name)));
        leaves
    }
}

impl Kept {
    /// What an operator reads of it, where `file` is what messages call the file.
    #[must_use]
    pub fn line(&self, file: &str) -> String {
        let path = &self.path;
        let asked = match &self.asked {
            Some(asked) => format!(" (requested: {asked})"),
            None => String::new(),
        };
        if self.is_gone {
            return format!(
                "{path} was removed from {file} by somebody else: not written again{asked}"
            );
        }
        format!("{path} in {file} was changed by somebody else and is kept{asked}")
    }
}

/// What a table that was just written holds, for the next run.
#[must_use]
pub fn written(table: &Table, scope: Scope) -> Written {
    let mut written = Written::new();
    for (path, leaf) in scope.leaves(table) {
        if !leaf.comment.is_empty() {
            written.insert(format!("#{path}"), digest_of(&leaf.comment));
        }
        if let Some(digest) = digest_if_there(&leaf) {
            written.insert(path, digest);
        }
    }
    written
}

/// The keys that are no longer as they were written last, in the order of their paths; those that are gone among them.
#[must_use]
pub fn edited(now: &Table, scope: Scope, last: &Written) -> Vec<String> {
    let there = written(now, scope);
    let keys = last.iter().filter(|(path, _)| !path.starts_with('#'));
    keys.filter(|(path, digest)| there.get(*path) != as_written(digest))
        .map(|(path, _)| path.clone())
        .collect()
}

/// Brings `now` to what is `asked`, key by key: a key that stands as it was written `last` follows, any other stays.
///
/// `asked` is the whole of what is wanted: a key that is not in it at all is removed if it is ours, so what a new file begins
/// with belongs in there. A zero value in it that means as much as no key is written where it takes the place of another
/// value, and nowhere else. A comment in it comes along with a new key, and goes again with it; the comments and the order of
/// `now` stay.
///
/// Without `last` (nobody knows what was written, or somebody has put a file of his own in the place of ours) only the paths
/// that were `told` explicitly are applied where they differ, and nothing is removed. With `last`, `told` is not asked. A key
/// of a map has a path of its own: [`path`].
pub fn follow(
    now: &mut Table,
    scope: Scope,
    last: Option<&Written>,
    asked: &Table,
    told: &dyn Fn(&str) -> bool,
) -> Followed {
    let wanted = scope.leaves(asked);
    let is_ours = |path: &str, there: Option<&str>| match last {
        Some(last) => there == last.get(path).and_then(as_written).map(String::as_str),
        None => told(path),
    };
    let nothing = Written::new();
    let known = last.unwrap_or(&nothing);
    let (steps, mut kept) = decide(&scope.leaves(now), known, &wanted, &is_ours);
    kept.retain(|kept| last.is_some() || told(&kept.path));
    let mut changed = false;
    for step in &steps {
        match edit::apply(now, scope, step, known) {
            true => changed = true,
            false => kept.extend(step.kept()),
        }
    }
    changed |= edit::drop_empty(now, scope, &steps, known);
    kept.sort_by(|one, other| one.path.cmp(&other.path));
    let written = next(&written(now, scope), last, &wanted);
    Followed {
        changed,
        written,
        kept,
    }
}

/// Takes out of what was written last the keys that are neither `asked` for nor `told` now, so that they stay as they are.
pub fn set_aside(
    last: &mut Written,
    asked: &Table,
    scope: Scope,
    told: &dyn Fn(&str) -> bool,
) -> Written {
    let own = written(asked, scope);
    let is_asked = |path: &str| {
        let path = path.trim_start_matches('#');
        // A zero that was told is asked for as well.
        own.contains_key(path) || told(path)
    };
    last.extract_if(.., |path, _| !is_asked(path)).collect()
}

/// Names joined with dots to the path of a key, each in quotes where TOML needs them: `["docker", "sysctls", "net.a"]`.
#[must_use]
pub fn path(names: &[&str]) -> String {
    leaves::path(
        &names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
}

/// One change.
enum Step<'a> {
    Remove { path: String, names: Vec<String> },
    Put { path: String, leaf: &'a Leaf<'a> },
}

impl Step<'_> {
    /// What stays undone where there is no room for it.
    fn kept(&self) -> Option<Kept> {
        match self {
            Self::Put { path, leaf } => Some(left_alone(path, leaf, false)),
            Self::Remove { .. } => None,
        }
    }
}

/// What is to be done, removals first, and what is not done because it is theirs.
fn decide<'a>(
    there: &BTreeMap<String, Leaf<'_>>,
    last: &Written,
    wanted: &'a BTreeMap<String, Leaf<'a>>,
    is_ours: &dyn Fn(&str, Option<&str>) -> bool,
) -> (Vec<Step<'a>>, Vec<Kept>) {
    let (mut removals, mut puts, mut kept) = (Vec::new(), Vec::new(), Vec::new());
    let paths: BTreeSet<&String> = wanted.keys().chain(last.keys()).collect();
    for path in paths {
        let present = there.get(path).and_then(digest_if_there);
        let asked = wanted.get(path).filter(|leaf| !leaf.is_table());
        let wanted = asked.and_then(digest_if_there);
        let is_as_before = || last.get(path) == wanted.as_deref().map(left_out).as_ref();
        if present == wanted || present.is_none() && is_as_before() {
            continue;
        }
        // An empty list has no headers that could be written.
        let asked = match there.get(path).map(|leaf| leaf.item) {
            Some(Item::ArrayOfTables(_)) => asked.filter(|asked| asked.is_there()),
            _ => asked,
        };
        match (is_ours(path, present.as_deref()), asked) {
            (true, Some(leaf)) => puts.push(Step::Put {
                path: path.clone(),
                leaf,
            }),
            (true, None) => removals.extend(there.get(path).map(|leaf| Step::Remove {
                path: path.clone(),
                names: leaf.names.clone(),
            })),
            (false, Some(leaf)) => kept.push(left_alone(path, leaf, !there.contains_key(path))),
            (false, None) => {}
        }
    }
    removals.extend(puts);
    (removals, kept)
}

/// What the next run needs to know: what is as it was asked for, and of the rest what was written before, as long as the
/// key is asked for; so a key that an operator removed stays removed.
fn next(there: &Written, last: Option<&Written>, wanted: &BTreeMap<String, Leaf<'_>>) -> Written {
    let mut next = Written::new();
    let before = |path: &String| last.and_then(|last| last.get(path)).cloned();
    for (path, leaf) in wanted {
        let comment = format!("#{path}");
        let asked = digest_if_there(leaf);
        let now = match (there.get(path), asked) {
            (Some(present), Some(asked)) if *present == asked => Some(asked),
            (None, Some(asked)) if last.is_none() => Some(left_out(&asked)),
            // A zero value was asked for, and there is none other: that is how it stands now.
            (None, None) => None,
            _ => before(path),
        };
        next.extend(now.map(|now| (path.clone(), now)));
        let present = there.get(&comment);
        let ours = [Some(digest_of(&leaf.comment)), before(&comment)];
        if let Some(present) = present
            && ours.iter().flatten().any(|ours| ours == present)
        {
            next.insert(comment, present.clone());
        }
    }
    next
}

/// What is remembered of a value that was asked for and not written.
fn left_out(digest: &str) -> String {
    format!("-{digest}")
}

fn as_written(digest: &String) -> Option<&String> {
    Some(digest).filter(|digest| !digest.starts_with('-'))
}

fn digest_if_there(leaf: &Leaf<'_>) -> Option<String> {
    leaf.is_there().then(|| digest(leaf.shape, leaf.item))
}

fn left_alone(path: &str, leaf: &Leaf<'_>, is_gone: bool) -> Kept {
    let asked = match leaf.item {
        Item::Value(Value::Integer(number)) => Some(number.value().to_string()),
        Item::Value(Value::Float(number)) => Some(number.value().to_string()),
        Item::Value(Value::Boolean(yes)) => Some(yes.value().to_string()),
        _ => None,
    };
    Kept {
        path: path.to_owned(),
        is_gone,
        asked,
    }
}

#[cfg(test)]
mod tests;
