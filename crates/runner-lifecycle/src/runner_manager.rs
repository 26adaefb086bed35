//! Owns the runner manager's side: which process it is, what it can be told, what it shows. It decides nothing.

use std::time::Duration;

mod address;
mod command_line;
mod jobs_in_words;
mod live;
mod metrics;
mod pages;
mod process;
mod signs;
mod sockets;
mod version;

pub use address::{SocketAddresses, addresses_of};
pub use command_line::{ProcessArguments, ProcessRole};
pub use jobs_in_words::jobs_in_words;
pub use live::{Live, Wanted};
pub use metrics::{ProcessState, Sample, Work};
pub use pages::{Job, Look, Pages, pages_at};
pub use process::{Found, Processes, RunnerManager};
pub use signs::Signs;
pub use version::Version;

/// How often gitlab-runner looks at its file by itself.
pub const RELOAD: Duration = Duration::from_secs(3);
