//! The stories of the reaper with a simulated GitLab and the stand-in for the runner manager, as real processes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    unreachable_pub,
    clippy::semicolon_if_nothing_returned,
    reason = "a test ends here"
)]

mod deadlines;
mod faults;
mod hand;
mod held;
mod idle;
mod loaded_again;
mod looks;
mod moments;
mod older;
mod pauses;
mod pod;
mod rewrites;
mod rotating;
mod running;
mod several;
mod sidecar;
mod silence;
mod stops;
mod strangers;
mod tokens;
mod too_old;
mod two_gitlabs;
#[path = "../../../../tests/support/versions.rs"]
mod versions;
