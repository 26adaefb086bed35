//! Addresses as people write them, and as Go reads them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

mod slips;

/// What Go made of many addresses, recorded.
const RECORDED: &str = include_str!("../../../tests/go-urls.tsv");

/// The recorded readings by text: nothing where Go cannot use it, else the four parts and whether there is a user name.
fn recorded() -> BTreeMap<String, Option<(go::GoReading, bool)>> {
    let lines = RECORDED.lines().filter(|line| !line.starts_with('#'));
    let rows = lines.map(|line| {
        let cells: Vec<&str> = line.split('\t').collect();
        let reading = match cells[..] {
            [_, "error" | "scheme"] => None,
            [_, scheme, host, port, path, user] => {
                let reading = go::GoReading {
                    scheme: scheme.to_owned(),
                    host: host.to_owned(),
                    port: port.parse().unwrap(),
                    path: path.to_owned(),
                };
                Some((reading, user == "user"))
            }
            _ => panic!("{line}"),
        };
        (unquoted(cells[0]), reading)
    });
    rows.collect()
}

/// A Go string of the table without its quotes.
fn unquoted(text: &str) -> String {
    let mut inner = text.trim_matches('"').chars();
    let mut plain = String::new();
    // Only the first and the last quote are the string's own.
    if text.ends_with("\\\"\"") {
        inner = text[1..text.len() - 1].chars();
    }
    while let Some(c) = inner.next() {
        plain.push(match c {
            '\\' => match inner.next().unwrap() {
                't' => '\t',
                'n' => '\n',
                'r' => '\r',
                'x' => {
                    let digits: String = inner.by_ref().take(2).collect();
                    char::from(u8::from_str_radix(&digits, 16).unwrap())
                }
                other => other,
            },
            c => c,
        });
    }
    plain
}

fn lower_case(reading: go::GoReading) -> go::GoReading {
    go::GoReading {
        host: reading.host.to_ascii_lowercase(),
        ..reading
    }
}

#[test]
fn base_address_is_built_as_gitlab_runner_does() {
    fn check(text: &str, want: &str) {
        let endpoint = Endpoint::parse(text).unwrap();
        assert_eq!(endpoint.call("runners").as_str(), want, "{text}");
    }
    for root in ["", "/gitlab"] {
        for end in ["", "/", "///", "/ci", "/ci/", "/ci///"] {
            let want = format!("https://gitlab.example{root}/api/v4/runners");
            check(&format!("https://gitlab.example{root}{end}"), &want);
        }
    }
    check(
        "http://test.example.com/ci///",
        "http://test.example.com/api/v4/runners",
    );
    check("https://h/ci/ci", "https://h/ci/api/v4/runners");
    check("https://h/gitlabci", "https://h/gitlabci/api/v4/runners");
    check(
        "HTTPS://GitLab.Example:443/",
        "https://gitlab.example/api/v4/runners",
    );
    check(
        "http://127.0.0.1:8080",
        "http://127.0.0.1:8080/api/v4/runners",
    );
    check("http://[::1]:8080/x", "http://[::1]:8080/x/api/v4/runners");
}

#[test]
fn unusable_addresses_are_refused_with_the_fix() {
    fn check(text: &str, want: &str) {
        let error = Endpoint::parse(text).unwrap_err().to_string();
        assert!(error.contains(want), "{text}: {error}");
        assert!(!error.contains("secret"), "{error}");
    }
    check("", "is empty");
    check("\n", "is empty");
    check("gitlab.example", "write https://gitlab.example");
    check(
        "gitlab.example:8080/x",
        "write https://gitlab.example:8080/x",
    );
    check("localhost:3000", "write https://localhost:3000");
    check("//gitlab.example", "write https://gitlab.example");
    check("ftp://gitlab.example", "ftp://");
    check("ssh://git@gitlab.example", "ssh://");
    check("https://me:secret@gitlab.example", "user name or password");
    check("me:secret@gitlab.example", "no scheme");
    check("https://h/?token=secret", "remove the ?");
    check("https://h?", "remove the ?");
    check("https://h/gitlab#secret", "# and what follows");
    check("https://", "no // after");
    check("broken", "write https://broken");
    check("glrt-secret", "is a token");
    check("glrt-secret:8080", "is a token");
    check("glrt-secret://x", "begins with ***://");
}

