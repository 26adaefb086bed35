//! The two files and the state of a reset, as a killed run leaves them.

use std::time::{Duration, SystemTime};

use super::*;
use crate::original;
use crate::source::Source;
use crate::state::{PauseByHand, StateEntry};
use crate::volume::Publication;
use crate::volume::names::CONFIG;

const URL: &str = "http://gitlab.example";

fn entry(name: &str, token: &str) -> String {
    format!("[[runners]]\nname = \"{name}\"\nurl = \"{URL}/\"\nid = 7\ntoken = \"{token}\"\n")
}

struct Left {
    _directory: tempfile::TempDir,
    files: Files,
}

impl Left {
    fn of(config: &str, state: &State) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let files = Files::of(&directory.path().join(CONFIG)).unwrap();
        let how = Publication::keeping();
        let written = files.volume().publish(CONFIG, config.as_bytes(), how);
        written.unwrap();
        files.save_state(state).unwrap();
        Self {
            _directory: directory,
            files,
        }
    }

    fn finish(&self) -> Finished {
        let variable = |name: &str| (name == "TOKEN").then(|| "old".to_owned());
        finish(&self.files, &variable).unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.files
            .volume()
            .read_text(name)
            .unwrap()
            .unwrap_or_default()
    }

    fn state(&self) -> State {
        State::parse(&self.text(names::STATE)).unwrap()
    }
}

fn state(token: Option<&str>) -> State {
    State {
        rotation: Some(Rotation {
            url: URL.to_owned(),
            id: 7,
            of: Token::new("old").unwrap().fingerprint(),
            at: "2026-01-02T03:04:05Z".to_owned(),
            token: token.map(|token| Token::new(token).unwrap()),
            expires_at: None,
        }),
        ..State::default()
    }
}

#[test]
fn received_token_replaces_the_one_before_in_every_entry_that_has_it_and_in_no_other() {
    let before = entry("a", "old") + &entry("b", "$TOKEN") + &entry("c", "other");
    let left = Left::of(&before, &state(Some("new")));
    assert_eq!(left.finish(), Finished::Done);
    let text = left.text(CONFIG);
    assert_eq!(text.matches("token = \"new\"").count(), 2, "{text}");
    assert!(text.contains("token = \"other\"") && !text.contains("\"old\""));
    assert_eq!(left.state().rotation, None);
    assert_eq!(left.finish(), Finished::Nothing);
    assert_eq!(left.text(CONFIG), text);
}

#[test]
fn token_that_is_in_the_file_already_is_only_forgotten() {
    let left = Left::of(&entry("a", "new"), &state(Some("new")));
    assert_eq!(left.finish(), Finished::Done);
    assert_eq!(left.text(CONFIG), entry("a", "new"));
    assert_eq!(left.state().rotation, None);
}

#[test]
fn unanswered_reset_changes_no_entry() {
    let left = Left::of(&entry("a", "old"), &state(None));
    assert_eq!(left.finish(), Finished::Unanswered);
    assert_eq!(left.text(CONFIG), entry("a", "old"));
    assert_eq!(left.state().rotation, None);
    // Whoever asks with the token before must know what a refusal may mean.
    let asked = state(None).rotation.unwrap();
    assert_eq!(left.state().lost_resets, [asked]);
}

#[test]
fn lost_reset_is_no_more_once_gitlab_takes_a_token_of_the_runner() {
    let token = |text: &str| Token::new(text).unwrap();
    let lost = || {
        let mut state = State::default();
        // The same one twice is one.
        for at in ["1", "2"] {
            state.reset_is_lost(Rotation {
                at: at.to_owned(),
                ..self::state(Some("new")).rotation.unwrap()
            });
        }
        assert_eq!(state.lost_resets.len(), 1);
        state
    };
    let found = lost()
        .lost_reset_of(&format!("{URL}/ci"), &token("old"))
        .cloned();
    assert_eq!(
        found.map(|lost| (lost.at, lost.token)),
        Some(("2".to_owned(), None))
    );
    assert_eq!(lost().lost_reset_of(URL, &token("new")), None);
    assert_eq!(lost().lost_reset_of("http://other", &token("old")), None);
    let check = |change: &dyn Fn(&mut State), stays: bool| {
        let mut state = lost();
        change(&mut state);
        assert_eq!(state.knows_a_runner(), stays);
    };
    check(
        &|state| state.token_is_good(&token("old").fingerprint()),
        false,
    );
    check(
        &|state| state.token_is_good(&token("new").fingerprint()),
        true,
    );
    check(
        &|state| state.has_another_token(URL, 7, &token("newer")),
        false,
    );
    check(
        &|state| state.has_another_token(URL, 7, &token("old")),
        true,
    );
    check(
        &|state| state.has_another_token(URL, 8, &token("newer")),
        true,
    );
    check(
        &|state| state.has_another_token("http://other", 7, &token("newer")),
        true,
    );
}

