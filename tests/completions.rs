//! The words that a shell completes: every flag that a help shows, in a real bash, and in zsh and fish where they are installed.

use std::collections::BTreeSet;
use std::process::Command;

use acceptance::namespaces::skipped;
use acceptance::stage::{Ended, Stage, run};

pub(crate) const PROGRAMS: [&str; 2] = ["runner-init", "runner-reaper"];

pub(crate) fn says(stage: &Stage, program: &str, words: &[&str]) -> String {
    let ended = run(stage.command(program).args(words));
    assert_eq!(ended.code(), 0, "{program} {words:?}: {}", ended.output());
    assert!(ended.stderr.is_empty(), "{}", ended.stderr);
    ended.stdout
}

/// The flags that a help describes: the words with dashes that begin a line, before their description.
pub(crate) fn flags_of(help: &str) -> BTreeSet<String> {
    let lines = help.lines().map(str::trim_start);
    let described = lines.filter(|line| line.starts_with('-'));
    described
        .flat_map(|line| {
            let head = line.split("  ").next().unwrap_or_default();
            head.split([' ', ',', '=', '[', '<'])
                .filter(|word| word.starts_with('-') && word.len() > 1)
                .map(str::to_owned)
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The commands that a help lists.
pub(crate) fn commands_of(help: &str) -> Vec<String> {
    let lines = help.lines().skip_while(|line| *line != "Commands:");
    let listed = lines.skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next().map(str::to_owned))
        .collect()
}

/// What bash offers behind these words, the last of which is being typed.
fn offered(stage: &Stage, program: &str, words: &[&str]) -> BTreeSet<String> {
    let script = stage.file("script").display().to_string();
    let function = format!("_{}", program.replace('-', "_"));
    let drive = "source \"$1\"; function=$2; shift 2; COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); $function; \
                 printf '%s\\n' \"${COMPREPLY[@]}\"";
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", drive, "bash", &script, &function, program]);
    let ended = run(bash.args(words));
    assert_eq!(ended.code(), 0, "{words:?}: {}", ended.output());
    assert!(ended.stderr.is_empty(), "{words:?}: {}", ended.stderr);
    let words = ended.stdout.split_whitespace();
    words.map(str::to_owned).collect()
}

#[test]
fn every_flag_of_every_help_is_offered_by_bash() {
    for program in PROGRAMS {
        let stage = Stage::new();
        stage.put("script", &says(&stage, program, &["completions", "bash"]));
        let help = says(&stage, program, &["--help"]);
        let commands = commands_of(&help);
        assert!(commands.len() > 2, "{commands:?}");
        let first = offered(&stage, program, &[""]);
        for command in &commands {
            assert!(first.contains(command), "{program}: {command}: {first:?}");
            assert_eq!(
                offered(&stage, program, &[&command[..3]]),
                [command.clone()].into()
            );
        }
        let all = flags_of(&help);
        assert!(all.len() > 10, "{all:?}");
        let missing: Vec<_> = all.difference(&first).collect();
        assert!(missing.is_empty(), "{program}: {missing:?}");
        for command in &commands {
            let flags = flags_of(&says(&stage, program, &[command, "--help"]));
            let offered = offered(&stage, program, &["--debug", command, ""]);
            let missing: Vec<_> = flags.difference(&offered).collect();
            assert!(missing.is_empty(), "{program} {command}: {missing:?}");
        }
    }
}

#[test]
fn bash_completes_what_was_begun_and_leaves_values_to_itself() {
    fn check(program: &str, words: &[&str], want: &[&str]) {
        let stage = Stage::new();
        stage.put("script", &says(&stage, program, &["completions", "bash"]));
        let want: BTreeSet<String> = want.iter().map(|word| (*word).to_owned()).collect();
        assert_eq!(offered(&stage, program, words), want, "{program} {words:?}");
    }
    check("runner-init", &["rotate", "--token"], &["--token-out"]);
    check("runner-init", &["completions", "f"], &["fish"]);
    check(
        "runner-init",
        &["--kubernetes-names"],
        &[
            "--kubernetes-namespace",
            "--kubernetes-namespace_overwrite_allowed",
            "--kubernetes-namespace_per_job",
        ],
    );
    check("runner-init", &["rotate", "--config", "/e"], &[]);
    check("runner-init", &["--config", "=", "/e"], &[]);
    check("runner-init", &["rotate", "--docker"], &[]);
    check(
        "runner-reaper",
        &["unregister", "--all"],
        &["--all-runners"],
    );
    check("runner-reaper", &["--grace-period", "un"], &[]);
    check("runner-reaper", &["sweep", "--y"], &["--yes"]);
}

#[test]
fn scripts_are_read_by_their_shells() {
    let known = |shell: &str| Command::new(shell).arg("--version").output().is_ok();
    for program in PROGRAMS {
        let stage = Stage::new();
        let script = stage.file("script").display().to_string();
        let read = |shell: &str, words: &[&str]| -> Ended {
            stage.put("script", &says(&stage, program, &["completions", shell]));
            // fish makes directories at home, or where these say.
            let mut command = Command::new(shell);
            command.env("HOME", stage.path());
            for kind in ["CONFIG", "DATA", "STATE", "CACHE"] {
                command.env_remove(format!("XDG_{kind}_HOME"));
            }
            let ended = run(command.args(words).arg(&script));
            assert_eq!(ended.code(), 0, "{shell}: {}", ended.output());
            assert!(ended.stderr.is_empty(), "{shell}: {}", ended.stderr);
            ended
        };
        read("bash", &["-n"]);
        let ended = read("bash", &["-c", "source \"$0\"; complete -p"]);
        let want = format!(
            "complete -o default -F _{} {program}",
            program.replace('-', "_")
        );
        assert_eq!(ended.stdout.trim(), want);
        for shell in ["zsh", "fish"] {
            if known(shell) {
                read(shell, &["-n"]);
            } else {
                skipped(&format!("{shell} is not installed"));
            }
        }
    }
}

#[test]
fn wrong_shell_is_told() {
    for program in PROGRAMS {
        for (words, want) in [
            (&["completions"][..], "bash, zsh or fish"),
            (
                &["completions", "tcsh"],
                "\"tcsh\" is not bash, zsh or fish",
            ),
            (
                &["completions", "bash", "--token=glrt-canary"],
                "needs one word",
            ),
        ] {
            let stage = Stage::new();
            let ended = run(stage.command(program).args(words));
            assert_eq!(ended.code(), 2, "{}", ended.output());
            assert!(ended.one_error(want).contains(want), "{}", ended.stderr);
            assert!(!ended.output().contains("canary"));
            assert!(stage.snapshot().is_empty());
        }
    }
}
