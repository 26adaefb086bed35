//! A volume of which nobody knows what was written there.

use super::*;

#[test]
fn without_what_was_written_only_what_was_told_is_applied() {
    let check = |told: &[&str], want: &str| {
        let case = Case {
            scope: Scope::Entry,
            last: None,
            now: "limit = 7\noutput_limit = 1\nbuilds_dir = '/b'\n[docker]\nprivileged = true\n",
            asked: "limit = 4\noutput_limit = 2\n[docker]\nimage = 'i'\nprivileged = false\n",
        };
        let (text, lines) = case.follow(told);
        assert_eq!((text.as_str(), lines.len()), (want, 0));
    };
    check(
        &[],
        "limit = 7\noutput_limit = 1\nbuilds_dir = '/b'\n[docker]\nprivileged = true\n",
    );
    check(
        &["limit", "docker.privileged"],
        "limit = 4\noutput_limit = 1\nbuilds_dir = '/b'\n[docker]\nprivileged = false\n",
    );
    check(
        &["docker.image"],
        "limit = 7\noutput_limit = 1\nbuilds_dir = '/b'\n[docker]\nimage = 'i'\nprivileged = true\n",
    );
    let mut now = parse("limit = 4\noutput_limit = 1\n");
    let asked = parse("limit = 4\noutput_limit = 2\n");
    let followed = follow(&mut now, Scope::Entry, None, &asked, &|_| false);
    assert_eq!(followed.written, written(&parse("limit = 4"), Scope::Entry));
    // What was asked for then and stayed out stays out, until it is asked for differently.
    let volume = parse("builds_dir = '/b'\n");
    let run = |last: Option<&Written>, asked: &str, want: &str| {
        let mut now = volume.clone();
        let followed = follow(&mut now, Scope::Entry, last, &parse(asked), &|_| false);
        assert_eq!(now.to_string(), want);
        assert_eq!(followed.kept, []);
        assert!(edited(&now, Scope::Entry, &followed.written).is_empty());
        followed.written
    };
    let first = run(None, "limit = 4", "builds_dir = '/b'\n");
    let second = run(Some(&first), "limit = 4", "builds_dir = '/b'\n");
    assert_eq!(first, second);
    run(Some(&second), "limit = 5", "limit = 5\nbuilds_dir = '/b'\n");
    run(Some(&second), "", "builds_dir = '/b'\n");
}
