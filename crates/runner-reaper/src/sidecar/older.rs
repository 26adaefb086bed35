//! Owns the look at a runner manager that has no page of its state: one before 19.1. That the page is missing does not mean that
//! nobody is there; its other pages answer as long as it lives.

use std::time::Duration;

use super::verdict::Sight;
use crate::runner_manager::{Job, Look, Pages, ProcessState, Sample, Signs, Version};

/// Limit of the look whose the pages are: a token rotation holds that page back, and two seconds may be all there is.
pub(super) const GLANCE: Duration = Duration::from_millis(100);

/// The looks so far.
#[derive(Default)]
pub(super) struct Older {
    signs: Signs,
    said: bool,
}

impl Older {
    /// What it shows at time `at`, beside its list of jobs.
    pub(super) async fn look(
        &mut self,
        pages: &Pages,
        jobs: Look<Vec<Job>>,
        at: Duration,
    ) -> Sight {
        // A token rotation holds this page back from 18.1 on, and never the list of jobs.
        let sample = tokio::time::timeout(GLANCE, pages.sample()).await;
        match (sample.unwrap_or(Look::Silent), jobs) {
            (Look::Seen(sample), jobs) => self.seen(&sample, jobs.seen(), at),
            (_, Look::Seen(jobs)) => Sight::Lives {
                state: None,
                moves: None,
                jobs: Some(addresses(jobs)),
            },
            (Look::Silent, _) | (_, Look::Silent) => Sight::Silent,
            (Look::Nobody, Look::Nobody) => Sight::Nobody,
        }
    }

    fn seen(&mut self, sample: &Sample, jobs: Option<Vec<Job>>, at: Duration) -> Sight {
        let jobs = jobs.map(addresses);
        let idle = jobs.as_ref().is_some_and(Vec::is_empty);
        let state = self.signs.state(at, sample).or_else(|| {
            // One that shuts down sends its idle workers home at once.
            let working = idle && sample.workers >= Some(sample.concurrent.max(1.0));
            working.then_some(ProcessState::Running)
        });
        if sample.workers.is_none() && !self.said {
            self.said = true;
            let version = sample.version;
            let version = version.map_or("this version".to_owned(), |version| version.to_string());
            log::warn!(
                "gitlab-runner {version} is older than {}: its shutdown cannot be observed, so the sidecar waits until it has exited; update it",
                Version::OLDEST
            );
        }
        Sight::Lives {
            state,
            // Before 15.11 only requests tell that it goes on.
            moves: Some(match sample.workers {
                Some(_) => sample.activity,
                None => sample.activity + sample.polls,
            }),
            jobs,
        }
    }
}

/// The addresses of jobs.
pub(super) fn addresses(jobs: Vec<Job>) -> Vec<String> {
    jobs.into_iter().map(|job| job.url).collect()
}
