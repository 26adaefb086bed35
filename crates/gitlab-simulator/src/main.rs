//! The simulator as a program, for the demo and for tests that are not written in Rust.

use std::process::ExitCode;

fn main() -> ExitCode {
    gitlab_simulator::run(std::env::args_os())
}
