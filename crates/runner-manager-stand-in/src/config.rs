//! What of `config.toml` matters to polling, as values. Reads no file; what it does not know stays in the document.

use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use toml_edit::{Datetime, DocumentMut};

/// `check_interval = 0` and `shutdown_timeout = 0` mean these.
const CHECK_INTERVAL: Duration = Duration::from_secs(3);
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(30);
const UNHEALTHY_REQUESTS: u32 = 3;
const UNHEALTHY_INTERVAL: Duration = Duration::from_secs(3600);

/// One `[[runners]]` entry, never changed after it was read: a job goes on with the one it was given.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) executor: String,
    pub(crate) shell: String,
    /// 0 = as many jobs as there are workers.
    pub(crate) limit: usize,
    request_concurrency: usize,
    pub(crate) strict_check_interval: Option<bool>,
    unhealthy_requests_limit: u32,
    unhealthy_interval: Option<String>,
    token_obtained_at: Option<Datetime>,
    token_expires_at: Option<Datetime>,
}

impl Entry {
    pub(crate) fn has_token(&self) -> bool {
        !self.token.trim().is_empty()
    }

    /// Requests for a job that may be open at once.
    pub(crate) fn request_concurrency(&self) -> usize {
        self.request_concurrency.max(1)
    }

    pub(crate) fn unhealthy_requests_limit(&self) -> u32 {
        if self.unhealthy_requests_limit == 0 {
            UNHEALTHY_REQUESTS
        } else {
            self.unhealthy_requests_limit
        }
    }

    pub(crate) fn unhealthy_interval(&self) -> Duration {
        let told = self
            .unhealthy_interval
            .as_deref()
            .and_then(|told| humantime::parse_duration(told).ok());
        told.unwrap_or(UNHEALTHY_INTERVAL)
    }

    /// When the token is to be replaced: at three quarters of its life. None: it never expires.
    pub(crate) fn rotation_time(&self) -> Option<OffsetDateTime> {
        let expires = moment(self.token_expires_at.as_ref()).filter(|time| time.year() > 1)?;
        let obtained = moment(self.token_obtained_at.as_ref())?;
        Some(obtained + (expires - obtained) * 0.75)
    }
}

fn moment(written: Option<&Datetime>) -> Option<OffsetDateTime> {
    OffsetDateTime::parse(&written?.to_string(), &Rfc3339).ok()
}

#[derive(Deserialize)]
#[serde(default)]
struct File {
    concurrent: i64,
    check_interval: i64,
    shutdown_timeout: i64,
    listen_address: String,
    runners: Vec<Entry>,
}

impl Default for File {
    fn default() -> Self {
        // gitlab-runner's default, also for an empty file: one worker and no entries.
        Self {
            concurrent: 1,
            check_interval: 0,
            shutdown_timeout: 0,
            listen_address: String::new(),
            runners: Vec::new(),
        }
    }
}

/// A whole `config.toml`, as it was when it was read.
#[derive(Debug, Clone)]
pub(crate) struct Config {
    pub(crate) concurrent: i64,
    pub(crate) check_interval: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) listen_address: String,
    pub(crate) entries: Vec<Arc<Entry>>,
    /// What a save writes back.
    pub(crate) document: DocumentMut,
}

impl Config {
    /// # Errors
    /// With the TOML reader's words; never with a value of the file.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| place(text, &error))?;
        let file: File = toml_edit::de::from_document(document.clone())
            .map_err(|error| error.message().to_owned())?;
        let seconds = |told: i64, untold| {
            u64::try_from(told)
                .ok()
                .filter(|s| *s > 0)
                .map_or(untold, Duration::from_secs)
        };
        Ok(Self {
            concurrent: file.concurrent,
            check_interval: seconds(file.check_interval, CHECK_INTERVAL),
            shutdown_timeout: seconds(file.shutdown_timeout, SHUTDOWN_TIMEOUT),
            listen_address: file.listen_address,
            entries: file.runners.into_iter().map(Arc::new).collect(),
            document,
        })
    }
}

/// The reader's own display quotes the line, and with it a token.
fn place(text: &str, error: &toml_edit::TomlError) -> String {
    let start = error.span().map_or(0, |span| span.start).min(text.len());
    let line = text.as_bytes()[..start]
        .iter()
        .filter(|byte| **byte == b'\n')
        .count()
        + 1;
    format!("line {line}: {}", error.message().replace('\n', " "))
}

#[cfg(test)]
mod tests {
    use super::{Config, OffsetDateTime, Rfc3339};
    use std::time::Duration;

    #[test]
    fn empty_file_is_one_worker_without_entries() {
        let config = Config::parse("").unwrap();
        assert_eq!((config.concurrent, config.entries.len()), (1, 0));
        assert_eq!(
            (config.check_interval, config.shutdown_timeout),
            (Duration::from_secs(3), Duration::from_secs(30))
        );
    }

    #[test]
    fn rotation_is_due_at_three_quarters_of_a_token_s_life() {
        let text = "[[runners]]\ntoken_obtained_at = 2022-01-01T00:00:00Z\ntoken_expires_at = 2022-01-09T00:00:00Z\n\
                    [[runners]]\ntoken_obtained_at = 2022-01-01T00:00:00Z\ntoken_expires_at = 0001-01-01T00:00:00Z\n[[runners]]\n";
        let due = Config::parse(text)
            .unwrap()
            .entries
            .iter()
            .map(|entry| entry.rotation_time())
            .collect::<Vec<_>>();
        assert_eq!(
            due,
            [
                OffsetDateTime::parse("2022-01-07T00:00:00Z", &Rfc3339).ok(),
                None,
                None
            ]
        );
    }

    #[test]
    fn complaint_names_the_line_and_no_value() {
        let words =
            Config::parse("concurrent = 1\n[[runners]]\ntoken = \"glrt-secret\n").unwrap_err();
        assert!(
            words.starts_with("line 3: ") && !words.contains("secret"),
            "{words}"
        );
    }
}
