//! Owns how this program meets the runner manager on its file: how it is found, and how it hears of what was written there.

use std::path::Path;

use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::runner_manager::{Live, Wanted};
use runner_lifecycle::system_id::SystemId;

/// The runner manager that works on the file, where one lives. `listen_address` is the file's; what the process was told and
/// the variable of its container count before it.
pub(crate) async fn find(
    config: &Path,
    system_id: Option<SystemId>,
    listen_address: Option<&str>,
    variable: &dyn Fn(&str) -> Option<String>,
    deadline: Deadline,
) -> Option<Live> {
    let address = |told: Option<&str>| {
        let told = told
            .map(str::to_owned)
            .or_else(|| variable("LISTEN_ADDRESS"));
        told.or_else(|| listen_address.map(str::to_owned))
    };
    let wanted = Wanted {
        config,
        system_id,
        address: &address,
        takes_nameless: true,
    };
    Live::find(wanted, deadline).await
}

/// Has it load the file now. Where that cannot be asked of it, it does so by itself within 3 s.
pub(crate) async fn loads(live: &Live) {
    if let Some(sample) = live.sample().await {
        live.reload(&sample);
    }
}
