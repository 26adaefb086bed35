//! `runner-reaper`: takes the runner off GitLab's list when its pod ends, and lets the running jobs finish.
//!
//! `drain`, `grace` and `entries` are rules; `runner_manager`, `requests` and `rotation` are edges; `pre_stop`, `sidecar` and
//! `unregister` are the stories that join them, with one `ledger` each, on the session that `opening` gets them; `by_hand` is
//! the first half of the first of them, and back. `status` only looks. `sweep` is a story of its own, which needs none of the files.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use runner_lifecycle::ending::NoRun;
use runner_lifecycle::exit::Exit;
use runner_lifecycle::signals::Signals;
use runner_lifecycle::{ending, report};

mod args;
mod by_hand;
mod drain;
mod entries;
mod grace;
mod ledger;
mod opening;
mod pause;
mod pre_stop;
mod requests;
mod rotation;
mod runner_manager;
mod sidecar;
mod status;
mod stops;
mod sweep;
mod unregister;

mod container_log;

pub use args::surface;

use args::{Command, Environment, Options};
use stops::Stops;

/// How long before the hook's own start its grace period began: the kubelet and the container runtime need that long
/// from the deletion of the pod to the hook's first instruction (measured 0.1 to 0.2 s).
const BEFORE_US: Duration = Duration::from_millis(200);

/// The program from its first to its last moment.
pub fn main() -> ExitCode {
    ending::prepare();
    let environment = Environment::of_process();
    let mut line = args::command_line(std::env::args_os().skip(1), &environment);
    let reporting = line.reporting.clone();
    let warnings = std::mem::take(&mut line.warnings);
    let heard_by_nobody = args::is_heard_by_nobody(&line.words);
    let also = heard_by_nobody.then(container_log::open).flatten();
    let message = match args::are_of_a_person(&line.words) {
        true => Path::new(""),
        false => reporting.termination_message_path.as_path(),
    };
    let parsed = args::parse(line, &environment);
    report::install("runner-reaper", reporting.format, reporting.level, also);
    // First of all: what is misspelt or gone may be why the rest fails.
    for words in warnings.iter().chain(&args::idle_variables(&environment)) {
        log::warn!("{words}");
    }
    ending::end(run(parsed), message)
}

fn run(parsed: Result<Options, NoRun>) -> anyhow::Result<Exit> {
    let options = &match parsed {
        Ok(options) => options,
        Err(no_run) => return no_run.end(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting")?;
    runtime.block_on(async {
        let stops = Stops::listen(Signals::install().context("setting up signal handlers")?);
        options
            .warnings
            .iter()
            .for_each(|words| log::warn!("{words}"));
        let deadlines = options.grace.deadlines(BEFORE_US);
        match &options.command {
            Command::PreStop => pre_stop::run(options, deadlines, &stops).await,
            Command::Sidecar => sidecar::run(options, &stops).await,
            Command::Status(asked) => status::run(options, asked, &stops).await,
            Command::ByHand(asked) => by_hand::run(options, asked, &stops).await,
            Command::Sweep(sweep) => sweep::run(options, sweep, &stops).await,
            Command::Unregister(selection) => {
                unregister::run(options, selection, deadlines, &stops).await
            }
        }
    })
}
