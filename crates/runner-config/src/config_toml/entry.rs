//! Owns what the helpers read of one runner entry, and how its values are found: keys in any case of letters, variables
//! expanded. It changes nothing.

use std::time::SystemTime;

use crate::{moment, place};
use toml_edit::{Item, TableLike};

use crate::token::{Token, TokenError};

/// What the helpers read of one `[[runners]]` table.
#[derive(Clone, Debug, Default)]
pub struct RunnerEntry {
    /// Which one it is, from 0, in the order of the file.
    pub index: usize,
    /// `name`.
    pub name: String,
    /// `url`, with variables expanded as gitlab-runner does.
    pub url: String,
    /// `id`; 0 and a missing one are no id.
    pub id: Option<i64>,
    /// `token`, with variables expanded; nothing where it is empty or no token.
    pub token: Option<Token>,
    /// Why there is no token although the entry names one, for a log line: whoever sees other variables may have it.
    pub no_token: Option<String>,
    /// Whether the token is that of a variable.
    pub is_token_variable: bool,
    /// `token_expires_at`; nothing where it never does.
    pub token_expires_at: Option<SystemTime>,
    /// `token_obtained_at`.
    pub token_obtained_at: Option<SystemTime>,
    /// `executor`.
    pub executor: String,
    /// `shell`.
    pub shell: String,
    /// `limit`; 0 is none.
    pub limit: i64,
    /// `request_concurrency`; 0 means 1.
    pub request_concurrency: i64,
    /// `tls-ca-file`, `tls-cert-file`, `tls-key-file`.
    pub tls_files: [Option<String>; 3],
}

impl RunnerEntry {
    pub(super) fn read(
        index: usize,
        table: &dyn TableLike,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Self {
        let get = |key: &str| place::get(table, key);
        let text = |key: &str| {
            get(key)
                .and_then(Item::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let number = |key: &str| get(key).and_then(Item::as_integer).unwrap_or(0);
        let path = |key: &str| Some(text(key)).filter(|path| !path.is_empty());
        let (token, no_token) = match Token::new(expand(&text("token"), variable)) {
            Ok(token) => (Some(token), None),
            Err(_) if text("token").trim().is_empty() => (None, None),
            // It is made of variables only, so it shows no secret.
            Err(TokenError::Empty) => {
                let variables = text("token");
                (
                    None,
                    Some(format!("its token is {variables}, which is not set here")),
                )
            }
            Err(error) => (None, Some(format!("its token {error}"))),
        };
        let moment = |key: &str| get(key).and_then(moment::of_item);
        Self {
            index,
            name: text("name"),
            url: expand(&text("url"), variable),
            id: Some(number("id")).filter(|id| *id != 0),
            token,
            no_token,
            is_token_variable: text("token").contains('$'),
            token_expires_at: moment("token_expires_at"),
            token_obtained_at: moment("token_obtained_at"),
            executor: text("executor"),
            shell: text("shell"),
            limit: number("limit"),
            request_concurrency: number("request_concurrency"),
            tls_files: [
                path("tls-ca-file"),
                path("tls-cert-file"),
                path("tls-key-file"),
            ],
        }
    }
}

/// Replaces `$NAME` and `${NAME}` as Go's `os.Expand` does; an unknown variable is empty.
#[must_use]
pub fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('$') {
        expanded.push_str(&rest[..start]);
        rest = &rest[start + 1..];
        let (name, after) = match rest.strip_prefix('{') {
            Some(braced) => braced.split_once('}').unwrap_or(("", braced)),
            None => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))
                    .unwrap_or(rest.len());
                rest.split_at(end)
            }
        };
        if name.is_empty() && !rest.starts_with('{') {
            expanded.push('$');
        } else {
            expanded.push_str(&variable(name).unwrap_or_default());
        }
        rest = after;
    }
    expanded.push_str(rest);
    expanded
}
