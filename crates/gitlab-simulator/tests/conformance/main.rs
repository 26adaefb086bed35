//! The simulator against the cases of GitLab's own specs, over a bare socket.

#![allow(
    clippy::unwrap_used,
    reason = "the lint's exception for tests does not reach functions beside #[test]"
)]

mod by_token;
mod client;
