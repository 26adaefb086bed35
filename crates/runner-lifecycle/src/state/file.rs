//! Owns which entries of the state belong to which configuration file: several may stand in one directory, each with a runner
//! manager of its own. Pure.

use super::{State, StateEntry};
use crate::volume::names::CONFIG;

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
        if !is_own(&self.written_file) {
            self.written = None;
        }
        self.written_file.clone_from(&view);
        self.view = view;
        self
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
        state.forget("http://h", 5);
        assert!(!state.tells_nothing(), "others are known");
        let nothing = State::default().of_file("c.toml", true);
        assert!(nothing.tells_nothing());
    }
}
