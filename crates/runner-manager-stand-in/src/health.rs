//! Which runners are polled no more because GitLab refused them three times. Reloading forgets everything.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crate::config::Entry;
use crate::log_line;
use crate::short_token::short;

struct Checks {
    failures: u32,
    last: Instant,
}

/// Keyed by URL and short token, so a new token starts fresh.
#[derive(Default)]
pub(crate) struct Health {
    checks: Mutex<BTreeMap<String, Checks>>,
}

impl Health {
    fn with<R>(&self, entry: &Entry, act: impl FnOnce(&str, &mut Checks) -> R) -> R {
        let id = format!("{}{}", entry.url, short(&entry.token));
        let mut all = self.checks.lock().unwrap_or_else(PoisonError::into_inner);
        let checks = all.entry(id.clone()).or_insert_with(|| Checks {
            failures: 0,
            last: Instant::now(),
        });
        act(&id, checks)
    }

    pub(crate) fn forget(&self) {
        self.checks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// Whether the entry may be polled; after its pause it may, once.
    pub(crate) fn may_be_polled(&self, entry: &Entry) -> bool {
        self.with(entry, |id, checks| {
            if checks.failures < entry.unhealthy_requests_limit() {
                return true;
            }
            if checks.last.elapsed() <= entry.unhealthy_interval() {
                return false;
            }
            log_line::warning(&format!(
                "Runner \"{id}\" is not healthy, but check for a new job will be forced!"
            ));
            *checks = Checks {
                failures: 0,
                last: Instant::now(),
            };
            true
        })
    }

    pub(crate) fn mark(&self, entry: &Entry, healthy: bool) {
        self.with(entry, |id, checks| {
            if healthy {
                *checks = Checks {
                    failures: 0,
                    last: Instant::now(),
                };
                return;
            }
            checks.failures += 1;
            if checks.failures >= entry.unhealthy_requests_limit() {
                let pause = entry.unhealthy_interval().as_secs();
                log_line::error(&format!(
                    "Runner \"{id}\" is unhealthy and will be disabled for {pause} seconds!"
                ));
            }
        });
    }
}
