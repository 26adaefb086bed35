//! Owns what GitLab keeps about a job, and which runner may take it; never talks to a runner.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::groups::ancestors;
use crate::moment;
use crate::runner::{Runner, RunnerType};
use crate::settings::Settings;

/// A job as a test orders it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Job {
    /// Name; `job` when empty.
    pub name: String,
    /// Lines of the step `script`.
    pub script: Vec<String>,
    /// Variables, as key and value.
    pub variables: Vec<(String, String)>,
    /// Only for a runner with all of these tags.
    pub tags: Vec<String>,
    /// Only for this runner.
    pub runner_id: Option<i64>,
    /// The project; the first of the settings when none is given.
    pub project_id: Option<i64>,
    /// Limit, seconds; an hour when none is given.
    pub timeout: Option<i64>,
    /// Exit codes that `allow_failure` lists.
    pub allow_failure_exit_codes: Vec<i64>,
    /// Laid over the keys of the 201 body.
    pub payload: serde_json::Map<String, Value>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// Waits for a runner.
    Pending,
    /// A runner has it.
    Running,
    /// Cancelled, the runner still has to notice.
    Canceling,
    /// Ended well.
    Success,
    /// Ended badly.
    Failed,
    /// Cancelled.
    Canceled,
}

/// A job as GitLab sees it.
#[derive(Debug, Clone, Serialize)]
pub struct JobView {
    /// Number.
    pub id: i64,
    /// Job token (`glcbt-…`).
    pub token: String,
    /// Where it stands.
    pub status: JobStatus,
    /// Why it failed, as one of GitLab's words.
    pub failure_reason: Option<String>,
    /// Exit code of the final update.
    pub exit_code: Option<i64>,
    /// The exit code was an allowed one.
    pub allow_failure: bool,
    /// Who has it; none once that runner is destroyed and loose foreign keys were cleaned.
    pub runner_id: Option<i64>,
    /// Which runner manager took it.
    pub system_id: Option<String>,
    /// What the runner wrote, byte by byte; see [`JobView::trace_text`].
    #[serde(serialize_with = "as_text")]
    pub trace: Vec<u8>,
    /// The taker hung up between being given the job and hearing of it.
    pub cut_off: bool,
    /// Its traces and artifacts were erased.
    pub erased: bool,
    /// Project.
    pub project_id: i64,
    /// When it was queued.
    #[serde(with = "moment::instant")]
    pub created_at: SystemTime,
    /// When it was handed out.
    #[serde(with = "moment::maybe_instant")]
    pub started_at: Option<SystemTime>,
    /// When the final update came.
    #[serde(with = "moment::maybe_instant")]
    pub finished_at: Option<SystemTime>,
    /// When the runner last said anything about it.
    #[serde(with = "moment::maybe_instant")]
    pub heard_at: Option<SystemTime>,
    /// 202 answers still to give before the final update counts.
    #[serde(skip)]
    pub(crate) unpersisted_answers: u32,
    #[serde(skip)]
    pub(crate) order: Job,
}

impl JobStatus {
    /// The word of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            JobStatus::Pending => "pending",
            JobStatus::Running => "running",
            JobStatus::Canceling => "canceling",
            JobStatus::Success => "success",
            JobStatus::Failed => "failed",
            JobStatus::Canceled => "canceled",
        }
    }

    /// A runner has it.
    pub fn is_on_a_runner(self) -> bool {
        matches!(self, JobStatus::Running | JobStatus::Canceling)
    }
}

impl JobView {
    /// What the runner wrote.
    pub fn trace_text(&self) -> String {
        String::from_utf8_lossy(&self.trace).into_owned()
    }

    pub(crate) fn name(&self) -> &str {
        if self.order.name.is_empty() {
            "job"
        } else {
            &self.order.name
        }
    }

    /// Whether this runner may take it: alive, fitting tags, and the project within its reach.
    pub(crate) fn fits(&self, runner: &Runner, settings: &Settings) -> bool {
        self.status == JobStatus::Pending
            && self.order.runner_id.is_none_or(|id| id == runner.id)
            && (runner.run_untagged || !self.order.tags.is_empty())
            && self.order.tags.iter().all(|tag| runner.tags.contains(tag))
            && self.is_in_reach_of(runner, settings)
    }

    fn is_in_reach_of(&self, runner: &Runner, settings: &Settings) -> bool {
        let project = settings
            .projects
            .iter()
            .find(|project| project.id == self.project_id);
        match runner.runner_type {
            RunnerType::Instance => project.is_none_or(|project| project.shared_runners),
            RunnerType::Project => runner.projects.contains(&self.project_id),
            RunnerType::Group => {
                ancestors(&settings.groups, project.and_then(|project| project.group))
                    .any(|group| runner.groups.contains(&group.id))
            }
        }
    }

    /// The body of the 201 that hands the job out: the least a shell or custom executor works with.
    pub(crate) fn payload(&self) -> Value {
        let timeout = self.order.timeout.unwrap_or(3600);
        let variables: Vec<Value> = [("GIT_STRATEGY", "none")]
            .into_iter()
            .chain(
                self.order
                    .variables
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.as_str())),
            )
            .map(
                |(key, value)| json!({"key": key, "value": value, "public": true, "masked": false}),
            )
            .collect();
        let sha = "0123456789abcdef0123456789abcdef01234567";
        let mut body = json!({
            "id": self.id,
            "token": self.token,
            "allow_git_fetch": true,
            "job_info": {"id": self.id, "name": self.name(), "stage": "test",
                         "project_id": self.project_id, "project_name": "project"},
            "git_info": {"repo_url": "http://gitlab-ci-token:x@127.0.0.1/group/project.git", "ref": "main",
                         "sha": sha, "before_sha": sha, "ref_type": "branch",
                         "refspecs": ["+refs/heads/main:refs/remotes/origin/main"], "depth": 20,
                         "repo_object_format": "sha1"},
            "runner_info": {"timeout": timeout},
            "variables": variables,
            "steps": [{"name": "script", "script": self.order.script, "timeout": timeout,
                       "when": "on_success", "allow_failure": false}],
            "image": null,
            "services": [],
            "artifacts": null,
            "cache": [],
            "credentials": [],
            "dependencies": [],
            "features": {"trace_sections": true, "failure_reasons": KNOWN_FAILURE_REASONS},
        });
        if let Some(keys) = body.as_object_mut() {
            keys.extend(self.order.payload.clone());
        }
        body
    }
}

fn as_text<S: serde::Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&String::from_utf8_lossy(bytes))
}

/// What a runner may give as `failure_reason`; anything else is stored as the first.
pub(crate) const KNOWN_FAILURE_REASONS: [&str; 7] = [
    "unknown_failure",
    "script_failure",
    "runner_system_failure",
    "job_execution_timeout",
    "runner_interrupted",
    "image_pull_failure",
    "trace_size_exceeded",
];
