//! The command line as manifests and people write it.

use super::*;

mod by_hand;
mod help;
mod status;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied())
}

fn read(
    argv: impl IntoIterator<Item = OsString>,
    environment: &Environment,
) -> Result<Options, NoRun> {
    parse(command_line(argv, environment), environment)
}

fn parsed(line: &str, variables: &[(&str, &str)]) -> Options {
    match read(
        line.split_whitespace().map(OsString::from),
        &environment(variables),
    ) {
        Ok(options) => options,
        Err(stop) => panic!("{line}: {stop:?}"),
    }
}

fn refused(line: &str, variables: &[(&str, &str)]) -> Failure {
    match read(
        line.split_whitespace().map(OsString::from),
        &environment(variables),
    ) {
        Err(NoRun::Failure(failure)) => failure,
        other => panic!("{line}: {other:?}"),
    }
}

#[test]
fn no_subcommand_is_the_hook() {
    fn check(line: &str) {
        let command = parsed(line, &[]).command;
        assert!(matches!(command, Command::PreStop), "{line}: {command:?}");
    }
    check("");
    check("pre-stop");
    check("--grace-period 60");
    assert!(matches!(parsed("sidecar", &[]).command, Command::Sidecar));
}

#[test]
fn words_of_every_hook_are_heard_and_a_misspelt_one_too() {
    fn check(line: &str, want: bool) {
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let words = command_line(argv, &environment(&[])).words;
        assert_eq!(is_heard_by_nobody(&words), want, "{line}");
    }
    check("", true);
    check("pre-stop", true);
    check("unregister --all-runners", true);
    check("pre-stpo --grace-perod=1", true);
    check("--config /x sidecar", false);
    check("--debug sidecar -l debug", false);
    check("sweep --yes --fleet ci", false);
    check("--confg /x sidecar", false);
    check("status --output json", false);
    // Not everything that is called so is the command.
    check("unregister --name sidecar", true);
    check("unregister --name sweep", true);
}

#[test]
fn flag_wins_over_variable_and_empty_is_unset() {
    fn check(line: &str, variables: &[(&str, &str)], want: Option<u64>) {
        let grace = parsed(line, variables).grace;
        let got = grace.told.then_some(grace.period);
        assert_eq!(got, want.map(Duration::from_secs), "{line}");
    }
    let variable = &[("RUNNER_REAPER_GRACE_PERIOD", "1h")][..];
    check("", &[], None);
    check("", variable, Some(3600));
    check("--grace-period 60s", variable, Some(60));
    check("pre-stop --grace-period=60", variable, Some(60));
    check("--grace-period 60 pre-stop", variable, Some(60));
    check("-grace-period 60", &[], Some(60));
    check("", &[("RUNNER_REAPER_GRACE_PERIOD", "")], None);
}

#[test]
fn config_is_looked_for_where_gitlab_runner_does() {
    fn check(line: &str, variables: &[(&str, &str)], want: &str) {
        assert_eq!(
            parsed(line, variables).config.to_str(),
            Some(want),
            "{line}"
        );
    }
    let both = &[
        ("RUNNER_REAPER_CONFIG", "/ours"),
        ("CONFIG_FILE", "/theirs"),
    ];
    check("-c /flag", both, "/flag");
    check("unregister --all-runners -config /flag", both, "/flag");
    check("", both, "/ours");
    check("", &[("CONFIG_FILE", "/theirs")], "/theirs");
    check(
        "",
        &[("HOME", "/home/x")],
        "/home/x/.gitlab-runner/config.toml",
    );
    check("", &[], "config.toml");
    let mut root = environment(&[]);
    root.is_root = true;
    let Ok(options) = read([], &root) else {
        panic!("no arguments are fine")
    };
    assert_eq!(
        options.config.to_str(),
        Some("/etc/gitlab-runner/config.toml")
    );
}

#[test]
fn unregister_takes_the_articles_line_and_the_stock_flags() {
    fn check(line: &str, variables: &[(&str, &str)], want: (bool, Option<&str>, Option<&str>)) {
        let Command::Unregister(selection) = parsed(line, variables).command else {
            panic!("{line}")
        };
        let token = selection.token.as_ref().map(Token::expose);
        assert_eq!(
            (selection.all, selection.name.as_deref(), token),
            want,
            "{line}"
        );
    }
    let token = &[("CI_SERVER_TOKEN", "glrt-left")][..];
    check("unregister --all-runners", token, (true, None, None));
    check("unregister -all-runners", &[], (true, None, None));
    check("unregister --all-runners=true", &[], (true, None, None));
    check("unregister -n a", token, (false, Some("a"), None));
    check(
        "unregister --name a -t glrt-x",
        &[],
        (false, Some("a"), Some("glrt-x")),
    );
    check("unregister", token, (false, None, Some("glrt-left")));
    check(
        "unregister -u https://h/ -token=b --keep-entry",
        &[],
        (false, None, Some("b")),
    );
}

