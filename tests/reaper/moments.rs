//! The hook at moments nobody chooses: under a full queue, while slots fill, while a token is rotated. A moment is the k-th
//! call in GitLab's journal, from a seed; `ACCEPTANCE_MOMENTS` and `ACCEPTANCE_SEED` make more and others.

use acceptance::known::RESET;
use std::thread;
use std::time::Duration;

use acceptance::at_once::at_once;
use acceptance::order::{most_at_once, no_job_is_lost};
use acceptance::pod::{LIMIT, Plan, Pod, Source, slowness, wait_for};
use acceptance::versions::{ALL, play};
use gitlab_simulator::{Fault, JobStatus, Settings};
use nix::sys::signal::Signal;

/// Moments that are tried at once: they wait more than they work.
const AT_ONCE: usize = 4;

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Numbers of one moment, the same in every run (SplitMix64).
struct Dice(u64);

impl Dice {
    fn of(moment: u64) -> Self {
        Self(
            number("ACCEPTANCE_SEED")
                .unwrap_or(1)
                .wrapping_mul(1_000_003)
                .wrapping_add(moment),
        )
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// Tries so many moments, two of each version. One that fails names itself.
fn at_moments(usual: u64, check: impl Fn(u64, Dice) + Sync) {
    let most = number("ACCEPTANCE_MOMENTS").map_or(usual, |most| most * usual / 8);
    at_once(AT_ONCE, 0..most, |moment| {
        play(ALL[moment as usize / 2 % ALL.len()]);
        check(moment, Dice::of(moment));
    });
}

fn source_of(moment: u64) -> Source {
    Source::SHARED_AND_OWNED[moment as usize % 2]
}

/// Waits for the k-th call from now on.
fn later_by(pod: &Pod, calls: u64) {
    let now = pod.gitlab.look(|state| state.journal.len());
    let reached = pod
        .gitlab
        .wait_until(LIMIT, |state| state.journal.len() >= now + calls as usize);
    assert!(reached, "nothing happens any more: {}", pod.log());
}

/// How long the entry in the feeder's hand may take to be dropped once the file is loaded; the stand-in takes well under 1 ms.
const IN_HAND: Duration = Duration::from_millis(100);

/// From when on jobs are counted that are handed out.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Since {
    /// The runner manager's page shows the paused file.
    Acknowledged,
    /// The hook says that polling stopped.
    Off,
}

/// Waits until the runner manager's page shows the paused file; says how many requests it had open then.
fn acknowledged(pod: &Pod) -> usize {
    let sum = |page: &str, name: &str| -> Option<usize> {
        let rows = page.lines().filter(|row| row.starts_with(name));
        rows.map(|row| row.rsplit_once(' ')?.1.parse::<usize>().ok())
            .sum()
    };
    wait_for("the paused file on the page", || {
        let page = pod.metrics()?;
        let paused =
            page.contains("gitlab_runner_concurrent ") && !page.contains("gitlab_runner_limit{");
        paused.then(|| sum(&page, "gitlab_runner_request_concurrency{"))?
    })
}

/// Lets the hook do its work and the kubelet stop the rest; says how many jobs were handed out since then, but for those
/// that had been asked for already.
fn end(pod: &mut Pod, moment: u64, since: Since) -> usize {
    let told = ["pre-stop", "--grace-period=1h"];
    // Every other pair of moments the grace period is not set, so that the stop signal finds jobs at work.
    let arguments = if (moment / 2).is_multiple_of(2) {
        &told[..]
    } else {
        &told[..1]
    };
    let original = pod.original();
    let mut hook = pod.begin(&mut pod.reaper(arguments));
    let open = if since == Since::Acknowledged {
        let open = acknowledged(pod);
        // The new worker may still be on its way to the entry in the feeder's hand. A job that ends before it is there leaves a
        // slot, and the entry is polled for it rightly; an entry that stays in the hand is polled seconds later.
        thread::sleep(IN_HAND.mul_f64(slowness()));
        open
    } else {
        hook.says("polling stopped after");
        0
    };
    let handed_out = |pod: &Pod| {
        pod.gitlab
            .jobs()
            .iter()
            .filter(|job| job.started_at.is_some())
            .count()
    };
    let by_then = handed_out(pod);
    hook.ended().is(0, "nothing is left at GitLab");
    assert!(pod.is_gone());
    pod.is_as_before(&original);
    pod.stopped_by_kubelet();
    pod.gitlab.look(no_job_is_lost);
    (handed_out(pod) - by_then).saturating_sub(open)
}

fn full_queue(pod: &Pod, jobs: usize, dice: &mut Dice) {
    for _ in 0..jobs {
        pod.job_of(300 + dice.below(600));
    }
}

#[test]
fn with_a_limit_and_every_worker_busy_no_job_is_taken_after_the_pause() {
    at_moments(8, |moment, mut dice| {
        let concurrent = 2;
        let pod = Pod::of(Plan {
            concurrent,
            ..Plan::of(source_of(moment))
        });
        // An entry is fed a second: with jobs that long the feeder mostly stands with one in its hand.
        for _ in 0..12 {
            pod.job_of(2000 + dice.below(1500));
        }
        let mut pod = pod.started(&[]);
        pod.is_up();
        let busy = pod.gitlab.wait_until(LIMIT, |state| {
            state
                .jobs
                .iter()
                .filter(|job| job.status == JobStatus::Running)
                .count()
                == concurrent
        });
        assert!(busy, "{}", pod.log());
        // Not by calls: they come when a hand was just emptied. The moment is anywhere between two of them.
        thread::sleep(Duration::from_millis(dice.below(5000)));
        assert_eq!(
            end(&mut pod, moment, Since::Acknowledged),
            0,
            "moment {moment}"
        );
        assert!(
            most_at_once(&pod.gitlab.journal()) <= concurrent,
            "moment {moment}"
        );
    });
}

#[test]
fn held_jobs_on_every_slot_end_without_a_successor() {
    at_moments(4, |moment, mut dice| {
        let concurrent = 2;
        let settings = Settings {
            trace_update_interval: 1,
            ..Settings::default()
        };
        let mut pod = Pod::working(Plan {
            concurrent,
            settings,
            ..Plan::of(source_of(moment))
        });
        pod.busy_with(concurrent);
        full_queue(&pod, 6, &mut dice);
        later_by(&pod, dice.below(4));
        let handed_out = pod
            .gitlab
            .calls("POST /jobs/request")
            .iter()
            .filter(|call| call.status == Some(201))
            .count();
        let mut hook = pod.hook(&["--grace-period=1h"]);
        hook.says("waiting for 2 jobs");
        pod.release();
        hook.ended().is(0, "nothing is left at GitLab");
        pod.stopped_by_kubelet();
        let after = pod
            .gitlab
            .calls("POST /jobs/request")
            .iter()
            .filter(|call| call.status == Some(201))
            .count();
        assert_eq!(
            after, handed_out,
            "moment {moment}: a job was taken after the pause"
        );
        pod.gitlab.look(no_job_is_lost);
    });
}

#[test]
fn with_a_limit_and_slots_still_filling_every_job_handed_out_ends_well() {
    at_moments(8, |moment, mut dice| filling(moment, &mut dice, true));
}

#[test]
fn without_a_limit_extra_jobs_stay_within_the_slots_and_end_well() {
    at_moments(8, |moment, mut dice| filling(moment, &mut dice, false));
}

/// Slots fill one by one, as a job is handed out only after the one before has arrived.
fn filling(moment: u64, dice: &mut Dice, limit: bool) {
    let concurrent = 4;
    let request_delay = Duration::from_millis(dice.below(80));
    let settings = Settings {
        request_delay,
        ..Settings::default()
    };
    let pod = Pod::of(Plan {
        concurrent,
        limit,
        settings,
        ..Plan::of(source_of(moment))
    });
    full_queue(&pod, 3 * concurrent, dice);
    let mut pod = pod.started(&[]);
    pod.is_up();
    later_by(&pod, dice.below(12));
    let after = end(&mut pod, moment, Since::Off);
    let most = most_at_once(&pod.gitlab.journal());
    assert!(most <= concurrent, "moment {moment}: {most} jobs at once");
    if limit {
        assert_eq!(after, 0, "moment {moment}");
    }
}

#[test]
fn rotation_in_flight_is_paused_again_and_the_new_token_unregisters() {
    at_moments(6, |moment, mut dice| {
        // Before 18.1 a file that is loaded meanwhile loses the token, and no time in this file tells that one is due.
        play(ALL[2 + moment as usize / 2 % 2]);
        let mut pod = Pod::of(Plan {
            check_interval: 1,
            ..Plan::of(source_of(moment))
        });
        let pause = format!("--rotation-pause={}ms", dice.below(300));
        pod.start(&[&pause]);
        pod.is_up();
        pod.polled(1);
        let delay = Duration::from_millis(dice.below(300));
        pod.gitlab.fault(Fault::on(RESET).delay(delay));
        let runner = pod.gitlab.runners().pop().unwrap();
        pod.signal(Signal::SIGUSR1);
        // It is on its way, or GitLab has it, or the answer is out.
        match dice.below(3) {
            0 => {}
            1 => pod.is_asked(RESET, 1),
            _ => assert!(pod.gitlab.wait_until(LIMIT, |state| {
                state
                    .journal
                    .iter()
                    .any(|call| call.is(RESET) && call.status.is_some())
            })),
        }
        let hook = pod.reap(&["pre-stop", "--grace-period=1h"]);
        hook.is(0, "nothing is left at GitLab");
        assert!(pod.is_gone(), "moment {moment}: {}", hook.words);
        assert!(pod.stage.text("config.toml.original").is_none());
        let text = pod.stage.text("config.toml").unwrap();
        assert_eq!(pod.stage.entries(), 1, "moment {moment}: {text}");
        let said = pod.gitlab.calls(pod.source.farewell()).pop().unwrap();
        let rotated = pod.gitlab.calls(RESET).len() == 1;
        let token = said.body["token"].as_str().unwrap();
        assert_eq!(
            token != runner.token,
            rotated,
            "moment {moment}: {}",
            hook.words
        );
        assert!(
            text.contains(token),
            "moment {moment}: the newest token is in the file"
        );
        pod.stopped_by_kubelet();
    });
}
