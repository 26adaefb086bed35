//! Owns the patterns that name calls: `"METHOD /endpoint"` with `*` for any characters. Pure.

/// Whether a pattern (`"POST /runners/*"`) covers a call. A pattern without method covers all methods.
pub(crate) fn matches(pattern: &str, method: &str, endpoint: &str) -> bool {
    match pattern.split_once(' ') {
        Some((methods, path)) => {
            glob(methods.as_bytes(), method.as_bytes())
                && glob(path.trim().as_bytes(), endpoint.as_bytes())
        }
        None => glob(pattern.as_bytes(), endpoint.as_bytes()),
    }
}

/// `*` stands for any characters, also none.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((letter, rest)) => text.first() == Some(letter) && glob(rest, &text[1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_cover_calls() {
        check("POST /runners", "POST", "/runners", true);
        check("POST /runners", "DELETE", "/runners", false);
        check("POST /runners", "POST", "/runners/verify", false);
        check("* /runners*", "DELETE", "/runners/managers", true);
        check("PUT /jobs/*", "PUT", "/jobs/12", true);
        check("PATCH /jobs/*/trace", "PATCH", "/jobs/12/trace", true);
        check("*", "GET", "/anything", true);
    }

    fn check(pattern: &str, method: &str, endpoint: &str, expected: bool) {
        assert_eq!(
            matches(pattern, method, endpoint),
            expected,
            "{pattern} on {method} {endpoint}"
        );
    }
}
