//! Owns `$VAR` and `${VAR}` in a template's URL, as Go's `os.ExpandEnv` reads them: an unset variable is empty.

use crate::args::Environment;

/// The text with its variables replaced.
pub(super) fn expand(text: &str, environment: &Environment) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        expanded.push_str(before);
        let (name, behind) = name(after);
        match name {
            Some(name) => expanded.push_str(environment.get(name).unwrap_or_default()),
            // No name follows: the sign stands for itself.
            None => expanded.push('$'),
        }
        rest = behind;
    }
    expanded.push_str(rest);
    expanded
}

fn name(text: &str) -> (Option<&str>, &str) {
    if let Some(braced) = text.strip_prefix('{') {
        return match braced.split_once('}') {
            Some((name, behind)) => (Some(name), behind),
            None => (Some(""), braced),
        };
    }
    let end = text
        .find(|c: char| c != '_' && !c.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    let (name, behind) = text.split_at(end);
    if name.is_empty() {
        (None, text)
    } else {
        (Some(name), behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_expanded_as_go_does() {
        fn check(text: &str, want: &str) {
            let environment = Environment::of([("HOST", "gitlab.example"), ("PORT", "8443")]);
            assert_eq!(expand(text, &environment), want, "{text}");
        }
        check("https://$HOST:${PORT}/", "https://gitlab.example:8443/");
        check("https://$NOBODY/x", "https:///x");
        check("a$", "a$");
        check("a$/b", "a$/b");
        check("plain", "plain");
        check("${HOST", "HOST");
    }
}
