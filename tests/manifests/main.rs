//! The manifests held to their promises: rendered, read as facts, and played as pods with the real programs, without a cluster.
//!
//! Needs kubectl 1.27 or newer (no cluster is asked) and, for the played pods, root: each container gets namespaces of its own.
//! So all of it is `#[ignore]`d in a plain `cargo test`; `.ci/run` runs it with
//! `cargo test -p acceptance --test manifests -- --include-ignored`, where a missing tool is a failure that names it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod agreement;
mod chart;
mod config;
mod container;
mod lives;
mod openshift;
mod pod;
mod proxy;
mod readmes;
mod render;
mod restricted;
mod rules;
mod sandbox;
mod scene;
mod secrets;
mod sweep;
mod variables;
mod volumes;
