//! The stand-in's process. Everything else is in the library, so that its rules can be tested without a process.

use std::process::ExitCode;

fn main() -> ExitCode {
    runner_manager_stand_in::start(std::env::args_os(), |name| std::env::var(name).ok())
}
