//! Owns which entries, and which runners that have none, are selected by name, URL and token. Pure.

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::same_url;
use runner_lifecycle::token::Token;

use crate::args::Selection;
use crate::entries::Unregistration;

/// What is selected, and how much is not.
#[derive(Debug)]
pub(super) struct Selected {
    /// Entries of the file.
    pub(super) entries: Vec<RunnerEntry>,
    /// What GitLab is to be asked for: the runners of these entries, and those that have none.
    pub(super) runners: Vec<Unregistration>,
    /// How many entries go on being polled when these are gone, with runners without an entry.
    pub(super) others: usize,
}

impl Selected {
    /// Of the entries of a file and of all that is to go with them.
    pub(super) fn of(
        entries: &[RunnerEntry],
        all: Vec<Unregistration>,
        selection: &Selection,
    ) -> Self {
        let by_words = |entry: &RunnerEntry| {
            is_at(selection, &entry.url) && is_named(selection, &entry.name, entry.token.as_ref())
        };
        let (some, rest): (Vec<&RunnerEntry>, Vec<&RunnerEntry>) =
            entries.iter().partition(|entry| by_words(entry));
        let (runners, others): (Vec<Unregistration>, Vec<Unregistration>) = all
            .into_iter()
            .partition(|one| is_wanted(one, selection, &some));
        // Somebody may have taken the token out of the entry of what is selected by it.
        let (more, rest): (Vec<&RunnerEntry>, Vec<&RunnerEntry>) = rest
            .into_iter()
            .partition(|entry| runners.iter().any(|one| is_its(one, entry)));
        // An entry without a token was never polled.
        let polled = rest
            .iter()
            .filter(|entry| entry.token.is_some() || entry.no_token.is_some());
        let polled: Vec<&&RunnerEntry> = polled.collect();
        let lost = others
            .iter()
            .filter(|one| !one.has_entry && !polled.iter().any(|entry| is_its(one, entry)));
        Self {
            others: polled.len() + lost.count(),
            entries: some.into_iter().chain(more).cloned().collect(),
            runners,
        }
    }
}

/// Whether it is selected: for an entry of its token, or without one by what the state file knows of it.
fn is_wanted(one: &Unregistration, selection: &Selection, entries: &[&RunnerEntry]) -> bool {
    let token = Some(&one.runner.token);
    if one.has_entry {
        return entries.iter().any(|entry| entry.token.as_ref() == token);
    }
    is_at(selection, &one.runner.url) && is_named(selection, &one.name, token)
        || entries.iter().any(|entry| is_its(one, entry))
}

/// Whether this GitLab is selected.
pub(super) fn is_at(selection: &Selection, url: &str) -> bool {
    let wanted = selection.url.as_ref();
    wanted.is_none_or(|wanted| same_url(wanted, url))
}

/// Whether a runner of this name and token is selected.
fn is_named(selection: &Selection, name: &str, token: Option<&Token>) -> bool {
    let by_name = selection.name.as_ref();
    let by_token = selection.token.as_ref();
    selection.all
        || by_name.is_none_or(|wanted| wanted == name)
            && by_token.is_none_or(|wanted| token == Some(wanted))
}

/// Whether it is the runner of an entry out of which somebody took the token, or whose token cannot be read here.
pub(super) fn is_its(one: &Unregistration, entry: &RunnerEntry) -> bool {
    !one.has_entry && entry.token.is_none() && one.runner.has_id_of(entry)
}

#[cfg(test)]
mod tests {
    use runner_config::config_toml::ConfigToml;
    use runner_lifecycle::source::Source;
    use runner_lifecycle::state::{State, StateEntry};

    use super::*;
    use crate::entries;

    /// Which entries, which runners by their token, and how many others these words select.
    fn by_name(text: &str, state: &State, wanted: &str) -> (Vec<usize>, Vec<String>, usize) {
        let entries = ConfigToml::parse(text).unwrap().entries(&|_| None);
        let all = entries::all(&entries, Some(state));
        let selection = Selection {
            name: Some(wanted.to_owned()),
            ..Selection::default()
        };
        let found = Selected::of(&entries, all, &selection);
        let tokens = found
            .runners
            .iter()
            .map(|one| one.runner.token.expose().to_owned());
        let indexes = found.entries.iter().map(|entry| entry.index);
        (indexes.collect(), tokens.collect(), found.others)
    }

    #[test]
    fn runner_without_an_entry_is_selected_by_what_the_state_file_knows() {
        let mut state = State::default();
        for (id, name) in [(1, "a"), (2, "b")] {
            state.entries.push(StateEntry {
                name: Some(name.to_owned()),
                token: Some(Token::new(format!("t{id}")).unwrap()),
                ..StateEntry::new("http://h", id, Source::RegistrationToken)
            });
        }
        let check = |text: &str, want: (&[usize], usize)| {
            let (indexes, tokens, others) = by_name(text, &state, "a");
            assert_eq!((indexes.as_slice(), others), want, "{text}");
            assert_eq!(tokens, ["t1"], "{text}");
        };
        let entry = |id: i64, name: &str, token: &str| {
            format!(
                "[[runners]]\nurl = \"http://h\"\nid = {id}\nname = \"{name}\"\ntoken = \"{token}\"\n"
            )
        };
        check("", (&[], 1));
        check(&entry(2, "b", "t2"), (&[], 1));
        check(&entry(1, "a", "t1"), (&[0], 1));
        // Of the same runner, though its entry has lost the token, or the name as well.
        check(&entry(1, "a", ""), (&[0], 1));
        check(&entry(1, "renamed", ""), (&[0], 1));
        // Whose token others can read is polled, and counted once.
        check(&entry(2, "b", "$NOWHERE"), (&[], 1));
    }

    #[test]
    fn entries_are_selected_by_all_that_was_given() {
        fn check(selection: &Selection, want: &[usize]) {
            let text = r#"
[[runners]]
name = "a"
url = "http://one/"
token = "t1"
[[runners]]
name = "b"
url = "http://one"
token = "t2"
[[runners]]
name = "a"
url = "http://two"
token = "t3"
"#;
            let entries = ConfigToml::parse(text).unwrap().entries(&|_| None);
            let all = entries::all(&entries, None);
            let found = Selected::of(&entries, all, selection).entries;
            let found: Vec<usize> = found.iter().map(|entry| entry.index).collect();
            assert_eq!(found, want, "{selection:?}");
        }
        let name = |name: &str| Some(name.to_owned());
        let none = Selection::default;
        check(
            &Selection {
                all: true,
                ..none()
            },
            &[0, 1, 2],
        );
        check(
            &Selection {
                all: true,
                url: name("http://one/ci"),
                ..none()
            },
            &[0, 1],
        );
        check(
            &Selection {
                name: name("a"),
                ..none()
            },
            &[0, 2],
        );
        check(
            &Selection {
                name: name("a"),
                url: name("http://two/"),
                ..none()
            },
            &[2],
        );
        check(
            &Selection {
                token: Some(Token::new("t2").unwrap()),
                ..none()
            },
            &[1],
        );
        check(
            &Selection {
                token: Some(Token::new("t2").unwrap()),
                name: name("a"),
                ..none()
            },
            &[],
        );
    }
}
