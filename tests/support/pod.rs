//! One pod on one simulated GitLab: its volume as `runner-init` leaves it, and its runner manager. Judges nothing itself; when
//! it goes it has the journal judged.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus};
use std::time::{Duration, Instant, SystemTime};

use gitlab_simulator::{NewRunner, Settings, Simulator, own_address};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::order::Order;
pub use crate::plan::{Plan, Source};
use crate::stage::{Ended, Stage, run};
use crate::versions::played;

/// No wait of a test is longer. Most end within milliseconds; the machine may be busy.
pub const LIMIT: Duration = Duration::from_secs(60);

/// Who a pod's volume belongs to.
pub const POD: [&str; 3] = ["--pod-name=runner-0", "--pod-namespace=ci", "--pod-uid=u-0"];

/// A pod. Its processes end with it.
pub struct Pod {
    /// Its GitLab.
    pub gitlab: Simulator,
    /// Its volume.
    pub stage: Stage,
    /// Where its runner comes from.
    pub source: Source,
    /// What its journal is held to in the end.
    pub order: Order,
    /// Where its metrics are, if it has any.
    pub address: String,
    /// The gitlab-runner that its runner manager plays.
    pub version: &'static str,
    /// What is no part of the volume: the runner manager's log, files that jobs wait for, secrets.
    pub aside: TempDir,
    runner_manager: Option<Child>,
}

impl Pod {
    /// A pod before its init container: a GitLab, and a volume with nothing on it.
    pub fn empty(settings: Settings) -> Self {
        Self {
            gitlab: Simulator::start(settings).unwrap(),
            stage: Stage::new(),
            source: Source::AuthenticationToken,
            order: Order::default(),
            address: own_address().to_string(),
            version: played(),
            aside: tempfile::tempdir().unwrap(),
            runner_manager: None,
        }
    }

    /// The same at a GitLab of the usual settings.
    pub fn fresh() -> Self {
        Self::empty(Settings::default())
    }

    /// A pod after its init container; nothing polls yet. `config.toml` is an hour old, since its time must come back.
    pub fn of(mut plan: Plan) -> Self {
        let mut pod = Self::empty(std::mem::take(&mut plan.settings));
        pod.source = plan.source;
        // Another pod's runner: nothing may ever happen to it.
        let bystander = pod.gitlab.add_runner(NewRunner::default());
        pod.order.bystander(&bystander);
        let words = pod.words(&plan);
        pod.registers(&words);
        let runner = pod.gitlab.runners().pop().unwrap();
        pod.order.entry(&runner, plan.source.owned());
        pod.age_config();
        pod
    }

    /// A pod whose runner manager has polled.
    pub fn working(plan: Plan) -> Self {
        let pod = Self::of(plan).started(&[]);
        pod.polled(1);
        pod
    }

    /// The flags that give this pod a runner.
    pub fn flags(&self, source: Source) -> Vec<String> {
        source.flags(&self.gitlab, self.aside.path())
    }

    /// The words that such a pod gives `runner-init`, with a runner of its own or a new one that is shared.
    pub fn words(&self, plan: &Plan) -> Vec<String> {
        let (concurrent, interval) = (plan.concurrent, plan.check_interval);
        let mut words = self.flags(plan.source);
        words.extend([
            format!("--concurrent={concurrent}"),
            format!("--check-interval={interval}"),
            "--drain-ready=false".to_owned(),
        ]);
        words.extend(POD.map(str::to_owned));
        if plan.limit {
            words.push(format!("--limit={concurrent}"));
        }
        if plan.port {
            words.push(format!("--listen-address={}", self.address));
        }
        words
    }

    /// `runner-init` as an ordinary manifest calls it, with these words more.
    pub fn init(&self, more: &[impl AsRef<OsStr>]) -> Command {
        self.init_as("register", more)
    }

    /// The same with another word than `register`.
    pub fn init_as(&self, word: &str, more: &[impl AsRef<OsStr>]) -> Command {
        let mut init = self
            .stage
            .init(&[word, "--non-interactive", "--executor=shell"]);
        init.args(["--url", &self.gitlab.url(), "--description=acceptance"])
            .args(more);
        init
    }

    /// `runner-init` ends so.
    #[track_caller]
    pub fn init_ends(&self, more: &[impl AsRef<OsStr>], code: i32) -> Ended {
        let ended = run(&mut self.init(more));
        assert_eq!(ended.code(), code, "{}", ended.output());
        ended
    }

    /// `runner-init` ends well.
    #[track_caller]
    pub fn registers(&self, more: &[impl AsRef<OsStr>]) -> Ended {
        self.init_ends(more, 0)
    }

