//! What GitLab sends with a job, as far as it decides how long the stand-in works on it. Sends nothing.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

/// The 201 answer to a job request.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Payload {
    pub(crate) id: u64,
    pub(crate) token: String,
    git_info: GitInfo,
    variables: Vec<Variable>,
    steps: Vec<Step>,
    features: Features,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct GitInfo {
    repo_url: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Variable {
    key: String,
    value: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Step {
    script: Vec<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Features {
    failure_reasons: Vec<String>,
}

/// What the job does: nothing but take its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) time: Time,
    pub(crate) succeeds: bool,
}

/// When the job is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Time {
    For(Duration),
    /// Until this file exists.
    UntilFile(PathBuf),
}

impl Payload {
    /// From the variables, else from the script's `sleep` and `exit` lines, so that one payload suits both this program and
    /// the real one.
    pub(crate) fn work(&self) -> Work {
        let lines = || {
            self.steps
                .iter()
                .flat_map(|step| &step.script)
                .flat_map(|script| script.split(['\n', ';']))
        };
        let time = if let Some(file) = self.variable("STAND_IN_UNTIL_FILE") {
            Time::UntilFile(file.into())
        } else if let Some(told) = self
            .variable("STAND_IN_DURATION")
            .and_then(|told| humantime::parse_duration(told).ok())
        {
            Time::For(told)
        } else {
            Time::For(lines().filter_map(sleep).sum())
        };
        let succeeds = match self.variable("STAND_IN_RESULT") {
            Some(result) => result != "failed",
            None => !lines().any(|line| matches!(line.trim(), "exit 1" | "false")),
        };
        Work { time, succeeds }
    }

    fn variable(&self, key: &str) -> Option<&str> {
        self.variables
            .iter()
            .find(|variable| variable.key == key)
            .map(|variable| variable.value.as_str())
    }

    /// The first of these that GitLab knows, as it says with each job.
    pub(crate) fn failure_reason(&self, wanted: &'static str) -> &'static str {
        if self
            .features
            .failure_reasons
            .iter()
            .any(|known| known == wanted)
        {
            wanted
        } else {
            "unknown_failure"
        }
    }

    /// The job's page: the repository's URL without credentials and `.git`.
    pub(crate) fn url(&self) -> String {
        let repository = self.git_info.repo_url.trim_end_matches(".git");
        let project = match repository.split_once("://") {
            Some((scheme, rest)) => {
                let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
                let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
                format!("{scheme}://{host}/{path}")
            }
            None => repository.to_owned(),
        };
        format!("{project}/-/jobs/{}", self.id)
    }
}

fn sleep(line: &str) -> Option<Duration> {
    let seconds: f64 = line.trim().strip_prefix("sleep ")?.trim().parse().ok()?;
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::{Payload, Time};
    use serde_json::json;
    use std::time::Duration;

    #[track_caller]
    fn check(variables: &[(&str, &str)], script: &[&str], time: Time, succeeds: bool) {
        let variables: Vec<_> = variables
            .iter()
            .map(|(key, value)| json!({"key": key, "value": value}))
            .collect();
        let payload: Payload = serde_json::from_value(
            json!({"id": 1, "variables": variables, "steps": [{"script": script}]}),
        )
        .unwrap();
        let work = payload.work();
        assert_eq!(
            (work.time, work.succeeds),
            (time, succeeds),
            "{variables:?} {script:?}"
        );
    }

    #[test]
    fn variables_say_how_long_and_else_the_script_does() {
        let sleep = ["sleep 0.2"];
        check(&[], &sleep, Time::For(Duration::from_millis(200)), true);
        check(
            &[],
            &["sleep 1; sleep 2", "exit 1"],
            Time::For(Duration::from_secs(3)),
            false,
        );
        check(
            &[("STAND_IN_DURATION", "5s")],
            &sleep,
            Time::For(Duration::from_secs(5)),
            true,
        );
        check(
            &[("STAND_IN_UNTIL_FILE", "/x")],
            &sleep,
            Time::UntilFile("/x".into()),
            true,
        );
        check(
            &[("STAND_IN_RESULT", "failed")],
            &[],
            Time::For(Duration::ZERO),
            false,
        );
    }

    #[test]
    fn url_has_no_credentials() {
        let payload: Payload = serde_json::from_value(
            json!({"id": 7, "git_info": {"repo_url": "http://u:secret@h:1/g/p.git"}}),
        )
        .unwrap();
        assert_eq!(payload.url(), "http://h:1/g/p/-/jobs/7");
    }

    #[test]
    fn unknown_reason_becomes_unknown_failure() {
        let payload: Payload = serde_json::from_value(
            json!({"features": {"failure_reasons": ["runner_interrupted"]}}),
        )
        .unwrap();
        assert_eq!(
            payload.failure_reason("runner_interrupted"),
            "runner_interrupted"
        );
        assert_eq!(payload.failure_reason("script_failure"), "unknown_failure");
    }
}
