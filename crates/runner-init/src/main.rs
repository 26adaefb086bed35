//! The process of `runner-init`; everything it does is in the library.

fn main() -> std::process::ExitCode {
    runner_init::main()
}
