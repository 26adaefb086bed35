//! What the tests stand on: the real programs, volumes to run them on, a pod with its GitLab and its runner manager, a herd of
//! pods, and a tracer that stops the programs at every step.
//!
//! The programs are built once, in the profile of `ACCEPTANCE_PROFILE` (`dev` unless told otherwise; CI runs the released
//! ones too), or taken from the directory of `ACCEPTANCE_HELPERS` (in CI those for arm64, under an emulator); `GITLAB_RUNNER`
//! is a real runner manager in the stand-in's place. Nothing in here knows a type of the programs: they are seen from outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that has no stage to stand on can only fail"
)]

pub mod at_once;
pub mod canary;
mod entries;
pub mod herd;
pub mod known;
mod looks;
pub mod namespaces;
pub mod order;
mod plan;
pub mod pod;
pub mod process;
pub mod programs;
pub mod schema;
pub mod stage;
#[cfg(target_arch = "x86_64")]
pub mod tracer;
pub mod versions;
