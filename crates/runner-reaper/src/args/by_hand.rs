//! Owns the flags of `pause` and `resume`.

use std::time::Duration;

use clap::Command;
use runner_lifecycle::duration::parse_duration;
use runner_lifecycle::exit::Failure;

use super::arg::{switch, valued};
use super::given::GivenFlags;

/// A runner manager with free workers is quiet in under a second; GitLab may hold a request for 50 s.
const USUAL_TIMEOUT: Duration = Duration::from_secs(60);

pub(super) const DRY_RUN: &str = "dry-run";

/// What a person asked for.
#[derive(Clone, Debug)]
pub(crate) struct ByHand {
    /// Which of the two.
    pub verb: Verb,
    /// How long the runner manager is waited for, and another helper on the volume.
    pub timeout: Duration,
    /// Whether the result is JSON on stdout.
    pub json: bool,
    /// Whether what would be done is only told.
    pub dry_run: bool,
    /// Whether to work on a volume that belongs to another pod.
    pub other_pod: bool,
}

/// The two commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    /// No new jobs are taken until it is resumed.
    Pause,
    /// They are taken again.
    Resume,
}

impl Verb {
    /// The command's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
        }
    }
}

const PAUSE_HELP: &str = "\
The pause is recorded on the volume and outlasts a restart of the container. Exit code 0: polling has stopped, or the log says that this could not be observed; 75: it did not stop in time, and the pause stays.";

const RESUME_HELP: &str = "\
Exit code 0: config.toml is restored and the runner manager has loaded it, or the log says that this could not be observed; 75: it did not load it in time, and config.toml stays restored.";

/// The subcommands.
pub(super) fn commands() -> [Command; 2] {
    let pause = Command::new(Verb::Pause.name())
        .about("Stop the runner manager from taking new jobs until resume; running jobs go on")
        .after_help(PAUSE_HELP);
    let resume = Command::new(Verb::Resume.name())
        .about("End a pause, so that the runner manager takes jobs again")
        .after_help(RESUME_HELP);
    let waits = [
        "how long to wait until polling has stopped; default 60s",
        "how long to wait until the runner manager has loaded its runner entries; default 60s",
    ];
    let flags = |command: Command, wait: &'static str| {
        command.args([
            valued("timeout", "TIME", wait),
            valued("output", "FORMAT", "text or json; default text").value_parser(["text", "json"]),
            switch(DRY_RUN, "print what would be written, and change nothing"),
            switch("other-pod", "work on a volume that belongs to another pod"),
        ])
    };
    [flags(pause, waits[0]), flags(resume, waits[1])]
}

/// Reads what was given.
pub(super) fn read(given: &GivenFlags<'_>, name: &str) -> Result<ByHand, Failure> {
    let timeout = given.text("timeout", &[]);
    let timeout = timeout.map(|text| parse_duration(&text)).transpose();
    let timeout = timeout.map_err(|error| Failure::usage(format!("--timeout: {error}")))?;
    Ok(ByHand {
        verb: match name {
            "resume" => Verb::Resume,
            _ => Verb::Pause,
        },
        timeout: timeout.unwrap_or(USUAL_TIMEOUT),
        json: given.text("output", &[]).as_deref() == Some("json"),
        dry_run: given.matches.get_flag(DRY_RUN),
        other_pod: given.matches.get_flag("other-pod"),
    })
}
