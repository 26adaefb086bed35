//! Owns how an entry gets another token: three keys, each where it stands, with the comments around it.

use toml_edit::{Datetime, Table, value};

use super::ConfigToml;
use crate::place;

/// gitlab-runner's word for "never" in `token_expires_at`.
const NEVER: &str = "0001-01-01T00:00:00Z";

impl ConfigToml {
    /// Gives the runner entry at `index` another token, with the moments (RFC 3339) at which it was obtained and will expire.
    pub fn set_token(
        &mut self,
        index: usize,
        token: &str,
        obtained_at: &str,
        expires_at: Option<&str>,
    ) {
        if let Some(table) = self.entry_mut(index) {
            put_token(table, token, obtained_at, expires_at);
        }
    }
}

/// Gives a runner entry another token, with the moments (RFC 3339) at which it was obtained and will expire.
pub fn put_token(table: &mut Table, token: &str, obtained_at: &str, expires_at: Option<&str>) {
    place::put(table, "token", value(token));
    for (key, moment) in [
        ("token_obtained_at", obtained_at),
        ("token_expires_at", expires_at.unwrap_or(NEVER)),
    ] {
        if let Ok(moment) = moment.parse::<Datetime>() {
            place::put(table, key, value(moment));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_token_stands_where_the_old_one_stood_and_nothing_else_changes() {
        fn check(before: &str, expires_at: Option<&str>, want: &str) {
            let mut config = ConfigToml::parse(before).unwrap();
            config.set_token(0, "new", "2026-01-02T03:04:05Z", expires_at);
            assert_eq!(config.to_string(), want);
        }
        check(
            "# top\nconcurrent = 1\n[[runners]]\n  Token = \"old\" # the runner's\n  token_obtained_at = 2020-01-01T00:00:00Z\n  \
             token_expires_at = 0001-01-01T00:00:00Z\n  [runners.docker]\n    image = \"a\"\n[[runners]]\n  token = \"old\"\n",
            Some("2027-01-02T03:04:05.000Z"),
            "# top\nconcurrent = 1\n[[runners]]\n  Token = \"new\" # the runner's\n  token_obtained_at = 2026-01-02T03:04:05Z\n  \
             token_expires_at = 2027-01-02T03:04:05.0Z\n  [runners.docker]\n    image = \"a\"\n[[runners]]\n  token = \"old\"\n",
        );
        check(
            "[[runners]]\ntoken = \"old\"\ntoken_expires_at = 2026-01-01T00:00:00Z\n",
            None,
            "[[runners]]\ntoken = \"new\"\ntoken_obtained_at = 2026-01-02T03:04:05Z\ntoken_expires_at = 0001-01-01T00:00:00Z\n",
        );
        check("concurrent = 1\n", None, "concurrent = 1\n");
    }
}
