//! Owns what `rotate` prints on stdout: what would be done, or what was done as JSON (`rotate.schema.json`). No token is in it.

use runner_config::shown::without_tokens;
use runner_lifecycle::exit::Failure;
use runner_lifecycle::gitlab::Endpoint;
use runner_lifecycle::report::{address, one_line};
use runner_lifecycle::source::Ownership;
use runner_lifecycle::stdout;
use serde_json::{Value, json};

use super::choice::Choice;
use super::options::RotateOptions;
use super::token_out::TokenOut;

/// The version of the JSON.
const VERSION: u32 = 1;

/// What becomes of a token that is named by a variable: gitlab-runner's own rotation does the same.
pub(super) const WAS_A_VARIABLE: &str =
    "the entry names its token by a variable: the new token takes its place in the file";

/// What is told of a rotation.
pub(super) struct Said<'a> {
    pub(super) options: &'a RotateOptions,
    pub(super) choice: &'a Choice,
    /// Path of the file that has the entry: `config.toml`, or its original while it is paused.
    pub(super) file: &'a str,
    pub(super) out: Option<&'a TokenOut>,
    /// Whether an earlier run had reset the token.
    pub(super) resumed: bool,
    pub(super) expires_at: Option<&'a str>,
}

impl Said<'_> {
    /// What would be asked and written.
    pub(super) fn dry_run(&self) -> Result<(), Failure> {
        if self.options.json {
            return print(&self.json());
        }
        let mut text =
            String::from("# Dry run: nothing was sent to GitLab and nothing was written.\n");
        let Choice { entry, names, .. } = self.choice;
        if !self.resumed
            && let Ok(endpoint) = Endpoint::parse(&entry.url)
        {
            let id = entry.id.unwrap_or_default();
            let whose = match self.choice.ownership {
                Ownership::Shared => "shared: the token becomes invalid in all other pods",
                Ownership::Owned => "owned",
            };
            text += &format!(
                "# would send: POST {endpoint}/api/v4/runners/reset_authentication_token for runner {id} ({whose})\n"
            );
        }
        if let Some(out) = self.out {
            text += &format!("# would write: {}: the new token\n", out.path().display());
        }
        text += &format!(
            "# would write: {}: token, token_obtained_at and token_expires_at of {names:?}\n",
            self.file
        );
        if entry.is_token_variable {
            text += &format!("# {WAS_A_VARIABLE}\n");
        }
        print(&text)
    }

    /// What was done, if that was asked for as JSON.
    pub(super) fn done(&self) -> Result<(), Failure> {
        match self.options.json {
            true => print(&self.json()),
            false => Ok(()),
        }
    }

    fn json(&self) -> String {
        let Choice { entry, names, .. } = self.choice;
        let names: Vec<String> = names.iter().map(|name| one_line(name)).collect();
        let value: Value = json!({
            "version": VERSION,
            "dry_run": self.options.dry_run,
            "resumed": self.resumed,
            "file": self.file,
            "entries": names,
            "url": address(&entry.url),
            "id": entry.id,
            "shared": self.choice.ownership == Ownership::Shared,
            "token_out": self.out.map(|out| out.path().display().to_string()),
            "token_expires_at": self.expires_at,
        });
        format!("{value:#}\n")
    }
}

fn print(text: &str) -> Result<(), Failure> {
    stdout::print(&without_tokens(text))
}
