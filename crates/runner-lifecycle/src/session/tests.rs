//! What opening leaves of a pause, whoever made it and whatever the run intends.

use std::time::Duration;

use runner_config::config_toml::ConfigToml;

use super::*;
use crate::original;
use crate::volume::Publication;

const ENTRY: &str = "[[runners]]\nname = \"a\"\n";

/// A volume with this configuration, and how to find it again.
fn volume(text: &str) -> (tempfile::TempDir, impl Fn() -> Files) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(names::CONFIG);
    let files = move || Files::of(&path).unwrap();
    let how = Publication::keeping();
    let published = files()
        .volume()
        .publish(names::CONFIG, text.as_bytes(), how);
    published.unwrap();
    (directory, files)
}

fn pause(files: &Files, by_hand: bool) {
    let pause = by_hand.then(|| PauseByHand {
        by: "ann on node-1".to_owned(),
        at: "2026-01-02T03:04:05Z".to_owned(),
    });
    files.remember_pause(pause).unwrap();
    let config = ConfigToml::parse(ENTRY).unwrap();
    files.pause(&original::paused(&config)).unwrap();
}

async fn opened(files: Files, intent: Intent) -> Session {
    let deadline = Deadline::after(Duration::from_secs(10));
    Session::open(files, intent, deadline).await.unwrap()
}

#[tokio::test]
async fn pause_of_a_killed_run_is_ended_by_all_and_one_by_hand_by_resume_alone() {
    use Intent::{Drain, Resume, Write, WriteByHand};
    for (intent, by_hand, ends) in [
        (Write, false, true),
        (WriteByHand, false, true),
        (Drain, false, true),
        (Resume, false, true),
        (Write, true, false),
        (WriteByHand, true, false),
        (Drain, true, false),
        (Resume, true, true),
    ] {
        let (_directory, files) = volume(ENTRY);
        pause(&files(), by_hand);
        let session = opened(files(), intent).await;
        let case = format!("{intent:?} {by_hand}");
        assert_eq!(session.restored != Restored::Nothing, ends, "{case}");
        assert_eq!(session.files.is_paused(), !ends, "{case}");
        // Either way it is the operator's file that is worked on.
        assert_eq!(session.config.text, ENTRY, "{case}");
        assert_eq!(session.config.is_aside, !ends, "{case}");
        let remembered = session.state.is_some_and(|state| state.pause.is_some());
        assert_eq!(remembered, by_hand, "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn original_that_kills_a_runner_manager_is_restored_neither_over_the_paused_file_nor_over_an_emptied_one()
 {
    let deadly = format!("concurrent = 0\n{ENTRY}");
    for emptied in [false, true] {
        let (_directory, files) = volume(&deadly);
        pause(&files(), true);
        if emptied {
            let how = Publication::keeping();
            let published = files().volume().publish(names::CONFIG, b"", how);
            published.unwrap();
        }
        let deadline = Deadline::after(Duration::from_secs(10));
        let refused = Session::open(files(), Intent::Resume, deadline).await;
        let words = refused.unwrap_err().to_string();
        assert!(words.contains("config.toml.original, line 1"), "{words}");
        let text = files().volume().read_text(names::CONFIG).unwrap().unwrap();
        assert!(!text.contains(ENTRY), "{emptied}: {text}");
    }
}

#[tokio::test]
async fn pause_by_hand_is_that_of_its_file_where_no_helper_ever_worked_too() {
    let (directory, files) = volume(ENTRY);
    let other = || Files::of(&directory.path().join("b.toml")).unwrap();
    let how = Publication::keeping();
    let published = other().volume().publish("b.toml", ENTRY.as_bytes(), how);
    published.unwrap();
    pause(&other(), true);
    let session = opened(other(), Intent::Write).await;
    assert!(session.files.is_paused(), "{session:?}");
    drop(session);
    let session = opened(files(), Intent::Write).await;
    assert!(session.state.unwrap().pause.is_none());
    other().remember_pause(None).unwrap();
    assert!(
        files().state().unwrap().is_none(),
        "nothing is left to tell"
    );
}

#[tokio::test]
async fn look_sees_the_operators_file_and_changes_nothing() {
    let (directory, files) = volume(ENTRY);
    pause(&files(), false);
    let list = || {
        let all = std::fs::read_dir(directory.path()).unwrap();
        let mut names: Vec<_> = all.map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let before = list();
    let looking = Session::look(files(), Intent::Write, Deadline::after(Duration::ZERO));
    let session = looking.await.unwrap();
    assert_eq!(
        (session.config.text.as_str(), session.config.is_aside),
        (ENTRY, true)
    );
    assert_eq!(list(), before);
    assert!(files().is_paused());
}

#[tokio::test]
async fn session_keeps_others_out_until_it_is_unlocked() {
    let (_directory, files) = volume(ENTRY);
    let mut session = opened(files(), Intent::Write).await;
    let now = || Deadline::after(Duration::ZERO);
    assert!(files().volume().is_locked());
    assert!(Session::open(files(), Intent::Drain, now()).await.is_err());
    session.unlock();
    assert!(!files().volume().is_locked());
    session.lock(now()).await.unwrap();
    assert!(files().volume().is_locked());
}

#[tokio::test]
async fn volume_that_cannot_be_written_ends_a_run_that_writes_and_no_other() {
    let directory = tempfile::tempdir().unwrap();
    let files = || Files::of(&directory.path().join("nowhere").join(names::CONFIG)).unwrap();
    let deadline = Deadline::after(Duration::ZERO);
    assert!(
        Session::open(files(), Intent::Write, deadline)
            .await
            .is_err()
    );
    let session = opened(files(), Intent::Drain).await;
    assert!(session.config.is_missing() && session.state.is_none());
    assert!(!directory.path().join("nowhere").exists());
}

#[tokio::test(start_paused = true)]
async fn file_that_is_emptied_and_not_filled_yet_is_read_when_it_is_by_whoever_runs_beside_a_runner_manager()
 {
    const KNOWS: &str = "version = 2\n\n[[entry]]\nurl = \"https://gitlab.example\"\nid = 7\nsource = \"access-token\"\n";
    const NONE: &str = "version = 2\n";
    for (intent, state, waits) in [
        (Intent::WriteByHand, KNOWS, true),
        (Intent::WriteByHand, NONE, true),
        (Intent::Drain, KNOWS, true),
        (Intent::Drain, NONE, false),
        // A base that is copied over the file costs an init container no second.
        (Intent::Write, KNOWS, false),
    ] {
        for looks in [true, false] {
            let (_directory, files) = volume("");
            let put = |name: &str, text: &str| {
                let how = Publication::keeping();
                files()
                    .volume()
                    .publish(name, text.as_bytes(), how)
                    .unwrap();
            };
            put(names::STATE, state);
            let reads = async {
                let deadline = Deadline::after(Duration::from_secs(60));
                match looks {
                    true => Session::look(files(), intent, deadline).await,
                    false => Session::open(files(), intent, deadline).await,
                }
            };
            let (session, ()) = tokio::join!(reads, async { put(names::CONFIG, ENTRY) });
            let found = session.unwrap().config.toml.entry_count();
            assert_eq!(found == 1, waits, "{intent:?} {state:?} {looks}");
        }
    }
}
