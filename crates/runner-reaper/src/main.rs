//! The program `runner-reaper`; everything it does is in the library of the same name.

fn main() -> std::process::ExitCode {
    runner_reaper::main()
}
