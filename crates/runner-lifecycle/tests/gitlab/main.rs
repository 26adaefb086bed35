//! The client seen from outside: against GitLab's simulator, name servers, proxies and broken TLS, all on loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in what the tests share"
)]

mod calls;
mod certificates;
mod faults;
mod name_server;
mod names;
mod proxies;
mod redirects;
mod refusals;
mod reset;
mod self_signed;
mod strangers;
mod times;
mod tls;
mod tls_files;
mod unregister;
mod world;
