//! Owns what a message about a file may show of it. A broken line may hold a token anywhere, so a word is shown only where it
//! can be none: names of keys, and short values of keys whose values are no secrets. Pure.

use crate::token::without_tokens;

/// Keys whose values may be shown: what they hold is public in every manifest.
const PUBLIC: &[&str] = &[
    "name",
    "url",
    "clone_url",
    "executor",
    "shell",
    "image",
    "helper_image",
    "helper_image_flavor",
    "log_level",
    "log_format",
    "listen_address",
    "builds_dir",
    "cache_dir",
    "namespace",
    "service_account",
    "pull_policy",
    "network_mode",
    "runtime",
    "cpu_limit",
    "cpu_request",
    "memory_limit",
    "memory_request",
    "cpus",
    "memory",
];

/// Keys are short words; longer ones are left out.
const LONGEST_KEY: usize = 80;

/// `ServerSideEncryptionKeyID` has the most.
const MOST_HUMPS: usize = 4;

/// Longest value that is shown, in bytes.
const LONGEST_VALUE: usize = 40;

/// Up to here a value is shown whatever letters it has; random texts are longer.
const SURELY_SHORT: usize = 12;

/// The name of a key or table, if it may be shown.
#[must_use]
pub fn key(name: &str) -> Option<&str> {
    let plain = |part: &str| {
        let part = part.trim().trim_matches(['"', '\'']);
        let random = is_random(part);
        let first = part.chars().next();
        first.is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
            && part
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            && !random
    };
    let is_token = without_tokens(name) != name;
    (name.len() <= LONGEST_KEY && !is_token && name.split('.').all(plain)).then_some(name)
}

/// Whether it has digits where a long name has none, or changes between small and capital letters as no name does.
fn is_random(part: &str) -> bool {
    let bytes = part.as_bytes();
    let has = |is: fn(&u8) -> bool| bytes.iter().any(is);
    let digit = has(u8::is_ascii_digit);
    let mixed = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
    let humps = bytes
        .windows(2)
        .filter(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase());
    digit && (part.len() >= 16 || part.len() >= 12 && mixed) || humps.count() > MOST_HUMPS
}

/// Whether it is written as nearly all keys are.
#[must_use]
pub fn is_lower(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_.".contains(&byte))
}

/// A single key, in quotes where TOML wants them, if it may be shown. Keys of maps are chosen by operators, as
/// `app.kubernetes.io/name`.
#[must_use]
pub fn map_key(name: &str) -> Option<String> {
    let bare = !name.is_empty()
        && name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    let parts = || {
        name.split(['.', '/'])
            .map(|part| part.trim_start_matches(|c: char| c.is_ascii_digit()))
    };
    let plain = parts().all(|part| part.is_empty() || key(part).is_some());
    let shown =
        plain && !name.is_empty() && name.len() <= LONGEST_KEY && without_tokens(name) == name;
    shown.then(|| {
        if bare {
            name.to_owned()
        } else {
            format!("{name:?}")
        }
    })
}

/// The value of a key, if it may be shown.
#[must_use]
pub fn value<'a>(key: &str, value: &'a str) -> Option<&'a str> {
    let last = key.rsplit('.').next().unwrap_or(key);
    let last = last.trim().trim_matches(['"', '\'']).to_ascii_lowercase();
    let plain = value
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"._:/-".contains(&b));
    let random = value.len() > SURELY_SHORT
        && value.contains(|c: char| c.is_ascii_digit() || c.is_ascii_uppercase());
    let public = PUBLIC.contains(&last.as_str()) && without_tokens(value) == value;
    (public && plain && !random && (1..=LONGEST_VALUE).contains(&value.len())).then_some(value)
}

/// Whether a name is one of a key with public values.
#[must_use]
pub fn is_public(name: &str) -> bool {
    PUBLIC.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_secret_is_not_shown() {
        for name in [
            "glrt-abc",
            "a.glpat-x",
            "abcdefghij0123456789",
            "Secret1Words",
            "aBcDeFgHiJkL",
            "a b",
            "",
            "a..b",
            "ä",
            "9a",
        ] {
            assert_eq!(key(name), None, "{name}");
        }
        for name in [
            "name",
            "ServerSideEncryptionKeyID",
            "runners.docker.image",
            "tls-ca-file",
            "s3",
            "\"a\".b",
        ] {
            assert_eq!(key(name), Some(name));
        }
        assert_eq!(
            map_key("app.kubernetes.io/name").as_deref(),
            Some("\"app.kubernetes.io/name\"")
        );
        assert_eq!(map_key("a").as_deref(), Some("a"));
        assert_eq!(map_key("8080"), Some("8080".to_owned()));
        assert_eq!(map_key("a b"), None);
        assert_eq!(map_key("abcdefghij0123456789"), None);
        for (name, text) in [
            ("token", "n1"),
            ("password", "x"),
            ("SecretKey", "x"),
            ("anything", "x"),
            ("name", "glrt-x"),
            ("name", "abcdefghij0123456789"),
            ("name", "AbcdefghijKlmnopqrst"),
            ("name", "x token = y"),
            ("url", "https://user@h"),
        ] {
            assert_eq!(value(name, text), None, "{name} {text}");
        }
        assert_eq!(value("a.name", "n1"), Some("n1"));
        assert_eq!(
            value("url", "https://gitlab.example/"),
            Some("https://gitlab.example/")
        );
    }
}
