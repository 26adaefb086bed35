//! A stand-in for `gitlab-runner run`, for tests and the demo: the same signals, pages, reloads and order of requests as
//! gitlab-runner 19.4 or an older one, with jobs that only take time. Never part of what is deployed, and no judge of the helpers.
//!
//! `runner-manager-stand-in run` takes `--config` and `--listen-address` (or `CONFIG_FILE`, `LISTEN_ADDRESS`) and, beyond the
//! real one, `--as` (or `STAND_IN_AS`: the version that is played), `--start-delay`, `--signals-delay`, `--rotation-pause`,
//! `--rotation-overlap` and SIGUSR1 (rotate a token now). `wrapper … run …` is there without its gRPC server. Plain HTTP only. How long a job takes is in its variables `STAND_IN_DURATION`, `STAND_IN_UNTIL_FILE` and
//! `STAND_IN_RESULT`, else in its script's `sleep` and `exit 1` lines.
//!
//! The tests in `tests/facts` keep it honest: `GITLAB_RUNNER=/path/to/gitlab-runner cargo test -p runner-manager-stand-in` runs them
//! against the real program, and `GITLAB_RUNNER_VERSION=17.11` beside it says which one that is.

mod args;
mod builds;
mod config;
mod config_file;
mod encode;
mod exposition;
mod feeder;
mod gitlab;
mod handover;
mod health;
mod job;
mod log_line;
mod main_loop;
mod overlap;
mod pages;
mod payload;
mod process;
mod rotation;
mod run;
mod short_token;
mod stop;
mod system_id;
mod trace;
mod version;
mod worker;
mod wrapper;

use std::ffi::OsString;
use std::process::ExitCode;

use args::Command;

/// Runs the program to its end. `variable` reads the environment; nothing below reads it again.
///
/// Exit codes are those of gitlab-runner: 0 after an orderly stop, 1 for everything it calls fatal.
pub fn start(
    arguments: impl Iterator<Item = OsString>,
    variable: impl Fn(&str) -> Option<String>,
) -> ExitCode {
    let command = match args::parse(arguments, variable) {
        Ok(command) => command,
        Err(words) => {
            // clap knows whether this is help for a person (exit 0) or a mistake.
            let exit = u8::try_from(words.exit_code()).unwrap_or(1);
            let _ = words.print();
            return ExitCode::from(exit);
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            log_line::fatal(&format!("Failed to start  error={error}"));
            return ExitCode::FAILURE;
        }
    };
    let exit = runtime.block_on(async {
        match command {
            Command::Run(options) => run::run(options).await,
            Command::Wrapper(wrapped) => wrapper::run(wrapped).await,
        }
    });
    // What still runs (a cut-off request, an aborted job) ends with the process, as in the real one.
    runtime.shutdown_background();
    exit
}
