//! The hook at many moments of a runner manager's work under a full queue, and while it rotates its token.

use std::time::{Duration, Instant, SystemTime};

use gitlab_simulator::{Fault, JobStatus, NewRunner, Settings};

use crate::pod::{Kind, LIMIT, Pod};
use crate::versions::{ALL, ENDS, each};

const MOMENTS: u64 = 8;

/// Lets time pass as a moment is chosen; nothing is waited for.
fn pass(time: Duration) {
    let began = Instant::now();
    while began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn taken(pod: &Pod) -> Vec<JobStatus> {
    let jobs = pod.gitlab.jobs();
    jobs.iter()
        .map(|job| job.status)
        .filter(|status| *status != JobStatus::Pending)
        .collect()
}

fn check(moment: u64, concurrent: usize, more: &str) {
    let head = format!("concurrent = {concurrent}\ncheck_interval = 1");
    let pod = Pod::new(Settings::default(), &[Kind::Shared], &head, more);
    for _ in 0..3 * concurrent {
        pod.job(1.0);
    }
    let mut pod = pod.with_port();
    let original = pod.original();
    pod.start(&["run"]);
    let taking = pod.gitlab.wait_until(LIMIT, |state| {
        state
            .jobs
            .iter()
            .any(|job| job.status == JobStatus::Running)
    });
    assert!(taking);
    pass(Duration::from_millis(moment * 37));
    let hook = pod.run(&["--grace-period", "60"]);
    assert_eq!(hook.code, 0, "{moment}: {}", hook.words);
    let ended = taken(&pod);
    assert!(
        ended.iter().all(|status| *status == JobStatus::Success),
        "{moment}: a job was lost: {ended:?}\n{}",
        hook.words
    );
    let most = pod.gitlab.journal();
    let most = running_at_most(&most);
    assert!(most <= concurrent, "{moment}: {most} jobs at once");
    pod.no_poll_after_the_end();
    assert_eq!(pod.managers(), 0, "{moment}");
    assert_eq!(pod.original(), original, "{moment}");
}

/// The most jobs at once, as GitLab saw them: handed out and not yet reported as over.
fn running_at_most(calls: &[gitlab_simulator::Call]) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for call in calls {
        if call.is("POST /jobs/request") && call.status == Some(201) {
            now += 1;
        }
        let state = call.body.get("state").and_then(|state| state.as_str());
        if call.is("PUT /jobs/*")
            && call.status == Some(200)
            && matches!(state, Some("success" | "failed"))
        {
            now = now.saturating_sub(1);
        }
        most = most.max(now);
    }
    most
}

#[test]
fn with_a_limit_no_job_is_lost_and_none_is_above_the_slots() {
    each(&ENDS, || {
        for moment in 0..MOMENTS {
            check(moment, 4, "  limit = 4");
        }
    });
}

#[test]
fn without_a_limit_no_job_is_lost_and_none_is_above_the_slots() {
    each(&ENDS, || {
        for moment in 0..MOMENTS {
            check(moment, 3, "");
        }
    });
}

/// RFC 3339, so many seconds from now.
pub(crate) fn moment_of(seconds: i64) -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let at = now.checked_add_signed(seconds).unwrap();
    let (days, rest) = (at / 86_400, at % 86_400);
    // Days to a date, after Howard Hinnant's algorithm.
    let z = days + 719_468;
    let (era, doe) = (z / 146_097, z % 146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[test]
fn rotation_in_flight_is_paused_again_and_the_new_token_counts() {
    each(&ALL, || {
        for moment in 0..MOMENTS {
            // Due a second after the start: three quarters of 800 s.
            let lives = format!(
                "  limit = 1\n  token_obtained_at = {}\n  token_expires_at = {}",
                moment_of(-599),
                moment_of(201)
            );
            let pod = Pod::new(
                Settings::default(),
                &[Kind::Owned],
                "concurrent = 1\ncheck_interval = 1",
                &lives,
            );
            drop(pod.gitlab.add_runner(NewRunner::default()));
            let reset = "POST /runners/reset_authentication_token";
            pod.gitlab
                .fault(Fault::on(reset).delay(Duration::from_millis(400)));
            // Read before the start, which may take longer than the second that is left to the token.
            let old = pod.gitlab.runners()[0].token.clone();
            let pod = pod.with_port().started();
            assert!(
                pod.gitlab
                    .wait_until(LIMIT, |state| state.count(reset) == 1),
                "{}",
                pod.text("log")
            );
            pass(Duration::from_millis(moment * 60));
            let hook = pod.run(&[]);
            assert_eq!(hook.code, 0, "{moment}: {}", hook.words);
            let left: Vec<_> = pod
                .gitlab
                .runners()
                .iter()
                .map(|runner| runner.id)
                .collect();
            assert_eq!(left.len(), 1, "{moment}: {}", hook.words);
            let call = pod.gitlab.calls("DELETE /runners").pop().unwrap();
            assert_ne!(
                call.body["token"].as_str(),
                Some(old.as_str()),
                "{moment}: the old token"
            );
            assert_eq!(call.status, Some(204), "{moment}");
            pod.no_poll_after_the_end();
            assert!(!pod.file("config.toml.original").exists());
        }
    });
}
