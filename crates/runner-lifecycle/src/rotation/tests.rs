//! The two files and the state of a reset, as a killed run leaves them.

use super::*;
use crate::source::Source;
use crate::state::{PauseByHand, StateEntry};
use crate::volume::names::CONFIG;

const URL: &str = "http://gitlab.example";

fn entry(name: &str, token: &str) -> String {
    format!("[[runners]]\nname = \"{name}\"\nurl = \"{URL}/\"\nid = 7\ntoken = \"{token}\"\n")
}

struct Scene {
    _directory: tempfile::TempDir,
    volume: Volume,
}

impl Scene {
    fn of(config: &str, state: &State) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let volume = Volume::at(directory.path());
        volume
            .publish(CONFIG, config.as_bytes(), Publication::keeping())
            .unwrap();
        save(&volume, state).unwrap();
        Self {
            _directory: directory,
            volume,
        }
    }

    fn finish(&self) -> Finished {
        let variable = |name: &str| (name == "TOKEN").then(|| "old".to_owned());
        finish(&self.volume, CONFIG, &variable).unwrap()
    }

    fn text(&self, name: &str) -> String {
        self.volume.read_text(name).unwrap().unwrap_or_default()
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
    let scene = Scene::of(&before, &state(Some("new")));
    assert_eq!(scene.finish(), Finished::Done);
    let text = scene.text(CONFIG);
    assert_eq!(text.matches("token = \"new\"").count(), 2, "{text}");
    assert!(text.contains("token = \"other\"") && !text.contains("\"old\""));
    assert_eq!(scene.state().rotation, None);
    assert_eq!(scene.finish(), Finished::Nothing);
    assert_eq!(scene.text(CONFIG), text);
}

#[test]
fn token_that_is_in_the_file_already_is_only_forgotten() {
    let scene = Scene::of(&entry("a", "new"), &state(Some("new")));
    assert_eq!(scene.finish(), Finished::Done);
    assert_eq!(scene.text(CONFIG), entry("a", "new"));
    assert_eq!(scene.state().rotation, None);
}

#[test]
fn unanswered_reset_changes_no_entry() {
    let scene = Scene::of(&entry("a", "old"), &state(None));
    assert_eq!(scene.finish(), Finished::Unanswered);
    assert_eq!(scene.text(CONFIG), entry("a", "old"));
    assert_eq!(scene.state().rotation, None);
    // Whoever asks with the token before must know what a refusal may mean.
    let asked = state(None).rotation.unwrap();
    assert_eq!(scene.state().lost_resets, [asked]);
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
    let scene = Scene::of("concurrent = 1\n", &state(Some("new")));
    assert_eq!(scene.finish(), Finished::NoEntry);
    assert_eq!(scene.state(), state(Some("new")).written_once());
    // An owned runner's is kept with its entry, and so not twice.
    let mut known = state(Some("new"));
    known.entries = vec![StateEntry::new(URL, 7, Source::RegistrationToken)];
    follow(&mut known);
    let scene = Scene::of("concurrent = 1\n", &known);
    assert_eq!(scene.finish(), Finished::NoEntry);
    let kept = scene.state();
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
}

#[test]
fn live_file_gets_newer_and_a_paused_original_keeps_its_time() {
    let scene = Scene::of(&entry("a", "old"), &state(Some("new")));
    let time = |name: &str| {
        let metadata = scene.volume.metadata(name).unwrap().unwrap();
        metadata.modified().unwrap()
    };
    let ahead = SystemTime::now() + Duration::from_secs(3600);
    let publish = |text: &str, at| {
        let how = Publication::keeping().modified(at);
        scene.volume.publish(CONFIG, text.as_bytes(), how).unwrap();
    };
    publish(&entry("a", "old"), ahead);
    scene.finish();
    assert!(time(CONFIG) > ahead, "a runner manager would not load it");

    publish(&entry("a", "old"), ahead);
    original::pause(&scene.volume, CONFIG, "# Paused by runner-reaper: x\n").unwrap();
    let mut paused = state(Some("new"));
    paused.pause = Some(PauseByHand {
        by: "root on node-1".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
    });
    save(&scene.volume, &paused).unwrap();
    let paused_file = (scene.text(CONFIG), time(CONFIG));
    assert_eq!(scene.finish(), Finished::Done);
    assert_eq!((scene.text(CONFIG), time(CONFIG)), paused_file);
    let original = names::original_of(CONFIG);
    assert!(scene.text(&original).contains("token = \"new\""));
    assert_eq!(time(&original), ahead);
    assert!(scene.state().pause.is_some());
}

impl State {
    /// As it is once it was written and read.
    fn written_once(self) -> Self {
        Self::parse(&self.to_text()).unwrap()
    }
}
