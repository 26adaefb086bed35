//! Both helpers seen from outside: the real programs, real sockets, real files. One integration target.
//!
//! Each file tells what a user would suffer from; the stage they stand on is the library beside them.

#[cfg(target_arch = "x86_64")]
mod init_killed;