#[test]
fn entries_of_the_same_gitlab_are_recognised() {
    fn check(one: &str, two: &str, want: bool) {
        let (a, b) = (Endpoint::parse(one).unwrap(), Endpoint::parse(two).unwrap());
        assert_eq!(a.same_as(&b), want, "{one} {two}");
    }
    check("https://h", "https://H:443/ci/", true);
    check("https://h/", "http://h/", false);
    check("https://h/gitlab/", "https://h/gitlab", true);
    check("https://h/gitlab", "https://h", false);
    check("https://h:8443", "https://h", false);
}

#[test]
fn shows_without_a_trailing_slash() {
    assert_eq!(
        Endpoint::parse("https://h/").unwrap().to_string(),
        "https://h"
    );
    assert_eq!(
        Endpoint::parse("https://h/git/ci/").unwrap().to_string(),
        "https://h/git"
    );
}

/// A host with its IPv6 address, if it is one, written in the one way.
fn one_spelling(host: &str) -> String {
    let plain = host.trim_matches(['[', ']']);
    let address = plain.parse::<std::net::Ipv6Addr>();
    address.map_or_else(|_| plain.to_owned(), |address| address.to_string())
}

#[test]
fn address_is_read_as_go_reads_it_or_refused() {
    let mut taken = 0;
    for (text, theirs) in recorded() {
        let Ok(endpoint) = Endpoint::parse(&text) else {
            continue;
        };
        taken += 1;
        let url = endpoint.call("runners");
        let ours = go::GoReading {
            scheme: url.scheme().to_owned(),
            host: one_spelling(url.host_str().unwrap()),
            port: url.port_or_known_default().unwrap(),
            path: url.path().to_owned(),
        };
        let Some((mut theirs, user)) = theirs else {
            panic!("Go cannot use {text:?}, read here as {ours:?}")
        };
        theirs.host = one_spelling(&theirs.host);
        assert_eq!((ours, user), (theirs, false), "{text:?}");
    }
    assert!(taken > 150, "only {taken} are taken");
}

#[test]
fn rules_of_go_are_followed_to_the_letter() {
    let mut followed = 0;
    for (text, theirs) in recorded() {
        // Refused before: user names, what follows the path, and schemes that are not spoken.
        if text.contains(['@', '?', '#']) || scheme_of(&text).is_none() {
            continue;
        }
        let ours = go::read(&text);
        match theirs {
            // What no GitLab has, and Go would only fail on later: names outside ASCII or with empty parts, zones, no host at all.
            Some((theirs, _)) => match ours {
                Ok(ours) => assert_eq!(lower_case(ours), theirs, "{text:?}"),
                Err(why) => {
                    let known = [
                        "outside ASCII",
                        "an IPv6 zone",
                        "between its dots",
                        "in its host",
                        "no host",
                    ];
                    assert!(
                        known.iter().any(|known| why.contains(known)),
                        "{text:?}: {why}"
                    );
                    continue;
                }
            },
            None => {
                let spoken = ours
                    .as_ref()
                    .is_ok_and(|ours| matches!(&*ours.scheme, "http" | "https"));
                assert!(!spoken, "{text:?}: {ours:?}");
            }
        }
        followed += 1;
    }
    assert!(followed > 500, "only {followed}");
}

