//! Who works on what: slots and open requests per token, and the list of running jobs. Starts and ends nothing.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::config::Entry;
use crate::exposition::{Name, Page};
use crate::short_token::short;

struct RunnerSlots {
    name: String,
    /// Jobs and requests for one: what `limit` counts.
    taken: usize,
    requests: usize,
    exceeded: i64,
}

/// How far a job is, in the words of the metrics page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Progress {
    pub(crate) state: &'static str,
    pub(crate) stage: &'static str,
    pub(crate) executor_stage: &'static str,
}

/// A job that was taken and has not ended.
struct RunningJob {
    number: u64,
    entry: Arc<Entry>,
    url: String,
    since: Instant,
    progress: Progress,
}

#[derive(Default)]
struct Books {
    /// By token; rows of entries that left the file stay, as in gitlab-runner.
    slots: BTreeMap<String, RunnerSlots>,
    jobs: Vec<RunningJob>,
}

/// The books of the process.
#[derive(Default)]
pub(crate) struct Builds {
    books: Mutex<Books>,
}

impl Builds {
    fn books(&self) -> MutexGuard<'_, Books> {
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a slot unless the entry's `limit` is reached.
    pub(crate) fn acquire_slot(&self, entry: &Entry) -> bool {
        let mut books = self.books();
        let slots = books.of(entry);
        let free = entry.limit == 0 || slots.taken < entry.limit;
        slots.taken += usize::from(free);
        free
    }

    pub(crate) fn release_slot(&self, entry: &Entry) {
        let mut books = self.books();
        let slots = books.of(entry);
        slots.taken = slots.taken.saturating_sub(1);
    }

    /// Opens a request unless `request_concurrency` of them are open.
    pub(crate) fn acquire_request(&self, entry: &Entry) -> bool {
        let mut books = self.books();
        let slots = books.of(entry);
        let free = slots.requests < entry.request_concurrency();
        slots.requests += usize::from(free);
        slots.exceeded += i64::from(!free);
        free
    }

    pub(crate) fn release_request(&self, entry: &Entry) {
        let mut books = self.books();
        let slots = books.of(entry);
        slots.requests = slots.requests.saturating_sub(1);
    }

    pub(crate) fn add_job(&self, number: u64, entry: &Arc<Entry>, url: String) {
        let progress = Progress {
            state: "pending",
            stage: "prepare_executor",
            executor_stage: "created",
        };
        let job = RunningJob {
            number,
            entry: entry.clone(),
            url,
            since: Instant::now(),
            progress,
        };
        self.books().jobs.push(job);
    }

    pub(crate) fn progress(&self, number: u64, progress: Progress) {
        if let Some(job) = self
            .books()
            .jobs
            .iter_mut()
            .find(|job| job.number == number)
        {
            job.progress = progress;
        }
    }

    pub(crate) fn remove_job(&self, number: u64) {
        self.books().jobs.retain(|job| job.number != number);
    }

    pub(crate) fn job_count(&self) -> usize {
        self.books().jobs.len()
    }

    /// The body of `/debug/jobs/list`: a line a job, nothing when there is none.
    pub(crate) fn list(&self) -> String {
        let mut out = String::new();
        for job in &self.books().jobs {
            let Progress {
                state,
                stage,
                executor_stage,
            } = job.progress;
            let duration = job.since.elapsed().as_secs_f64();
            let _ = writeln!(
                out,
                "url={} state={state} stage={stage} executor_stage={executor_stage} duration={duration:.3}s",
                job.url
            );
        }
        out
    }

    /// The gauges: an idle row for each token ever polled, and a row for each kind of running job.
    pub(crate) fn onto(&self, page: &mut Page, system_id: &str) {
        let books = self.books();
        for (token, slots) in &books.slots {
            let runner = short(token);
            let idle = Progress {
                state: "idle",
                stage: "idle",
                executor_stage: "idle",
            };
            job_row(page, runner, &slots.name, system_id, idle, 0);
            let labels = [("runner", runner), ("system_id", system_id)];
            page.row(
                Name::RequestConcurrency,
                &labels,
                i64::try_from(slots.requests).unwrap_or(i64::MAX),
            );
            page.row(Name::RequestConcurrencyExceeded, &labels, slots.exceeded);
            // Every polled runner has this row, at zero before its first job.
            page.row(
                Name::JobsTotal,
                &[
                    ("runner", runner),
                    ("runner_name", &slots.name),
                    ("system_id", system_id),
                ],
                0,
            );
        }
        for job in &books.jobs {
            job_row(
                page,
                short(&job.entry.token),
                &job.entry.name,
                system_id,
                job.progress,
                1,
            );
        }
    }
}

impl Books {
    fn of(&mut self, entry: &Entry) -> &mut RunnerSlots {
        self.slots
            .entry(entry.token.clone())
            .or_insert_with(|| RunnerSlots {
                name: entry.name.clone(),
                taken: 0,
                requests: 0,
                exceeded: 0,
            })
    }
}

fn job_row(
    page: &mut Page,
    runner: &str,
    name: &str,
    system_id: &str,
    progress: Progress,
    value: i64,
) {
    let labels = [
        ("runner", runner),
        ("runner_name", name),
        ("system_id", system_id),
        ("state", progress.state),
        ("stage", progress.stage),
        ("executor_stage", progress.executor_stage),
    ];
    page.row(Name::Jobs, &labels, value);
}
