//! Owns a herd: many pods whose `runner-init` starts at the same moment against one GitLab, in one process group. It counts
//! and holds each pod to one runner; how fast it has to be is for others to say.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, PipeWriter};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use gitlab_simulator::{RateLimits, Settings, Simulator};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

pub use crate::plan::Source;
use crate::programs::program;
use crate::stage::Stage;

/// How often is looked who has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How often the memory of all is added up; the kernel walks every page for it.
const WEIGH: Duration = Duration::from_millis(500);

/// Longer than `runner-init` allows itself: then something hangs.
const LIMIT: Duration = Duration::from_secs(400);

/// What a herd took.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// From the start of all to the end of the last.
    pub took: Duration,
    /// Requests that GitLab did what was asked for.
    pub answered: usize,
    /// Requests that it refused with 429, each repeated later.
    pub refused: usize,
    /// The most of these that one pod had.
    pub refused_of_one: usize,
    /// Peak of the largest process, KiB, of those that are seen: looked at twice a second.
    pub one_kib: u64,
    /// Peak of all processes together, KiB, shared pages counted once; seen likewise.
    pub all_kib: u64,
}

/// Pods that wait for [`Herd::run`].
pub struct Herd {
    source: Source,
    gitlab: Simulator,
    stages: Vec<Stage>,
    children: Vec<Child>,
    group: i32,
    /// Closed, it lets all of them start.
    gate: Option<PipeWriter>,
}

impl Herd {
    /// Makes `pods` of them, started up to the door.
    ///
    /// # Panics
    /// When a process cannot be started.
    #[must_use]
    pub fn gather(source: Source, pods: usize, rate_limits: RateLimits) -> Self {
        let settings = Settings {
            rate_limits,
            ..Settings::default()
        };
        let gitlab = sure(Simulator::start(settings), "the simulator");
        // One more, for the Secret.
        let stages: Vec<Stage> = (0..=pods).map(|_| Stage::new()).collect();
        let token = source.flags(&gitlab, stages[pods].path());
        let url = format!("--url={}", gitlab.url());
        let (door, gate) = sure(io::pipe(), "a pipe");
        let mut herd = Self {
            source,
            gitlab,
            stages,
            children: Vec::new(),
            group: 0,
            gate: Some(gate),
        };
        for number in 0..pods {
            let stage = &herd.stages[number];
            let mut command = Command::new("/bin/sh");
            // The end of the pipe is the start of the race.
            command.args(["-c", "read -r _; exec \"$0\" \"$@\""]);
            command.arg(program("runner-init")).args([
                "register",
                "--non-interactive",
                "--executor=shell",
                &url,
            ]);
            command.args(&token).env_clear().current_dir(stage.path());
            command.envs([
                ("CONFIG_FILE", stage.file("config.toml").as_os_str()),
                ("HOME", stage.path().as_os_str()),
                ("RUNNER_INIT_INSTALL_REAPER", "none".as_ref()),
                ("RUNNER_INIT_INSTALL_INIT", "none".as_ref()),
                ("RUNNER_NAME", pod_name(number).as_ref()),
                ("RUNNER_INIT_POD_NAME", pod_name(number).as_ref()),
                ("RUNNER_INIT_POD_NAMESPACE", "herd".as_ref()),
            ]);
            stage.put("log", "");
            let log = File::options().append(true).open(stage.file("log"));
            let log = sure(log, "a log");
            command
                .stdin(sure(door.try_clone(), "the pipe"))
                .stderr(log);
            let child = sure(command.process_group(herd.group).spawn(), "a pod");
            if number == 0 {
                herd.group = i32::try_from(child.id()).unwrap_or_default();
            }
            herd.children.push(child);
        }
        herd
    }

