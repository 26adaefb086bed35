//! A pause on the disk, from its beginning to each of its ends.

use std::os::unix::fs::PermissionsExt as _;

use super::*;
use crate::volume::names::CONFIG as FILE;

const ORIGINAL: &str = "config.toml.original";

fn config(text: &str) -> ConfigToml {
    ConfigToml::parse(text).unwrap()
}

#[test]
fn paused_file_has_no_entries_and_keeps_the_rest() {
    fn check(text: &str, concurrent: i64) {
        let paused = paused(&config(text));
        assert!(paused.starts_with(MARK), "{paused}");
        let read = config(&paused);
        assert_eq!(read.entry_count(), 0, "{paused}");
        assert_eq!(read.concurrent(), concurrent, "{text}");
    }
    check("concurrent = 2\n[[runners]]\nlimit = 2\n", 3);
    check("[[runners]]\nlimit = 1\n", 2);
    check(
        "concurrent = 2\n[[runners]]\nlimit = 1\n[[runners]]\nlimit = 1\n",
        3,
    );
    check(
        "concurrent = 2\n[[runners]]\nlimit = 1\n[[runners]]\nlimit = 2\n",
        2,
    );
    check("concurrent = 2\n[[runners]]\nlimit = 3\n", 2);
    check("concurrent = 2\n[[runners]]\nlimit = 2\n[[runners]]\n", 2);
    check("concurrent = 2\n[[runners]]\n", 2);
    check("concurrent = 2\n", 2);
    let kept = paused(&config(
        "# ours\nlisten_address = \":1\"\n[[runners]]\n  name = \"a\"\n",
    ));
    let marked = paused(&config(
        "\u{feff}concurrent = 2\r\n[[Runners]]\r\nlimit = 2\r\n",
    ));
    assert_eq!(config(&marked).concurrent(), 3, "{marked}");
    assert!(!marked.contains('\u{feff}'), "{marked}");
    assert!(
        kept.contains("# ours") && kept.contains("listen_address = \":1\""),
        "{kept}"
    );
}

fn volume() -> (tempfile::TempDir, Volume) {
    let directory = tempfile::tempdir().unwrap();
    let volume = Volume::at(directory.path());
    (directory, volume)
}

#[test]
fn pause_is_strictly_newer_and_put_back_restores_bytes_and_time() {
    let (_directory, volume) = volume();
    let future = SystemTime::now() + Duration::from_secs(3600);
    for time in [SystemTime::UNIX_EPOCH + Duration::from_secs(7), future] {
        let how = Publication::with_mode(0o640).modified(time);
        volume.publish(FILE, b"concurrent = 1\n", how).unwrap();
        let before = volume.metadata(FILE).unwrap().unwrap();
        pause(&volume, FILE, &paused(&config("concurrent = 1\n"))).unwrap();
        let during = volume.metadata(FILE).unwrap().unwrap();
        assert!(during.modified().unwrap() > before.modified().unwrap());
        assert_eq!(during.permissions(), before.permissions());
        assert_eq!(put_back(&volume, FILE).unwrap(), Restored::PutBack);
        let after = volume.metadata(FILE).unwrap().unwrap();
        assert_eq!(after.modified().unwrap(), before.modified().unwrap());
        assert_eq!(volume.read(FILE).unwrap().unwrap(), b"concurrent = 1\n");
        assert!(volume.metadata(ORIGINAL).unwrap().is_none());
        assert_eq!(original_of(FILE), ORIGINAL);
        assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Nothing);
    }
}

#[test]
fn resumed_file_is_newer_than_all_before_and_has_the_originals_mode() {
    let (_directory, volume) = volume();
    let future = SystemTime::now() + Duration::from_secs(3600);
    let how = Publication::with_mode(0o640);
    volume.publish(FILE, b"concurrent = 1\n", how).unwrap();
    pause(&volume, FILE, &paused(&config("concurrent = 1\n"))).unwrap();
    // As somebody may write it meanwhile.
    let edited = Publication::with_mode(0o600).modified(future);
    volume
        .publish(ORIGINAL, b"concurrent = 2\n", edited)
        .unwrap();
    assert_eq!(resume(&volume, FILE).unwrap(), Restored::PutBack);
    let after = volume.metadata(FILE).unwrap().unwrap();
    assert!(after.modified().unwrap() > future);
    assert_eq!(after.permissions().mode() & 0o777, 0o600);
    assert_eq!(volume.read(FILE).unwrap().unwrap(), b"concurrent = 2\n");
    assert!(volume.metadata(ORIGINAL).unwrap().is_none());
    assert_eq!(resume(&volume, FILE).unwrap(), Restored::Nothing);
}

