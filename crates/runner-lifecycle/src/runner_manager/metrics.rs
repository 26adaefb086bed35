//! Owns how the metrics page of gitlab-runner is read. Line by line, as the page may be larger than the hook's memory
//! is meant to be.

use super::version::Version;
use crate::system_id::SystemId;

/// What the process says it is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// No signal handlers yet: a signal would kill it.
    Starting,
    /// Polling, if there is something to poll for.
    Running,
    /// SIGQUIT arrived: polling is over, jobs are waited for.
    Graceful,
    /// SIGTERM or SIGINT arrived: jobs are being ended.
    Forceful,
}

impl ProcessState {
    /// Reads the words of `/debug/process/state` and of the label `state`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim() {
            "starting" => Self::Starting,
            "running" => Self::Running,
            "graceful-shutdown" => Self::Graceful,
            "forceful-shutdown" => Self::Forceful,
            _ => return None,
        })
    }

    /// Whether it takes no new job and will end.
    #[must_use]
    pub fn is_ending(self) -> bool {
        matches!(self, Self::Graceful | Self::Forceful)
    }
}

/// One look at the metrics page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sample {
    /// `configuration_loaded_total`: moves when a `config.toml` was loaded.
    pub loaded: f64,
    /// `concurrent` of the configuration that is loaded.
    pub concurrent: f64,
    /// Rows of `limit`: one for each entry of the configuration that is loaded.
    pub limit_rows: usize,
    /// The label `runner` of those rows.
    pub loaded_runners: Vec<String>,
    /// The label `runner` of everything that asked GitLab for jobs and got an answer, since the start.
    pub polled_runners: Vec<String>,
    /// Job requests in flight.
    pub requests: f64,
    /// Jobs that run.
    pub jobs: f64,
    /// What of both belongs to each label `runner`.
    pub work: Vec<Work>,
    /// What moves while entries are handed to workers and jobs are taken: feeds and jobs, counted since the start.
    pub activity: f64,
    /// The state: as the page says it since 19.1, before that as its workers tell it.
    pub state: Option<ProcessState>,
    /// Whether the page says it.
    pub says_state: bool,
    /// `worker_slots_number`: workers that there are, busy or not. Nothing before 15.11.
    pub workers: Option<f64>,
    /// Whether any worker was ever started.
    pub workers_started: bool,
    /// `configuration_loading_error_total`: moves when a `config.toml` could not be read.
    pub load_errors: f64,
    /// Requests for jobs that were answered, counted since the start.
    pub polls: f64,
    /// The version of gitlab-runner, where it is one of GitLab's.
    pub version: Option<Version>,
    /// The system ID in the labels: that of the live process, whatever the file says.
    pub system_id: Option<SystemId>,
}

/// What goes on for the runner of one label `runner`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Work {
    /// The label.
    pub runner: String,
    /// Job requests in flight.
    pub requests: f64,
    /// Jobs that run.
    pub jobs: f64,
}

impl Sample {
    /// Jobs that run, as a count: the page shows every number as a float.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast saturates, and a gauge of jobs is small"
    )]
    pub fn job_count(&self) -> usize {
        self.jobs as usize
    }

    /// Whether SIGHUP makes it load its file. Before it has taken over the signals, that kills it: it has no workers then.
    #[must_use]
    pub fn takes_hangup(&self) -> bool {
        match self.state {
            Some(state) => state == ProcessState::Running,
            None => self.workers.is_some_and(|workers| workers >= 1.0),
        }
    }

    /// Reads a whole page. Nothing, if it is not one of gitlab-runner.
    #[cfg(test)]
    pub(crate) fn of(page: &str) -> Option<Self> {
        let mut reader = Reader::default();
        for line in page.lines() {
            reader.line(line);
        }
        reader.sample()
    }
}

/// Collects a sample from the lines of a page.
#[derive(Debug, Default)]
pub(crate) struct Reader {
    sample: Sample,
    is_gitlab_runner: bool,
}