    /// Makes `config.toml` an hour old.
    pub fn age_config(&self) {
        let file = fs::File::options().write(true).open(self.config()).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(3600))
            .unwrap();
    }

    /// The path of `config.toml`.
    pub fn config(&self) -> PathBuf {
        self.stage.file("config.toml")
    }

    /// Bytes and modification time of `config.toml`: what must come back.
    pub fn original(&self) -> (Vec<u8>, SystemTime) {
        let modified = fs::metadata(self.config()).unwrap().modified().unwrap();
        (fs::read(self.config()).unwrap(), modified)
    }

    /// Whether nothing of a pause is left on the volume.
    #[track_caller]
    pub fn is_as_before(&self, original: &(Vec<u8>, SystemTime)) {
        assert_eq!(&self.original(), original, "config.toml is not what it was");
        let left: Vec<_> = self.stage.snapshot().into_keys().collect();
        let known = [
            "config.toml",
            ".runner_system_id",
            ".runner-lifecycle.toml",
            ".runner-lifecycle.lock",
        ];
        assert!(
            left.iter().all(|name| known.contains(&name.as_str())),
            "{left:?}"
        );
    }

    /// The same with its runner manager running.
    pub fn started(mut self, more: &[&str]) -> Self {
        self.start(more);
        self
    }

    /// Starts the runner manager as its container would.
    pub fn start(&mut self, more: &[&str]) {
        let command = &mut self.run_command();
        command.args(more);
        self.start_as(command);
    }

    /// `gitlab-runner run` on this volume.
    pub fn run_command(&self) -> Command {
        let mut command = self.stage.command("runner-manager-stand-in");
        command.arg("run");
        command
    }

    /// Starts the main container's process.
    pub fn start_as(&mut self, command: &mut Command) {
        let log = self.aside.path().join("log");
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .unwrap();
        command
            .env("STAND_IN_AS", self.version)
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .process_group(0);
        self.runner_manager = Some(command.spawn().unwrap());
    }

    /// What the main container's process has written.
    pub fn log(&self) -> String {
        fs::read_to_string(self.aside.path().join("log")).unwrap_or_default()
    }

    /// The main container's process.
    pub fn pid(&self) -> Pid {
        pid_of(self.runner_manager.as_ref().unwrap())
    }

    /// Sends the main container's process a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Whether the main container's process lives.
    pub fn runs(&mut self) -> bool {
        let child = self.runner_manager.as_mut().unwrap();
        child.try_wait().unwrap().is_none()
    }

    /// Waits for the end of the main container's process.
    pub fn exited(&mut self) -> ExitStatus {
        let mut child = self.runner_manager.take().unwrap();
        let ended = wait_for("the end of the runner manager", || {
            child.try_wait().unwrap()
        });
        self.runner_manager = Some(child);
        ended
    }

    /// What the kubelet does after the hook: the image's stop signal, and waiting.
    pub fn stopped_by_kubelet(&mut self) {
        self.signal(Signal::SIGQUIT);
        let ended = self.exited();
        assert!(ended.success(), "{ended}: {}", self.log());
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        if let Some(child) = &mut self.runner_manager {
            let _ = kill(pid_of(child), Signal::SIGKILL);
            drop(child.wait());
        }
        if std::thread::panicking() {
            #[expect(clippy::print_stderr, reason = "what helps to understand a failure")]
            {
                eprintln!("the runner manager's log:\n{}", self.log());
                for call in self.gitlab.journal() {
                    let (at, until) = (call.at, call.ended_at);
                    eprintln!(
                        "{at:?} to {until:?}: {} {} {:?}",
                        call.method, call.endpoint, call.status
                    );
                }
            }
        } else {
            self.gitlab.look(|state| self.order.check(state));
        }
    }
}

/// A process's number.
pub fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// A file that is no helper's.
pub fn put(path: &std::path::Path, text: &str) {
    #[expect(
        clippy::disallowed_methods,
        reason = "an operator's file, not a helper's"
    )]
    fs::write(path, text).unwrap();
}

/// Asks again and again until there is an answer.
#[track_caller]
pub fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(began.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// A bound on what the program takes: a busy machine may add to it, but not to each of three. One that is slow at everything may
/// take longer by as much as it takes longer to start a shell.
#[track_caller]
pub fn within(bound: Duration, mut measure: impl FnMut() -> Duration) {
    let mut taken = Vec::new();
    while taken.len() < 3 {
        taken.push(measure());
        if taken.last().is_some_and(|last| *last < bound) {
            return;
        }
    }
    let slow = slowness();
    let allowed = bound.mul_f64(slow);
    assert!(
        taken.iter().any(|took| *took < allowed),
        "not once within {bound:?}, nor within {slow} times as long on this machine: {taken:?}"
    );
}

/// How many times as long as on an ordinary machine a process takes here and now; 1 on a quicker one.
pub fn slowness() -> f64 {
    const STARTS: u32 = 50;
    const USUAL: Duration = Duration::from_millis(3);
    let began = Instant::now();
    for _ in 0..STARTS {
        let shell = Command::new("/bin/sh").args(["-c", ":"]).status();
        assert!(shell.unwrap().success());
    }
    (began.elapsed() / STARTS).div_duration_f64(USUAL).max(1.0)
}
