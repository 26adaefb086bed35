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

/// The long flags that the help of a command describes.
fn flags_of(command: &str) -> Vec<String> {
    let argv = [command, "--help"].map(OsString::from);
    let Err(NoRun::Show(text)) = read(argv, &environment(&[])) else {
        panic!("{command}")
    };
    assert!(
        !text.contains("<dry-run>") && !text.contains("<debug>"),
        "{text}"
    );
    // A sentence that begins with a flag is not indented.
    let described = text.lines().filter(|line| line.starts_with("  "));
    let described = described.filter(|line| line.trim_start().starts_with('-'));
    let flags = described.filter_map(|line| line.split_once("--"));
    let names = flags.map(|(_, rest)| rest.split([' ', '[']).next().unwrap_or_default().to_owned());
    names.collect()
}

#[test]
fn help_of_a_command_has_the_flags_that_it_reads_and_no_other() {
    let log = ["log-format", "log-level", "debug", "help"];
    let pod = ["pod-name", "pod-namespace", "pod-uid"];
    let tls = ["tls-ca-file", "tls-cert-file", "tls-key-file"];
    let by_hand = [
        "timeout",
        "output",
        "dry-run",
        "other-pod",
        "config",
        "metrics-address",
    ];
    let mut want = [&by_hand[..], &pod, &log].concat();
    assert_eq!(flags_of("pause"), want);
    assert_eq!(flags_of("resume"), want);
    let status = ["output", "timeout", "offline", "config", "metrics-address"];
    want = [&status[..], &tls, &pod, &log].concat();
    assert_eq!(flags_of("status"), want);
    for command in ["pre-stop", "sidecar", "unregister"] {
        let flags = flags_of(command);
        for name in [
            "grace-period",
            "reserve",
            "unregister-timeout",
            "termination-message-path",
        ] {
            assert!(flags.iter().any(|flag| flag == name), "{command} --{name}");
        }
        for name in ["offline", "output", "dry-run", "timeout", "yes"] {
            assert!(flags.iter().all(|flag| flag != name), "{command} --{name}");
        }
    }
    let sweep = flags_of("sweep");
    for name in ["metrics-address", "pod-name", "grace-period"] {
        assert!(sweep.iter().all(|flag| flag != name), "{sweep:?}");
    }
    assert_eq!(flags_of("completions"), ["help"]);
}