impl Reader {
    /// Takes the next line in.
    pub(crate) fn line(&mut self, line: &str) {
        let Some((name, labels, value)) = row(line) else {
            return;
        };
        let sample = &mut self.sample;
        match name {
            "configuration_loaded_total" => {
                sample.loaded += value;
                self.is_gitlab_runner = true;
            }
            "concurrent" => sample.concurrent = value,
            "limit" => {
                sample.limit_rows += 1;
                note(&mut sample.loaded_runners, labels);
            }
            "request_concurrency" => {
                sample.requests += value;
                at_work(&mut sample.work, labels, |work| work.requests += value);
            }
            "jobs" => {
                sample.jobs += value;
                at_work(&mut sample.work, labels, |work| work.jobs += value);
            }
            "jobs_total" | "worker_feeds_total" => sample.activity += value,
            "process_state_info" if value > 0.0 => {
                sample.state = label(labels, "state").and_then(ProcessState::parse);
                sample.says_state = true;
            }
            "worker_slots_number" => sample.workers = Some(value),
            "worker_slot_operations_total" if label(labels, "operation") == Some("started") => {
                sample.workers_started |= value > 0.0;
            }
            "configuration_loading_error_total" => sample.load_errors += value,
            "api_request_statuses_total" if label(labels, "endpoint") == Some("request_job") => {
                sample.polls += value;
                note(&mut sample.polled_runners, labels);
            }
            "version_info" => {
                sample.version = label(labels, "version").and_then(Version::parse);
                // The counter of loads came with 15.9.
                self.is_gitlab_runner = true;
            }
            _ => {}
        }
        if matches!(name, "limit" | "request_concurrency" | "jobs") && sample.system_id.is_none() {
            sample.system_id = label(labels, "system_id").and_then(SystemId::parse);
        }
    }

    /// The sample, if the page was one of gitlab-runner.
    pub(crate) fn sample(self) -> Option<Sample> {
        self.is_gitlab_runner.then_some(self.sample)
    }
}

/// Keeps the label `runner` of a row in mind.
fn note(runners: &mut Vec<String>, labels: &str) {
    if let Some(runner) = label(labels, "runner")
        && !runners.iter().any(|known| known == runner)
    {
        runners.push(runner.to_owned());
    }
}

/// Enters a row's value for its label `runner`.
fn at_work(all: &mut Vec<Work>, labels: &str, enter: impl FnOnce(&mut Work)) {
    let Some(runner) = label(labels, "runner") else {
        return;
    };
    let place = all.iter().position(|work| work.runner == runner);
    let place = place.unwrap_or_else(|| {
        all.push(Work {
            runner: runner.to_owned(),
            ..Work::default()
        });
        all.len() - 1
    });
    enter(&mut all[place]);
}

/// Name without the prefix, labels without the braces, value.
fn row(line: &str) -> Option<(&str, &str, f64)> {
    let rest = line.strip_prefix("gitlab_runner_")?;
    let name_ends = rest.find(['{', ' '])?;
    let (name, rest) = rest.split_at(name_ends);
    let (labels, value) = match rest.strip_prefix('{') {
        // A label's value may hold a brace, a row's value never does.
        Some(inner) => inner.rsplit_once('}')?,
        None => ("", rest),
    };
    // A time stamp may follow the value.
    let value = value.split_ascii_whitespace().next()?.parse().ok()?;
    Some((name, labels, value))
}

/// The value of a label that holds no quotes, as those that matter here never do.
fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = labels;
    loop {
        let (key, after) = rest.split_once("=\"")?;
        let end = closing_quote(after)?;
        if key.trim_start_matches(',').trim() == name {
            return Some(&after[..end]);
        }
        rest = &after[end + 1..];
    }
}

fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, character)| {
        let closes = character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
        closes.then_some(at)
    })
}

#[cfg(test)]
mod tests;
