//! Owns what can be said about a token before GitLab is asked, such as that a text is not a token. Only what is certain is
//! said: prefixes can be configured, and an instance's registration token may be any text.

use super::kind::{COOKIE, TokenKind, prefixes};

/// What stands in no token behind one of these prefixes: separators, and what a shell, a template or JSON leaves behind.
const STRAY: [char; 18] = [
    ',', ';', '\\', '"', '\'', '`', '(', ')', '[', ']', '{', '}', '<', '>', '|', '$', '#', '&',
];

/// How base64 of tokens begins (`glrt-`, `glrtr-`, `glpat-`, `GR1348941`): a Secret's value, not decoded.
const IN_BASE64: [&str; 4] = ["Z2xydC", "Z2xydHIt", "Z2xwYXQt", "R1IxMzQ4OTQx"];

/// What stands around a placeholder. GitLab's tokens hold none of these.
const AROUND: [(&str, &str); 8] = [
    ("<", ">"),
    ("\u{2039}", "\u{203a}"),
    ("\u{ab}", "\u{bb}"),
    ("{", "}"),
    ("[", "]"),
    ("%", "%"),
    ("__", "__"),
    ("#{", "}"),
];

const QUOTES: [char; 9] = [
    '"', '\'', '`', '\u{201c}', '\u{201d}', '\u{201e}', '\u{2018}', '\u{2019}', '\u{b4}',
];

/// Why a text cannot be a token at all: goes behind "the token", and says what to do. The text is never part of it.
pub(super) fn no_token(text: &str) -> Option<&'static str> {
    let text = text.trim();
    if text.starts_with('\u{feff}') {
        return Some("begins with a byte order mark: save the file without one");
    }
    if is_quoted(text) {
        return Some("is in quotes: remove them");
    }
    if text.starts_with(['{', '[']) && text.contains('"') {
        return Some("is JSON: give only the token, without names, brackets and quotes");
    }
    if is_path(text) {
        return Some("is the path of a file: give it with the flag that ends in -file");
    }
    if is_unfilled(text) {
        return Some(
            "is a variable that was not replaced by its value: check where the value should come from",
        );
    }
    let is_in = |(open, close): &(&str, &str)| {
        let inside = text
            .strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close));
        inside.is_some_and(|inside| !inside.is_empty())
    };
    if AROUND.iter().any(is_in) || is_left_out(text) {
        return Some("is a placeholder: replace it with the token");
    }
    if text.contains("://") {
        return Some(if text.starts_with("http") {
            "is a URL: give it with --url"
        } else {
            "is a reference that was not replaced by its value: check where the token should come from"
        });
    }
    let before = |mark: char| {
        let (name, value) = text.split_once(mark)?;
        let is_name = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_- ".contains(c));
        (is_name && !name.is_empty() && TokenKind::of(value.trim()).is_some()).then_some(())
    };
    if before('=').or_else(|| before(':')).is_some() && !text.starts_with(COOKIE) {
        return Some("has its name before it: give the token alone");
    }
    if IN_BASE64.iter().any(|start| text.starts_with(start)) {
        return Some(
            "is encoded in base64: decode it (in a Secret, data is base64 and stringData is not)",
        );
    }
    let known = prefixes().any(|prefix| text.starts_with(prefix));
    if known && text.contains(STRAY) && !text.starts_with(COOKIE) {
        return Some(
            "contains a character that is not used in GitLab's tokens, such as a comma or a backslash: give one token, as GitLab showed it",
        );
    }
    None
}

/// The path of a file, by what can be no random text: lower case throughout, and as many slashes as a path has.
fn is_path(text: &str) -> bool {
    let text = text.strip_prefix("file:").unwrap_or(text);
    let text = text.strip_prefix('@').unwrap_or(text);
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "/._-".contains(c);
    let begins = ["./", "../", "~/"]
        .iter()
        .any(|start| text.starts_with(start))
        || text.starts_with('/') && text.matches('/').count() >= 2;
    begins && text.trim_start_matches('~').chars().all(plain)
}

/// On both sides, or on one of a token that is known: an instance's own registration token may hold one somewhere.
fn is_quoted(text: &str) -> bool {
    let inside = text.trim_matches(QUOTES);
    let (start, end) = (text.starts_with(QUOTES), text.ends_with(QUOTES));
    start && end || (start || end) && TokenKind::of(inside).is_some()
}

