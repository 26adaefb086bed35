//! What the helpers cost as whole processes, beside `curl` making the same request and beside an empty static program, in
//! one run and in turn; and what the end of a pod costs. `cargo bench -p acceptance` prints it; it judges nothing and is
//! no test. With `-- --long` an idle sidecar is watched for a minute too.

#![expect(
    clippy::expect_used,
    clippy::cast_precision_loss,
    reason = "it measures or it ends"
)]

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Instant;

use acceptance::programs::{self, program};
use acceptance::stage::Stage;
use gitlab_simulator::{NewRunner, Settings, Simulator};
use nix::sys::resource::{UsageWho, getrusage};

/// Counted runs of each; the median is quoted.
const RUNS: usize = 25;
/// Runs before, which bring programs and pages into the cache.
const WARM_UP: usize = 3;

#[path = "cost/ending.rs"]
mod ending;

/// One finished process.
#[derive(Clone, Copy)]
struct Cost {
    wall_ms: f64,
    cpu_ms: f64,
    peak_kib: i64,
}

/// Something to measure: a name, and a command made anew for every run.
struct Subject<'a> {
    name: &'a str,
    command: Box<dyn Fn() -> (Command, Option<Stage>) + 'a>,
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(WRAP) {
        return wrapped(&arguments.collect::<Vec<_>>());
    }
    let long = std::env::args().any(|argument| argument == "--long");
    programs::prefer_release();
    let gitlab = Simulator::start(Settings::default()).expect("the simulator starts");
    let token = gitlab.add_runner(NewRunner::default()).token;
    let verify = format!("{}/api/v4/runners/verify", gitlab.url());
    let delete = format!("{}/api/v4/runners/managers", gitlab.url());
    let body = serde_json::json!({ "token": token, "system_id": "r_000000000000" }).to_string();
    let nothing = programs::example("nothing");

    let verifying = Subject {
        name: "runner-init (verify, write)",
        command: Box::new(|| init(&gitlab, &token)),
    };
    let installing = Subject {
        name: "runner-init (and install both programs)",
        command: Box::new(|| {
            let (mut command, stage) = init(&gitlab, &token);
            installs(&mut command);
            (command, stage)
        }),
    };
    let again = Subject {
        name: "runner-init (a second time)",
        command: Box::new(|| {
            let (mut first, stage) = init(&gitlab, &token);
            installs(&mut first);
            assert!(first.output().expect("runner-init runs").status.success());
            (first, stage)
        }),
    };
    let version = Subject {
        name: "runner-init --version (360 flags)",
        command: Box::new(|| (plain(&program("runner-init"), &["--version"]), None)),
    };
    let curl = Subject {
        name: "curl, same request",
        command: Box::new(|| (curl_with("POST", &verify, &body), None)),
    };
    let empty = Subject {
        name: "empty static program",
        command: Box::new(|| (plain(&nothing, &[]), None)),
    };
    let reaper = Subject {
        name: "runner-reaper (unregister, nothing runs)",
        command: Box::new(|| reaper(&gitlab, &token)),
    };
    let curl_delete = Subject {
        name: "curl, same request",
        command: Box::new(|| (curl_with("DELETE", &delete, &body), None)),
    };
    table(
        "Birth",
        &[verifying, curl, installing, again, version, empty],
    );
    let empty = Subject {
        name: "empty static program",
        command: Box::new(|| (plain(&nothing, &[]), None)),
    };
    table("Death", &[reaper, curl_delete, empty]);
    println!("\nBinaries");
    for name in ["runner-init", "runner-reaper"] {
        let bytes = std::fs::metadata(program(name)).map_or(0, |metadata| metadata.len());
        println!("  {name:<42} {:>8.2} MiB", bytes as f64 / 1_048_576.0);
    }
    ending::hooks();
    ending::sidecars();
    if long {
        ending::idle_sidecar();
    }
}

