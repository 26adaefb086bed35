//! Owns the rule that says which runner entry of a `config.toml` is ours. Pure: it sees a file's entries, not the file.

use runner_lifecycle::config_toml::RunnerEntry;
use runner_lifecycle::gitlab::Endpoint;
use runner_lifecycle::source::{Ownership, Source};
use runner_lifecycle::state::State;
use runner_lifecycle::token::Token;

/// An entry that this run goes on with.
#[derive(Clone, Debug)]
pub(super) struct Ours {
    pub(super) entry: RunnerEntry,
    /// Where it came from, as far as the state file knows.
    pub(super) known: Option<Origin>,
}

/// Where an entry's runner came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub(super) source: Source,
    /// Whether that is derived from the token, as somebody else made it.
    pub(super) adopted: bool,
}

impl Origin {
    /// Where the runner of this URL and id came from, if the state file knows.
    pub(super) fn of(state: &State, url: &str, id: i64) -> Option<Self> {
        let (source, adopted) = state.known(url, id)?;
        Some(Self { source, adopted })
    }
}

impl Ours {
    /// Where it came from, for a manifest that gives a token of kind `asked`. An entry that no state file knows is classified by
    /// its token; but beside a given authentication token it is somebody's who shares such tokens.
    pub(super) fn origin(&self, asked: Source) -> Origin {
        let by_token = || {
            let token = self.entry.token.as_ref();
            let shared = asked == Source::AuthenticationToken
                || token.is_some_and(|token| Ownership::of_foreign(token) == Ownership::Shared);
            let source = match shared {
                true => Source::AuthenticationToken,
                false => Source::RegistrationToken,
            };
            Origin {
                source,
                adopted: !shared,
            }
        };
        self.known.unwrap_or_else(by_token)
    }
}

/// What a manifest asks for, as far as it tells entries apart.
pub(super) struct Asked<'a> {
    pub(super) endpoint: &'a Endpoint,
    pub(super) name: &'a str,
    /// A given authentication token.
    pub(super) token: Option<&'a Token>,
}

/// The entry of ours: at the same URL, and with the given token, or known to the state file, or (where the state file
/// does not know it) with the name given.
pub(super) fn ours(entries: &[RunnerEntry], state: &State, asked: &Asked<'_>) -> Option<Ours> {
    let known = |entry: &RunnerEntry| entry.id.and_then(|id| Origin::of(state, &entry.url, id));
    let here: Vec<&RunnerEntry> = entries
        .iter()
        .filter(|entry| Endpoint::parse(&entry.url).is_ok_and(|url| url.same_as(asked.endpoint)))
        .collect();
    let by = |test: &dyn Fn(&RunnerEntry) -> bool| here.iter().copied().find(|entry| test(entry));
    by(&|entry| asked.token.is_some() && entry.token.as_ref() == asked.token)
        .or_else(|| by(&|entry| known(entry).is_some() && entry.name == asked.name))
        .or_else(|| by(&|entry| known(entry).is_some()))
        .or_else(|| by(&|entry| entry.name == asked.name))
        .map(|entry| Ours {
            entry: entry.clone(),
            known: known(entry),
        })
}

#[cfg(test)]
mod tests {
    use runner_lifecycle::config_toml::ConfigToml;
    use runner_lifecycle::state::StateEntry;

    use super::*;

    const FILE: &str = r#"
[[runners]]
name = "elsewhere"
url = "https://other.example"
id = 1
token = "glrt-given"
[[runners]]
name = "foreign"
url = "https://gitlab.example/"
token = "glrt-foreign"
[[runners]]
name = "first"
url = "https://gitlab.example"
id = 3
token = "glrtr-three"
[[runners]]
name = "second"
url = "https://gitlab.example/ci"
id = 4
token = "glrt-four"
"#;

    fn check(known: &[i64], name: &str, token: Option<&str>, want: Option<&str>) {
        let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
        let mut state = State::default();
        for id in known {
            let url = "https://gitlab.example".to_owned();
            state.remember(StateEntry::new(url, *id, Source::RegistrationToken));
        }
        let token = token.map(|token| Token::new(token).unwrap());
        let endpoint = Endpoint::parse("https://gitlab.example").unwrap();
        let asked = Asked {
            endpoint: &endpoint,
            name,
            token: token.as_ref(),
        };
        let got = ours(&entries, &state, &asked);
        assert_eq!(
            got.as_ref().map(|ours| ours.entry.name.as_str()),
            want,
            "{known:?} {name}"
        );
    }

    #[test]
    fn entry_is_ours_by_token_then_state_then_name_and_only_at_the_same_url() {
        check(&[], "new", Some("glrt-given"), None);
        check(&[], "new", Some("glrt-four"), Some("second"));
        check(&[3], "new", Some("glrt-four"), Some("second"));
        check(&[3], "new", None, Some("first"));
        check(&[3, 4], "second", None, Some("second"));
        check(&[], "foreign", None, Some("foreign"));
        check(&[3], "foreign", None, Some("first"));
        check(&[], "elsewhere", None, None);
        check(&[1], "elsewhere", None, None);
    }

    #[test]
    fn unknown_entry_is_judged_by_its_token_and_by_what_the_manifest_gives() {
        fn check(index: usize, asked: Source, want: (Source, bool)) {
            let entries = ConfigToml::parse(FILE).unwrap().entries(&|_| None);
            let ours = Ours {
                entry: entries[index].clone(),
                known: None,
            };
            let Origin { source, adopted } = ours.origin(asked);
            assert_eq!((source, adopted), want, "{index} {asked:?}");
        }
        let (shared, owned) = (Source::AuthenticationToken, Source::RegistrationToken);
        check(1, owned, (shared, false));
        check(1, shared, (shared, false));
        check(2, owned, (owned, true));
        check(2, Source::AccessToken, (owned, true));
        // A bare token may be shared by replicas as well: its runner is not ours to delete.
        check(2, shared, (shared, false));
    }
}
