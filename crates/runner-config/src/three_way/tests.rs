//! Three texts and what they come to.

use toml_edit::DocumentMut;

use super::*;

mod comments;
mod properties;
mod unknown;

/// What was written last, what is there now, and what is asked for; `None`: nobody knows what was written.
struct Case<'a> {
    scope: Scope,
    last: Option<&'a str>,
    now: &'a str,
    asked: &'a str,
}

impl Case<'_> {
    /// The text, and a line for each key that was left alone. Twice must be as once.
    fn follow(&self, told: &[&str]) -> (String, Vec<String>) {
        let Self { scope, .. } = *self;
        let last = self.last.map(|text| written(&parse(text), scope));
        let asked = parse(self.asked);
        let told = |path: &str| told.contains(&path);
        let mut document = parse(self.now);
        let followed = follow(&mut document, scope, last.as_ref(), &asked, &told);
        let text = document.to_string();
        assert_eq!(followed.changed, text != self.now, "{text}");
        let mut again = parse(&text);
        let twice = follow(&mut again, scope, Some(&followed.written), &asked, &told);
        assert_eq!(again.to_string(), text, "twice");
        assert!(!twice.changed, "{text}");
        assert_eq!(twice.written, followed.written, "{text}");
        let lines = followed.kept.iter().map(|kept| kept.line("config.toml"));
        (text, lines.collect())
    }
}

fn parse(text: &str) -> DocumentMut {
    text.parse()
        .unwrap_or_else(|error| panic!("{text}\n{error}"))
}

#[track_caller]
fn entry(last: &str, now: &str, asked: &str, want: &str, lines: &[&str]) {
    let case = Case {
        scope: Scope::Entry,
        last: Some(last),
        now,
        asked,
    };
    let (text, said) = case.follow(&[]);
    assert_eq!(text, want);
    assert_eq!(said, lines);
}

#[test]
fn zero_that_took_the_place_of_a_value_stands_as_written() {
    let mut now = parse("limit = 4\n");
    let last = written(&now, Scope::Entry);
    let mut step = |last: &Written, asked: &str, want: &str| {
        let asked = parse(asked);
        let followed = follow(&mut now, Scope::Entry, Some(last), &asked, &|_| false);
        assert_eq!((now.to_string().as_str(), followed.kept.len()), (want, 0));
        followed.written
    };
    let zero = step(&last, "limit = 0", "limit = 0\n");
    let zero = step(&zero, "limit = 0", "limit = 0\n");
    step(&zero, "limit = 8", "limit = 8\n");
}

#[test]
fn key_that_stands_as_written_follows() {
    entry(
        "limit = 1",
        "limit = 1 # why\n",
        "limit = 2",
        "limit = 2 # why\n",
        &[],
    );
    entry(
        "limit = 1",
        "Limit = 0x1\n",
        "limit = 2",
        "Limit = 2\n",
        &[],
    );
    entry(
        "limit = 1",
        "limit = 1\nbuilds_dir = '/b'\n",
        "builds_dir = '/b'",
        "builds_dir = '/b'\n",
        &[],
    );
    entry(
        "",
        "builds_dir = '/b'\n",
        "limit = 2",
        "limit = 2\nbuilds_dir = '/b'\n",
        &[],
    );
    entry("limit = 1", "limit = 1\n", "limit = 0", "limit = 0\n", &[]);
    entry("", "limit = 0\n", "limit = 0", "limit = 0\n", &[]);
    entry(
        "docker.image = 'i'",
        "docker = { image = 'i' }\n",
        "docker.image = 'j'",
        "docker = { image = 'j' }\n",
        &[],
    );
    entry(
        "unhealthy_interval = '1h'",
        "unhealthy_interval = '60m'\n",
        "unhealthy_interval = '3600s'",
        "unhealthy_interval = '60m'\n",
        &[],
    );
    entry(
        "unhealthy_interval = '1h'",
        "unhealthy_interval = '60m'\n",
        "unhealthy_interval = '2h'",
        "unhealthy_interval = '2h'\n",
        &[],
    );
}

