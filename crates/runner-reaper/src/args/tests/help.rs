//! Help and version, of the program and of each command.

use super::*;

#[test]
fn help_and_version_are_shown() {
    for line in [
        "--help",
        "-h",
        "pre-stop --help",
        "unregister -help",
        "--version",
    ] {
        let stop = read(line.split(' ').map(OsString::from), &environment(&[]));
        assert!(matches!(stop, Err(NoRun::Show(_))), "{line}");
    }
}

#[test]
fn help_of_a_command_shows_the_whole_of_it() {
    for command in [
        "unregister",
        "pre-stop",
        "sidecar",
        "pause",
        "resume",
        "status",
        "sweep",
    ] {
        let argv = [command, "--help"].map(OsString::from);
        let Err(NoRun::Show(text)) = read(argv, &environment(&[])) else {
            panic!("{command}")
        };
        let usage = format!("Usage: runner-reaper {command} [OPTIONS]");
        assert!(text.contains(&usage), "{text}");
    }
    let Err(NoRun::Show(text)) = read(["help".into()], &environment(&[])) else {
        panic!("help")
    };
    assert!(text.contains("Usage: runner-reaper"), "{text}");
}
