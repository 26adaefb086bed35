//! Owns what `re-register` prints on stdout for programs (`re-register.schema.json`): what was done, or would be. No token is in it.

use runner_config::shown::without_tokens;
use runner_lifecycle::report::{address, one_line};
use runner_lifecycle::source::Ownership;
use runner_lifecycle::system_id::SystemId;
use serde_json::{Value, json};

use super::contents::Contents;
use super::give_back::Previous;
use super::plan::Plan;
use super::registration::Registration;

/// The version of the JSON.
const VERSION: u32 = 1;

/// What is told of a re-registration.
pub(super) struct Replacement<'a> {
    /// The path of the file that has the entry: `config.toml`, or its original while it is paused.
    pub(super) file: String,
    /// The name of the entry.
    pub(super) entry: String,
    pub(super) registration: &'a Registration,
    /// Nothing where none is there yet.
    pub(super) system_id: Option<&'a SystemId>,
    /// The runners that lost their entry.
    pub(super) previous: Vec<Previous>,
    /// What is told of a dry run alone.
    pub(super) plan: Option<Shown>,
}

/// What would be done.
pub(super) struct Shown {
    /// What would be sent to GitLab, a line each.
    pub(super) requests: Vec<String>,
    /// The difference of the files, as text.
    pub(super) changes: String,
}

impl<'a> Replacement<'a> {
    /// What was done.
    pub(super) fn done(
        plan: &Plan<'_>,
        files: &Contents<'_>,
        found: &'a Registration,
        system_id: &'a SystemId,
        previous: Vec<Previous>,
    ) -> Self {
        Self {
            file: files.path().display().to_string(),
            entry: found.name_in(&files.entries(plan)).to_owned(),
            registration: found,
            system_id: Some(system_id),
            previous,
            plan: None,
        }
    }

    /// It as one object.
    pub(super) fn text(&self) -> String {
        without_tokens(&format!("{:#}\n", self.json())).into_owned()
    }

    fn json(&self) -> Value {
        let Registration {
            runner, expires_at, ..
        } = self.registration;
        let previous: Vec<Value> = self.previous.iter().map(one).collect();
        let lines = |lines: &mut dyn Iterator<Item = &str>| lines.map(one_line).collect::<Vec<_>>();
        let shown = self.plan.as_ref();
        json!({
            "version": VERSION,
            "dry_run": shown.is_some(),
            "result": result(self.registration),
            "file": one_line(&self.file),
            "entry": one_line(&self.entry),
            "url": address(&runner.url),
            "id": known(runner.id),
            "source": runner.source.name(),
            "shared": runner.ownership() == Ownership::Shared,
            "system_id": self.system_id.map(SystemId::as_str),
            "token_expires_at": expires_at,
            "previous": previous,
            "requests": shown.map(|shown| lines(&mut shown.requests.iter().map(String::as_str))),
            "changes": shown.map(|shown| lines(&mut shown.changes.lines())),
        })
    }
}

/// What became of the entry.
fn result(registration: &Registration) -> &'static str {
    match (registration.place, registration.kept) {
        (None, _) => "added",
        (Some(_), false) => "replaced",
        (Some(_), true) => "kept",
    }
}

fn one(previous: &Previous) -> Value {
    let Previous { runner, kept } = previous;
    json!({
        "id": known(runner.id),
        "url": address(&runner.url),
        "shared": runner.ownership() == Ownership::Shared,
        "unregistered": kept.is_none(),
        "reason": kept.as_deref().map(one_line),
    })
}

/// GitLab's ids begin with 1; an entry may have none.
fn known(id: i64) -> Option<i64> {
    Some(id).filter(|id| *id > 0)
}