#[test]
fn what_go_reads_as_we_do_is_taken() {
    for (text, theirs) in recorded() {
        let Some((theirs, false)) = theirs else {
            continue;
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || "/:.-_~".contains(c);
        if !text.chars().all(plain) {
            continue;
        }
        let browser = Url::parse(&text).ok().map(|url| {
            let host = url.host_str().unwrap_or_default().to_owned();
            (url.scheme().to_owned(), host, url.port_or_known_default())
        });
        let same = browser
            == Some((
                theirs.scheme.clone(),
                theirs.host.clone(),
                Some(theirs.port),
            ));
        let dots = text.contains("/.")
            || text.contains("..")
            || text.contains("/ci/")
            || text.contains("//ci");
        if same && !dots {
            assert!(Endpoint::parse(&text).is_ok(), "{text:?}");
        }
    }
}

#[test]
fn repair_that_only_a_browser_makes_is_refused_with_the_fix() {
    fn check(text: &str, want: &str) {
        let error = Endpoint::parse(text).unwrap_err().to_string();
        assert!(error.contains(want), "{text:?}: {error}");
    }
    check("http:/h", "no // after its scheme");
    check("http:h", "no // after its scheme");
    check("http:\\\\h", "no // after its scheme");
    check("http:///h", "has no host");
    check("http://h\tx", "control character");
    check("http://h\nx", "control character");
    check(" http://h", "begins or ends with a space");
    check("http://h x", "a space in its host");
    check("http://h\\x", "a backslash");
    check("http://h/a\\b", "reads as \"/a%5Cb\"");
    check(
        "http://127.1",
        "\"127.1\", which gitlab-runner looks up as a name: write 127.0.0.1",
    );
    check("http://0x7f.1", "write 127.0.0.1");
    check("http://2130706433", "write 127.0.0.1");
    check("http://127.0.0.1.", "write 127.0.0.1");
    check("http://h:99999", "not a number from 1 to 65535");
    check("http://h:0", "not a number from 1 to 65535");
    check("http://h:80:80", "more than one colon");
    check("http://::1", "in brackets");
    check("http://[::1", "a [ without a ]");
    check("http://[fe80::1%25eth0]", "an IPv6 zone");
    check("http://[h]", "no IPv6 address");
    check("http://h%41", "percent sign in its host");
    check("http://h/%zz", "two hexadecimal digits");
    check("http://h/%2e%2e/a", "reads as \"/%2e%2e/a\"");
    check("http://h/ci/.", "reads as \"/ci\"");
    check("http://b\u{fc}cher.example", "xn--");
    check("http://h..example", "between its dots");
    check("http://@h", "user name or password");
}

#[test]
fn one_gitlab_has_many_spellings() {
    fn check(one: &str, two: &str, want: bool) {
        assert_eq!(same_url(one, two), want, "{one} {two}");
    }
    check("http://h", "http://h/ci//", true);
    check("http://127.0.0.1:80", "HTTP://127.0.0.1/", true);
    check("https://H.example:443", "https://h.example", true);
    check("http://h/Group", "http://h/group", false);
    check("http://h", "https://h", false);
    check("$URL", "$URL ", true);
    check("$URL", "http://h", false);
}

proptest! {
    #[test]
    fn no_text_is_read_in_two_ways(
        parts in prop::collection::vec(
            prop::sample::select(vec![
                "http", "https", "HTTP", ":", "//", "/", "\\", "h", "H.x", "127.1", "0x7f", "[::1]", "[", "]", "@", ":80",
                ":0", "%41", "%2e", "%", "..", ".", "ci", "a b", "|", "^", "\u{fc}", "\t", "?", "#", "*", "'", "glrt-canary1",
            ]),
            0..9,
        ),
        begins in prop::sample::select(vec!["", "http://", "https://h", "http://h/"]),
    ) {
        let text = format!("{begins}{}", parts.concat());
        match Endpoint::parse(&text) {
            Ok(endpoint) => {
                let theirs = go::read(&text);
                let theirs = theirs.unwrap_or_else(|why| panic!("{text:?} {why}"));
                let url = endpoint.call("runners");
                prop_assert_eq!(url.path(), theirs.path, "{:?}", text);
                prop_assert_eq!(url.port_or_known_default(), Some(theirs.port));
                // Read again, it is the same address.
                let again = Endpoint::parse(&endpoint.to_string());
                prop_assert!(again.is_ok_and(|again| again.same_as(&endpoint)), "{:?}", text);
            }
            Err(error) => prop_assert!(!error.to_string().contains("canary"), "{}", error),
        }
    }
}
