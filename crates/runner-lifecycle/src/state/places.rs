//! Owns which runner entry of a `config.toml` is which of the state's, and which of the state's have none. Pure.

use super::{State, StateEntry};
use crate::source::{Ownership, Source};
use crate::token::Token;
use runner_config::config_toml::RunnerEntry;

impl State {
    /// The runner entries of a file under the URLs that they were written with. Scripts replace the URL by another one of the same
    /// GitLab, at every start: the token tells that it is the same runner.
    #[must_use]
    pub fn under_own_urls(&self, mut file: Vec<RunnerEntry>) -> Vec<RunnerEntry> {
        for entry in &mut file {
            let mut known = self.entries.iter();
            if known.any(|known| known.has_id_of(entry) || known.has_token_of(entry)) {
                continue;
            }
            if let Some(known) = self.entries.iter().find(|known| known.has_its_token(entry)) {
                entry.url.clone_from(&known.url);
            }
        }
        file
    }

    /// Whether this is the token of a shared runner that is known, at whatever URL.
    #[must_use]
    pub fn is_shared_token(&self, token: &Token) -> bool {
        let of = token.fingerprint();
        let mut all = self.entries.iter();
        all.any(|known| known.fingerprint.as_ref() == Some(&of))
    }

    /// For each runner entry of a file its place among [`State::entries`]: by URL, runner id and name; else by URL and runner
    /// id, as names change; else by URL and token, as an `id` can get lost. No two have the same place.
    #[must_use]
    pub fn places(&self, file: &[RunnerEntry]) -> Vec<Option<usize>> {
        let by_name = |known: &StateEntry, entry: &RunnerEntry| {
            known.name.as_deref() == Some(&entry.name) && known.has_id_of(entry)
        };
        // Whose id stands beside the token of another one that is known, or whose own token stands elsewhere: the token tells more.
        let is_anothers = |known: &StateEntry, entry: &RunnerEntry| {
            let mut others = self.entries.iter();
            let is_others =
                |other: &StateEntry| other.has_token_of(entry) && !other.is(&known.url, known.id);
            !known.has_token_of(entry)
                && (others.any(is_others) || file.iter().any(|entry| known.has_token_of(entry)))
        };
        let mut places = vec![None; file.len()];
        for is in [
            &by_name as &dyn Fn(&StateEntry, &RunnerEntry) -> bool,
            &StateEntry::has_id_of,
            &StateEntry::has_token_of,
        ] {
            for (at, entry) in file.iter().enumerate() {
                if places[at].is_some() {
                    continue;
                }
                let free = self.entries.iter().enumerate().position(|(place, known)| {
                    !places.contains(&Some(place)) && is(known, entry) && !is_anothers(known, entry)
                });
                places[at] = free;
            }
        }
        places
    }

    /// Entries of runners that stand in no entry of the file, neither by URL and runner id nor by their token, and that are
    /// neither refused nor on their way out: somebody has written over the file. Those of an owned runner have its token.
    pub fn lost(&self, file: &[RunnerEntry]) -> impl Iterator<Item = &StateEntry> {
        self.entries.iter().filter(move |known| {
            let mut file = file.iter();
            let mut leaving = self.leaving.iter();
            let stands = file.any(|entry| known.has_id_of(entry) || known.has_token_of(entry));
            !stands && !leaving.any(|runner| runner.is(&known.url, known.id)) && !known.refused
        })
    }

    /// Runners that were to leave and stand in an entry of the file after all, by their id or token, stay: what was to replace them came
    /// to nothing, or somebody has put an older file in place, or a copy of the entry. What they are is known from then on, where their
    /// token alone would not tell it.
    pub fn stay_where_they_stand(&mut self, file: &[RunnerEntry]) {
        let leaving = std::mem::take(&mut self.leaving);
        for runner in leaving {
            let by_token = file.iter().find(|entry| runner.has_token_of(entry));
            let entry = by_token.or_else(|| file.iter().find(|entry| runner.has_id_of(entry)));
            let Some(entry) = entry else {
                self.leaving.push(runner);
                continue;
            };
            let guessed = Source::of_foreign(&runner.token).ownership() == runner.ownership();
            if runner.id == 0 || guessed && by_token.is_some() {
                continue;
            }
            let known = self.entries.iter();
            let is_known = known
                .filter(|known| known.is(&runner.url, runner.id))
                .any(|known| known.source.ownership() == runner.ownership());
            if !is_known {
                let owned = runner.ownership() == Ownership::Owned;
                let word = StateEntry::new(runner.url, runner.id, runner.source);
                self.remember(StateEntry {
                    name: Some(entry.name.clone()),
                    fingerprint: (!owned).then(|| runner.token.fingerprint()),
                    token: owned.then_some(runner.token),
                    ..word
                });
            }
        }
    }