#[test]
fn key_that_somebody_else_changed_is_theirs() {
    entry(
        "limit = 1",
        "limit = 7\n",
        "limit = 4",
        "limit = 7\n",
        &["limit in config.toml was changed by somebody else and is kept (requested: 4)"],
    );
    entry(
        "limit = 1",
        "builds_dir = '/b'\n",
        "limit = 4",
        "builds_dir = '/b'\n",
        &["limit was removed from config.toml by somebody else: not written again (requested: 4)"],
    );
    entry(
        "limit = 1",
        "limit = 0\n",
        "limit = 4",
        "limit = 0\n",
        &["limit in config.toml was changed by somebody else and is kept (requested: 4)"],
    );
    // What they wrote is asked for by now.
    entry("limit = 1", "limit = 4\n", "limit = 4", "limit = 4\n", &[]);
    // Nothing is asked for any more: there is nothing to say.
    entry("limit = 1", "limit = 7\n", "", "limit = 7\n", &[]);
    // It was never ours.
    entry(
        "",
        "limit = 7\n",
        "limit = 4",
        "limit = 7\n",
        &["limit in config.toml was changed by somebody else and is kept (requested: 4)"],
    );
    // A value that may be a secret is not shown.
    entry(
        "pre_get_sources_script = 'a'",
        "pre_get_sources_script = 'b'\n",
        "pre_get_sources_script = 'geheim'",
        "pre_get_sources_script = 'b'\n",
        &["pre_get_sources_script in config.toml was changed by somebody else and is kept"],
    );
    // A whole table in place of a value, and the other way round.
    entry(
        "own = 1",
        "own.a = 1\n",
        "own = 2",
        "own.a = 1\n",
        &["own in config.toml was changed by somebody else and is kept (requested: 2)"],
    );
    entry(
        "",
        "own.a = 1\n",
        "own = 2",
        "own.a = 1\n",
        &["own in config.toml was changed by somebody else and is kept (requested: 2)"],
    );
    entry(
        "own.a = 1",
        "own = 1\n",
        "own.b = 2",
        "own = 1\n",
        &["own.b in config.toml was changed by somebody else and is kept (requested: 2)"],
    );
}

#[test]
fn removal_of_theirs_stays_and_what_is_not_asked_for_any_more_is_forgotten() {
    let last = written(
        &parse("limit = 1\noutput_limit = 2\nbuilds_dir = '/b'"),
        Scope::Entry,
    );
    let mut now = parse("output_limit = 3\nbuilds_dir = '/b'\n");
    let asked = parse("limit = 1\nbuilds_dir = '/c'");
    let followed = follow(&mut now, Scope::Entry, Some(&last), &asked, &|_| false);
    assert_eq!(now.to_string(), "output_limit = 3\nbuilds_dir = '/c'\n");
    let keys: Vec<&str> = followed.written.keys().map(String::as_str).collect();
    assert_eq!(keys, ["builds_dir", "limit"]);
    assert_eq!(followed.written["limit"], last["limit"]);
    assert_ne!(followed.written["builds_dir"], last["builds_dir"]);
    assert_eq!(edited(&now, Scope::Entry, &followed.written), ["limit"]);
    assert!(followed.written.values().all(|digest| digest.len() == 16));
}

#[test]
fn keys_by_which_an_entry_is_one_are_left_out() {
    let identity =
        "Name = 'n'\nurl = 'u'\nid = 1\ntoken = 't'\ntoken_obtained_at = 2024-01-01T00:00:00Z\n";
    assert!(written(&parse(identity), Scope::Entry).is_empty());
    entry(
        "",
        identity,
        "name = 'm'\nid = 2\ntoken = 's'\nurl = 'v'\n",
        identity,
        &[],
    );
    let file = "concurrent = 2\n[[runners]]\nlimit = 1\n";
    let keys: Vec<String> = written(&parse(file), Scope::File).into_keys().collect();
    assert_eq!(keys, ["concurrent"]);
}

