//! Owns where the runner manager is looked for: by the file, and where the options or the file tell of its metrics. What it is
//! and what it shows is `runner-lifecycle`'s.

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::files::{Config, Files};
pub(crate) use runner_lifecycle::runner_manager::*;

use crate::args::Options;

/// The runner manager that works on our `config.toml`, as [`Live::find`] finds it.
pub(crate) async fn find(
    options: &Options,
    files: &Files,
    config: &Config,
    deadline: Deadline,
) -> Option<Live> {
    search(options, files, config, deadline, false).await
}

/// The same, with one more that counts without a process in sight: whose page shows no system ID, as that of one started on a
/// paused file.
pub(crate) async fn find_nameless_too(
    options: &Options,
    files: &Files,
    config: &Config,
    deadline: Deadline,
) -> Option<Live> {
    search(options, files, config, deadline, true).await
}

async fn search(
    options: &Options,
    files: &Files,
    config: &Config,
    deadline: Deadline,
    takes_nameless: bool,
) -> Option<Live> {
    let wanted = Wanted {
        config: files.path(),
        system_id: files.system_id(),
        address: &|told| metrics_address(options, told, config),
        takes_nameless,
    };
    Live::find(wanted, deadline).await
}

/// Where the metrics are: as told, else as the process was told, else as the file says.
pub(crate) fn metrics_address(
    options: &Options,
    process: Option<&str>,
    config: &Config,
) -> Option<String> {
    let first = options.metrics_address.as_deref().or(process);
    let first = first.or(options.listen_address.as_deref());
    first
        .or_else(|| config.toml.listen_address())
        .map(str::to_owned)
}
