//! What the end of a pod costs: the hook beside a live runner manager, and the sidecar from SIGTERM to GitLab. Measures only.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use acceptance::stage::{Stage, run};
use gitlab_simulator::{NewRunner, Role, Settings, Simulator, State};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{Cost, measure, median};

const LIMIT: Duration = Duration::from_secs(20);

/// Each run has a GitLab and a runner manager of its own.
const RUNS: usize = 15;

/// How long an idle sidecar is watched.
const WATCHED: Duration = Duration::from_secs(60);

/// One that has not woken for so long is asleep.
const SETTLED: Duration = Duration::from_millis(500);

const SOURCES: [&str; 3] = ["authentication token", "access token", "registration token"];

/// A pod whose idle runner manager polls.
struct Pod {
    gitlab: Simulator,
    stage: Stage,
    runner_manager: Child,
}

impl Pod {
    fn of(source: &str) -> Self {
        let gitlab = Simulator::start(Settings::default()).expect("the simulator starts");
        let stage = Stage::new();
        let token = match source {
            "authentication token" => {
                format!("--token={}", gitlab.add_runner(NewRunner::default()).token)
            }
            "access token" => {
                let token = gitlab.add_access_token(&["create_runner"], Role::admin());
                stage.put("access", &token);
                format!("--access-token-file={}", stage.file("access").display())
            }
            _ => "--registration-token=gitlabtoken".to_owned(),
        };
        // An address nobody else has: one for each process.
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let address = format!("127.{}.{low}.251:9252", 64 + high % 64);
        let url = gitlab.url();
        let arguments = [
            "register",
            "--non-interactive",
            "--executor=shell",
            "--url",
            &url,
            &token,
        ];
        let mut init = stage.init(&arguments);
        init.args(["--listen-address", &address, "--check-interval=3"]);
        if source == "access token" {
            init.arg("--runner-type=instance");
        }
        let init = run(&mut init);
        assert_eq!(init.code(), 0, "{}", init.output());
        let mut command = stage.command("runner-manager-stand-in");
        command
            .arg("run")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let runner_manager = command.spawn().expect("the runner manager starts");
        let pod = Self {
            gitlab,
            stage,
            runner_manager,
        };
        pod.sees(|state| state.count("POST /jobs/request") > 0);
        pod
    }

    fn sees(&self, such: impl Fn(&State) -> bool) {
        assert!(self.gitlab.wait_until(LIMIT, such), "GitLab was not asked");
    }

    /// A sidecar that sleeps, its connection made.
    fn sidecar(&self) -> Child {
        let mut command = self.stage.command("runner-reaper");
        command
            .arg("sidecar")
            .stderr(Stdio::piped())
            .stdout(Stdio::null());
        let mut sidecar = command.spawn().expect("the sidecar starts");
        let mut stderr = BufReader::new(sidecar.stderr.take().expect("its stderr"));
        let mut line = String::new();
        stderr.read_line(&mut line).expect("its first line");
        assert!(line.contains("waiting for the end"), "{line}");
        // Nobody reads on; what it says later fits into the pipe.
        sidecar.stderr = Some(stderr.into_inner());
        self.sees(|state| {
            state
                .journal
                .iter()
                .any(|call| call.method == "HEAD" && call.status.is_some())
        });
        sidecar
    }

    fn end_runner_manager(&mut self) {
        kill(pid_of(&self.runner_manager), Signal::SIGQUIT).expect("it lives");
        self.runner_manager.wait().expect("it ends");
    }
}

impl Drop for Pod {
    fn drop(&mut self) {
        drop(self.runner_manager.kill());
        drop(self.runner_manager.wait());
    }
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a PID"))
}

