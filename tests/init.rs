//! `runner-init` seen from outside: one runner at GitLab, one entry in the file, whatever stands there and whatever happens.

mod contents;
mod ends;
mod faults;
mod herd;
mod install;
#[cfg(target_arch = "x86_64")]
mod killed;
mod last_words;
mod mark;
mod other_pod;
mod pem;
mod re_register;
mod read_only;
mod rotate;
mod rubbish;
mod second_run;
mod secrets;
mod stock;
mod stopped;
mod terminal;
mod tls;
mod volume;
mod wrong;