#[test]
fn map_is_followed_key_by_key_and_table_that_is_left_empty_goes() {
    entry(
        "docker.sysctls = { a = '1', \"b.c\" = '2' }",
        "[docker]\nimage = 'i'\n[docker.sysctls]\na = '1'\n\"b.c\" = '9'\nB = 'theirs'\n",
        "docker.sysctls = { a = '3', \"b.c\" = '4', d = '5' }",
        "[docker]\nimage = 'i'\n[docker.sysctls]\na = '3'\n\"b.c\" = '9'\nB = 'theirs'\nd = '5'\n",
        &["docker.sysctls.\"b.c\" in config.toml was changed by somebody else and is kept"],
    );
    let asked = "cache.Type = 's3'\ncache.s3.BucketName = 'b'";
    entry(
        asked,
        "limit = 1\n\n[cache]\n  Type = 's3'\n  [cache.s3]\n    BucketName = 'b'\n\n[docker]\n",
        "",
        "limit = 1\n\n[docker]\n",
        &[],
    );
    entry(
        asked,
        "[cache]\nType = 's3'\nShared = true\n[cache.s3]\nBucketName = 'b'\n",
        "",
        "[cache]\nShared = true\n",
        &[],
    );
    entry(
        asked,
        "[cache]\nType = 's3'\n# mine\n[cache.s3]\nBucketName = 'b'\n",
        "",
        "[cache]\n# mine\n[cache.s3]\n",
        &[],
    );
    entry(
        "docker = { image = 'i', privileged = true }",
        "docker = { image = 'i', privileged = true }\n",
        "docker.image = 'i'",
        "docker = { image = 'i' }\n",
        &[],
    );
    entry(
        "docker.image = 'i'",
        "docker = { image = 'i' }\nlimit = 1\n",
        "",
        "limit = 1\n",
        &[],
    );
    entry(
        "",
        "limit = 1\n[docker]\nimage = 'i'\n",
        "docker.sysctls.x = '1'\ncache.Type = 's3'",
        "limit = 1\n[cache]\n  Type = 's3'\n[docker]\nimage = 'i'\n[docker.sysctls]\n  x = '1'\n",
        &[],
    );
}

#[test]
fn global_keys_are_followed_the_same_way() {
    let check = |last: &str, now: &str, asked: &str, want: &str| {
        let case = Case {
            scope: Scope::File,
            last: Some(last),
            now,
            asked,
        };
        assert_eq!(case.follow(&[]).0, want);
    };
    let entries = "\n[[runners]]\n  limit = 1\n";
    let file = |keys: &str| format!("{keys}{entries}");
    check(
        "concurrent = 1",
        &file("concurrent = 1 # one\n"),
        "concurrent = 4",
        &file("concurrent = 4 # one\n"),
    );
    check(
        "concurrent = 1",
        &file("concurrent = 10\n"),
        "concurrent = 4",
        &file("concurrent = 10\n"),
    );
    check(
        "concurrent = 1",
        &file("concurrent = 1\nlog_level = 'info'\n"),
        "concurrent = 1\n# ours\nlisten_address = ':1'",
        &file("concurrent = 1\n# ours\nlisten_address = ':1'\nlog_level = 'info'\n"),
    );
    check(
        "# ours\nlisten_address = ':1'",
        &file("concurrent = 1\n# ours\nlisten_address = ':1'\n"),
        "",
        &file("concurrent = 1\n"),
    );
    check(
        "concurrent = 1",
        &file("# mine\nconcurrent = 1\n"),
        "",
        &file("# mine\n"),
    );
}

#[test]
fn path_of_a_key_is_quoted_where_toml_needs_it() {
    assert_eq!(
        path(&["docker", "sysctls", "net.a"]),
        "docker.sysctls.\"net.a\""
    );
    assert_eq!(path(&["limit"]), "limit");
}
