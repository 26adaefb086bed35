//! The numbered facts about a running gitlab-runner, each as a test of the stand-in. With `GITLAB_RUNNER=/path/to/gitlab-runner`
//! the same tests run against that program: what holds for one has to hold for the other.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails; clippy excuses only test functions"
)]

mod jobs;
mod pages;
mod pause;
mod polling;
mod reload;
mod rotation;
mod scene;
mod stop;
mod versions;
mod wrapper;
