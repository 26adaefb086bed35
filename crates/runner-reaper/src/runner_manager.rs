//! Owns the runner manager's side: which process it is, what it can be told, what it shows. It decides nothing.

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

pub use address::{SocketAddresses, addresses_of, metrics_address, pages_at};
pub use command_line::{CommandLine, Role};
pub use jobs_in_words::jobs_in_words;
pub use live::Live;
pub use metrics::{ProcessState, Sample};
pub use pages::{Job, Look, Pages};
pub use process::{Found, Processes, RunnerManager};
pub use signs::Signs;
pub use version::Version;
