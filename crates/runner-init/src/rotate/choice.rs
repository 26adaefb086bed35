//! Owns which runner entry `rotate` is about, and whose its runner is. Pure.

use runner_config::config_toml::RunnerEntry;
use runner_config::shown::shown;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::report::address;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::State;
use runner_lifecycle::token::Token;

/// What was said about the entry; each narrows the choice.
#[derive(Clone, Debug, Default)]
pub(crate) struct EntrySelection {
    /// Its name.
    pub name: Option<String>,
    /// Its GitLab.
    pub url: Option<String>,
    /// The id of its runner.
    pub id: Option<i64>,
}

/// One runner, and the entries that have its token.
#[derive(Debug)]
pub(super) struct Choice {
    /// The first of them.
    pub(super) entry: RunnerEntry,
    pub(super) token: Token,
    /// The names of all.
    pub(super) names: Vec<String>,
    pub(super) ownership: Ownership,
}

impl Choice {
    /// The runner in the words of a line: by its id, or where the entry has none by the entry's name.
    pub(super) fn runner(&self) -> String {
        match self.entry.id {
            Some(id) => format!("runner {id}"),
            None => format!("the runner of entry {}", shown(&self.entry.name)),
        }
    }
}

impl EntrySelection {
    fn takes(&self, entry: &RunnerEntry) -> bool {
        self.name.as_ref().is_none_or(|name| *name == entry.name)
            && self
                .url
                .as_ref()
                .is_none_or(|url| same_url(url, &entry.url))
            && self.id.is_none_or(|id| entry.id == Some(id))
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.url.is_none() && self.id.is_none()
    }
}

/// The runner that is meant among the entries of the file at `path`.
pub(super) fn choose(
    entries: &[RunnerEntry],
    state: &State,
    selection: &EntrySelection,
    path: &str,
) -> Result<Choice, Failure> {
    let taken = || entries.iter().filter(|entry| selection.takes(entry));
    let Some(first) = taken().next() else {
        let which = if selection.is_empty() {
            "no runner entry"
        } else {
            "no such runner entry"
        };
        return Err(Failure::unusable(format!("{path} has {which}")));
    };
    if taken().any(|entry| !same_url(&entry.url, &first.url) || entry.token != first.token) {
        let all: Vec<String> = taken().map(named).collect();
        let count = all.len();
        return Err(Failure::usage(format!(
            "{path} has {count} runner entries to choose from: give --name, --url or --id ({})",
            all.join(", ")
        )));
    }
    let Some(token) = first.token.clone() else {
        let why = first
            .no_token
            .as_deref()
            .unwrap_or("it has no token to reset");
        let named = named(first);
        return Err(Failure::unusable(format!("runner entry {named}: {why}")));
    };
    let same = entries
        .iter()
        .filter(|entry| same_url(&entry.url, &first.url) && entry.token == first.token);
    Ok(Choice {
        ownership: ownership(state, first, &token),
        entry: first.clone(),
        names: same.map(|entry| entry.name.clone()).collect(),
        token,
    })
}

/// As the state file knows it, by its token or by its id, else by the token, as everywhere. A token that no runner of that source
/// can have was put there by somebody.
fn ownership(state: &State, entry: &RunnerEntry, token: &Token) -> Ownership {
    let mut kept = state.entries.iter();
    let by_token = kept.find(|kept| kept.has_token_of(entry));
    let known = by_token.map(|kept| kept.source).or_else(|| {
        let known = state.known(&entry.url, entry.id?);
        known.map(|(source, _)| source)
    });
    let source = known.filter(|source| source.gives(token));
    source
        .unwrap_or_else(|| Source::of_foreign(token))
        .ownership()
}

/// `"build" (runner 7 at https://gitlab.example)`.
fn named(entry: &RunnerEntry) -> String {
    let runner = entry
        .id
        .map_or_else(String::new, |id| format!("runner {id} "));
    let url = address(&entry.url);
    format!("{} ({runner}at {url})", shown(&entry.name))
}

