//! Owns one pod of the demo: its volume, its containers in the kubelet's order, and its end. What the pod does with GitLab
//! is done by the real programs.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, ensure};
use gitlab_simulator::{Job, Simulator};
use rustix::process::{Pid, Signal};
use serde_json::Value;
use tempfile::TempDir;

use crate::programs::Programs;
use crate::timeline::Timeline;

/// `terminationGracePeriodSeconds` of the pod.
const GRACE_PERIOD: &str = "30";

/// The article's `--description`.
pub(crate) const DESCRIPTION: &str = "container-builder";

/// The article's `--tag-list`.
pub(crate) const TAG: &str = "docker";

/// A pod of the article's Deployment.
pub(crate) struct Pod<'a> {
    name: &'static str,
    tags: &'static str,
    /// Jobs at once, where more than the article's one.
    concurrent: Option<u8>,
    programs: &'a Programs,
    url: String,
    volume: TempDir,
    runner_manager: Option<Child>,
}

impl<'a> Pod<'a> {
    pub(crate) fn new(
        name: &'static str,
        programs: &'a Programs,
        gitlab: &Simulator,
    ) -> anyhow::Result<Self> {
        let volume = tempfile::tempdir().context("making a volume")?;
        Ok(Self {
            name,
            tags: TAG,
            concurrent: None,
            programs,
            url: format!("{}/", gitlab.url()),
            volume,
            runner_manager: None,
        })
    }

    /// The same with so many jobs at once.
    pub(crate) fn with_concurrent(mut self, concurrent: u8) -> Self {
        self.concurrent = Some(concurrent);
        self
    }

    pub(crate) fn name(&self) -> &str {
        self.name
    }

    /// The tags of its runner.
    pub(crate) fn tags(&self) -> Vec<&str> {
        self.tags.split(',').collect()
    }

    /// The init container, with the article's arguments.
    pub(crate) fn init(&self, timeline: &Timeline) -> anyhow::Result<()> {
        self.runner_init("register", timeline)
    }

    /// A person at a shell gives the pod another runner, with these tags.
    pub(crate) fn re_register(
        &mut self,
        tags: &'static str,
        timeline: &Timeline,
    ) -> anyhow::Result<()> {
        self.tags = tags;
        self.runner_init("re-register", timeline)
    }

    fn runner_init(&self, word: &str, timeline: &Timeline) -> anyhow::Result<()> {
        let executor = if self.programs.real {
            "shell"
        } else {
            "docker"
        };
        let started = Instant::now();
        let output = self
            .command(&self.programs.runner_init.to_string_lossy())
            .args([word, "--non-interactive"])
            .arg(format!("--url={}", self.url))
            .arg("--registration-token=gitlabtoken")
            .arg(format!("--description={DESCRIPTION}"))
            .args([
                &format!("--tag-list={}", self.tags),
                &format!("--executor={executor}"),
            ])
            .args(["--docker-image=docker:latest", "--docker-network-mode=host"])
            .arg("--docker-volumes=/var/run/docker.sock:/var/run/docker.sock")
            .args(self.concurrent.map(|jobs| format!("--concurrent={jobs}")))
            .env("RUNNER_INIT_POD_NAME", self.name)
            .env("RUNNER_INIT_POD_NAMESPACE", "demo")
            .output()
            .context("running runner-init")?;
        let took = started.elapsed();
        self.report(timeline, &format!("runner-init {word}"), &output, took);
        ensure!(
            output.status.success(),
            "runner-init ended with {}",
            output.status
        );
        Ok(())
    }

