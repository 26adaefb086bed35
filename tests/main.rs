//! Both helpers seen from outside: the real programs, real sockets, real files. One integration target.
//!
//! Each file tells what a user would suffer from; the stage they stand on is the library beside them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod by_hand;
mod canary_forms;
mod completions;
mod failure_modes;
mod golden;
mod init;
mod manual;
mod reaper;
mod schemas;
mod sweep;
mod words;
