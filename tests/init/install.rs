//! The copies of both programs on the volume: there for whoever runs a command in the unchanged image, written once, and never
//! at the price of a runner.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use acceptance::programs::program;
use acceptance::stage::{Stage, run};
use gitlab_simulator::{Settings, Simulator};

use acceptance::namespaces::mount_namespace;

const BOTH: [&str; 2] = ["runner-reaper", "runner-init"];

fn gitlab() -> Simulator {
    Simulator::start(Settings::default()).unwrap()
}

/// `runner-init` as an image runs it: nothing is said about copies.
fn init(stage: &Stage, gitlab: &Simulator) -> Command {
    let mut command = stage.init(&["register", "--non-interactive", "--executor=shell"]);
    command
        .args(["--url", &gitlab.url(), "--description=installed"])
        .arg("--registration-token=gitlabtoken")
        .env_remove("RUNNER_INIT_INSTALL_REAPER")
        .env_remove("RUNNER_INIT_INSTALL_INIT");
    command
}

/// Which file it is, for "nothing was rewritten".
fn file(path: &Path) -> (u64, i64, i64) {
    let metadata = fs::metadata(path).unwrap();
    (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
}

#[test]
fn both_programs_are_on_the_volume_and_a_second_run_writes_neither() {
    let (gitlab, stage) = (gitlab(), Stage::new());
    let first = run(&mut init(&stage, &gitlab));
    assert_eq!(first.code(), 0, "{}", first.output());
    let owner = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid())
    };
    for name in BOTH {
        let copy = stage.file(name);
        let mode = fs::metadata(&copy).unwrap().permissions().mode() & 0o7777;
        assert_eq!(mode, 0o755, "{name}");
        assert_eq!(owner(&copy), owner(&stage.file("config.toml")), "{name}");
        let same = fs::read(&copy).unwrap() == fs::read(program(name)).unwrap();
        assert!(same, "{name} is not the program");
        let said = format!("{} installed", copy.display());
        assert!(first.stderr.contains(&said), "{}", first.output());
    }
    let before = BOTH.map(|name| file(&stage.file(name)));
    // As a person's shell would run it: the copy itself.
    let mut again = init(&stage, &gitlab);
    let copy = stage.file("runner-init");
    let mut by_hand = Command::new(&copy);
    by_hand.args(again.get_args()).env_clear();
    for (name, value) in again.get_envs() {
        by_hand.envs(value.map(|value| (name, value)));
    }
    for second in [run(&mut again), run(&mut by_hand)] {
        assert_eq!(second.code(), 0, "{}", second.output());
        assert!(!second.stderr.contains("installed"), "{}", second.output());
        assert!(second.stderr.contains("nothing to change"));
    }
    assert_eq!(BOTH.map(|name| file(&stage.file(name))), before);
    assert_eq!(gitlab.runners().len(), 1);
    let left = stage.snapshot();
    assert!(left.keys().all(|name| !name.ends_with(".new")), "{left:?}");
}

#[test]
fn each_copy_is_left_out_where_it_is_told_to_be_and_goes_where_it_is_told_to_go() {
    fn check(variables: &[(&str, &str)], want: &[&str]) {
        let (gitlab, stage) = (gitlab(), Stage::new());
        fs::create_dir(stage.file("bin")).unwrap();
        let ended = run(init(&stage, &gitlab).envs(variables.iter().copied()));
        assert_eq!(ended.code(), 0, "{variables:?}: {}", ended.output());
        let there: Vec<String> = stage.snapshot().into_keys().collect();
        let programs: Vec<&String> = there
            .iter()
            .filter(|name| !name.starts_with('.') && *name != "config.toml")
            .collect();
        assert_eq!(programs, want, "{variables:?}");
    }
    const REAPER: &str = "RUNNER_INIT_INSTALL_REAPER";
    const INIT: &str = "RUNNER_INIT_INSTALL_INIT";
    check(&[(REAPER, "none")], &["runner-init"]);
    check(&[(INIT, "none")], &["runner-reaper"]);
    check(&[(INIT, "none"), (REAPER, "none")], &[]);
    check(&[(INIT, "bin")], &["bin/runner-init", "runner-reaper"]);
    check(
        &[(INIT, "bin/register"), (REAPER, "none")],
        &["bin/register"],
    );
}

#[test]
fn volume_without_room_for_a_copy_costs_no_runner_and_one_line_says_which_flag_leaves_it_out() {
    let size = |name| fs::metadata(program(name)).unwrap().len();
    let spare = 256 * 1024;
    for (room, without) in [
        (spare, BOTH[0]),
        (size(BOTH[0]) + spare, BOTH[1]),
        (size(BOTH[0]) + size(BOTH[1]) / 2, BOTH[1]),
    ] {
        let (gitlab, stage) = (gitlab(), Stage::new());
        let Some(mut command) = mount_namespace() else {
            return;
        };
        let script = format!(
            "mount -t tmpfs -o size={} none \"$0\" && exec \"$@\"",
            room / 4096 * 4096
        );
        let wanted = init(&stage, &gitlab);
        command.args(["sh", "-c", &script]).arg(stage.path());
        command.arg(wanted.get_program()).args(wanted.get_args());
        command
            .env_clear()
            .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
            .env("CONFIG_FILE", stage.file("config.toml"));
        let ended = run(&mut command);
        let at = format!("{room}: {}", ended.output());
        assert_eq!(ended.code(), 78, "{at}");
        let error = ended.one_error(&at);
        let flag = without.replace("runner-", "--install-");
        for part in [without, "the volume is full", &format!("{flag}=none")] {
            assert!(error.contains(part), "{part}: {at}");
        }
        assert!(gitlab.journal().is_empty(), "GitLab was asked: {at}");
        assert!(gitlab.runners().is_empty(), "{at}");
    }
}

#[test]
fn names_of_the_copies_are_not_taken_for_a_configuration() {
    for name in BOTH {
        let (gitlab, stage) = (gitlab(), Stage::new());
        let config = stage.file(name).display().to_string();
        let ended = run(init(&stage, &gitlab).args(["--config", &config]));
        assert_eq!(ended.code(), 2, "{}", ended.output());
        assert!(ended.stderr.contains("reserved"), "{}", ended.output());
        assert!(stage.snapshot().is_empty(), "{name}");
    }
}
