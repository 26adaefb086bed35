//! Owns the flags of `status`. They have no variables: whoever wants a look types it.

use std::time::Duration;

use clap::Command;
use runner_lifecycle::duration::parse_duration;
use runner_lifecycle::exit::Failure;

use super::arg::{switch, valued};
use super::given::GivenFlags;

/// The one switch.
pub(super) const OFFLINE: &str = "offline";

/// Flags with a value.
const VALUED: [(&str, &str, &str); 2] = [
    ("output", "FORMAT", "text or json; default text"),
    (
        "timeout",
        "TIME",
        "how long to wait for GitLab and the runner manager in total; default 10s",
    ),
];

const USUAL_TIMEOUT: Duration = Duration::from_secs(10);

/// How to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Status {
    /// Whether GitLab is left alone.
    pub offline: bool,
    /// Whether the answer is JSON for programs instead of text for people.
    pub json: bool,
    /// Limit of all that has to be waited for.
    pub timeout: Duration,
}

/// Whether the flag of this name always has a value.
pub(super) fn takes_value(name: &str) -> bool {
    VALUED.iter().any(|(known, ..)| *known == name)
}

/// The subcommand.
pub(super) fn command() -> Command {
    Command::new("status")
        .about(
            "Show the volume, its runner entries, the runner manager and its jobs; changes nothing",
        )
        .args(VALUED.map(|(name, value, help)| {
            let arg = valued(name, value, help);
            match name {
                "output" => arg.value_parser(["text", "json"]),
                _ => arg,
            }
        }))
        .arg(switch(OFFLINE, "do not ask GitLab"))
}

/// Reads what was given.
pub(super) fn read(given: &GivenFlags<'_>) -> Result<Status, Failure> {
    let timeout = given.text("timeout", &[]).map(|text| {
        parse_duration(&text).map_err(|error| Failure::usage(format!("--timeout: {error}")))
    });
    Ok(Status {
        offline: given.matches.get_flag(OFFLINE),
        json: given.text("output", &[]).as_deref() == Some("json"),
        timeout: timeout.transpose()?.unwrap_or(USUAL_TIMEOUT),
    })
}
