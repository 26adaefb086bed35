//! Owns the look at the runner manager: its process and its pages, as long as it takes to tell what it is doing.

use std::time::Duration;

use runner_config::config_toml::RunnerEntry;
use runner_lifecycle::deadline::Deadline;
use runner_lifecycle::files::Config;
use runner_lifecycle::report::one_line;
use runner_lifecycle::system_id::SystemId;
use tokio::time::Instant;

use super::facts::{Activity, RunnerManagerFacts};
use crate::runner_manager::{Live, Look, ProcessState, Sample};

/// Before 19.1 fewer workers than `concurrent` mean a shutdown only if they last; and an entry that was loaded just now has not
/// been polled yet.
const PATIENCE: Duration = Duration::from_secs(1);
const STEP: Duration = Duration::from_millis(100);

/// What was seen of it.
pub(super) struct Seen {
    pub(super) runner_manager: RunnerManagerFacts,
    /// The system ID it works with.
    pub(super) system_id: Option<SystemId>,
    /// The last look at its page.
    sample: Option<Sample>,
}

impl Seen {
    /// Whether GitLab has answered a request for jobs of this entry, and it is polled still: then a look with its token and the
    /// system ID makes no record that is not there.
    pub(super) fn polls(&self, entry: &RunnerEntry) -> bool {
        let Some(token) = &entry.token else {
            return false;
        };
        self.runner_manager.activity == Activity::Polling
            && self
                .sample
                .as_ref()
                .is_some_and(|sample| has_polled(sample, token.label()))
    }
}

/// Looks at it. `written` are the entries that it should have loaded.
pub(super) async fn look(
    live: Option<&Live>,
    config: &Config,
    written: &[RunnerEntry],
    deadline: Deadline,
) -> Seen {
    let Some(live) = live else {
        return Seen {
            runner_manager: nobody(config),
            system_id: None,
            sample: None,
        };
    };
    let sample = settled(live, written, deadline).await;
    let jobs = match &sample {
        Some(_) => live.jobs().await,
        None => None,
    };
    let activity = match &sample {
        Some(sample) => activity(sample),
        None => Activity::Unknown(one_line(&live.advice())),
    };
    let counted = sample.as_ref().map(Sample::job_count);
    let job_urls: Option<Vec<String>> =
        jobs.map(|jobs| jobs.iter().map(|job| one_line(&job.url)).collect());
    let system_id = live.system_id();
    Seen {
        runner_manager: RunnerManagerFacts {
            activity,
            pid: live.process().map(|process| process.pid()),
            has_others: live.has_others(),
            metrics_address: live.address().map(one_line),
            version: live.version().map(|version| version.to_string()),
            system_id: system_id.as_ref().map(ToString::to_string),
            jobs: job_urls.as_ref().map(Vec::len).or(counted),
            job_urls,
            concurrent: concurrent(config),
        },
        system_id,
        sample,
    }
}

fn nobody(config: &Config) -> RunnerManagerFacts {
    RunnerManagerFacts {
        activity: Activity::NotRunning,
        pid: None,
        has_others: false,
        metrics_address: None,
        version: None,
        system_id: None,
        jobs: None,
        job_urls: None,
        concurrent: concurrent(config),
    }
}

fn concurrent(config: &Config) -> Option<i64> {
    (!config.is_missing()).then(|| config.toml.concurrent())
}

/// Looks until the page tells what it can tell.
async fn settled(live: &Live, written: &[RunnerEntry], deadline: Deadline) -> Option<Sample> {
    let began = Instant::now();
    // The rest is GitLab's.
    let patience = PATIENCE.min(deadline.left() / 2);
    loop {
        let sample = match live.look().await {
            Look::Seen(sample) => sample,
            Look::Silent | Look::Nobody => return None,
        };
        let tokens = written.iter().filter_map(|entry| entry.token.as_ref());
        let mut labels = tokens.map(|token| token.label());
        let is_plain = sample.limit_rows == 0 || labels.all(|label| has_polled(&sample, label));
        let is_over = began.elapsed() >= patience;
        if is_over || !is_doubtful(&sample) && (is_plain || activity(&sample) != Activity::Polling)
        {
            return Some(sample);
        }
        tokio::time::sleep(STEP).await;
    }
}

/// Whether its workers may still tell that it shuts down.
fn is_doubtful(sample: &Sample) -> bool {
    let too_few = sample
        .workers
        .is_some_and(|workers| workers < sample.concurrent);
    !sample.says_state && sample.state.is_none() && too_few
}

fn has_polled(sample: &Sample, label: &str) -> bool {
    let is_in = |runners: &[String]| runners.iter().any(|runner| runner == label);
    is_in(&sample.loaded_runners) && is_in(&sample.polled_runners)
}

fn activity(sample: &Sample) -> Activity {
    match sample.state {
        Some(ProcessState::Starting) => Activity::Starting,
        Some(ProcessState::Graceful | ProcessState::Forceful) => Activity::ShuttingDown,
        _ if sample.limit_rows == 0 => Activity::Paused,
        _ => Activity::Polling,
    }
}
