//! The command line of a look.

use super::*;

#[test]
fn status_is_told_how_to_look_by_flags_alone() {
    fn check(line: &str, offline: bool, json: bool, timeout: u64) {
        let Command::Status(status) = parsed(line, &[("RUNNER_REAPER_OUTPUT", "table")]).command
        else {
            panic!("{line}")
        };
        let want = Status {
            offline,
            json,
            timeout: Duration::from_secs(timeout),
        };
        assert_eq!(status, want, "{line}");
    }
    check("status", false, false, 10);
    check("--debug status --output=text -c /x", false, false, 10);
    check("status --offline --output json --timeout 3", true, true, 3);
    check("status -offline=false -timeout=1m", false, false, 60);
    for (line, words) in [
        ("status --output yaml", "--output"),
        (
            "status --timeout soon",
            "--timeout: \"soon\" is not a duration",
        ),
        ("status --offline true", "--offline=true"),
        ("status 12", "argument 2"),
        ("status --grace 1", "--grace"),
        ("pre-stop --offline", "--offline"),
    ] {
        let failure = refused(line, &[]);
        assert_eq!(failure.exit.code(), 2, "{line}");
        assert!(failure.message.contains(words), "{line}: {failure}");
    }
}

#[test]
fn flag_of_other_commands_is_refused_and_their_variables_are_left_alone() {
    fn check(line: &str, want: &str) {
        let failure = refused(line, &[]);
        assert_eq!(failure.exit.code(), 2, "{line}");
        assert!(failure.message.contains(want), "{line}: {failure}");
    }
    let ending = "is not a flag of status, but of pre-stop, sidecar, unregister";
    check(
        "status --grace-period 60",
        &format!("--grace-period {ending}"),
    );
    check("--reserve=5 status", &format!("--reserve {ending}"));
    check(
        "pause --tls-ca-file=x",
        "is not a flag of pause, but of pre-stop, ",
    );
    check("sweep --pod-name x", "is not a flag of sweep, but of ");
    check(
        "pre-stop --offline",
        "is not a flag of pre-stop, but of status",
    );
    check("--offline", "is not a flag of pre-stop, but of status");
    let variables = [("RUNNER_REAPER_GRACE_PERIOD", "soon")];
    assert!(matches!(
        parsed("status", &variables).command,
        Command::Status(_)
    ));
    assert_eq!(refused("pre-stop", &variables).exit.code(), 2);
}

#[test]
fn own_flags_may_stand_before_the_command_too() {
    let Command::Status(status) = parsed("--offline --output json status --timeout 3", &[]).command
    else {
        panic!("status")
    };
    assert!(status.offline && status.json);
    assert_eq!(status.timeout, Duration::from_secs(3));
    let Command::Unregister(selection) = parsed("-n a unregister", &[]).command else {
        panic!("unregister")
    };
    assert_eq!(selection.name.as_deref(), Some("a"));
}

#[test]
fn person_at_a_shell_leaves_the_termination_message_alone() {
    fn check(line: &str, want: bool) {
        let argv: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let words = command_line(argv, &environment(&[])).words;
        assert_eq!(are_of_a_person(&words), want, "{line}");
    }
    check("status", true);
    check("--debug -c /x status --bogus", true);
    check("pause --timeout=5s", true);
    check("-c /x resume", true);
    check("unregister --name status", false);
    check("unregister --name pause", false);
    check("unregister status", false);
    check("", false);
    check("sidecar", false);
}
