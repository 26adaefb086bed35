//! The volume against a real file system.

use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::deadline::Deadline;

fn volume() -> (tempfile::TempDir, Volume) {
    let directory = tempfile::tempdir().unwrap();
    let volume = Volume::at(directory.path());
    (directory, volume)
}

fn names(directory: &tempfile::TempDir) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn published_file_has_its_bytes_mode_and_time_and_leaves_nothing_else() {
    let (directory, volume) = volume();
    let time = UNIX_EPOCH + Duration::from_secs(1_000_000);
    let how = Publication::with_mode(0o640).modified(time);
    volume.publish("config.toml", b"one", how).unwrap();
    let metadata = volume.metadata("config.toml").unwrap().unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o640);
    assert_eq!(metadata.modified().unwrap(), time);
    assert_eq!(volume.read("config.toml").unwrap().unwrap(), b"one");
    assert_eq!(names(&directory), ["config.toml"]);
}

#[test]
fn keeping_means_the_mode_that_was_there() {
    let (_directory, volume) = volume();
    volume
        .publish("config.toml", b"one", Publication::with_mode(0o644))
        .unwrap();
    volume
        .publish("config.toml", b"two", Publication::keeping())
        .unwrap();
    let metadata = volume.metadata("config.toml").unwrap().unwrap();
    assert_eq!(metadata.mode() & 0o7777, 0o644);
    assert_eq!(volume.read("config.toml").unwrap().unwrap(), b"two");
}

#[test]
fn temporary_file_of_a_killed_run_is_taken_away() {
    let (directory, volume) = volume();
    volume
        .publish(
            &temporary_name("config.toml"),
            b"half",
            Publication::keeping(),
        )
        .unwrap();
    volume
        .publish("config.toml", b"whole", Publication::keeping())
        .unwrap();
    assert_eq!(names(&directory), ["config.toml"]);
}

#[test]
fn failed_publication_leaves_the_old_file_and_no_temporary_one() {
    let (directory, volume) = volume();
    volume
        .publish("config.toml", b"old", Publication::keeping())
        .unwrap();
    let failed = volume.publish_from("config.toml", Publication::keeping(), |_| {
        Err(io::Error::from(io::ErrorKind::StorageFull))
    });
    let message = failed.unwrap_err().to_string();
    assert!(
        message.contains("config.toml") && message.contains("sizeLimit"),
        "{message}"
    );
    assert_eq!(volume.read("config.toml").unwrap().unwrap(), b"old");
    assert_eq!(names(&directory), ["config.toml"]);
}

#[test]
fn missing_file_is_no_error_and_a_directory_is_one() {
    let (directory, volume) = volume();
    assert!(volume.read("config.toml").unwrap().is_none());
    assert!(volume.metadata("config.toml").unwrap().is_none());
    volume.remove("config.toml").unwrap();
    fs::create_dir(directory.path().join("config.toml")).unwrap();
    assert!(volume.read("config.toml").is_err());
}

#[test]
fn probe_leaves_nothing() {
    let (directory, volume) = volume();
    volume.check_writable().unwrap();
    assert!(names(&directory).is_empty());
    let missing = Volume::at(directory.path().join("missing"));
    assert!(missing.check_writable().is_err());
    missing.create_directory().unwrap();
    missing.check_writable().unwrap();
}

#[tokio::test(start_paused = true)]
async fn lock_is_held_once_and_released_with_the_value() {
    let (_directory, volume) = volume();
    let first = volume.lock(Deadline::after(Duration::ZERO)).await.unwrap();
    let second = volume
        .lock(Deadline::after(Duration::from_secs(2)))
        .await
        .unwrap_err();
    assert_eq!(second.kind(), io::ErrorKind::WouldBlock);
    assert!(second.to_string().contains("another"), "{second}");
    drop(first);
    volume.lock(Deadline::after(Duration::ZERO)).await.unwrap();
}

#[test]
fn executable_is_copied_once() {
    let (directory, volume) = volume();
    let source = directory.path().join("source");
    volume
        .publish("source", b"#!", Publication::keeping())
        .unwrap();
    assert!(volume.copy_executable(&source, "runner-reaper").unwrap());
    assert!(!volume.copy_executable(&source, "runner-reaper").unwrap());
    let mode = volume.metadata("runner-reaper").unwrap().unwrap().mode();
    assert_eq!(mode & 0o7777, 0o755);
    volume
        .publish("source", b"#!new", Publication::keeping())
        .unwrap();
    assert!(volume.copy_executable(&source, "runner-reaper").unwrap());
    assert_eq!(volume.read("runner-reaper").unwrap().unwrap(), b"#!new");
    // Longer than is read at once, and different in its last byte only.
    let mut long = vec![7; 100_000];
    for last in [7, 8] {
        *long.last_mut().unwrap() = last;
        volume
            .publish("source", &long, Publication::keeping())
            .unwrap();
        assert!(volume.copy_executable(&source, "runner-reaper").unwrap());
        assert!(!volume.copy_executable(&source, "runner-reaper").unwrap());
        assert_eq!(volume.read("runner-reaper").unwrap().unwrap(), long);
    }
}

#[test]
fn state_that_is_no_text_comes_with_what_to_do() {
    let (_directory, volume) = volume();
    for name in [names::STATE, "config.toml"] {
        let how = Publication::with_mode(0o600);
        volume.publish(name, b"version = 2\n\xff\n", how).unwrap();
    }
    let said = |name| volume.read_text(name).unwrap_err().to_string();
    let (state, config) = (said(names::STATE), said("config.toml"));
    assert!(state.contains("line 2: it is not UTF-8 text"), "{state}");
    assert!(state.ends_with(names::ADVICE_OF_STATE), "{state}");
    assert!(config.ends_with("save it as UTF-8"), "{config}");
}
