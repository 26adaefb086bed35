//! Owns how `config.toml` changes: from what is there to what should be there, as a value, before anything is written.

use runner_config::RUNNER;
use runner_config::place::{Place, get};
use runner_lifecycle::config_toml::{ConfigToml, Error};
use toml_edit::{Item, Table, Value, value};

use super::clock;
use super::plan::Plan;
use super::runner::Runner;
use crate::entry::{self, Identity};

/// gitlab-runner's word for "never" in `token_expires_at`.
const NEVER: &str = "0001-01-01T00:00:00Z";

/// The document to begin with: what is there, else the operator's base, else gitlab-runner's own beginning.
pub(super) fn start(before: Option<&str>, plan: &Plan<'_>) -> Result<ConfigToml, Error> {
    match before.or(plan.base.as_deref()) {
        Some(text) => ConfigToml::parse(text),
        None => ConfigToml::parse(&entry::new_document(&plan.options.globals).to_string()),
    }
}

/// Brings the document to what was asked for and touches nothing else. Twice is as once, byte for byte.
pub(super) fn apply(
    config: &mut ConfigToml,
    plan: &Plan<'_>,
    runner: &Runner,
    port: impl FnOnce() -> u16,
) {
    let before = config.concurrent();
    entry::apply_globals(config.document_mut(), &plan.options.globals);
    let concurrent = config.concurrent();
    let place = runner.place.unwrap_or_else(|| {
        let identity = Identity {
            name: &plan.wish.name,
            url: &runner.url,
            id: runner.id,
            token: &runner.token,
            obtained_at: clock::moment(&runner.obtained_at),
            expires_at: runner.expires_at.as_deref(),
        };
        config.push_entry(entry::render(&plan.wish, &identity));
        config.entry_count() - 1
    });
    // Tried on a copy: entries of an inline array become tables when they are edited, which nobody asked for if nothing differs.
    let mut edited = config.clone();
    if let Some(table) = edited.entry_mut(place) {
        let given =
            runner.place.is_some() && entry::apply(&plan.wish, table) | identify(table, runner);
        let limited = if plan.options.drain_ready {
            entry::limit_follows_concurrent(table, before, concurrent)
        } else {
            entry::take_limit_back(table, before)
        };
        if given || limited {
            *config = edited;
        }
    }
    if plan.options.drain_ready {
        entry::listen_on_loopback(config.document_mut(), port);
    } else {
        entry::take_listen_address_back(config.document_mut());
    }
}

/// Gives an existing entry its runner: of a kept one only the id by which GitLab knows it, of a new one all that GitLab gave.
/// Says whether anything changed.
fn identify(table: &mut Table, runner: &Runner) -> bool {
    let id = get(table, "id").and_then(Item::as_integer);
    let differs = id.unwrap_or(0) != runner.id;
    if !runner.kept || differs {
        set(table, "id", Value::from(runner.id));
    }
    if runner.kept {
        return differs;
    }
    set(table, "token", Value::from(runner.token.expose()));
    let expires = runner.expires_at.as_deref().unwrap_or(NEVER);
    for (key, time) in [
        ("token_obtained_at", runner.obtained_at.as_str()),
        ("token_expires_at", expires),
    ] {
        if let Ok(time) = time.parse::<toml_edit::Datetime>() {
            set(table, key, Value::from(time));
        }
    }
    true
}

/// Sets a value in place, with the comments around it.
fn set(table: &mut Table, key: &str, new: Value) {
    Place::of(table, RUNNER).put(key, value(new));
}

#[cfg(test)]
mod tests {
    use runner_lifecycle::source::Source;
    use runner_lifecycle::token::Token;

    use super::*;

    #[test]
    fn value_goes_where_its_key_stands_however_it_is_spelled() {
        let mut document: toml_edit::DocumentMut = "Token = \"old\" # ours\n".parse().unwrap();
        set(document.as_table_mut(), "token", Value::from("new"));
        set(document.as_table_mut(), "id", Value::from(3));
        assert_eq!(document.to_string(), "id = 3\nToken = \"new\" # ours\n");
    }

    #[test]
    fn kept_entry_gets_the_id_by_which_gitlab_knows_it_and_nothing_else() {
        fn check(entry: &str, id: i64, want: &str) {
            let runner = Runner {
                id,
                url: "http://h".to_owned(),
                token: Token::new("other").unwrap(),
                source: Source::RegistrationToken,
                adopted: true,
                obtained_at: clock::now(),
                expires_at: None,
                place: Some(0),
                known: None,
                sent: None,
                replaces: None,
                kept: true,
            };
            let mut document: toml_edit::DocumentMut = entry.parse().unwrap();
            let changed = identify(document.as_table_mut(), &runner);
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
