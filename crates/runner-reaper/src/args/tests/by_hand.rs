//! What a person gives to `pause` and `resume`.

use super::*;

#[test]
fn pause_waits_a_minute_unless_told_and_says_so_in_text() {
    fn check(line: &str, seconds: u64, switches: (bool, bool, bool)) {
        let Command::ByHand(asked) = parsed(line, &[]).command else {
            panic!("{line}")
        };
        assert!(line.contains(asked.verb.name()), "{line}");
        assert_eq!(asked.timeout, Duration::from_secs(seconds), "{line}");
        let found = (asked.json, asked.dry_run, asked.other_pod);
        assert_eq!(found, switches, "{line}");
    }
    check("pause", 60, (false, false, false));
    check("--debug resume --timeout 5m", 300, (false, false, false));
    check("pause --output=json -dry-run", 60, (true, true, false));
    check(
        "-c /x resume --other-pod --timeout=1",
        1,
        (false, false, true),
    );
}
