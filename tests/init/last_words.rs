//! What the program says from outside when what it was given is wrong: nothing secret, everything that helps.

use acceptance::stage::{Ended, Stage, run};

/// Runs the program in the volume's directory with these words and variables and no others.
fn init(stage: &Stage, words: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut init = stage.init(words);
    run(init.envs(variables.iter().copied()))
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
    let variables = [("RUNNER_INIT_TOKEN", "glrt-canary")];
    let ended = init(&Stage::new(), &[], &variables);
    let said = &ended.stderr;
    assert_eq!(ended.code(), 2, "{said}");
    assert!(
        said.contains("RUNNER_INIT_TOKEN is not a variable"),
        "{said}"
    );
    assert!(said.contains("no token"), "{said}");
    assert!(!said.contains("canary"), "{said}");
}

#[test]
fn file_with_which_gitlab_runner_cannot_start_is_refused_and_stays() {
    fn check(name: &str, words: &[&str], want: &str) {
        let stage = Stage::new();
        std::fs::create_dir(stage.file("out")).unwrap();
        stage.put(name, "concurrent = 0\n");
        let words = [USUAL, &["--url=http://127.0.0.1:1"], words].concat();
        let ended = init(&stage, &words, &[]);
        let said = &ended.stderr;
        assert_eq!(ended.code(), 78, "{said}");
        assert!(
            said.contains(want) && said.contains("write concurrent = 1"),
            "{said}"
        );
        assert_eq!(stage.text(name).unwrap(), "concurrent = 0\n");
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
    let stage = Stage::new();
    stage.put(
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
    let ended = init(&stage, &[USUAL, &words].concat(), &[]);
    let shown = &ended.stdout;
    assert_eq!(ended.code(), 0, "{}", ended.stderr);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        shown.contains("[[Runners]]") && shown.contains("\"B=[MASKED]\""),
        "{shown}"
    );
}

#[test]
fn fifo_is_refused_and_not_waited_for() {
    let stage = Stage::new();
    nix::unistd::mkfifo(&stage.file("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    for flag in ["--token-file", "--template-config", "--config-base"] {
        let usual = if flag == "--token-file" {
            &USUAL[1..]
        } else {
            USUAL
        };
        let words = [usual, &["--url=http://h", flag, "fifo"]].concat();
        let ended = init(&stage, &words, &[]);
        assert_eq!(ended.code(), 78, "{}", ended.stderr);
        let named = ended.stderr.contains("not a regular file");
        assert!(named, "{}", ended.stderr);
    }
}