#[cfg(test)]
mod tests {
    use runner_config::config_toml::ConfigToml;
    use runner_lifecycle::state::StateEntry;

    use super::*;

    const FILE: &str = r#"
[[runners]]
name = "one"
url = "https://gitlab.example/"
id = 1
token = "glrt-canary-shared"
[[runners]]
name = "two"
url = "https://gitlab.example"
id = 1
token = "glrt-canary-shared"
[[runners]]
name = "three"
url = "https://other.example"
id = 1
token = "glrtr-canary-owned"
[[runners]]
name = "four"
url = "https://other.example"
id = 4
token = "$NOWHERE"
"#;

    fn chosen(selection: &EntrySelection, state: &State) -> Result<Choice, Failure> {
        let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
        choose(&entries, state, selection, "config.toml")
    }

    fn by(name: &str, url: &str, id: i64) -> EntrySelection {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        EntrySelection {
            name: given(name),
            url: given(url),
            id: Some(id).filter(|id| *id != 0),
        }
    }

    #[test]
    fn one_runner_is_chosen_with_all_entries_that_have_its_token() {
        fn check(selection: &EntrySelection, want: &[&str], ownership: Ownership) {
            let choice = chosen(selection, &State::default()).unwrap();
            assert_eq!(choice.names, want, "{selection:?}");
            assert_eq!(choice.ownership, ownership, "{selection:?}");
        }
        check(&by("two", "", 0), &["one", "two"], Ownership::Shared);
        let here = by("", "https://gitlab.example/ci", 0);
        check(&here, &["one", "two"], Ownership::Shared);
        let there = by("", "https://other.example", 1);
        check(&there, &["three"], Ownership::Owned);
    }

    #[test]
    fn choice_that_is_not_clear_is_refused_and_no_token_is_shown() {
        fn check(selection: &EntrySelection, code: u8, want: &str) {
            let failure = chosen(selection, &State::default()).unwrap_err();
            let said = &failure.message;
            assert!(said.contains(want), "{said}");
            assert_eq!(failure.exit.code(), code, "{said}");
            assert!(!said.contains("canary"), "{said}");
        }
        check(&by("", "", 0), 2, "4 runner entries to choose from");
        check(&by("", "", 1), 2, "\"three\" (runner 1 at https://other");
        check(&by("five", "", 0), 78, "no such runner entry");
        check(&by("four", "", 0), 78, "$NOWHERE, which is not set here");
    }

    #[test]
    fn state_file_tells_whose_a_runner_is() {
        let mut state = State::default();
        let url = "https://gitlab.example";
        state.remember(StateEntry::new(url, 1, Source::AccessToken));
        let choice = chosen(&by("one", "", 0), &state).unwrap();
        assert_eq!(choice.ownership, Ownership::Owned);
        let other = "https://other.example";
        state.remember(StateEntry::new(other, 1, Source::AuthenticationToken));
        let choice = chosen(&by("three", "", 0), &state).unwrap();
        assert_eq!(choice.ownership, Ownership::Shared);
    }

    #[test]
    fn token_that_others_have_is_shared_whatever_the_id_says() {
        let check = |known: StateEntry, name: &str| {
            let mut state = State::default();
            state.remember(known);
            let choice = chosen(&by(name, "", 0), &state).unwrap();
            assert_eq!(choice.ownership, Ownership::Shared, "{state:?}");
        };
        // Somebody has put the token of a shared runner in the entry of an owned one.
        let url = "https://gitlab.example";
        check(StateEntry::new(url, 1, Source::RegistrationToken), "one");
        // The id got lost, and the token has no prefix that tells.
        let token = Token::new("glrtr-canary-owned").unwrap();
        let known = StateEntry {
            fingerprint: Some(token.fingerprint()),
            ..StateEntry::new("https://other.example", 9, Source::AuthenticationToken)
        };
        check(known, "three");
    }
}