/// The hook on an idle runner manager, for each source.
pub(super) fn hooks() {
    println!("\nHook beside an idle runner manager (median of {RUNS})");
    println!("  {:<42} {:>9} {:>9} {:>10}", "", "wall", "CPU", "peak");
    for source in SOURCES {
        let costs: Vec<Cost> = (0..RUNS).map(|_| hook(source)).collect();
        println!(
            "  {:<42} {:>6.1} ms {:>6.2} ms {:>6.2} MiB",
            format!("pre-stop, {source}"),
            median(costs.iter().map(|cost| cost.wall_ms)),
            median(costs.iter().map(|cost| cost.cpu_ms)),
            median(costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0)),
        );
    }
}

fn hook(source: &str) -> Cost {
    let pod = Pod::of(source);
    let mut command: Command = pod.stage.command("runner-reaper");
    command.arg("pre-stop");
    let cost = measure(&command, source);
    let gone =
        ["DELETE /runners", "DELETE /runners/managers"].map(|call| pod.gitlab.calls(call).len());
    assert_eq!(gone.iter().sum::<usize>(), 1, "the hook did its work");
    cost
}

/// From SIGTERM at the sidecar to its request at GitLab, the runner manager having ended.
pub(super) fn sidecars() {
    println!("\nSidecar, from SIGTERM to its request at GitLab (median and worst of {RUNS})");
    for source in SOURCES {
        let times: Vec<f64> = (0..RUNS).map(|_| sidecar(source)).collect();
        let worst = times.iter().copied().fold(0.0, f64::max);
        let name = format!("sidecar, {source}");
        println!(
            "  {name:<42} {:>6.2} ms {worst:>6.2} ms",
            median(times.into_iter())
        );
    }
}

fn sidecar(source: &str) -> f64 {
    let mut pod = Pod::of(source);
    let mut sidecar = pod.sidecar();
    pod.end_runner_manager();
    let told = Instant::now();
    kill(pid_of(&sidecar), Signal::SIGTERM).expect("it sleeps");
    pod.sees(|state| state.journal.iter().any(|call| call.method == "DELETE"));
    let took = told.elapsed();
    assert!(sidecar.wait().expect("it ends").success());
    took.as_secs_f64() * 1000.0
}

/// What a sidecar costs while nothing happens.
pub(super) fn idle_sidecar() {
    let pod = Pod::of(SOURCES[0]);
    let mut sidecar = pod.sidecar();
    // GitLab has answered its first request by now, but it may not have read that yet.
    let mut before = Idle::of(sidecar.id());
    loop {
        std::thread::sleep(SETTLED);
        let now = Idle::of(sidecar.id());
        if (now.switches - before.switches).abs() < 0.5 {
            break;
        }
        before = now;
    }
    std::thread::sleep(WATCHED);
    let after = Idle::of(sidecar.id());
    println!("\nIdle sidecar, over {} s", WATCHED.as_secs());
    println!(
        "  resident {:.2} MiB, of it its own {:.2} MiB",
        after.resident_kib / 1024.0,
        after.own_kib / 1024.0
    );
    println!(
        "  voluntary context switches {}",
        after.switches - before.switches
    );
    println!("  CPU ticks {}", after.ticks - before.ticks);
    sidecar.kill().expect("it sleeps");
    sidecar.wait().expect("it ends");
}

/// A process at one moment, by the kernel's books.
struct Idle {
    resident_kib: f64,
    /// Without the pages of the program's file.
    own_kib: f64,
    switches: f64,
    ticks: u64,
}

impl Idle {
    fn of(pid: u32) -> Self {
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it lives");
        let number = |name: &str| {
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .expect("the kernel says so");
            let digits: String = line.chars().filter(char::is_ascii_digit).collect();
            digits.parse().expect("a number")
        };
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
        let fields = stat
            .rsplit(')')
            .next()
            .expect("fields behind the name")
            .split_whitespace();
        // utime and stime are the 14th and 15th field, and two come before the name's end.
        let ticks = fields
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        Self {
            resident_kib: number("VmRSS:"),
            own_kib: number("RssAnon:"),
            switches: number("voluntary_ctxt_switches:"),
            ticks,
        }
    }
}
