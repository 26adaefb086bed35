//! What `runner-init` and `runner-reaper` both know: GitLab, the shared volume and its state.
//!
//! The two helpers know this library and not each other; they meet only in the files on the volume. Rules in here are
//! pure (no clock, disk or socket); each outside thing has one module: [`gitlab`] sends requests, [`volume`] writes
//! files and a [`session`] opens it, [`signals`] hears the kubelet, [`runner_manager`] sees the process beside us, [`report`]
//! speaks to the operator.

pub mod backoff;
pub mod command_line;
pub mod completions;
pub mod deadline;
pub mod duration;
pub mod ending;
pub mod environment;
pub mod exit;
pub mod files;
pub mod fleet;
pub mod foreign;
pub mod gitlab;
pub mod mark;
pub mod misspelt;
pub mod named_file;
pub mod original;
pub mod pod;
pub mod prompt;
pub mod report;
pub mod rotation;
pub mod runner;
pub mod runner_manager;
pub mod session;
pub mod signals;
pub mod source;
pub mod state;
pub mod stdout;
pub mod system_id;
pub mod terminal;
pub mod token;
pub mod unregister;
pub mod volume;
