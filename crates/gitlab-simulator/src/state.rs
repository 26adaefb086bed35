//! Owns what the simulated GitLab knows at a moment: runners, jobs, access tokens, the journal. Never opens a socket.

mod upkeep;

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use crate::access::{AccessToken, Role, Validity};
use crate::fault::Plan;
use crate::job::{Job, JobStatus, JobView};
use crate::journal::Call;
use crate::random::Random;
use crate::runner::{AccessLevel, NewRunner, RegistrationType, Runner, RunnerType};
use crate::settings::Settings;

/// So long Redis keeps a queue value. An idle runner whose requests are held reaches Rails, and is seen, only that often.
const QUEUE_VALUE_KEPT: Duration = Duration::from_secs(60 * 60);

/// Everything the simulated GitLab knows. Tests look at it and may change it through [`Simulator::update`](crate::Simulator::update).
#[derive(Debug)]
pub struct State {
    /// How the instance is set up.
    pub settings: Settings,
    /// All runners, oldest first.
    pub runners: Vec<Runner>,
    /// All jobs, oldest first.
    pub jobs: Vec<JobView>,
    /// All calls, oldest first.
    pub journal: Vec<Call>,
    /// All access tokens.
    pub access_tokens: Vec<AccessToken>,
    /// How far GitLab's clock is ahead of this machine's: tokens expire and runners go stale without waiting.
    pub clock_ahead: Duration,
    /// TCP connections accepted so far.
    pub connections: u64,
    /// TCP connections open now.
    pub open_connections: u64,
    /// Job requests that are held now.
    pub held_requests: u64,
    /// TLS handshakes completed so far.
    pub tls_handshakes: u64,
    pub(crate) faults: Plan,
    pub(crate) windows: HashMap<String, (Instant, u32)>,
    /// By whom is counted: the number of the window, and how many requests it has seen.
    pub(crate) throttled: HashMap<String, (u64, u32)>,
    pub(crate) started: Instant,
    random: Random,
    pub(crate) last_call: u64,
    last_runner: i64,
    last_manager: i64,
}

impl State {
    pub(crate) fn new(settings: Settings) -> State {
        State {
            runners: Vec::new(),
            jobs: Vec::new(),
            journal: Vec::new(),
            access_tokens: settings.access_tokens.clone(),
            clock_ahead: Duration::ZERO,
            connections: 0,
            open_connections: 0,
            held_requests: 0,
            tls_handshakes: 0,
            faults: Plan::default(),
            windows: HashMap::new(),
            throttled: HashMap::new(),
            started: Instant::now(),
            random: Random::fresh(),
            last_call: 0,
            last_runner: 0,
            last_manager: 0,
            settings,
        }
    }

    /// GitLab's clock.
    pub fn now(&self) -> SystemTime {
        SystemTime::now() + self.clock_ahead
    }

    /// The runner with this number.
    pub fn runner(&self, id: i64) -> Option<&Runner> {
        self.runners.iter().find(|runner| runner.id == id)
    }

    /// The job with this number.
    pub fn job(&self, id: i64) -> Option<&JobView> {
        self.jobs.iter().find(|job| job.id == id)
    }

    /// Calls of `"METHOD /endpoint"` so far (`*` for any characters).
    pub fn count(&self, pattern: &str) -> usize {
        self.journal.iter().filter(|call| call.is(pattern)).count()
    }

    /// Makes a runner as a person does in the UI.
    pub fn add_runner(&mut self, new: NewRunner) -> &Runner {
        let mut runner = self.blank_runner(new.runner_type, RegistrationType::AuthenticatedUser);
        runner.token = new.token.unwrap_or(runner.token);
        runner.creator = Some("root".into());
        runner.groups = new.group.into_iter().collect();
        runner.projects = new.projects;
        runner.description = new.description;
        runner.maintenance_note = new.maintenance_note;
        runner.tags = new.tags;
        runner.paused = new.paused;
        runner.locked = new.locked;
        runner.run_untagged = new.run_untagged.unwrap_or(true);
        runner.maximum_timeout = new.maximum_timeout;
        self.keep(runner)
    }

    /// A runner with GitLab's defaults, a number and a token, not yet kept.
    pub(crate) fn blank_runner(
        &mut self,
        runner_type: RunnerType,
        registration: RegistrationType,
    ) -> Runner {
        let now = self.now();
        let (token, token_expires_at) = self.new_token(runner_type, registration, now);
        self.last_runner += 1;
        Runner {
            id: self.last_runner,
            token,
            runner_type,
            registration_type: registration,
            description: None,
            maintenance_note: None,
            name: None,
            tags: Vec::new(),
            paused: false,
            locked: false,
            run_untagged: true,
            access_level: AccessLevel::NotProtected,
            maximum_timeout: None,
            projects: Vec::new(),
            groups: Vec::new(),
            creator: None,
            creation_finished: registration == RegistrationType::RegistrationToken,
            created_at: now,
            updated_at: now,
            contacted_at: None,
            token_expires_at,
            managers: Vec::new(),
            queue_value: self.random.queue_value(),
            queue_value_ends: now + QUEUE_VALUE_KEPT,
        }
    }