    /// Lets them go and waits until the last has ended, each with one runner.
    ///
    /// # Panics
    /// When one does not end, ends with another code than 0, or has not exactly one runner.
    #[must_use]
    pub fn run(mut self) -> Ran {
        let start = Instant::now();
        drop(self.gate.take());
        let mut weighed = start;
        let (mut one_kib, mut all_kib) = (0, 0);
        let mut running: Vec<usize> = (0..self.children.len()).collect();
        while !running.is_empty() {
            assert!(start.elapsed() < LIMIT, "{} go on", running.len());
            if weighed.elapsed() >= WEIGH {
                let pids = running.iter().map(|pod| self.children[*pod].id());
                let (peaks, parts): (Vec<u64>, Vec<u64>) = pids.map(memory_kib).unzip();
                one_kib = peaks.into_iter().fold(one_kib, u64::max);
                all_kib = all_kib.max(parts.into_iter().sum());
                weighed = Instant::now();
            }
            let (children, stages) = (&mut self.children, &self.stages);
            running.retain(|pod| {
                let ended = sure(children[*pod].try_wait(), "a pod's end");
                if let Some(status) = ended {
                    let log = || stages[*pod].text("log").unwrap_or_default();
                    assert!(status.success(), "pod {pod}: {status}\n{}", log());
                }
                ended.is_none()
            });
            std::thread::park_timeout(LOOK);
        }
        let took = start.elapsed();
        self.check_runners();
        self.ran(took, one_kib, all_kib)
    }

    fn ran(&self, took: Duration, one_kib: u64, all_kib: u64) -> Ran {
        let journal = self.gitlab.journal();
        let mut refusals: BTreeMap<&str, usize> = BTreeMap::new();
        for call in journal.iter().filter(|call| call.status == Some(429)) {
            // The same over all attempts at one request.
            let request = call.headers.get("x-request-id").map_or("", String::as_str);
            *refusals.entry(request).or_default() += 1;
        }
        let refused = refusals.values().sum();
        Ran {
            took,
            answered: journal.len() - refused,
            refused,
            refused_of_one: refusals.values().copied().max().unwrap_or(0),
            one_kib,
            all_kib,
        }
    }

    /// Each pod's one entry names a runner at GitLab that is there; nobody else's, but where one is shared; and none is left over.
    fn check_runners(&self) {
        let pods = self.children.len();
        let runners = self.gitlab.runners();
        let of = |file: &str, pod: usize| self.stages[pod].text(file).unwrap_or_default();
        let tokens: BTreeSet<String> = (0..pods)
            .map(|pod| {
                assert_eq!(self.stages[pod].entries(), 1, "pod {pod}");
                let config = self.stages[pod].config();
                let token = config["runners"][0]["token"].as_str();
                token.unwrap_or_default().to_owned()
            })
            .collect();
        let known: BTreeSet<String> = runners.iter().map(|runner| runner.token.clone()).collect();
        assert_eq!(tokens, known, "in the files, and at GitLab");
        if self.source == Source::AuthenticationToken {
            let known = runners[0].managers.iter();
            let known: BTreeSet<String> = known.map(|own| own.system_id.clone()).collect();
            let own: BTreeSet<String> = (0..pods).map(|pod| of(".runner_system_id", pod)).collect();
            assert_eq!((own.len(), own), (pods, known), "one runner manager a pod");
        } else {
            assert_eq!(runners.len(), pods, "one runner a pod");
        }
    }
}

impl Drop for Herd {
    /// After a failure nobody stays behind.
    fn drop(&mut self) {
        if self.group != 0 && std::thread::panicking() {
            // The group may be gone already.
            let _gone = killpg(Pid::from_raw(self.group), Signal::SIGKILL);
            for child in &mut self.children {
                drop(child.wait());
            }
        }
    }
}

fn pod_name(number: usize) -> String {
    format!("gitlab-runner-{number}")
}

/// The peak of a process, and its part now of what it shares with others, KiB; 0 for one that is gone.
fn memory_kib(pid: u32) -> (u64, u64) {
    let number = |file: &str, key: &str| {
        let text = fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.split_whitespace().next());
        number.and_then(|number| number.parse().ok()).unwrap_or(0)
    };
    (number("status", "VmHWM:"), number("smaps_rollup", "Pss:"))
}

fn sure<T, E: std::fmt::Display>(result: Result<T, E>, what: &str) -> T {
    result.unwrap_or_else(|error| panic!("{what}: {error}"))
}
