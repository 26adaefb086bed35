//! Configuration files beside each other in one directory, each with a runner manager of its own; and one that is a link.

use acceptance::stage::run;

use super::{REGISTRATION, Volume};

/// A run for the entry of this name in this file.
fn run_in(volume: &Volume, file: &str, name: &str, jobs: &str) -> String {
    let (file, jobs) = (volume.stage.file(file), format!("--concurrent={jobs}"));
    let words = [REGISTRATION, "--name", name, "--config"];
    let ended = volume.run(&[&words[..], &[file.to_str().unwrap(), &jobs]].concat());
    ended.output()
}

/// The ids of the runners that GitLab lists.
fn listed(volume: &Volume) -> Vec<i64> {
    let mut ids: Vec<i64> = volume.gitlab.runners().iter().map(|one| one.id).collect();
    ids.sort_unstable();
    ids
}

/// The end of the runner manager that works on this file.
fn ends(volume: &Volume, file: &str) {
    let mut reaper = volume.stage.command("runner-reaper");
    reaper.args(["unregister", "--all-runners", "--config"]);
    let ended = run(reaper.arg(volume.stage.file(file)));
    assert_eq!(ended.code(), 0, "{}", ended.output());
    let words = "done: 1 unregistered, nothing is left at GitLab";
    assert!(ended.stderr.contains(words), "{}", ended.output());
}

#[test]
fn files_in_one_directory_have_runners_of_their_own_and_end_one_by_one() {
    for (files, names) in [
        (["a.toml", "b.toml"], ["one", "two"]),
        (["a.toml", "b.toml"], ["same", "same"]),
        (["config.toml", "b.toml"], ["same", "same"]),
        (["b.toml", "config.toml"], ["one", "two"]),
    ] {
        let volume = Volume::new();
        let both = |jobs: [&str; 2]| {
            for ((file, name), jobs) in files.iter().zip(names).zip(jobs) {
                let said = run_in(&volume, file, name, jobs);
                assert!(!said.contains("somebody else"), "{said}");
            }
        };
        both(["4", "9"]);
        let first = volume.bytes();
        (0..2).for_each(|_| both(["4", "9"]));
        assert_eq!(volume.bytes(), first, "same bytes");
        assert_eq!(volume.gitlab.calls("POST /runners").len(), 2);
        // Each follows its own flags, and gets its own runner back.
        both(["6", "9"]);
        volume.stage.put(files[1], "");
        both(["6", "8"]);
        for (file, jobs) in files.iter().zip(["6", "8"]) {
            let text = volume.stage.text(file).unwrap();
            for line in [
                format!("concurrent = {jobs}\n"),
                format!("  limit = {jobs}\n"),
            ] {
                assert!(text.contains(&line), "{file}: {text}");
            }
        }
        assert_eq!(volume.gitlab.calls("POST /runners").len(), 2);
        let ids = listed(&volume);
        ends(&volume, files[0]);
        assert_eq!(listed(&volume), ids[1..], "the other works on");
        ends(&volume, files[1]);
        assert_eq!(listed(&volume), [0_i64; 0]);
    }
}

#[test]
fn link_that_gives_way_to_a_file_is_named_once() {
    let volume = Volume::new();
    let theirs = "concurrent = 4 # theirs\n";
    volume.stage.put("real.toml", theirs);
    std::os::unix::fs::symlink("real.toml", volume.stage.file("config.toml")).unwrap();
    for is_link in [true, false] {
        let ended = volume.run(&[REGISTRATION, "--name=n"]);
        let named = ended.stderr.contains("config.toml was a symbolic link");
        assert_eq!(named, is_link, "{}", ended.output());
        assert!(volume.config().starts_with(theirs), "{}", volume.config());
    }
    assert_eq!(volume.stage.text("real.toml").unwrap(), theirs);
    volume.ends_clean();
}

#[test]
fn pause_of_one_file_outlasts_what_is_done_with_another() {
    let volume = Volume::new();
    for (file, name) in [("config.toml", "one"), ("b.toml", "two")] {
        run_in(&volume, file, name, "4");
    }
    let by_hand = |command: &str| {
        let mut reaper = volume.stage.command("runner-reaper");
        let ended = run(reaper
            .args([command, "--config"])
            .arg(volume.stage.file("b.toml")));
        assert_eq!(ended.code(), 0, "{}", ended.output());
        ended.output()
    };
    by_hand("pause");
    let paused = volume.stage.text("b.toml").unwrap();
    run_in(&volume, "config.toml", "one", "5");
    ends(&volume, "config.toml");
    let said = run_in(&volume, "b.toml", "two", "4");
    assert!(said.contains("b.toml stays paused"), "{said}");
    assert_eq!(volume.stage.text("b.toml").unwrap(), paused);
    let said = by_hand("resume");
    assert!(said.contains("paused since"), "{said}");
    let text = volume.stage.text("b.toml").unwrap();
    assert!(text.contains("[[runners]]"), "{text}");
    ends(&volume, "b.toml");
    assert!(listed(&volume).is_empty());
}

#[test]
fn key_outside_the_entries_goes_with_its_flag_whatever_was_run_for_another_file_since() {
    let volume = Volume::new();
    let register = |file: &str, more: &[&str]| {
        let file = volume.stage.file(file);
        let words = [REGISTRATION, "--config", file.to_str().unwrap()];
        let ended = volume.run(&[&words[..], more].concat());
        assert_eq!(ended.code(), 0, "{}", ended.output());
    };
    let has_it = || {
        let text = volume.stage.text("config.toml").unwrap();
        text.contains("check_interval = 7")
    };
    register("config.toml", &["--check-interval", "7"]);
    register("b.toml", &[]);
    assert!(has_it());
    register("config.toml", &[]);
    assert!(!has_it());
}
