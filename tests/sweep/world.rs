//! Owns a GitLab with runners of every kind, and the runs of `sweep` on it.

use std::collections::BTreeSet;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use acceptance::stage::{Ended, Stage, run};
use gitlab_simulator::{Job, JobStatus, NewRunner, Role, Runner, Settings, Simulator};
use serde_json::Value;

pub(super) const HOUR: Duration = Duration::from_secs(3600);
pub(super) const FLEET: &str = "ci";
pub(super) const LIMIT: Duration = Duration::from_secs(60);

/// A GitLab, and an administrator's access token for it.
pub(super) struct World {
    pub(super) gitlab: Simulator,
    pub(super) token: String,
    pub(super) stage: Stage,
}

/// The mark that `runner-init` writes.
pub(super) fn mark(fleet: &str) -> Option<String> {
    Some(format!(
        "runner-lifecycle pod=runner-0 namespace=ci uid=0f5e fleet={fleet}"
    ))
}

impl World {
    pub(super) fn new() -> Self {
        Self::with(Settings::default())
    }

    pub(super) fn with(settings: Settings) -> Self {
        let gitlab = Simulator::start(settings).unwrap();
        let token = gitlab.add_access_token(&["read_api", "manage_runner"], Role::admin());
        let stage = Stage::new();
        stage.put("access-token", &format!("{token}\n"));
        Self {
            gitlab,
            token,
            stage,
        }
    }

    /// The same with the token of another user.
    pub(super) fn as_user(scopes: &[&str], role: Role) -> Self {
        let mut world = Self::new();
        world.token = world.gitlab.add_access_token(scopes, role);
        world.stage.put("access-token", &world.token);
        world
    }

    /// A runner with this note, made ten hours ago, last heard of so long ago.
    pub(super) fn runner(&self, note: Option<String>, heard: Option<Duration>) -> i64 {
        self.runner_of(NewRunner::default(), note, heard)
    }

    pub(super) fn runner_of(
        &self,
        new: NewRunner,
        note: Option<String>,
        heard: Option<Duration>,
    ) -> i64 {
        self.gitlab.update(|state| {
            let id = state.add_runner(new).id;
            let now = state.now();
            let runner = state.runners.iter_mut().rfind(|own| own.id == id).unwrap();
            runner.maintenance_note = note;
            runner.created_at = now - 10 * HOUR;
            runner.updated_at = now - 10 * HOUR;
            runner.contacted_at = heard.map(|heard| now - heard);
            id
        })
    }

    /// A runner of the fleet that died five hours ago.
    pub(super) fn dead(&self) -> i64 {
        self.runner(mark(FLEET), Some(5 * HOUR))
    }

    /// A runner that pods share, its token in a file.
    pub(super) fn shared(&self) -> Runner {
        let runner = self.gitlab.add_runner(NewRunner::default());
        self.stage.put("token", &runner.token);
        runner
    }

    /// Gives a runner a job in this status.
    pub(super) fn give_job(&self, runner: i64, status: JobStatus) {
        let job = self.gitlab.queue_job(Job::default());
        self.gitlab.update(|state| {
            let job = state.jobs.iter_mut().find(|own| own.id == job).unwrap();
            job.status = status;
            job.runner_id = Some(runner);
        });
    }

    /// The runner asks for a job now.
    pub(super) fn contact(&self, runner: i64) {
        self.gitlab.update(|state| {
            let now = state.now();
            let runner = state.runners.iter_mut().find(|own| own.id == runner);
            runner.unwrap().contacted_at = Some(now);
        });
    }

    pub(super) fn command(&self, more: &[&str]) -> Command {
        let mut command = self.stage.command("runner-reaper");
        command.args(["sweep", "--url", &self.gitlab.url(), "--fleet", FLEET]);
        command
            .arg("--access-token-file")
            .arg(self.stage.file("access-token"));
        command.args(more);
        command
    }

    pub(super) fn sweep(&self, more: &[&str]) -> Ended {
        let ended = run(&mut self.command(more));
        assert!(
            !ended.output().contains(&self.token),
            "the token is in the output"
        );
        ended
    }

    /// A run with this exit code.
    #[track_caller]
    pub(super) fn ends(&self, more: &[&str], code: i32) -> Ended {
        let ended = self.sweep(more);
        assert_eq!(ended.code(), code, "{more:?}: {}", ended.output());
        ended
    }

    /// A run beside which the test goes on until its [`end`].
    pub(super) fn start(&self, more: &[&str]) -> Child {
        let mut command = self.command(more);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    /// The plan and, after it, the result.
    pub(super) fn objects(ended: &Ended) -> Vec<Value> {
        let lines = ended.stdout.lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Which runners GitLab was asked to delete, whatever it answered.
    pub(super) fn asked_to_go(&self) -> BTreeSet<i64> {
        let deletions = self.gitlab.calls("DELETE *").into_iter();
        deletions
            .map(|call| {
                let id = call.endpoint.strip_prefix("/runners/");
                id.and_then(|id| id.parse().ok())
                    .unwrap_or_else(|| panic!("{} {}", call.method, call.endpoint))
            })
            .collect()
    }

    pub(super) fn there(&self) -> BTreeSet<i64> {
        self.gitlab
            .look(|state| state.runners.iter().map(|runner| runner.id).collect())
    }

    /// Nothing was asked to go, and nothing went.
    #[track_caller]
    pub(super) fn is_untouched(&self, runners: usize, why: &str) {
        assert_eq!(self.asked_to_go(), BTreeSet::new(), "{why}");
        assert_eq!(self.there().len(), runners, "{why}");
        let writes = self
            .gitlab
            .look(|state| state.count("POST *") + state.count("PUT *"));
        assert_eq!(writes, 0, "{why}");
    }
}

/// Waits for the end of [`World::start`].
pub(super) fn end(sweep: Child) -> Ended {
    sweep.wait_with_output().unwrap().into()
}
