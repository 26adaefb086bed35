//! `runner-init`: a drop-in for `gitlab-runner register` in an init container.
//!
//! `args` reads what was asked for, `entry` works out the runner entry from it; both are rules without network or disk
//! writing. `register` is the story that joins them with GitLab and the volume.

mod args;
#[cfg(test)]
mod being_written;
mod clock;
mod commands;
mod entry;
mod flags;
mod graceful_stop;
mod help;
mod other_pod;
#[cfg(test)]
mod properties;
mod register;
mod rotate;
mod runner_manager;
mod values;

use std::ffi::OsString;
use std::pin::Pin;
use std::process::ExitCode;

use anyhow::Context as _;
use runner_lifecycle::command_line::CommandLine;
use runner_lifecycle::completions;
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::{Exit, Failure};
use runner_lifecycle::prompt::{self, PromptAnswer};
use runner_lifecycle::token::{Token, TokenError};
use runner_lifecycle::{ending, report};

pub use help::surface;

use args::Environment;
use commands::Command;

/// The program: from the process's arguments and variables to its exit code.
pub fn main() -> ExitCode {
    ending::prepare();
    let environment = Environment::of_process();
    let argv: Vec<OsString> = std::env::args_os().skip(1).collect();
    let command = Command::of(&argv, &environment);
    let line = CommandLine::read(&argv, &environment, command.program());
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
    let result = run(command, line, &environment);
    ending::end(result, &reporting.termination_message_path)
}

fn run(command: Command, line: CommandLine, environment: &Environment) -> anyhow::Result<Exit> {
    match command {
        Command::Register | Command::ReRegister => {
            match args::parse(line, command, environment, &asked_token) {
                Ok(args::Parsed { options, warnings }) => {
                    warnings.iter().for_each(|warning| log::warn!("{warning}"));
                    tell(Box::pin(register::run(&options, environment)))
                }
                Err(no_run) => no_run.end(),
            }
        }
        Command::Rotate => match rotate::options::parse(line, environment) {
            Ok(options) => tell(Box::pin(rotate::run(&options, environment))),
            Err(no_run) => no_run.end(),
        },
        Command::Completions => match (line.wrong, completions::asked(&line.words)) {
            (Some(wrong), _) | (None, Some(Err(wrong))) => Err(wrong.into()),
            (None, None) => NoRun::Show(help::long(command)).end(),
            (None, Some(Ok(shell))) => {
                NoRun::Show(completions::script(&help::completed(), shell)).end()
            }
        },
    }
}

/// The token that somebody at a terminal types; nothing where nobody is there.
fn asked_token() -> Result<Option<Token>, Failure> {
    if !prompt::is_possible() {
        return Ok(None);
    }
    let question = "Runner authentication token, registration token or access token (not shown): ";
    match prompt::token(question) {
        Ok(PromptAnswer::Token(token)) => Ok(Some(token)),
        Ok(PromptAnswer::NoToken(TokenError::Empty)) => Ok(None),
        Ok(PromptAnswer::NoToken(error)) => Err(Failure::usage(format!("the token {error}"))),
        Ok(PromptAnswer::Stopped(stop)) => Err(Failure {
            exit: Exit::from(stop),
            message: format!("stopped by {}: nothing was done", stop.name()),
        }),
        Err(error) => {
            log::debug!("the token could not be read from the terminal: {error}");
            Ok(None)
        }
    }
}

/// Runs one story to its end.
fn tell(story: Pin<Box<dyn Future<Output = anyhow::Result<Exit>> + '_>>) -> anyhow::Result<Exit> {
    // One thread: two requests in a row need no more, and each thread costs memory.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the runtime")?;
    runtime.block_on(story)
}
