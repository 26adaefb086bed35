//! The simulator against the cases of GitLab's own specs, over a bare socket. `case_NN` is the case's number in the project's
//! notes on GitLab's API.

#![allow(
    clippy::unwrap_used,
    reason = "the lint's exception for tests does not reach functions beside #[test]"
)]

mod by_id;
mod client;
mod creation;
mod faults;
mod gitlab;
mod instance;
mod job_calls;
mod job_requests;
mod lists;
mod lists_within;
mod polling;
mod program;
mod registrars;
mod registration;
mod runner_jobs;
mod tls;
mod token_reset;
mod unregister;
mod verify;
