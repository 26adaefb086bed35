//! What the end of a pod costs: the hook beside a live runner manager, and the sidecar from SIGTERM to GitLab. Measures only.

use std::time::{Duration, Instant};

use acceptance::pod::{LIMIT, Plan, Pod, Source};
use gitlab_simulator::State;
use nix::sys::signal::Signal;

use super::{Cost, measure, median};

/// Each run has a GitLab and a runner manager of its own.
const RUNS: usize = 15;

/// How long an idle sidecar is watched.
const WATCHED: Duration = Duration::from_secs(60);

/// One that has not woken for so long is asleep.
const SETTLED: Duration = Duration::from_millis(500);

/// A pod whose idle runner manager polls.
fn idle(source: Source) -> Pod {
    Pod::working(Plan {
        check_interval: 3,
        ..Plan::of(source)
    })
}

fn name(source: Source) -> &'static str {
    match source {
        Source::AuthenticationToken => "authentication token",
        Source::AccessToken => "access token",
        Source::RegistrationToken => "registration token",
    }
}

/// The hook on an idle runner manager, for each source.
pub(super) fn hooks() {
    println!("\nHook beside an idle runner manager (median of {RUNS})");
    println!("  {:<42} {:>9} {:>9} {:>10}", "", "wall", "CPU", "peak");
    for source in Source::ALL {
        let costs: Vec<Cost> = (0..RUNS).map(|_| hook(source)).collect();
        println!(
            "  {:<42} {:>6.1} ms {:>6.2} ms {:>6.2} MiB",
            format!("pre-stop, {}", name(source)),
            median(costs.iter().map(|cost| cost.wall_ms)),
            median(costs.iter().map(|cost| cost.cpu_ms)),
            median(costs.iter().map(|cost| cost.peak_kib as f64 / 1024.0)),
        );
    }
}

fn hook(source: Source) -> Cost {
    let pod = idle(source);
    let cost = measure(&pod.reaper(&["pre-stop"]), name(source));
    let gone =
        ["DELETE /runners", "DELETE /runners/managers"].map(|call| pod.gitlab.calls(call).len());
    assert_eq!(gone.iter().sum::<usize>(), 1, "the hook did its work");
    cost
}

/// From SIGTERM at the sidecar to its request at GitLab, the runner manager having ended.
pub(super) fn sidecars() {
    println!("\nSidecar, from SIGTERM to its request at GitLab (median and worst of {RUNS})");
    for source in Source::ALL {
        let times: Vec<f64> = (0..RUNS).map(|_| sidecar(source)).collect();
        let worst = times.iter().copied().fold(0.0, f64::max);
        let name = format!("sidecar, {}", name(source));
        println!(
            "  {name:<42} {:>6.2} ms {worst:>6.2} ms",
            median(times.into_iter())
        );
    }
}

fn sidecar(source: Source) -> f64 {
    let mut pod = idle(source);
    let sidecar = pod.sidecar(&[]);
    pod.stopped_by_kubelet();
    let told = Instant::now();
    sidecar.signal(Signal::SIGTERM);
    let asked = |state: &State| state.journal.iter().any(|call| call.method == "DELETE");
    assert!(pod.gitlab.wait_until(LIMIT, asked), "GitLab was not asked");
    let took = told.elapsed();
    sidecar.ended().is(0, "nothing is left at GitLab");
    took.as_secs_f64() * 1000.0
}

/// What a sidecar costs while nothing happens.
pub(super) fn idle_sidecar() {
    let pod = idle(Source::AuthenticationToken);
    let sidecar = pod.sidecar(&[]);
    // GitLab has answered its first request by now, but it may not have read that yet.
    let mut before = Idle::of(sidecar.child.id());
    loop {
        std::thread::sleep(SETTLED);
        let now = Idle::of(sidecar.child.id());
        if (now.switches - before.switches).abs() < 0.5 {
            break;
        }
        before = now;
    }
    std::thread::sleep(WATCHED);
    let after = Idle::of(sidecar.child.id());
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
