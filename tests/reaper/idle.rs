//! What the sidecar costs while nothing happens: no wake-up, which is seen in the context switches of all its tasks.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use acceptance::pod::{Plan, Pod, Source, wait_for};
use acceptance::process::Running;

/// How long nothing may wake it.
const ASLEEP: Duration = Duration::from_secs(60);

/// Standing still for so long, it has begun to sleep.
const SETTLED: Duration = Duration::from_secs(3);

/// Voluntary and other context switches of each task.
fn switches(sidecar: &Running) -> BTreeMap<String, u64> {
    let tasks = fs::read_dir(format!("/proc/{}/task", sidecar.child.id())).unwrap();
    let of_task = |task: fs::DirEntry| {
        let status = fs::read_to_string(task.path().join("status")).unwrap();
        let counts: Vec<u64> = status
            .lines()
            .filter(|line| line.contains("voluntary_ctxt_switches:"))
            .map(|line| line.rsplit_once('\t').unwrap().1.parse().unwrap())
            .collect();
        assert_eq!(counts.len(), 2, "{status}");
        let name = task.file_name().to_string_lossy().into_owned();
        (name, counts.iter().sum())
    };
    tasks.map(|task| of_task(task.unwrap())).collect()
}

#[test]
fn idle_sidecar_is_not_woken_for_a_minute_and_knows_its_work_after_it() {
    let mut pod = Pod::working(Plan::of(Source::AuthenticationToken));
    let sidecar = pod.sidecar(&[]);
    let (mut seen, mut since) = (switches(&sidecar), Instant::now());
    wait_for("the sidecar to settle", || {
        let now = switches(&sidecar);
        if now != seen {
            (seen, since) = (now, Instant::now());
        }
        (since.elapsed() > SETTLED).then_some(())
    });
    let polls = pod.polls();
    let began = Instant::now();
    while began.elapsed() < ASLEEP {
        // The minute itself is what is tried; whoever wakes it earlier need not be waited for.
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(
            switches(&sidecar),
            seen,
            "woken after {:?}",
            began.elapsed()
        );
    }
    assert!(pod.polls() > polls, "its neighbour worked");
    assert!(pod.gitlab.calls("DELETE *").is_empty());
    pod.stopped_by_kubelet();
    sidecar.stopped().is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
}