fn table(title: &str, subjects: &[Subject<'_>]) {
    let mut costs: Vec<Vec<Cost>> = subjects.iter().map(|_| Vec::new()).collect();
    for run in 0..WARM_UP + RUNS {
        for (subject, costs) in subjects.iter().zip(&mut costs) {
            let (command, _stage) = (subject.command)();
            let cost = measure(&command, subject.name);
            if run >= WARM_UP {
                costs.push(cost);
            }
        }
    }
    println!("\n{title} (median of {RUNS}, in turn)");
    println!(
        "  {:<42} {:>9} {:>9} {:>10} {:>8}",
        "", "wall", "CPU", "peak", "of curl"
    );
    let curl = subjects
        .iter()
        .position(|subject| subject.name.starts_with("curl"));
    for (index, (subject, own)) in subjects.iter().zip(&costs).enumerate() {
        let ratio = curl.filter(|curl| *curl != index).map(|curl| {
            median(
                own.iter()
                    .zip(&costs[curl])
                    .map(|(own, curl)| own.wall_ms / curl.wall_ms),
            )
        });
        let mut line = format!(
            "  {:<42} {:>6.2} ms {:>6.2} ms {:>6.2} MiB",
            subject.name,
            median(own.iter().map(|cost| cost.wall_ms)),
            median(own.iter().map(|cost| cost.cpu_ms)),
            median(own.iter().map(|cost| cost.peak_kib as f64 / 1024.0)),
        );
        if let Some(ratio) = ratio {
            write!(line, " {ratio:>8.2}").expect("writing to a string");
        }
        println!("{line}");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn init(gitlab: &Simulator, token: &str) -> (Command, Option<Stage>) {
    let stage = Stage::new();
    let url = gitlab.url();
    let token = format!("--token={token}");
    let arguments = [
        "register",
        "--non-interactive",
        "--url",
        &url,
        &token,
        "--executor=shell",
    ];
    (stage.init(&arguments), Some(stage))
}

fn reaper(gitlab: &Simulator, token: &str) -> (Command, Option<Stage>) {
    let (mut init, stage) = init(gitlab, token);
    let stage = stage.expect("init has a stage");
    assert!(init.output().expect("runner-init runs").status.success());
    let mut command = stage.command("runner-reaper");
    command.args(["unregister", "--all-runners"]);
    (command, Some(stage))
}

fn curl_with(method: &str, url: &str, body: &str) -> Command {
    let mut command = Command::new("curl");
    command.args([
        "-sS",
        "-o",
        "/dev/null",
        "-X",
        method,
        "-H",
        "Content-Type: application/json",
    ]);
    command.args(["-d", body, url]);
    command
}

fn plain(path: &PathBuf, arguments: &[&str]) -> Command {
    let mut command = Command::new(path);
    command.env_clear().args(arguments);
    command
}

const WRAP: &str = "--measure-one";

/// Measures one process through a process of its own, because the kernel sums up the peaks of all children.
fn measure(command: &Command, name: &str) -> Cost {
    let myself = std::env::current_exe().expect("the benchmark knows its path");
    let mut wrapper = Command::new(myself);
    wrapper
        .arg(WRAP)
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear();
    wrapper.env("PATH", std::env::var_os("PATH").unwrap_or_default());
    for (key, value) in command.get_envs() {
        if let Some(value) = value {
            wrapper.env(key, value);
        }
    }
    if let Some(directory) = command.get_current_dir() {
        wrapper.current_dir(directory);
    }
    let output = wrapper
        .stdin(Stdio::null())
        .output()
        .expect("the wrapper runs");
    let text = String::from_utf8_lossy(&output.stdout);
    let mut numbers = text
        .split_whitespace()
        .map(|word| word.parse::<f64>().unwrap_or(f64::NAN));
    let mut next = || numbers.next().unwrap_or(f64::NAN);
    assert!(
        next() == 0.0,
        "{name} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    Cost {
        wall_ms: next(),
        cpu_ms: next(),
        peak_kib: next() as i64,
    }
}

/// As in a pod: with copies of the programs on the volume.
fn installs(init: &mut Command) {
    init.env_remove("RUNNER_INIT_INSTALL_REAPER")
        .env_remove("RUNNER_INIT_INSTALL_INIT");
}

/// The wrapper: runs one command and prints exit code, wall and CPU milliseconds and peak KiB.
fn wrapped(arguments: &[String]) {
    let started = Instant::now();
    let status = Command::new(&arguments[0])
        .args(&arguments[1..])
        .stdout(Stdio::null())
        .status()
        .expect("the measured program starts");
    let wall = started.elapsed();
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the kernel tells what it cost");
    let milliseconds = |time: nix::sys::time::TimeVal| {
        time.tv_sec() as f64 * 1000.0 + time.tv_usec() as f64 / 1000.0
    };
    println!(
        "{} {} {} {}",
        status.code().unwrap_or(-1),
        wall.as_secs_f64() * 1000.0,
        milliseconds(usage.user_time()) + milliseconds(usage.system_time()),
        usage.max_rss()
    );
}
