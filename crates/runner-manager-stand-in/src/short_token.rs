//! The nine characters by which gitlab-runner names a token in labels and lines. Never enough to use the token.

const LENGTH: usize = 9;

/// Strips the known prefixes once each, in gitlab-runner's order, and keeps what follows up to nine characters.
pub(crate) fn short(token: &str) -> &str {
    let token = without_runner_prefix(token);
    let token = token.strip_prefix("glcbt-").unwrap_or(token);
    let token = without_registration_prefix(token);
    let end = token
        .char_indices()
        .nth(LENGTH)
        .map_or(token.len(), |(at, _)| at);
    &token[..end]
}

fn without_runner_prefix(token: &str) -> &str {
    if let Some(rest) = token.strip_prefix("glrt-") {
        return without_type(rest).unwrap_or(rest);
    }
    without_type(token)
        .or_else(|| token.strip_prefix("glrtr-"))
        .unwrap_or(token)
}

/// `t1_`, `t2_`, `t3_`: instance, group, project.
fn without_type(token: &str) -> Option<&str> {
    ["t1_", "t2_", "t3_"]
        .iter()
        .find_map(|prefix| token.strip_prefix(prefix))
}

fn without_registration_prefix(token: &str) -> &str {
    let Some(rest) = token.strip_prefix("GR") else {
        return token;
    };
    match rest.get(..7) {
        Some(seven) if seven.chars().all(|c| c.is_ascii_hexdigit()) => &rest[7..],
        _ => token,
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[track_caller]
    fn check(token: &str, expected: &str) {
        assert_eq!(short(token), expected, "of {token}");
    }

    #[test]
    fn prefixes_are_stripped_and_nine_characters_stay() {
        check("glrt-abcdefghijklmn", "abcdefghi");
        check("glrt-t1_abcdefghijklmn", "abcdefghi");
        check("t3_abcdefghijklmn", "abcdefghi");
        check("glrtr-abcdefghijklmn", "abcdefghi");
        check("GR1348941abcdefghijklmn", "abcdefghi");
        check("GR13abc", "GR13abc");
        check("glcbt-64_abcdefghi", "64_abcdef");
        check("abc", "abc");
        check("", "");
    }
}
