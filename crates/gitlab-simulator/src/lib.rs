//! GitLab's runner API on a socket: keeps state as GitLab does, refuses what GitLab refuses, misbehaves on request, and
//! records every call. Knows no type of any client and asserts nothing.
//!
//! ```
//! use gitlab_simulator::{Fault, NewRunner, Settings, Simulator};
//!
//! let gitlab = Simulator::start(Settings::default())?;
//! let runner = gitlab.add_runner(NewRunner::default());
//! gitlab.fault(Fault::on("POST /runners/verify").times(3).status(503));
//! assert!(runner.token.starts_with("glrt-"));
//! assert!(gitlab.url().starts_with("http://127.0.0.1:"));
//! assert!(gitlab.journal().is_empty());
//! # std::io::Result::Ok(())
//! ```

mod access;
mod answer;
mod api;
mod fault;
mod groups;
mod job;
mod journal;
mod loopback;
mod moment;
mod program;
mod random;
mod request;
mod runner;
mod server;
mod settings;
mod shared;
mod simulator;
mod state;
mod steering;

pub use access::{AccessToken, Membership, Role, Validity};
pub use fault::{Effect, Fault};
pub use groups::{Group, Project};
pub use job::{Job, JobStatus, JobView};
pub use journal::Call;
pub use loopback::own_address;
pub use program::run;
pub use runner::{AccessLevel, Manager, NewRunner, RegistrationType, Runner, RunnerType};
pub use settings::{RateLimits, Settings, Throttle, Tls, TokenExpiry};
pub use simulator::Simulator;
pub use state::State;