    /// The main container: the process that polls and runs jobs.
    pub(crate) fn start_runner_manager(&mut self) -> anyhow::Result<()> {
        let child = self
            .command(&self.programs.runner_manager.to_string_lossy())
            .args(["run", "--config"])
            .arg(self.volume.path().join("config.toml"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("starting the runner manager")?;
        self.runner_manager = Some(child);
        Ok(())
    }

    /// What the kubelet does when a pod is deleted: the hook, then the image's stop signal, then waiting.
    pub(crate) fn delete(&mut self, timeline: &Timeline) -> anyhow::Result<()> {
        timeline.say(&format!("{}: deleted; the preStop hook starts", self.name));
        let started = Instant::now();
        let hook = self
            .reaper_command()
            .args(["unregister", "--all-runners"])
            .env("RUNNER_REAPER_GRACE_PERIOD", GRACE_PERIOD)
            .output()
            .context("running runner-reaper")?;
        self.report(timeline, "runner-reaper", &hook, started.elapsed());
        ensure!(
            hook.status.success(),
            "runner-reaper ended with {}",
            hook.status
        );
        let mut child = self
            .runner_manager
            .take()
            .context("the pod has no runner manager")?;
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        let pid = pid.context("the runner manager has no process ID")?;
        rustix::process::kill_process(pid, Signal::QUIT).context("sending SIGQUIT")?;
        let status = child.wait().context("waiting for the runner manager")?;
        timeline.say(&format!(
            "{}: SIGQUIT sent, runner manager ended with {status}",
            self.name
        ));
        ensure!(status.success(), "the runner manager ended with {status}");
        Ok(())
    }

    /// A person at a shell runs `runner-reaper` with this word.
    pub(crate) fn reaper(&self, word: &str, timeline: &Timeline) -> anyhow::Result<()> {
        let started = Instant::now();
        let output = self.reaper_command().arg(word).output();
        let output = output.context("running runner-reaper")?;
        let program = format!("runner-reaper {word}");
        self.report(timeline, &program, &output, started.elapsed());
        let status = output.status;
        ensure!(status.success(), "{program} ended with {status}");
        Ok(())
    }

    /// How many jobs run, by `runner-reaper status`; nothing where that cannot be seen.
    pub(crate) fn jobs(&self) -> anyhow::Result<Option<u64>> {
        let mut command = self.reaper_command();
        let output = command.args(["status", "--offline", "--output=json"]);
        let output = output.output().context("running runner-reaper")?;
        let status: Value = serde_json::from_slice(&output.stdout).context("reading the status")?;
        Ok(status["runner_manager"]["jobs"].as_u64())
    }

    /// A job that only the runner with this id takes. It ends with all others of its pod, by [`Pod::release`].
    pub(crate) fn job(&self, runner_id: i64) -> Job {
        let go = self.go().display().to_string();
        Job {
            name: "build".into(),
            script: vec![format!("while [ ! -e {go} ]; do sleep 0.1; done")],
            variables: vec![("STAND_IN_UNTIL_FILE".into(), go)],
            tags: vec![TAG.into()],
            runner_id: Some(runner_id),
            ..Job::default()
        }
    }

    /// Lets the jobs end that wait for it.
    pub(crate) fn release(&self) -> anyhow::Result<()> {
        release(&self.go())
    }

    /// The same, so long from now, while the demo goes on.
    pub(crate) fn release_in(&self, wait: Duration) -> JoinHandle<anyhow::Result<()>> {
        let go = self.go();
        std::thread::spawn(move || {
            std::thread::sleep(wait);
            release(&go)
        })
    }

    fn go(&self) -> PathBuf {
        self.volume.path().join("go")
    }

    pub(crate) fn config(&self) -> anyhow::Result<String> {
        let path = self.volume.path().join("config.toml");
        std::fs::read_to_string(path).context("reading config.toml")
    }

    /// GitLab's id of this pod's runner, as `config.toml` has it.
    pub(crate) fn runner_id(&self) -> anyhow::Result<i64> {
        let config = self.config()?;
        let line = config
            .lines()
            .find_map(|line| line.trim().strip_prefix("id = "));
        line.and_then(|id| id.parse().ok())
            .context("config.toml names no runner id")
    }

    fn reaper_command(&self) -> Command {
        let mut command = self.command(&self.programs.runner_reaper.to_string_lossy());
        command
            .env("RUNNER_REAPER_POD_NAME", self.name)
            .env("RUNNER_REAPER_POD_NAMESPACE", "demo");
        command
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("HOME", self.volume.path())
            .env("CONFIG_FILE", self.volume.path().join("config.toml"))
            .current_dir(self.volume.path())
            .stdin(Stdio::null());
        command
    }

    fn report(&self, timeline: &Timeline, program: &str, output: &Output, took: Duration) {
        let took = took.as_millis();
        timeline.say(&format!("{}: {program} took {took} ms and said", self.name));
        timeline.quote(&String::from_utf8_lossy(&output.stdout));
        timeline.quote(&String::from_utf8_lossy(&output.stderr));
    }
}

/// Makes the file that jobs wait for.
fn release(go: &Path) -> anyhow::Result<()> {
    #[expect(
        clippy::disallowed_methods,
        reason = "a file that jobs wait for, not a helper's"
    )]
    std::fs::write(go, "").context("releasing the jobs")
}

impl Drop for Pod<'_> {
    fn drop(&mut self) {
        // Only after a failure: a pod that was deleted has no process any more.
        if let Some(mut child) = self.runner_manager.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// A `config.toml` for showing.
pub(crate) fn masked(config: &str) -> String {
    let mask = |line: &str| match line.trim_start().strip_prefix("token = ") {
        Some(_) => format!(
            "{}token = \"***\"",
            &line[..line.len() - line.trim_start().len()]
        ),
        None => line.to_owned(),
    };
    config.lines().map(mask).collect::<Vec<_>>().join("\n")
}