    /// Takes over the times of owned runners' tokens as they stand in the file, and the fingerprints of shared runners' tokens. Another
    /// token than an owned runner was known to have is not its own until GitLab has said so: the runner manager may have rotated
    /// it, or somebody has put that of a shared runner there. One that GitLab refuses has none any more.
    pub fn see_tokens(&mut self, file: &[RunnerEntry]) {
        for (entry, place) in file.iter().zip(self.places(file)) {
            let (Some(token), Some(place)) = (&entry.token, place) else {
                continue;
            };
            let known = &mut self.entries[place];
            if known.refused {
                continue;
            }
            match known.source.ownership() {
                Ownership::Owned if known.token.as_ref() == Some(token) => {
                    known.token_obtained_at = entry.token_obtained_at;
                    known.token_expires_at = entry.token_expires_at;
                }
                Ownership::Owned => {}
                Ownership::Shared => known.fingerprint = Some(token.fingerprint()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runner::Runner;
    use crate::source::Source;
    use crate::token::Token;
    use runner_config::config_toml::ConfigToml;

    const URL: &str = "http://h";

    /// A state with these entries, as `id name token`; `-` is none.
    fn state(known: &[&str]) -> State {
        let mut state = State::default();
        for text in known {
            let [id, name, token] = *text.split(' ').collect::<Vec<_>>() else {
                panic!("{text}")
            };
            let given = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
            state.remember(StateEntry {
                name: given(name),
                token: given(token).map(|token| Token::new(token).unwrap()),
                ..StateEntry::new(URL, id.parse().unwrap(), Source::RegistrationToken)
            });
        }
        state
    }

    /// The entries of a file, written in the same way.
    fn file(entries: &[&str]) -> Vec<RunnerEntry> {
        let mut text = String::new();
        for entry in entries {
            text.push_str("[[runners]]\nurl = \"http://h/\"\n");
            for (key, value) in ["id", "name", "token"].iter().zip(entry.split(' ')) {
                match (*key, value) {
                    (_, "-") => {}
                    ("id", id) => text.push_str(&format!("id = {id}\n")),
                    (key, value) => text.push_str(&format!("{key} = \"{value}\"\n")),
                }
            }
        }
        ConfigToml::parse(&text).unwrap().entries(&|_| None)
    }

    #[test]
    fn entry_is_found_by_name_then_by_runner_then_by_token() {
        fn check(known: &[&str], entries: &[&str], want: &[Option<usize>]) {
            let got = state(known).places(&file(entries));
            assert_eq!(got, want, "{known:?} {entries:?}");
        }
        check(&["1 a t"], &["1 a t"], &[Some(0)]);
        check(&["1 a t"], &["1 renamed rotated"], &[Some(0)]);
        check(&["1 - -"], &["1 a t"], &[Some(0)]);
        check(&["1 a t"], &["- a t"], &[Some(0)]);
        check(&["1 a t"], &["2 a u"], &[None]);
        check(&["1 a t"], &["- a u"], &[None]);
        // One shared runner, two entries.
        let two: &[&str] = &["1 a -", "1 b -"];
        check(two, &["1 b t", "1 a t"], &[Some(1), Some(0)]);
        check(two, &["1 c t", "1 b t"], &[Some(0), Some(1)]);
        check(&["1 a -"], &["1 b t", "1 a t"], &[None, Some(0)]);
    }

    #[test]
    fn lost_is_what_stands_nowhere_and_is_not_on_its_way_out() {
        fn check(known: &[&str], entries: &[&str], want: &[i64]) {
            let state = state(known);
            let file = file(entries);
            let got: Vec<i64> = state.lost(&file).map(|known| known.id).collect();
            assert_eq!(got, want, "{known:?} {entries:?}");
        }
        check(&["1 a t", "2 b u"], &[], &[1, 2]);
        check(&["1 a t", "2 b u"], &["1 a t"], &[2]);
        check(&["1 a t"], &["- other t"], &[]);
        check(&["1 a -", "1 b -"], &["1 a t"], &[]);
        let mut state = state(&["1 a t"]);
        state.leaving.push(Runner {
            url: URL.into(),
            id: 1,
            source: Source::RegistrationToken,
            token: Token::new("t").unwrap(),
        });
        assert_eq!(state.lost(&[]).count(), 0);
    }

    #[test]
    fn known_token_tells_more_than_the_id_beside_it() {
        let state = state(&["1 a t", "2 b u"]);
        let check = |text: &[&str], want: &[Option<usize>]| {
            assert_eq!(state.places(&file(text)), want, "{text:?}");
        };
        check(&["2 a t", "1 b u"], &[Some(0), Some(1)]);
        check(&["1 a u", "2 b t"], &[Some(1), Some(0)]);
        check(&["1 a rotated", "2 b u"], &[Some(0), Some(1)]);
        // Its own token stands elsewhere: this one has a copy of the id.
        check(&["1 a another", "1 copy t"], &[None, Some(0)]);
    }

    #[test]
    fn runner_that_stands_after_all_is_known_where_its_token_would_not_tell_whose_it_is() {
        let check = |token: &str, source: Source, text: &[&str], known: usize, leaving: usize| {
            let mut state = State::default();
            state.leaving.push(Runner {
                url: URL.into(),
                id: 1,
                source,
                token: Token::new(token).unwrap(),
            });
            state.stay_where_they_stand(&file(text));
            let was = state.clone();
            state.stay_where_they_stand(&file(text));
            assert_eq!(state, was, "once is enough");
            assert_eq!(state.entries.len(), known, "{token} {text:?}");
            assert_eq!(state.leaving.len(), leaving, "{token} {text:?}");
            assert!(state.entries.iter().all(|one| one.source == source));
        };
        check("glrt-t", Source::AccessToken, &["1 a glrt-t"], 1, 0);
        check("t", Source::AuthenticationToken, &["1 a t"], 1, 0);
        check("t", Source::RegistrationToken, &["1 a t"], 0, 0);
        check("t", Source::RegistrationToken, &["1 a another"], 1, 0);
        check("glrt-t", Source::AccessToken, &["2 a glrt-u"], 0, 1);
    }

    #[test]
    fn another_token_of_the_file_is_an_owned_runners_own_once_gitlab_has_said_so() {
        let mut state = state(&["1 a t", "2 b -", "3 c v", "4 d -", "5 e -"]);
        state.entries[1].source = Source::AuthenticationToken;
        state.entries[3].refused = true;
        let seen = file(&[
            "1 a rotated",
            "2 b shared",
            "3 c glrt-pasted",
            "4 d dead",
            "5 e first",
        ]);
        let tokens = |state: &State| {
            let tokens = state.entries.iter().map(|known| known.token.as_ref());
            tokens
                .map(|token| token.map_or("-", Token::expose).to_owned())
                .collect::<Vec<_>>()
                .join(" ")
        };
        state.see_tokens(&seen);
        assert_eq!(tokens(&state), "t - v - -");
        let unconfirmed = |state: &State| {
            let known = state.entries.iter().zip(&seen);
            let known = known.filter(|(known, entry)| known.has_unconfirmed_token_in(entry));
            known.map(|(known, _)| known.id).collect::<Vec<_>>()
        };
        assert_eq!(unconfirmed(&state), [1, 3, 5]);
        let told = |state: &mut State, id: i64, text: &str| {
            state.token_is_of(URL, id, &Token::new(text).unwrap());
        };
        told(&mut state, 1, "rotated");
        told(&mut state, 2, "shared");
        told(&mut state, 3, "glrt-pasted");
        told(&mut state, 5, "first");
        // No registration token ever gave such a token as the third.
        assert_eq!(tokens(&state), "rotated - v - first");
        assert_eq!(unconfirmed(&state), [3]);
        // What was taken for one runner's is another's after all.
        told(&mut state, 9, "first");
        assert_eq!(tokens(&state), "rotated - v - -");
        let prints: Vec<_> = state
            .entries
            .iter()
            .map(|known| &known.fingerprint)
            .collect();
        let shared = Some(Token::new("shared").unwrap().fingerprint());
        assert_eq!(prints, [&None, &shared, &None, &None, &None]);
        // By it the entry is found without its id, or with a wrong one.
        for entry in ["- b shared", "9 other shared"] {
            let file = file(&[entry]);
            assert_eq!(state.places(&file), [Some(1)], "{entry}");
            assert!(state.lost(&file).all(|known| known.id != 2), "{entry}");
        }
        assert_eq!(state.places(&file(&["- b another"])), [None]);
    }
}
