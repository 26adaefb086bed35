//! `runner-reaper` seen from outside: nothing is left behind at GitLab and no job is lost, whatever happens at the end of a
//! pod. Every test ends with the journal of its GitLab read through ([`order`]): [`pod::Pod`] sees to that when it is dropped.

mod again;
mod beside;
mod busy;
mod codes;
pub(crate) mod container;
mod deadline;
mod faults;
mod files;
mod hand;
mod last_line;
mod looks;
mod moments;
mod order;
mod other_user;
mod others;
mod pod;
mod process;
mod sidecar;
mod stops;
#[path = "../crates/runner-reaper/tests/stories/versions.rs"]
mod versions;
mod watching;
