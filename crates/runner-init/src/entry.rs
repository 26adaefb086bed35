//! Owns the runner entry: what it should hold, how it is laid out, and how an existing one is brought up to date.
//! Pure: no clock, no disk, no socket.

mod document;
mod drain_ready;

use std::path::PathBuf;
use std::time::SystemTime;

use runner_lifecycle::exit::Failure;
use runner_lifecycle::token::Token;
use toml_edit::Table;

pub use document::{apply_globals, new_document};
pub use drain_ready::{limit_follows_concurrent, listen_on_loopback};

use crate::args::Options;
use crate::template::Template;

/// The runner entry that is wanted, before GitLab has said who it is.
#[derive(Debug)]
pub struct EntryWish {
    /// The runner's name.
    pub name: String,
    /// GitLab's URL as it goes into the entry: as given, else the template's.
    pub url: String,
    /// The executor, one of gitlab-runner's.
    pub executor: String,
    /// The shell that `info` names: the entry's, else the executor's default.
    pub shell: String,
    /// The GPUs that `info` names; empty where the executor has none.
    pub gpus: String,
    /// `tls-ca-file`, from a flag or the template.
    pub tls_ca_file: Option<PathBuf>,
    /// `tls-cert-file`, from a flag or the template.
    pub tls_cert_file: Option<PathBuf>,
    /// `tls-key-file`, from a flag or the template.
    pub tls_key_file: Option<PathBuf>,
    /// What the operator should hear about, one line each.
    pub warnings: Vec<String>,
}

/// What GitLab and the clock add to a wish.
#[derive(Clone, Copy, Debug)]
pub struct Identity<'a> {
    /// The runner's name.
    pub name: &'a str,
    /// GitLab's URL as it goes into the entry.
    pub url: &'a str,
    /// The runner's id.
    pub id: i64,
    /// The authentication token.
    pub token: &'a Token,
    /// When the token was received; written in whole seconds.
    pub obtained_at: SystemTime,
    /// When it expires, as GitLab sent it (RFC 3339); `None`: never.
    pub expires_at: Option<&'a str>,
}

/// Works out the entry from what was given, the template and the executor's rules.
///
/// # Errors
/// For a missing URL, an unknown executor, a mandatory field of the executor that is missing (exit 2), and for a
/// template that cannot be merged (78).
pub fn wish(options: &Options, template: Option<&Template>) -> Result<EntryWish, Failure> {
    let _ = (options, template);
    Err(Failure::usage("under construction"))
}

/// The `[[runners]]` table to append to `config.toml`.
#[must_use]
pub fn render(wish: &EntryWish, identity: &Identity<'_>) -> Table {
    let _ = (wish, identity);
    Table::new()
}

/// Brings an existing entry to what the flags say now and touches nothing else; says whether anything changed.
///
/// Twice is as once, byte for byte. Name, URL, id and token are the story's; the name is applied only if it was given.
pub fn apply(wish: &EntryWish, existing: &mut Table) -> bool {
    let _ = (wish, existing);
    false
}