/// `$TOKEN`, `${TOKEN}` and `$(TOKEN)`: Kubernetes leaves the last as it is where there is no such variable.
fn is_unfilled(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('$') else {
        return false;
    };
    if let Some(inside) = rest.strip_prefix('(') {
        return inside.ends_with(')');
    }
    if let Some(inside) = rest.strip_prefix('{') {
        return inside.ends_with('}');
    }
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    !rest.is_empty() && rest.chars().all(is_part)
}

/// `glrt-...` and `glpat-xxxxxxxx`, as documents write them, and stars alone.
fn is_left_out(text: &str) -> bool {
    let stars = |c: char| matches!(c, '*' | '.' | '\u{2026}' | '\u{2022}');
    let filler = |c: char| stars(c) || matches!(c, 'x' | 'X' | '_' | '-');
    if !text.is_empty() && text.chars().all(stars) {
        return true;
    }
    let rest = prefixes().find_map(|prefix| text.strip_prefix(prefix));
    // One letter x is short, and a token for all that.
    rest.is_some_and(|rest| {
        let long = rest.chars().count() >= 4 || rest.chars().any(stars);
        rest.is_empty() || long && rest.chars().all(filler)
    })
}

/// Whether it reads like something to be replaced; a registration token of an instance's own may read so all the same.
#[must_use]
pub fn reads_like_a_placeholder(token: &str) -> bool {
    let lower = token.to_ascii_lowercase();
    let words = [
        "your",
        "replace",
        "change",
        "insert",
        "example",
        "placeholder",
        "xxxx",
    ];
    words.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_no_token_is_told_and_every_real_one_is_left_alone() {
        fn check(text: &str, want: &str) {
            let said = no_token(text).unwrap_or_else(|| panic!("{text} passed"));
            assert!(said.contains(want), "{text}: {said}");
        }
        for text in [
            "<your token>",
            "\u{2039}your token\u{203a}",
            "\u{ab}token\u{bb}",
            "{{ token }}",
            "{token}",
            "[MASKED]",
            "%TOKEN%",
            "__TOKEN__",
            "glrt-...",
            "glrt-\u{2026}",
            "glrt-xxxxxxxxxxxxxxxxxxxx",
            "glpat-",
            "********",
        ] {
            check(text, "placeholder");
        }
        for text in ["$TOKEN", "${token}", "$(CI_SERVER_TOKEN)"] {
            check(text, "variable");
        }
        for text in [
            "\"glrt-a\"",
            "'glrt-a'",
            "glrt-a'",
            "\u{201c}glrt-a\u{201d}",
            "`x`",
        ] {
            check(text, "quotes");
        }
        check("https://gitlab.example", "URL");
        check("ref+vault://secret/runner#token", "reference");
        for text in [
            "{\"token\":\"glrt-abc\"}",
            "[\"glrt-abc\"]",
            "{\n  \"a\": 1\n}",
        ] {
            check(text, "JSON");
        }
        for text in [
            "/etc/secrets/runner-token",
            "@/run/secrets/token",
            "./token",
            "~/token",
            "file:///etc/token",
        ] {
            check(text, "path");
        }
        for text in [
            "glrt-a,glrt-b",
            "glrt-abc\\n",
            "glpat-a;",
            "GR1348941abc#x",
            "glrt-a|b",
        ] {
            check(text, "character");
        }
        check("CI_SERVER_TOKEN=glrt-abc", "name before it");
        check("token: glrt-abc", "name before it");
        check("Z2xydC1hYmM=", "base64");
        check("R1IxMzQ4OTQxYWJj\n", "base64");
        check("\u{feff}glrt-abc", "byte order mark");
        for token in [
            "glrt-t1_aBc-_d.01.121flyh6j",
            "glrt-x",
            "glrtr-abc",
            "GR1348941abc",
            "glpat-abc",
            "gitlabtoken",
            "t2_abcdefghijklmnopqrst",
            "__abcdefghijklmnopqr",
            "-_abcdefghijklmnopqr",
            "s3cret/with+every=sign&c:$x",
            "$ecret",
            "s3cret'",
            "a,b\\c",
            "/aB3/xYz+q==",
            "/abc",
            "glrt-t1_a:b+c/d==",
            "_gitlab_session=abc",
        ] {
            assert_eq!(no_token(token), None, "{token}");
        }
    }
}
