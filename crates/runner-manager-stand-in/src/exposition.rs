//! The metrics page: names, labels and words of gitlab-runner, in Prometheus' text format. Counts what it is told and
//! decides nothing.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::{Mutex, PoisonError};

use crate::version::Version;

/// A family of the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Name {
    ApiRequestStatuses,
    Concurrent,
    ConfigurationLoaded,
    ConfigurationLoadingError,
    ConfigurationSaved,
    ConfigurationSavingError,
    Jobs,
    JobsTotal,
    Limit,
    ProcessStateInfo,
    RequestConcurrency,
    RequestConcurrencyExceeded,
    VersionInfo,
    WorkerFeedFailures,
    WorkerFeeds,
    WorkerHealthCheckFailures,
    WorkerProcessingFailures,
    WorkerSlotOperations,
    WorkerSlotsNumber,
}

impl Name {
    /// Name, type and what it counts. The two halves of `gitlab_runner_limit`'s odd help are the real one's.
    fn family(self) -> (&'static str, &'static str, &'static str) {
        const COUNTER: &str = "counter";
        const GAUGE: &str = "gauge";
        match self {
            Self::ApiRequestStatuses => (
                "api_request_statuses_total",
                COUNTER,
                "API requests made, by answer.",
            ),
            Self::Concurrent => (
                "concurrent",
                GAUGE,
                "The current value of concurrent setting",
            ),
            Self::ConfigurationLoaded => (
                "configuration_loaded_total",
                COUNTER,
                "Times the configuration was loaded",
            ),
            Self::ConfigurationLoadingError => (
                "configuration_loading_error_total",
                COUNTER,
                "Loads that failed",
            ),
            Self::ConfigurationSaved => (
                "configuration_saved_total",
                COUNTER,
                "Times the configuration was saved",
            ),
            Self::ConfigurationSavingError => (
                "configuration_saving_error_total",
                COUNTER,
                "Saves that failed",
            ),
            Self::Jobs => ("jobs", GAUGE, "The current number of running builds."),
            Self::JobsTotal => ("jobs_total", COUNTER, "Total number of handled jobs"),
            Self::Limit => ("limit", GAUGE, "The current value of concurrent setting"),
            Self::ProcessStateInfo => (
                "process_state_info",
                GAUGE,
                "The current state of the process",
            ),
            Self::RequestConcurrency => (
                "request_concurrency",
                GAUGE,
                "Requests for a new job that are open now",
            ),
            Self::RequestConcurrencyExceeded => (
                "request_concurrency_exceeded_total",
                COUNTER,
                "Requests above request_concurrency, not made",
            ),
            Self::VersionInfo => ("version_info", GAUGE, "A constant 1, labelled by the build"),
            Self::WorkerFeedFailures => (
                "worker_feed_failures_total",
                COUNTER,
                "Entries that were not handed over",
            ),
            Self::WorkerFeeds => (
                "worker_feeds_total",
                COUNTER,
                "Entries that were handed to the workers",
            ),
            Self::WorkerHealthCheckFailures => (
                "worker_health_check_failures_total",
                COUNTER,
                "Refused requests",
            ),
            Self::WorkerProcessingFailures => (
                "worker_processing_failures_total",
                COUNTER,
                "Entries that failed at a worker",
            ),
            Self::WorkerSlotOperations => (
                "worker_slot_operations_total",
                COUNTER,
                "Workers started and stopped",
            ),
            Self::WorkerSlotsNumber => (
                "worker_slots_number",
                GAUGE,
                "Current number of runner worker slots",
            ),
        }
    }
}

impl Name {
    /// The first version that has the family.
    fn since(self) -> Version {
        match self {
            Self::ConfigurationLoaded
            | Self::ConfigurationLoadingError
            | Self::ConfigurationSaved
            | Self::ConfigurationSavingError => Version::of(15, 9),
            Self::WorkerFeedFailures
            | Self::WorkerFeeds
            | Self::WorkerHealthCheckFailures
            | Self::WorkerProcessingFailures
            | Self::WorkerSlotOperations
            | Self::WorkerSlotsNumber => Version::of(15, 11),
            Self::ProcessStateInfo => Version::of(19, 1),
            Self::ApiRequestStatuses
            | Self::Concurrent
            | Self::Jobs
            | Self::JobsTotal
            | Self::Limit
            | Self::RequestConcurrency
            | Self::RequestConcurrencyExceeded
            | Self::VersionInfo => Version::of(0, 0),
        }
    }

    /// The first version whose rows of this family have the label.
    fn labelled_since(self, label: &str) -> Version {
        match (self, label) {
            (Self::Jobs | Self::JobsTotal | Self::Limit, "runner_name") => Version::of(18, 2),
            (Self::ApiRequestStatuses, "method") => Version::of(18, 3),
            _ => self.since(),
        }
    }
}

/// Label names and values.
pub(crate) type Labels<'a> = [(&'static str, &'a str)];

type Rows = BTreeMap<Name, BTreeMap<String, i64>>;

/// What only ever grows, kept from the start of the process.
pub(crate) struct Counters {
    version: Version,
    rows: Mutex<Rows>,
}

impl Counters {
    /// Those of a gitlab-runner of this version.
    pub(crate) fn of(version: Version) -> Self {
        Self {
            version,
            rows: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, name: Name, labels: &Labels<'_>, by: i64) {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        *rows
            .entry(name)
            .or_default()
            .entry(rendered(name, labels, self.version))
            .or_default() += by;
    }

    /// A page that begins with the counters of this moment.
    pub(crate) fn page(&self) -> Page {
        Page {
            version: self.version,
            rows: self
                .rows
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone(),
        }
    }
}

/// One answer of `/metrics`.
pub(crate) struct Page {
    version: Version,
    rows: Rows,
}

impl Page {
    /// Adds to a row; a row that was not there begins at zero.
    pub(crate) fn row(&mut self, name: Name, labels: &Labels<'_>, value: i64) {
        *self
            .rows
            .entry(name)
            .or_default()
            .entry(rendered(name, labels, self.version))
            .or_default() += value;
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        let there = |name: &Name| name.since() <= self.version;
        for (name, rows) in self.rows.iter().filter(|(name, _)| there(name)) {
            let (name, kind, help) = name.family();
            let _ = writeln!(
                out,
                "# HELP gitlab_runner_{name} {help}\n# TYPE gitlab_runner_{name} {kind}"
            );
            for (labels, value) in rows {
                let _ = writeln!(out, "gitlab_runner_{name}{labels} {value}");
            }
        }
        out
    }
}

/// `{a="b",c="d"}` in the order of the names, as Prometheus' own library writes it.
fn rendered(name: Name, labels: &Labels<'_>, version: Version) -> String {
    let mut labels = labels.to_vec();
    labels.retain(|(label, _)| name.labelled_since(label) <= version);
    if labels.is_empty() {
        return String::new();
    }
    labels.sort_unstable();
    let pairs = labels
        .iter()
        .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::{Counters, Name, Version};

    #[test]
    fn labels_are_sorted_and_escaped() {
        let counters = Counters::of(Version::NEWEST);
        counters.add(Name::JobsTotal, &[("runner", "b"), ("a", "x\"y")], 2);
        let mut page = counters.page();
        page.row(Name::Concurrent, &[], 4);
        let text = page.text();
        assert!(
            text.contains("# TYPE gitlab_runner_concurrent gauge\ngitlab_runner_concurrent 4\n"),
            "{text}"
        );
        assert!(
            text.contains("gitlab_runner_jobs_total{a=\"x\\\"y\",runner=\"b\"} 2\n"),
            "{text}"
        );
    }
}
