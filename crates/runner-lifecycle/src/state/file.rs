//! Owns which entries of the state belong to which configuration file: several may stand in one directory, each with a runner
//! manager of its own. Pure.

use super::{PauseByHand, Pending, State, StateEntry, Written};
use crate::runner::Runner;
use crate::volume::names::CONFIG;

/// What is known of one configuration file beside its entries: its runner manager alone is paused, and has the jobs of what is
/// leaving.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfFile {
    /// The file; `None` for `config.toml`.
    pub file: Option<String>,
    /// [`State::pause`] of that file.
    pub pause: Option<PauseByHand>,
    /// [`State::written`] of that file.
    pub written: Option<Written>,
    /// [`State::pending`] of that file.
    pub pending: Option<Pending>,
    /// [`State::leaving`] of that file.
    pub leaving: Vec<Runner>,
}

impl OfFile {
    fn is_empty(&self) -> bool {
        let nothing = Self {
            file: self.file.clone(),
            ..Self::default()
        };
        *self == nothing
    }
}

impl State {
    /// The state as whoever works on one configuration file sees it: the entries of others are set aside, and kept when it is
    /// written. `has_usual`: whether there is a `config.toml`; without one, what names no file is this one's.
    #[must_use]
    pub fn of_file(mut self, name: &str, has_usual: bool) -> Self {
        let view = Some(name.to_owned()).filter(|name| name != CONFIG);
        let is_own = |file: &Option<String>| match file {
            Some(file) => file == name,
            None => view.is_none() || !has_usual,
        };
        let all = std::mem::take(&mut self.entries).into_iter().enumerate();
        for (place, mut entry) in all {
            if is_own(&entry.file) {
                entry.file.clone_from(&view);
                self.entries.push(entry);
            } else {
                self.elsewhere.push((place, entry));
            }
        }
        let (own, others): (Vec<OfFile>, _) =
            self.by_file().into_iter().partition(|of| is_own(&of.file));
        self.view = view;
        self.other_files = others;
        for of in own {
            self.pause = self.pause.or(of.pause);
            self.written = self.written.or(of.written);
            self.pending = self.pending.or(of.pending);
            self.leaving.extend(of.leaving);
        }
        self
    }

    /// What is known of each file beside its entries, taken out of the state.
    fn by_file(&mut self) -> Vec<OfFile> {
        let own = OfFile {
            file: self.view.clone(),
            pause: self.pause.take(),
            written: self.written.take(),
            pending: self.pending.take(),
            leaving: std::mem::take(&mut self.leaving),
        };
        let mut all = std::mem::take(&mut self.other_files);
        all.insert(0, own);
        all.retain(|of| !of.is_empty());
        all
    }

    /// The same of `config.toml`, and of each other file, as it is written.
    pub(super) fn written_by_file(&self) -> (OfFile, Vec<OfFile>) {
        let all = self.clone().by_file();
        let (usual, mut others): (Vec<OfFile>, Vec<OfFile>) =
            all.into_iter().partition(|of| of.file.is_none());
        others.sort_by(|one, other| one.file.cmp(&other.file));
        (usual.into_iter().next().unwrap_or_default(), others)
    }

