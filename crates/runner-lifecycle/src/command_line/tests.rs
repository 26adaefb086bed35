//! Global words in every place and spelling, and the words that are not.

use super::*;

const PROGRAM: Program = Program {
    prefix: "RUNNER_X_",
    takes_value: |name| matches!(name, "name" | "token" | "password"),
    is_password: |name| name == "password",
};

fn line(words: &str, variables: &[(&str, &str)]) -> CommandLine {
    let argv: Vec<OsString> = words.split_whitespace().map(OsString::from).collect();
    let environment = Environment::of(variables.iter().copied());
    CommandLine::read(&argv, &environment, PROGRAM)
}

fn left(line: &CommandLine) -> Vec<(&str, usize)> {
    let words = line.words.iter();
    words
        .map(|word| (word.text.to_str().unwrap(), word.place))
        .collect()
}

#[test]
fn global_word_is_understood_in_every_spelling_before_and_behind_the_command() {
    for debug in [
        "--debug",
        "-debug",
        "--debug=true",
        "-debug=1",
        "-l debug",
        "--l=debug",
        "-l=debug",
        "--log-level debug",
        "--log-level=debug",
        "-log-level debug",
        "--log-level=DEBUG",
        "--debug --log-level=error",
        "--log-level=info -l debug",
    ] {
        for words in [
            format!("{debug} verb --all"),
            format!("verb {debug} --all"),
            format!("verb --all {debug}"),
        ] {
            let line = line(&words, &[]);
            assert_eq!(line.reporting.level, LevelFilter::Debug, "{words}");
            assert!(line.wrong.is_none() && line.warnings.is_empty(), "{words}");
            let texts: Vec<&str> = left(&line).iter().map(|(text, _)| *text).collect();
            assert_eq!(texts, ["verb", "--all"], "{words}");
        }
        assert_eq!(line(debug, &[]).words, [], "{debug}");
    }
}

#[test]
fn value_of_another_flag_is_no_global_word() {
    let line = line("--name --debug verb --password -l x", &[]);
    assert_eq!(line.reporting.level, LevelFilter::Info);
    let want = [
        ("--name", 1),
        ("--debug", 2),
        ("verb", 3),
        ("--password", 4),
        ("-l", 5),
        ("x", 6),
    ];
    assert_eq!(left(&line), want);
    assert_eq!(
        line.words[5].role,
        Role::BehindPassword,
        "it may be the rest of the password"
    );
}

#[test]
fn words_are_counted_as_people_count_them() {
    let line = line("--log-format json verb --name X -debug stray", &[]);
    assert_eq!(line.reporting.format, Format::Json);
    assert_eq!(
        left(&line),
        [("verb", 3), ("--name", 4), ("X", 5), ("stray", 7)]
    );
    assert!(
        no_flag(&line.words[3]).starts_with("\"stray\" (argument 7) does not belong to a flag")
    );
}

#[test]
fn nothing_is_global_behind_two_dashes() {
    let line = line("verb -- --debug", &[]);
    assert_eq!(line.reporting.level, LevelFilter::Info);
    assert_eq!(left(&line), [("verb", 1), ("--", 2), ("--debug", 3)]);
}

#[test]
fn variable_that_means_nothing_is_warned_of_and_the_default_counts() {
    fn check(variables: &[(&str, &str)], want: (Format, LevelFilter), warned: Option<&str>) {
        let line = line("verb", variables);
        let found = (line.reporting.format, line.reporting.level);
        assert_eq!(found, want, "{variables:?}");
        assert!(line.wrong.is_none(), "{variables:?}");
        assert_eq!(
            line.warnings.len(),
            usize::from(warned.is_some()),
            "{variables:?}"
        );
        let said = line.warnings.concat();
        assert!(said.starts_with(warned.unwrap_or_default()), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    use LevelFilter as Level;
    let usual = (Format::Text, Level::Info);
    check(
        &[("LOG_LEVEL", "bogus")],
        usual,
        Some("LOG_LEVEL: \"bogus\" is not error, warn"),
    );
    check(
        &[("LOG_FORMAT", "xml")],
        usual,
        Some("LOG_FORMAT: \"xml\" is not text"),
    );
    check(
        &[("RUNNER_DEBUG", "maybe")],
        usual,
        Some("RUNNER_DEBUG: \"maybe\" is not true"),
    );
    check(
        &[("RUNNER_X_LOG_LEVEL", "glrt-canary")],
        usual,
        Some("RUNNER_X_LOG_LEVEL: \"***\""),
    );
    check(
        &[("LOG_LEVEL", ""), ("RUNNER_DEBUG", ""), ("LOG_FORMAT", "")],
        usual,
        None,
    );
    check(
        &[("RUNNER_DEBUG", "true")],
        (Format::Text, Level::Debug),
        None,
    );
    check(&[("RUNNER_DEBUG", "false")], usual, None);
    check(
        &[("LOG_FORMAT", "runner"), ("LOG_LEVEL", "fatal")],
        (Format::Text, Level::Error),
        None,
    );
    let ours = [
        ("RUNNER_X_LOG_FORMAT", "json"),
        ("LOG_FORMAT", "text"),
        ("LOG_LEVEL", "warning"),
    ];
    check(&ours, (Format::Json, Level::Warn), None);
    check(&[("CPU_PROFILE", "/x")], usual, None);
}

#[test]
fn flag_that_means_nothing_is_wrong_usage_and_the_rest_counts() {
    fn check(words: &str, want: &str) {
        let line = line(words, &[("LOG_LEVEL", "warn")]);
        let failure = line.wrong.unwrap();
        assert_eq!(failure.exit.code(), 2, "{words}");
        assert!(
            failure.message.contains(want),
            "{words}: {}",
            failure.message
        );
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
    check(
        "--log-level=bogus verb",
        "--log-level: \"bogus\" is not error, warn, info or debug",
    );
    check("verb -l bogus", "-l: \"bogus\"");
    check(
        "verb --log-format xml",
        "--log-format: \"xml\" is not text or json",
    );
    check("--debug=maybe", "--debug: \"maybe\" is not true or false");
    check("verb --log-level", "--log-level needs a value");
    check("-l glrt-canary", "\"***\"");
    let both = line(
        "--log-level bogus --log-format=json",
        &[("LOG_LEVEL", "warn")],
    );
    assert_eq!(
        (both.reporting.format, both.reporting.level),
        (Format::Json, LevelFilter::Warn)
    );
}

#[test]
fn profile_is_not_written_and_that_is_said() {
    let line = line("--cpuprofile /x verb", &[]);
    assert_eq!(left(&line), [("verb", 3)]);
    assert!(line.warnings.concat().contains("no profile"));
}

#[test]
fn stray_word_that_may_be_a_secret_is_not_shown() {
    for words in [
        "verb glrt-canary",
        "--password x canary",
        "--password=x canary",
        "verb gDRhSyzgvU9jYsnKcanary",
    ] {
        let line = line(words, &[]);
        let stray = line.words.last().unwrap();
        for said in [no_flag(stray), no_command(stray, "x", &["canari"])] {
            assert!(
                !said.contains("canary") && said.contains("not shown"),
                "{words}: {said}"
            );
            assert!(
                said.contains(&format!("argument {}", stray.place)),
                "{said}"
            );
        }
    }
}
