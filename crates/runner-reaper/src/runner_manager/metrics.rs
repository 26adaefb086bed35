//! Owns how the metrics page of gitlab-runner is read. Line by line, as the page may be larger than the hook's memory
//! is meant to be.

use runner_lifecycle::system_id::SystemId;

use super::version::Version;

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
            "request_concurrency" => sample.requests += value,
            "jobs" => sample.jobs += value,
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
mod tests {
    use super::*;

    const PAGE: &str = r#"
# HELP gitlab_runner_concurrent The current value of concurrent setting
# TYPE gitlab_runner_concurrent gauge
gitlab_runner_concurrent 4
# TYPE gitlab_runner_api_request_statuses_total counter
gitlab_runner_api_request_statuses_total{endpoint="request_job",runner="abcdefghi",runner_name="a",status="201",system_id="r_0123456789ab"} 3
gitlab_runner_configuration_loaded_total 2
gitlab_runner_configuration_loading_error_total 0
gitlab_runner_jobs{executor_stage="idle",runner="abcdefghi",runner_name="a \"}\" b",stage="idle",state="idle",system_id="r_0123456789ab"} 0
gitlab_runner_jobs{executor_stage="run",runner="abcdefghi",runner_name="a \"}\" b",stage="step_script",state="running",system_id="r_0123456789ab"} 2
gitlab_runner_jobs{executor_stage="run",runner="abcdefghi",runner_name="a",stage="get_sources",state="running",system_id="r_0123456789ab"} 1
gitlab_runner_jobs_total{runner="abcdefghi",runner_name="a",system_id="r_0123456789ab"} 7
gitlab_runner_limit{runner="abcdefghi",runner_name="a",system_id="r_0123456789ab"} 4
gitlab_runner_limit{runner="zbcdefghi",runner_name="b",system_id="r_0123456789ab"} 0
gitlab_runner_process_state_info{state="forceful-shutdown"} 0
gitlab_runner_process_state_info{state="running"} 1
gitlab_runner_request_concurrency{runner="abcdefghi",system_id="r_0123456789ab"} 1
gitlab_runner_version_info{branch="main",name="gitlab-runner",version="19.4.0"} 1
gitlab_runner_worker_feeds_total 1.2e+01 1700000000000
gitlab_runner_worker_slot_operations_total{operation="started"} 4
gitlab_runner_worker_slot_operations_total{operation="stopped"} 0
gitlab_runner_worker_slots_number 4
go_goroutines 33
"#;

    #[test]
    fn page_of_gitlab_runner_is_read() {
        let want = Sample {
            loaded: 2.0,
            concurrent: 4.0,
            limit_rows: 2,
            loaded_runners: vec!["abcdefghi".into(), "zbcdefghi".into()],
            polled_runners: vec!["abcdefghi".into()],
            requests: 1.0,
            jobs: 3.0,
            activity: 19.0,
            state: Some(ProcessState::Running),
            says_state: true,
            workers: Some(4.0),
            workers_started: true,
            load_errors: 0.0,
            polls: 3.0,
            version: Version::parse("19.4.0"),
            system_id: SystemId::parse("r_0123456789ab"),
        };
        assert_eq!(Sample::of(PAGE), Some(want));
    }

    #[test]
    fn page_of_any_version_is_one_of_gitlab_runner() {
        // 15.8 has neither the counter of loads nor workers to show.
        let page = "gitlab_runner_concurrent 1\ngitlab_runner_version_info{version=\"15.8.3\"} 1\n";
        let sample = Sample::of(page).unwrap();
        assert_eq!(sample.version, Version::parse("15.8"));
        assert_eq!((sample.workers, sample.says_state), (None, false));
    }

    #[test]
    fn hangup_is_for_a_runner_manager_with_handlers() {
        fn check(state: Option<ProcessState>, workers: Option<f64>, want: bool) {
            let sample = Sample {
                state,
                workers,
                ..Sample::default()
            };
            assert_eq!(sample.takes_hangup(), want, "{state:?} {workers:?}");
        }
        check(Some(ProcessState::Running), Some(1.0), true);
        check(Some(ProcessState::Running), None, true);
        check(Some(ProcessState::Starting), Some(1.0), false);
        check(Some(ProcessState::Graceful), Some(1.0), false);
        check(None, Some(1.0), true);
        check(None, Some(0.0), false);
        check(None, None, false);
    }

    #[test]
    fn page_of_something_else_is_no_sample() {
        assert_eq!(Sample::of(""), None);
        assert_eq!(
            Sample::of("go_goroutines 3\ngitlab_runner_oddity 1\n"),
            None
        );
        assert_eq!(
            Sample::of("<html>gitlab_runner_configuration_loaded_total 1"),
            None
        );
    }

    #[test]
    fn broken_rows_are_skipped() {
        let page = "gitlab_runner_configuration_loaded_total 1\ngitlab_runner_jobs{a=\"b\" 3\ngitlab_runner_jobs\ngitlab_runner_jobs x\n";
        assert_eq!(Sample::of(page).map(|sample| sample.jobs), Some(0.0));
    }

    #[test]
    fn states_are_those_of_the_debug_page() {
        fn check(text: &str, want: Option<ProcessState>) {
            assert_eq!(ProcessState::parse(text), want, "{text}");
        }
        check("starting\n", Some(ProcessState::Starting));
        check("running\n", Some(ProcessState::Running));
        check("graceful-shutdown\n", Some(ProcessState::Graceful));
        check("forceful-shutdown", Some(ProcessState::Forceful));
        check("404 page not found", None);
    }
}