    /// The entries of all files, in the order in which they are written.
    pub(super) fn all_entries(&self) -> Vec<StateEntry> {
        let mut all = self.entries.clone();
        for (place, entry) in &self.elsewhere {
            all.insert((*place).min(all.len()), entry.clone());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;
    use crate::state::Unanswered;
    use crate::token::Token;

    fn entry(id: i64, file: Option<&str>) -> StateEntry {
        StateEntry {
            file: file.map(str::to_owned),
            ..StateEntry::new("http://h", id, Source::RegistrationToken)
        }
    }

    fn ids(state: &State) -> Vec<i64> {
        state.entries.iter().map(|entry| entry.id).collect()
    }

    fn three() -> State {
        State {
            written: Some([("concurrent".to_owned(), "01".to_owned())].into()),
            entries: vec![entry(1, None), entry(2, Some("b.toml")), entry(3, None)],
            ..State::default()
        }
    }

    #[test]
    fn each_file_has_its_own_entries_and_loses_none_of_the_others() {
        let text = three().to_text();
        for (name, has_usual, own, knows_written) in [
            ("config.toml", true, &[1, 3][..], true),
            ("config.toml", false, &[1, 3], true),
            ("b.toml", true, &[2], false),
            ("b.toml", false, &[1, 2, 3], true),
            ("c.toml", true, &[], false),
        ] {
            let state = State::parse(&text).unwrap().of_file(name, has_usual);
            assert_eq!(ids(&state), own, "{name} {has_usual}");
            assert_eq!(state.written.is_some(), knows_written, "{name}");
            let again = State::parse(&state.to_text()).unwrap();
            assert_eq!(ids(&again), [1, 2, 3], "{name} {has_usual}");
        }
        let usual = State::parse(&text).unwrap().of_file(CONFIG, true);
        assert_eq!(usual.to_text(), text, "the same bytes");
    }

    #[test]
    fn what_is_remembered_of_an_entry_is_its_files() {
        let mut state = three().of_file("c.toml", true);
        state.remember(entry(4, None));
        state.replace(&entry(4, None), entry(5, None));
        let text = state.to_text();
        let of = |name| ids(&State::parse(&text).unwrap().of_file(name, true));
        assert_eq!((of("c.toml"), of("b.toml")), (vec![5], vec![2]));
        assert_eq!(of(CONFIG), [1, 3]);
        state.forget(&crate::state::tests::runner_of("http://h", 5));
        assert!(!state.tells_nothing(), "others are known");
        let nothing = State::default().of_file("c.toml", true);
        assert!(nothing.tells_nothing());
    }

    #[test]
    fn what_is_known_beside_the_entries_is_that_of_its_file_alone() {
        let pause = |by: &str| PauseByHand {
            by: by.to_owned(),
            at: "2026-01-02T03:04:05Z".to_owned(),
        };
        let runner = |token: &str| Runner {
            url: "http://h".to_owned(),
            id: 1,
            source: Source::RegistrationToken,
            token: Token::new(token).unwrap(),
        };
        let creation = Pending::Creation {
            source: Source::RegistrationToken,
            asked: Unanswered {
                url: "http://h".to_owned(),
                description: "b".to_owned(),
                asked_at: "2026-01-02T03:04:05Z".to_owned(),
            },
        };
        let written = |digest: &str| [("concurrent".to_owned(), digest.to_owned())].into();
        let read = |text: &str, name| State::parse(text).unwrap().of_file(name, true);
        let mut usual = State::default().of_file(CONFIG, true);
        usual.pause = Some(pause("usual"));
        usual.leaving = vec![runner("usual")];
        usual.written = Some(written("01"));
        let mut other = read(&usual.to_text(), "b.toml");
        assert_eq!(other.written, None);
        assert_eq!((&other.pause, other.leaving.as_slice()), (&None, &[][..]));
        other.pause = Some(pause("b"));
        other.pending = Some(creation.clone());
        other.written = Some(written("02"));
        other.leaving = vec![runner("b")];
        let text = other.to_text();
        let mut usual = read(&text, CONFIG);
        assert_eq!(usual.pause, Some(pause("usual")));
        assert_eq!(
            (&usual.pending, &usual.leaving),
            (&None, &vec![runner("usual")])
        );
        assert_eq!(usual.written, Some(written("01")));
        // The end of one is not that of the other.
        usual.pause = None;
        usual.leaving.clear();
        assert!(!usual.tells_nothing(), "the other is known");
        let other = read(&usual.to_text(), "b.toml");
        assert_eq!(other.pause, Some(pause("b")));
        assert_eq!(other.written, Some(written("02")));
        assert_eq!(
            (&other.pending, &other.leaving),
            (&Some(creation), &vec![runner("b")])
        );
        // What earlier releases wrote is that of the only file there is.
        let mut earlier = State::default().of_file(CONFIG, true);
        earlier.leaving = vec![runner("earlier")];
        let text = earlier.to_text();
        let only = State::parse(&text).unwrap().of_file("b.toml", false);
        assert_eq!(only.leaving, [runner("earlier")]);
    }
}
