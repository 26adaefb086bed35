//! Owns how `config.toml` changes: from what is there to what should be there, as a value, before anything is written.

use runner_config::config_toml::{ConfigToml, Error, put_token};
use runner_config::place::{self, get};
use runner_config::three_way::{self, Scope, Written};
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::state::{State, StateEntry};
use toml_edit::{Item, Table, value};

use super::clock;
use super::plan::Plan;
use super::registration::Registration;
use crate::entry::{self, Identity};

mod globals;
mod others;

pub(super) use others::Other;

/// The document to begin with: what is there, else the operator's base, else gitlab-runner's own beginning.
pub(super) fn start(before: Option<&str>, plan: &Plan<'_>) -> Result<ConfigToml, Error> {
    match before.or(plan.base.as_deref()) {
        Some(text) => ConfigToml::parse(text),
        None => ConfigToml::parse(&plan.options.globals.new_document().to_string()),
    }
}

/// What was written last, as far as it counts for the file that is there.
#[derive(Debug, Default)]
pub(super) struct Last {
    /// Outside the entries; `None` where nobody knows, or somebody has written over the file.
    pub(super) globals: Option<Written>,
    /// In this run's entry.
    pub(super) entry: Option<Written>,
    /// The entries of other runs that stand there too: what is outside the entries is theirs as well.
    pub(super) others: Vec<Other>,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Edited {
    /// What is written outside the entries now.
    pub(super) globals: Written,
    /// What is written in this run's entry now.
    pub(super) entry: Written,
    /// What is written in the entries of other runs now, where that changed.
    pub(super) others: Vec<(StateEntry, Written)>,
    /// What the operator should hear about, one line each.
    pub(super) lines: Vec<String>,
}

/// Brings the document to what is asked for and touches nothing else. Twice is as once, byte for byte.
pub(super) fn apply(
    config: &mut ConfigToml,
    plan: &Plan<'_>,
    registration: &Registration,
    last: &Last,
    port: impl FnOnce() -> u16,
) -> Edited {
    let before = config.concurrent();
    let globals = globals::follow(config.document_mut(), plan, last, port);
    let mut lines = globals.lines;
    let concurrent = config.concurrent();
    let is_ours = plan.options.drain_ready && !plan.wish.tells_limit();
    let limit = Some(concurrent).filter(|_| is_ours && globals.concurrent_is_told);
    let others = match plan.options.drain_ready {
        true => others::follow(config, registration.place, &last.others, before, concurrent),
        false => Vec::new(),
    };
    let asked = match registration.place {
        Some(_) => plan.wish.asked_with_zeros(limit),
        None => plan.wish.asked(limit),
    };
    let place = registration.place.unwrap_or_else(|| {
        let runner = &registration.runner;
        let identity = Identity {
            name: name(plan, registration),
            url: &runner.url,
            id: runner.id,
            token: &runner.token,
            obtained_at: clock::moment(&registration.obtained_at),
            expires_at: registration.expires_at.as_deref(),
        };
        config.push_entry(entry::render(asked.clone(), &identity));
        config.entry_count() - 1
    });
    lines.extend(kept_url(config, plan, registration));
    // Tried on a copy: entries of an inline array become tables when they are edited, which nobody asked for if nothing differs.
    let mut edited = config.clone();
    let mut entry = Written::new();
    if let Some(table) = edited.entry_mut(place) {
        let mut told = plan.wish.told(table);
        let mut changed = registration.place.is_some()
            && (plan.wish.rename(table) | identify(table, registration));
        if get(table, "limit").is_none() {
            changed |= entry::drop_stray_comment_of_limit(table);
        }
        if plan.wish.tells_limit() {
            changed |= entry::limit_is_the_operators(table);
        } else if last.entry.is_none() {
            let is_marked = entry::is_marked_limit(table, before);
            if limit.is_some() && (is_marked || get(table, "limit").is_none()) {
                told.paths.insert("limit".to_owned());
            } else if is_marked {
                changed |= place::remove(table, "limit").is_some();
            }
        }
        let mut known = last.entry.clone();
        if let Some(known) = known.as_mut().filter(|_| plan.options.anew) {
            // A person's shell has not the init container's settings: what the command does not ask for stays.
            entry = three_way::set_aside(known, &asked, Scope::Entry, &|path| told.has(path));
        }
        let followed = three_way::follow(table, Scope::Entry, known.as_ref(), &asked, &|path| {
            told.has(path)
        });
        entry.extend(followed.written);
        let shown = place::text(table, "name").unwrap_or_default();
        for kept in followed.kept {
            // Ours is no wish of the operator.
            if kept.path != "limit" || limit.is_none() {
                let line = kept.line(&plan.config_name);
                lines.push(format!("runner entry {shown:?}: {line}"));
            }
        }
        let limit = get(table, "limit").and_then(Item::as_integer).unwrap_or(0);
        if limit > 0 && limit < concurrent {
            lines.push(format!(
                "runner entry {shown:?}: limit = {limit} is below concurrent = {concurrent}, so it uses at most {limit} of \
                 the {concurrent} job slots"
            ));
        }
        if changed || followed.changed {
            *config = edited;
        }
    }
    Edited {
        globals: globals.written,
        entry,
        others,
        lines,
    }
}

/// The file without the keys of its entries that stand as they were written last: what is left is other people's.
pub(super) fn without_ours(
    config: &ConfigToml,
    state: &State,
    places: &[Option<usize>],
) -> ConfigToml {
    let mut others = config.clone();
    for (at, known) in places.iter().enumerate() {
        let last = known.and_then(|known| state.entries.get(known)?.written.as_ref());
        if let (Some(last), Some(table)) = (last, others.entry_mut(at)) {
            three_way::follow(table, Scope::Entry, Some(last), &Table::new(), &|_| false);
        }
    }
    others
}

/// A line for an entry whose URL is no longer the one that it was written with.
fn kept_url(config: &ConfigToml, plan: &Plan<'_>, registration: &Registration) -> Option<String> {
    // One that is added just now has the URL that it is written with.
    let place = registration.place?;
    let entries = config.entries(&|name| plan.variable(name));
    let entry = entries.get(place)?;
    (!same_url(&entry.url, &registration.runner.url)).then(|| {
        let (name, file) = (&entry.name, &plan.config_name);
        format!("runner entry {name:?}: url in {file} was changed by somebody else and is kept")
    })
}

/// The name of an entry that is written anew: as given, else as it was.
fn name<'a>(plan: &'a Plan<'_>, registration: &'a Registration) -> &'a str {
    let known = registration
        .known
        .as_ref()
        .and_then(|known| known.name.as_deref());
    known
        .filter(|_| !plan.wish.name_given)
        .unwrap_or(&plan.wish.name)
}