    pub(crate) fn keep(&mut self, runner: Runner) -> &Runner {
        self.runners.push(runner);
        &self.runners[self.runners.len() - 1]
    }

    /// Destroys a runner with its managers. Jobs keep their status and their tokens; false when there is none.
    pub fn remove_runner(&mut self, id: i64) -> bool {
        let before = self.runners.len();
        self.runners.retain(|runner| runner.id != id);
        before != self.runners.len()
    }

    /// Gives a runner a new token, as a reset does; the old one is void at once.
    pub fn rotate_token(&mut self, id: i64) -> Option<String> {
        let now = self.now();
        let index = self.runners.iter().position(|runner| runner.id == id)?;
        let kind = (
            self.runners[index].runner_type,
            self.runners[index].registration_type,
        );
        let (token, ends) = self.new_token(kind.0, kind.1, now);
        let runner = &mut self.runners[index];
        runner.token.clone_from(&token);
        runner.token_expires_at = ends;
        runner.updated_at = now;
        self.tick(id);
        Some(token)
    }

    fn new_token(
        &mut self,
        kind: RunnerType,
        registration: RegistrationType,
        now: SystemTime,
    ) -> (String, Option<SystemTime>) {
        let expiry = &self.settings.token_expiry;
        let valid_for = match kind {
            RunnerType::Instance => expiry.instance,
            RunnerType::Group => expiry.group,
            RunnerType::Project => expiry.project,
        };
        let ends = valid_for.map(|span| now + span);
        let prefix = match registration {
            RegistrationType::AuthenticatedUser => "glrt-",
            RegistrationType::RegistrationToken => "glrtr-",
        };
        (self.random.token(prefix), ends)
    }

    /// Makes an access token (`glpat-…`) with these scopes for a user with this role.
    pub fn add_access_token(&mut self, scopes: &[&str], role: Role) -> String {
        let token = self.random.token("glpat-");
        self.access_tokens.push(AccessToken {
            token: token.clone(),
            username: format!("user_{}", self.access_tokens.len() + 1),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            role,
            validity: Validity::Valid,
        });
        token
    }

    /// Queues a job and lets waiting runners know; the job's number.
    pub fn queue_job(&mut self, order: Job) -> i64 {
        let id = self.jobs.last().map_or(1, |job| job.id + 1);
        let first_project = self
            .settings
            .projects
            .first()
            .map_or(1, |project| project.id);
        self.jobs.push(JobView {
            id,
            token: self.random.token("glcbt-64_"),
            status: JobStatus::Pending,
            failure_reason: None,
            exit_code: None,
            allow_failure: false,
            runner_id: None,
            system_id: None,
            trace: Vec::new(),
            cut_off: false,
            erased: false,
            project_id: order.project_id.unwrap_or(first_project),
            created_at: self.now(),
            started_at: None,
            finished_at: None,
            heard_at: None,
            unpersisted_answers: self.settings.unpersisted_trace_answers,
            order,
        });
        self.tick_all();
        id
    }

    /// Cancels a job as a person does: a running one is `canceling` until its runner says so.
    pub fn cancel_job(&mut self, id: i64) {
        let now = self.now();
        if let Some(job) = self.jobs.iter_mut().find(|job| job.id == id) {
            match job.status {
                JobStatus::Running => job.status = JobStatus::Canceling,
                JobStatus::Pending => {
                    job.status = JobStatus::Canceled;
                    job.finished_at = Some(now);
                }
                _ => {}
            }
        }
    }

    /// There may be something to do for every runner.
    pub(crate) fn tick_all(&mut self) {
        let ids: Vec<i64> = self.runners.iter().map(|runner| runner.id).collect();
        for id in ids {
            self.tick(id);
        }
    }

    /// There may be something to do for this runner.
    pub(crate) fn tick(&mut self, id: i64) {
        let (value, ends) = (self.random.queue_value(), self.now() + QUEUE_VALUE_KEPT);
        if let Some(runner) = self.runners.iter_mut().find(|runner| runner.id == id) {
            runner.queue_value = value;
            runner.queue_value_ends = ends;
        }
    }

    /// Rails needs a value where Redis has forgotten the last one.
    pub(crate) fn ensure_queue_value(&mut self, id: i64) {
        let now = self.now();
        if self
            .runner(id)
            .is_some_and(|own| own.queue_value_ends <= now)
        {
            self.tick(id);
        }
    }

    pub(crate) fn next_manager_id(&mut self) -> i64 {
        self.last_manager += 1;
        self.last_manager
    }

    /// The runner of a token that is still valid.
    pub fn runner_of(&self, token: &str) -> Option<&Runner> {
        let now = self.now();
        self.runners
            .iter()
            .find(|runner| runner.token == token && !runner.token_is_expired(now))
    }

    pub(crate) fn runner_by_token(&mut self, token: &str) -> Option<&mut Runner> {
        let now = self.now();
        self.runners
            .iter_mut()
            .find(|runner| runner.token == token && !runner.token_is_expired(now))
    }
}
