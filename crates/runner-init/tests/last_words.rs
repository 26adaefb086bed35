//! What the program says from outside when what it was given is wrong: nothing secret, everything that helps.

#![allow(clippy::unwrap_used, clippy::panic)] // A test fails that way; clippy looks only into test functions.

use std::process::{Command, Output};

use tempfile::TempDir;

/// Runs the program with these variables and no others. What it writes goes into `directory`, whoever runs it: for root the
/// default is a directory of the machine.
fn run(directory: &TempDir, words: &[&str], variables: &[(&str, &str)]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_runner-init"))
        .args(words)
        .current_dir(directory.path())
        .env_clear()
        .env("HOME", directory.path())
        .env("CONFIG_FILE", directory.path().join("config.toml"))
        .envs(variables.iter().copied())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn put(directory: &TempDir, name: &str, text: &str) {
    use std::io::Write as _;
    let mut file = std::fs::File::create_new(directory.path().join(name)).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

const USUAL: &[&str] = &[
    "--token=glrt-1",
    "--executor=shell",
    "--name=n",
    "-c",
    "out/config.toml",
];

#[test]
fn misspelt_variable_is_told_when_the_rest_fails() {
    let directory = TempDir::new().unwrap();
    let output = run(&directory, &[], &[("RUNNER_INIT_TOKEN", "glrt-canary")]);
    let said = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(
        said.contains("RUNNER_INIT_TOKEN is not a variable"),
        "{said}"
    );
    assert!(said.contains("no token"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn token_in_a_wrong_place_reaches_neither_the_log_nor_the_termination_message() {
    for words in [
        &["--url", "glrt-canary"][..],
        &["--url", "https://glrt-canary", "--timeout=1"],
        &["--token-file", "glrt-canary"],
        &["--template-config", "glrt-canary"],
        &["--config-base", "glrt-canary", "--url=http://h"],
        &["--tls-ca-file", "glrt-canary", "--url=http://h"],
        &["--executor", "glrt-canary", "--url=http://h"],
        &["--config", "glrt-canary/..", "--url=http://h"],
    ] {
        let directory = TempDir::new().unwrap();
        put(&directory, "end", "");
        let usual: &[&str] = if words[0] == "--token-file" {
            &USUAL[1..3]
        } else {
            &USUAL[..3]
        };
        let words = [usual, words, &["--termination-message-path=end"]].concat();
        let output = run(&directory, &words, &[]);
        let told = std::fs::read_to_string(directory.path().join("end")).unwrap();
        let said = stderr(&output) + &told;
        assert!(
            !output.status.success() && !told.is_empty(),
            "{words:?}: {said}"
        );
        assert!(!said.to_lowercase().contains("canary"), "{words:?}: {said}");
    }
}

#[test]
fn file_with_which_gitlab_runner_cannot_start_is_refused_and_stays() {
    fn check(name: &str, words: &[&str], want: &str) {
        let directory = TempDir::new().unwrap();
        std::fs::create_dir(directory.path().join("out")).unwrap();
        put(&directory, name, "concurrent = 0\n");
        let words = [USUAL, &["--url=http://127.0.0.1:1"], words].concat();
        let output = run(&directory, &words, &[]);
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(
            said.contains(want) && said.contains("write concurrent = 1"),
            "{said}"
        );
        let text = std::fs::read_to_string(directory.path().join(name)).unwrap();
        assert_eq!(text, "concurrent = 0\n");
    }
    check(
        "base.toml",
        &["--config-base=base.toml"],
        "base.toml, line 1: concurrent",
    );
    check(
        "out/config.toml",
        &[],
        "out/config.toml, line 1: concurrent",
    );
}

#[test]
fn dry_run_shows_no_secret_of_the_base() {
    let directory = TempDir::new().unwrap();
    put(
        &directory,
        "base.toml",
        "sentry_dsn = 'https://canary@s/1'\n# token = 'canary'\n[mine]\npassword = 'canary'\n[[Runners]]\nName = 'other'\n\
         URL = 'https://u:canary@h'\nToken = 'canary'\nenvironment = ['A=canary']\n[Runners.cache.S3]\naccesskey = 'canary'\n",
    );
    let words = [
        "--config-base=base.toml",
        "--url=http://h",
        "--env=B=canary",
        "--dry-run",
    ];
    let output = run(&directory, &[USUAL, &words].concat(), &[]);
    let shown = String::from_utf8(output.stdout.clone()).unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        shown.contains("[[Runners]]") && shown.contains("\"B=[MASKED]\""),
        "{shown}"
    );
}

#[test]
fn fifo_is_refused_and_not_waited_for() {
    let directory = TempDir::new().unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    let path = directory.path().join("fifo");
    rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    for flag in ["--token-file", "--template-config", "--config-base"] {
        let usual = if flag == "--token-file" {
            &USUAL[1..]
        } else {
            USUAL
        };
        let output = run(
            &directory,
            &[usual, &["--url=http://h", flag, "fifo"]].concat(),
            &[],
        );
        let said = stderr(&output);
        assert_eq!(output.status.code(), Some(78), "{said}");
        assert!(said.contains("not a regular file"), "{said}");
    }
}
