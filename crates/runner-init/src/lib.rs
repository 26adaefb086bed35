//! `runner-init`: a drop-in for `gitlab-runner register` in an init container.
//!
//! [`args`] reads what was asked for, [`template`] and [`entry`] work out the runner entry from it; all three are rules
//! without network or disk writing. [`register`] is the story that joins them with GitLab and the volume.

pub mod args;
pub mod config_check;
pub mod entry;
pub mod executor;
pub mod flags;
pub mod help;
pub mod register;
pub mod template;
pub mod values;

use std::process::ExitCode;

use anyhow::Context as _;
use runner_lifecycle::command_line::CommandLine;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::{ending, report};

use args::Environment;

/// The program: from the process's arguments and variables to its exit code.
#[must_use]
pub fn main() -> ExitCode {
    ending::prepare();
    let environment = Environment::of_process();
    let line = args::command_line(std::env::args_os().skip(1), &environment);
    let reporting = line.reporting.clone();
    report::install("runner-init", reporting.format, reporting.level, None);
    // First of all: what is misspelt or gone may be why the rest fails.
    for warning in line
        .warnings
        .iter()
        .chain(&args::idle_variables(&environment))
    {
        log::warn!("{warning}");
    }
    let result = run(line, &environment);
    ending::end(result, &reporting.termination_message_path)
}

fn run(line: CommandLine, environment: &Environment) -> anyhow::Result<Exit> {
    let parsed = match args::parse(line, environment) {
        Ok(parsed) => parsed,
        Err(no_run) => return no_run.end(),
    };
    for warning in &parsed.warnings {
        log::warn!("{warning}");
    }
    // One thread: two requests in a row need no more, and each thread costs memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(register::run(&parsed.options, environment))
}