#[test]
fn what_cannot_be_understood_ends_with_2_and_shows_no_token() {
    fn check(line: &str, want: &str) {
        let failure = refused(line, &[]);
        assert_eq!(failure.exit.code(), 2, "{line}");
        assert!(
            failure.message.contains(want),
            "{line}: {}",
            failure.message
        );
        assert!(!failure.message.contains("canary"), "{}", failure.message);
    }
    check("--grace-period soon", "1h30m");
    check("--frobnicate", "--frobnicate");
    check("unregister", "--all-runners");
    check("unregister --all-runners --name a", "either");
    check("unregister --token glrt-canary\u{e9}", "outside ASCII");
    check("unregister --token glrt-canary --token-file x", "either");
    check(
        "unregister --token GR1348941canary",
        "is a registration token",
    );
    check("unregister --token glpat-canary", "access token");
    check(
        "unregister --token $(CANARY)",
        "a variable that was not replaced by its value",
    );
    check("--log-format xml", "xml");
    check(
        "frob",
        "\"frob\" (argument 1) is not a command of runner-reaper: the commands are pre-stop, sidecar, unregister",
    );
    check(
        "--grace-period 60 pre-stpo",
        "argument 3) is not a command of runner-reaper: did you mean pre-stop?",
    );
    check(
        "unregister --name a -l debug stray",
        "\"stray\" (argument 6) does not belong to a flag",
    );
    check("unregister unregister", "\"unregister\" (argument 2)");
    check(
        "unregister --all-runners false",
        "write --all-runners=false",
    );
    check("unregister --token T stray", "\"stray\" (argument 4)");
    check(
        "unregister --all-runners --metrics-server :9252",
        "12.0: use --metrics-address",
    );
    check("unregister --all-runners --frob x", "--frob");
    check(
        "unregister --all-runners --url http:/h",
        "--url: the URL of GitLab has no //",
    );
    check(
        "unregister --all-runners --log-level=bogus",
        "--log-level: \"bogus\"",
    );
    check("glrt-canary0123456789", "not shown");
    check("unregister glrt-canary0123456789", "not shown");
    check("--tokn=glrt-canary", "--tokn");
}

#[test]
fn token_file_that_is_missing_or_empty_is_unusable() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("token");
    let line = format!("unregister --token-file {}", file.display());
    assert_eq!(refused(&line, &[]).exit.code(), 78);
    drop(std::fs::File::create_new(&file).unwrap());
    assert!(refused(&line, &[]).message.contains("is empty"));
}

#[test]
fn misspelt_variable_is_named() {
    fn check(name: &str, warned: bool) {
        let warnings = idle_variables(&environment(&[(name, "5")]));
        assert_eq!(
            warnings.iter().any(|words| words.contains(name)),
            warned,
            "{name}"
        );
    }
    check("RUNNER_REAPER_GRACE", true);
    check("METRICS_SERVER", true);
    check("RUNNER_REAPER_RESERVE", false);
    check("RUNNER_REAPER_DEBUG", false);
    check("RUNNER_REAPER_LOG_LEVEL", false);
    check("RUNNER_REAPER_SERVICE_HOST", false);
    check("RUNNER_REAPER_PORT_80_TCP", false);
    check("RUNNER_INIT_GRACE", false);
}

#[test]
fn token_in_the_wrong_place_is_not_shown() {
    fn check(line: &str, want: &str) {
        let message = refused(line, &[]).message;
        assert!(message.contains(want), "{line}: {message}");
        assert!(!message.contains("canary"), "{line}: {message}");
    }
    check("--glrt-canary", "'--***'");
    check("--log-format glrt-canary", "\"***\"");
    check("--grace-period glrt-canary", "--grace-period");
    check(
        "unregister --token-file canary",
        "give the token itself with --token",
    );
    check("unregister --token-file /none/glrt-canary", "\"/none/***\"");
    check("unregister --token-file /dev/zero", "not a regular file");
}

#[test]
fn gitlab_is_waited_for_five_minutes_unless_told_and_never_less_than_a_second() {
    fn check(line: &str, variables: &[(&str, &str)], want: u64) {
        let got = parsed(line, variables).unregister_timeout;
        assert_eq!(got, Duration::from_secs(want), "{line}");
    }
    let variable = &[("RUNNER_REAPER_UNREGISTER_TIMEOUT", "90")][..];
    check("", &[], 300);
    check("", variable, 90);
    check("pre-stop --unregister-timeout=1h", variable, 3600);
    check("-unregister-timeout 10s sidecar", &[], 10);
    check("--unregister-timeout=0", &[], 1);
    let words = refused("--unregister-timeout=soon", &[]).message;
    assert!(words.contains("--unregister-timeout"), "{words}");
}

#[tokio::test(start_paused = true)]
async fn limit_of_the_unregistration_is_never_beyond_the_deadline() {
    let options = parsed("--unregister-timeout=10s", &[]);
    let until = |seconds: u64| {
        let gitlab = Deadline::after(Duration::from_secs(seconds));
        options.unregister_until(gitlab).left()
    };
    assert_eq!(until(3600), Duration::from_secs(10));
    assert_eq!(until(4), Duration::from_secs(4));
}

#[test]
fn global_words_are_taken_before_and_behind_the_command() {
    fn check(line: &str, want: &str) {
        let options = parsed(line, &[]);
        let found = match options.command {
            Command::PreStop => "pre-stop",
            Command::Sidecar => "sidecar",
            Command::Unregister(_) => "unregister",
            Command::Status(_) => "status",
            Command::ByHand(asked) => asked.verb.name(),
            Command::Sweep(_) => "sweep",
        };
        assert_eq!(found, want, "{line}");
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let level = command_line(argv, &environment(&[])).reporting.level;
        assert_eq!(level, log::LevelFilter::Debug, "{line}");
    }
    for debug in [
        "--debug",
        "-debug",
        "-l debug",
        "-log-level=debug",
        "--debug --log-format json",
        "--debug --cpuprofile x",
    ] {
        check(debug, "pre-stop");
        for command in ["pre-stop", "sidecar", "unregister --all-runners", "status"] {
            let name = command.split(' ').next().unwrap();
            check(&format!("{debug} {command}"), name);
            check(&format!("{command} {debug}"), name);
        }
    }
}
