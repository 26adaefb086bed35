//! Both helpers seen from outside: the real programs, real sockets, real files. One integration target.
//!
//! Each file tells what a user would suffer from; the stage they stand on is the library beside them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod canary_forms;
mod failure_modes;
mod golden;
mod init_contents;
mod init_ends;
mod init_faults;
mod init_herd;
#[cfg(target_arch = "x86_64")]
mod init_killed;
mod init_mark;
mod init_pem;
mod init_read_only;
mod init_rubbish;
mod init_secrets;
mod init_stock;
mod init_stopped;
mod init_tls;
mod init_wrong;
mod reaper;
mod sweep;
mod words;