/// Gives an existing entry its runner: of a kept one only the id by which GitLab knows it, of a new one all that GitLab gave.
/// Says whether anything changed.
fn identify(table: &mut Table, registration: &Registration) -> bool {
    let (id, kept) = (registration.runner.id, registration.kept);
    let before = get(table, "id").and_then(Item::as_integer);
    let differs = before.unwrap_or(0) != id;
    if !kept || differs {
        place::put(table, "id", value(id));
    }
    if kept {
        return differs;
    }
    let token = registration.runner.token.expose();
    let expires = registration.expires_at.as_deref();
    put_token(table, token, &registration.obtained_at, expires);
    true
}

#[cfg(test)]
mod tests {
    use runner_lifecycle::runner::Runner;
    use runner_lifecycle::source::Source;
    use runner_lifecycle::token::Token;

    use super::*;

    #[test]
    fn kept_entry_gets_the_id_by_which_gitlab_knows_it_and_nothing_else() {
        fn check(entry: &str, id: i64, want: &str) {
            let runner = Runner {
                url: "http://h".to_owned(),
                id,
                source: Source::RegistrationToken,
                token: Token::new("other").unwrap(),
            };
            let registration = Registration {
                adopted: true,
                place: Some(0),
                kept: true,
                ..Registration::new(runner, clock::now(), None)
            };
            let mut document: toml_edit::DocumentMut = entry.parse().unwrap();
            let changed = identify(document.as_table_mut(), &registration);
            assert_eq!(document.to_string(), want);
            assert_eq!(changed, entry != want);
        }
        check(
            "id = 5 # ours\ntoken = \"t\"\n",
            7,
            "id = 7 # ours\ntoken = \"t\"\n",
        );
        check("ID = 0\n", 7, "ID = 7\n");
        check("token = \"t\"\n", 7, "id = 7\ntoken = \"t\"\n");
        check("id = 7\n", 7, "id = 7\n");
        // GitLab was not reached, and the entry has none.
        check("token = \"t\"\n", 0, "token = \"t\"\n");
    }
}
