//! `limit` in a file with several entries: `concurrent` is one for all of them.

use super::limit::{sed, warnings};
use super::{REGISTRATION, STATE, Volume};

#[test]
fn limits_of_all_entries_follow_concurrent_whichever_run_tells_it() {
    fn limits(volume: &Volume) -> [Option<i64>; 2] {
        ["a", "b"].map(|name| {
            let entry = volume.entry(name);
            entry.get("limit").and_then(toml_edit::Item::as_integer)
        })
    }
    let run = |volume: &Volume, name: &str, more: &[&str]| {
        volume.run(&[&[REGISTRATION, "--name", name], more].concat())
    };
    let volume = Volume::new();
    for _ in 0..2 {
        run(&volume, "a", &["--concurrent=4"]);
        let said = run(&volume, "b", &["--concurrent=8"]);
        assert_eq!(warnings(&said.stderr), [""; 0]);
        assert_eq!(limits(&volume), [Some(8), Some(8)]);
    }
    // The run for the other entry knows that it is still ours.
    run(&volume, "a", &["--concurrent=8", "--drain-ready=false"]);
    assert_eq!(limits(&volume), [None, Some(8)]);
    run(&volume, "a", &["--concurrent=8"]);
    let before = volume.config();
    for name in ["a", "b", "a"] {
        run(&volume, name, &["--concurrent=8"]);
        assert_eq!(volume.config(), before);
    }
    // Where the state is lost, the comment tells.
    std::fs::remove_file(volume.stage.file(STATE)).unwrap();
    run(&volume, "b", &["--concurrent=4"]);
    let said = run(&volume, "a", &["--concurrent=8"]);
    assert_eq!(warnings(&said.stderr), [""; 0]);
    assert_eq!(limits(&volume), [Some(8), Some(8)]);
    run(&volume, "b", &["--concurrent=8"]);
    // One that somebody has changed stays, and so does one that was told.
    sed(&volume, "limit = 8\n  url", "limit = 3\n  url");
    run(&volume, "a", &["--concurrent=9", "--limit=2"]);
    run(&volume, "b", &["--concurrent=10"]);
    assert_eq!(limits(&volume), [Some(3), Some(3)]);
    let volume = Volume::new();
    run(&volume, "a", &["--concurrent=4", "--limit=2"]);
    run(&volume, "b", &["--concurrent=8"]);
    assert_eq!(limits(&volume), [Some(2), Some(8)]);
}
