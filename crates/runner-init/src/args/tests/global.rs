//! gitlab-runner's global words, and how to report.

use runner_lifecycle::report::Format;

use super::*;

#[test]
fn global_words_are_taken_before_and_behind_the_command() {
    fn check(words: &[&str]) {
        assert_eq!(options(words, &[]).entry.len(), 1, "{words:?}");
        let argv: Vec<OsString> = words.iter().map(OsString::from).collect();
        let reporting = command_line(&argv, &environment(&[])).reporting;
        let found = (reporting.format, reporting.level);
        assert_eq!(found, (Format::Json, log::LevelFilter::Debug), "{words:?}");
    }
    check(&["--debug", "--log-format", "json", "register", "--limit=1"]);
    check(&["register", "--limit=1", "-l", "debug", "-log-format=json"]);
    check(&[
        "-l=debug",
        "--limit=1",
        "--log-format=json",
        "--cpuprofile",
        "/x",
    ]);
}

#[test]
fn reporting_is_found_even_when_the_rest_is_wrong() {
    let words = ["--nonsense", "--limit=x", "--log-format", "json", "--debug"].map(OsString::from);
    let found = command_line(
        &words,
        &environment(&[
            ("LOG_LEVEL", "loud"),
            ("RUNNER_INIT_TERMINATION_MESSAGE_PATH", "/t"),
        ]),
    )
    .reporting;
    assert_eq!(
        (found.format, found.level),
        (Format::Json, log::LevelFilter::Debug)
    );
    assert_eq!(found.termination_message_path, PathBuf::from("/t"));
}