#[test]
fn link_of_the_operators_stays_one_and_leads_to_a_newer_file() {
    let (directory, volume) = volume();
    let elsewhere = Volume::at(directory.path().join("elsewhere"));
    elsewhere.create_directory().unwrap();
    let how = Publication::keeping();
    elsewhere.publish("theirs", OLD.as_bytes(), how).unwrap();
    std::os::unix::fs::symlink("elsewhere/theirs", volume.path(FILE)).unwrap();
    pause(&volume, FILE, &paused(&config(OLD))).unwrap();
    let during = volume.metadata(FILE).unwrap().unwrap();
    assert_eq!(resume(&volume, FILE).unwrap(), Restored::PutBack);
    assert!(volume.is_link(FILE).unwrap());
    assert_eq!(volume.read(FILE).unwrap().unwrap(), OLD.as_bytes());
    let after = volume.metadata(FILE).unwrap().unwrap();
    assert!(after.modified().unwrap() > during.modified().unwrap());
    assert!(volume.metadata(ORIGINAL).unwrap().is_none());
}

#[test]
fn second_pause_is_newer_than_an_original_written_meanwhile() {
    let (_directory, volume) = volume();
    let future = SystemTime::now() + Duration::from_secs(3600);
    let text = paused(&config("concurrent = 1\n"));
    volume
        .publish(FILE, b"concurrent = 1\n", Publication::keeping())
        .unwrap();
    pause(&volume, FILE, &text).unwrap();
    let edited = Publication::keeping().modified(future);
    volume
        .publish(ORIGINAL, b"concurrent = 2\n", edited)
        .unwrap();
    pause(&volume, FILE, &text).unwrap();
    let during = volume.metadata(FILE).unwrap().unwrap();
    assert!(during.modified().unwrap() > future);
    assert_eq!(volume.read(ORIGINAL).unwrap().unwrap(), b"concurrent = 2\n");
}

#[test]
fn pause_by_hand_stands_only_as_long_as_the_paused_file_does() {
    let (_directory, volume) = volume();
    let stands = |state: &State| by_hand(&volume, FILE, state).unwrap().is_some();
    let told = State::parse("[pause]\nby = \"root on node-1\"\nat = \"2026-01-31T10:10:11Z\"\n");
    let told = told.unwrap();
    let put = |text: &str| volume.publish(FILE, text.as_bytes(), Publication::keeping());
    put(OLD).unwrap();
    assert!(!stands(&told), "not begun");
    pause(&volume, FILE, &paused(&config(OLD))).unwrap();
    assert!(stands(&told));
    assert!(!stands(&State::default()), "a hook's");
    put(OLD).unwrap();
    assert!(!stands(&told), "rewritten");
}

const OLD: &str = "[[runners]]\ntoken = \"old\"\n";

#[test]
fn file_rewritten_by_the_runner_manager_is_never_overwritten() {
    let (_directory, volume) = volume();
    let new = OLD.replace("old", "new");
    volume
        .publish(FILE, OLD.as_bytes(), Publication::keeping())
        .unwrap();
    pause(&volume, FILE, &paused(&config(OLD))).unwrap();
    volume
        .publish(FILE, new.as_bytes(), Publication::keeping())
        .unwrap();
    assert!(!is_unfinished(&volume, FILE).unwrap());
    assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Superseded);
    assert_eq!(volume.read(FILE).unwrap().unwrap(), new.as_bytes());
    assert!(volume.metadata(ORIGINAL).unwrap().is_none());
}

#[test]
fn file_that_lost_its_entries_never_supersedes_the_original() {
    fn check(before: &str, written: &str, want: Restored) {
        let (_directory, volume) = volume();
        let put = |text: &str| volume.publish(FILE, text.as_bytes(), Publication::keeping());
        put(before).unwrap();
        pause(&volume, FILE, &paused(&config(before))).unwrap();
        assert!(!is_unfinished(&volume, FILE).unwrap());
        put(written).unwrap();
        let unfinished = want == Restored::Recovered;
        assert_eq!(is_unfinished(&volume, FILE).unwrap(), unfinished);
        assert_eq!(put_back(&volume, FILE).unwrap(), want, "{written:?}");
        let now = volume.read(FILE).unwrap().unwrap();
        let stays = if unfinished { before } else { written };
        assert_eq!(now, stays.as_bytes(), "{written:?}");
        assert!(volume.metadata(ORIGINAL).unwrap().is_none());
    }
    check(OLD, "", Restored::Recovered);
    check(OLD, "concurrent = 2\n", Restored::Recovered);
    check(OLD, "[[runners]]\ntoken = \"ne", Restored::Recovered);
    check(OLD, "[[runners]]\n", Restored::Superseded);
    check("concurrent = 1\n", "", Restored::Superseded);
}

#[test]
fn killed_before_the_paused_file_was_published_changes_nothing() {
    let (_directory, volume) = volume();
    volume
        .publish(FILE, b"a = 1\n", Publication::keeping())
        .unwrap();
    volume.keep_as(FILE, ORIGINAL).unwrap();
    assert_eq!(put_back(&volume, FILE).unwrap(), Restored::Nothing);
    assert_eq!(volume.read(FILE).unwrap().unwrap(), b"a = 1\n");
    assert!(volume.metadata(ORIGINAL).unwrap().is_none());
}