#[test]
fn token_without_an_entry_is_not_lost() {
    let left = Left::of("concurrent = 1\n", &state(Some("new")));
    assert_eq!(left.finish(), Finished::NoEntry);
    assert_eq!(left.state(), state(Some("new")).written_once());
    // An owned runner's is kept with its entry, and so not twice.
    let mut known = state(Some("new"));
    known.entries = vec![StateEntry::new(URL, 7, Source::RegistrationToken)];
    follow(&mut known);
    let left = Left::of("concurrent = 1\n", &known);
    assert_eq!(left.finish(), Finished::NoEntry);
    let kept = left.state();
    assert_eq!(kept.rotation, None);
    assert_eq!(kept.entries[0].token, Token::new("new").ok());
}

#[test]
fn only_an_owned_runners_token_is_kept_with_its_entry() {
    let mut known = state(Some("new"));
    known.entries = vec![
        StateEntry::new(URL, 7, Source::AuthenticationToken),
        StateEntry::new(URL, 8, Source::AccessToken),
    ];
    follow(&mut known);
    assert!(known.entries.iter().all(|entry| entry.token.is_none()));
    let now = Token::new("new").unwrap().fingerprint();
    let prints = known.entries.iter().map(|entry| entry.fingerprint.as_ref());
    assert_eq!(prints.collect::<Vec<_>>(), [Some(&now), None]);
}

#[test]
fn runner_whose_entry_has_no_id_is_followed_by_its_token() {
    let token = |text: &str| Token::new(text).unwrap();
    let known = |id: i64, source: Source, had: &str| {
        let owned = source.ownership() == Ownership::Owned;
        StateEntry {
            token: owned.then(|| token(had)),
            fingerprint: (!owned).then(|| token(had).fingerprint()),
            ..StateEntry::new(URL, id, source)
        }
    };
    let (owned, shared) = (Source::RegistrationToken, Source::AuthenticationToken);
    let mut state = state(Some("new"));
    state.rotation.as_mut().unwrap().id = 0;
    state.entries = vec![
        known(7, owned, "old"),
        known(8, shared, "old"),
        known(9, owned, "other"),
        known(10, shared, "other"),
    ];
    follow(&mut state);
    let want = [
        known(7, owned, "new"),
        known(8, shared, "new"),
        known(9, owned, "other"),
        known(10, shared, "other"),
    ];
    assert_eq!(state.entries, want);
}

#[test]
fn live_file_gets_newer_and_a_paused_original_keeps_its_time() {
    let left = Left::of(&entry("a", "old"), &state(Some("new")));
    let time = |name: &str| {
        let metadata = left.files.volume().metadata(name).unwrap().unwrap();
        metadata.modified().unwrap()
    };
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    let publish = |text: &str, at| {
        let how = Publication::keeping().modified(at);
        left.files
            .volume()
            .publish(CONFIG, text.as_bytes(), how)
            .unwrap();
    };
    publish(&entry("a", "old"), ahead);
    left.finish();
    assert!(time(CONFIG) > ahead, "a runner manager would not load it");

    publish(&entry("a", "old"), ahead);
    original::pause(
        left.files.volume(),
        CONFIG,
        "# Paused by runner-reaper: x\n",
    )
    .unwrap();
    let mut paused = state(Some("new"));
    paused.pause = Some(PauseByHand {
        by: "root on node-1".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
    });
    left.files.save_state(&paused).unwrap();
    let paused_file = (left.text(CONFIG), time(CONFIG));
    assert_eq!(left.finish(), Finished::Done);
    assert_eq!((left.text(CONFIG), time(CONFIG)), paused_file);
    let original = names::original_of(CONFIG);
    assert!(left.text(&original).contains("token = \"new\""));
    assert_eq!(time(&original), ahead);
    assert!(left.state().pause.is_some());
}

impl State {
    /// As it is once it was written and read.
    fn written_once(self) -> Self {
        Self::parse(&self.to_text()).unwrap()
    }
}
