//! Replaces tokens before they expire, and with them the whole file. Touches no job and no worker.

use std::sync::Arc;

use hyper::StatusCode;
use serde::Deserialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::signal::unix::Signal;
use toml_edit::{ArrayOfTables, Datetime, Item, Table, value};

use crate::config::{Config, Entry};
use crate::log_line;
use crate::overlap::Overlap;
use crate::process::Process;
use crate::short_token::short;

/// Never expires, in a file of gitlab-runner.
const ZERO_TIME: &str = "0001-01-01T00:00:00Z";

#[derive(Deserialize)]
struct Reset {
    token: String,
    token_expires_at: Option<String>,
}

/// Rotates whatever is due next until the process ends, during a drain too. SIGUSR1 (stand-in only) makes the first entry due now.
pub(crate) async fn rotate(process: Arc<Process>, mut now: Signal) {
    loop {
        let config = process.file.config().await;
        let next = config
            .entries
            .iter()
            .filter_map(|entry| Some((entry.rotation_time()?, entry)));
        let next = next.min_by_key(|(due, _)| *due);
        let due = async {
            match next {
                Some((due, entry)) => {
                    wait_until(due).await;
                    entry.clone()
                }
                None => std::future::pending().await,
            }
        };
        let entry = tokio::select! {
            () = process.reloaded.notified() => continue,
            _ = now.recv() => match config.entries.first() {
                Some(entry) => entry.clone(),
                None => continue,
            },
            entry = due => entry,
        };
        if process.version.locks_the_config_to_rotate() {
            rotate_one(&process, &entry).await;
        } else {
            rotate_one_in_the_open(&process, &entry, &config).await;
        }
    }
}

async fn wait_until(due: OffsetDateTime) {
    let left = due - OffsetDateTime::now_utc();
    tokio::time::sleep(left.try_into().unwrap_or_default()).await;
}

/// Load, reset, save. What somebody else wrote to the file after the load is overwritten by the save.
async fn rotate_one(process: &Process, entry: &Entry) {
    let closed = process.file.close().await;
    let reset = match process.file.load(&closed) {
        Ok(config) => reset(process, entry, &config).await,
        Err(words) => Err(words),
    };
    let config = match reset {
        Ok(config) => config,
        Err(words) => {
            log_line::error(&format!(
                "Failed to load config (token reset)  error={words}"
            ));
            return;
        }
    };
    process.file.replace(config);
    tokio::time::sleep(process.rotation_pause).await;
    drop(closed);
    let overlap = process.rotation_overlap.unwrap_or_else(Overlap::any);
    save(process, entry, overlap).await;
}

/// The same before 18.1: nobody is locked out, and the token changes in the configuration that was in force at the beginning.
/// What is saved is the one in force at the end: where a file was loaded in between, the new token is nowhere.
async fn rotate_one_in_the_open(process: &Process, entry: &Entry, began_with: &Arc<Config>) {
    match reset(process, entry, began_with).await {
        Ok(config) => {
            process.file.replace_if_in_force(began_with, config);
            tokio::time::sleep(process.rotation_pause).await;
            save(process, entry, Overlap::Saved).await;
        }
        Err(words) => log_line::error(&format!("Resetting runner token... failed  {words}")),
    }
}

async fn save(process: &Process, entry: &Entry, overlap: Overlap) {
    match process.file.save(overlap).await {
        Ok(()) => log_line::info(&format!(
            "Runner authentication token was reset  runner={}",
            short(&entry.token)
        )),
        Err(error) => log_line::error(&format!("Failed to save config  error={error}")),
    }
}

/// The configuration with the new token in the place of the old one.
async fn reset(process: &Process, entry: &Entry, config: &Config) -> Result<Config, String> {
    if !config
        .entries
        .iter()
        .any(|found| found.token == entry.token)
    {
        return Err(
            "resetting token for runner: could not find a runner with the token".to_owned(),
        );
    }
    let answer = process
        .gitlab
        .reset_token(entry)
        .await
        .map_err(|failure| failure.to_string())?;
    if answer.status != StatusCode::CREATED {
        return Err(format!(
            "resetting runner authentication token failed: {}",
            answer.status
        ));
    }
    let reset: Reset = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    let mut document = config.document.clone();
    let table = document
        .get_mut("runners")
        .and_then(Item::as_array_of_tables_mut);
    let table = table
        .and_then(|tables| with_token(tables, &entry.token))
        .ok_or("the entry is not a table")?;
    // With nanoseconds, unlike after `register`.
    let obtained = OffsetDateTime::now_utc()
        .format(&Rfc3339)
        .map_err(|error| error.to_string())?;
    table["token"] = value(reset.token);
    table["token_obtained_at"] = value(datetime(&obtained)?);
    table["token_expires_at"] = value(datetime(
        reset.token_expires_at.as_deref().unwrap_or(ZERO_TIME),
    )?);
    Config::parse(&document.to_string())
}

fn with_token<'a>(tables: &'a mut ArrayOfTables, token: &str) -> Option<&'a mut Table> {
    tables
        .iter_mut()
        .find(|table| table.get("token").and_then(Item::as_str) == Some(token))
}

fn datetime(written: &str) -> Result<Datetime, String> {
    written
        .parse()
        .map_err(|_| format!("not a time: {written}"))
}
